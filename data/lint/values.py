"""What the linter may find."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Rule(StrEnum):
    """Everything that is looked for. `DESCRIPTIONS` says it to people."""

    ELABORATION = "does-not-elaborate"
    PHANTOM = "phantom-variable"
    BODY = "operator-body"
    SUBTRACTION = "natural-subtraction"
    DIVISION = "integer-division"
    SHADOWED = "shadowed-variable"
    LONE = "lone-variable"
    UNUSED = "unused"
    DUPLICATE = "duplicate"
    CONTRADICTION = "contradictory-hypotheses"
    FALSE = "negation-provable"
    DIFFERENT = "copies-differ"


DESCRIPTIONS = {
    Rule.ELABORATION: "Lean refuses the statement",
    Rule.PHANTOM: "a variable that nobody bound, so that Lean binds it by itself, outside of everything",
    Rule.BODY: "a sum or product without brackets that ends before a `+` or `-`",
    Rule.SUBTRACTION: "a difference of natural numbers, which is 0 where it would be negative",
    Rule.DIVISION: "a quotient of natural numbers or integers, which is rounded",
    Rule.SHADOWED: "a name that is bound twice before the colon, so that the first one cannot be meant later",
    Rule.LONE: "a variable that one hypothesis applies a function to, and nothing else mentions",
    Rule.UNUSED: "a variable or hypothesis that nothing else has to do with, or that a proof does not need",
    Rule.DUPLICATE: "two statements that differ in names and notation only",
    Rule.CONTRADICTION: "hypotheses that prove `False`, so that the statement holds for no reason",
    Rule.FALSE: "a statement that Lean accepts a disproof of",
    Rule.DIFFERENT: "a statement that another copy has in another form",
}
"""One line for each rule."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something suspicious about one statement."""

    rule: Rule
    message: str
    """One line, with the piece of text at fault."""
    proof: str = ""
    """What Lean accepted, where it was asked: of the negation, or of `False`."""
