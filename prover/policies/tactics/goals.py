"""Goals: what Lean prints about a state, and what a statement says before Lean was asked.

A `Goal` is also what a planned step is guessed to leave, so a script can go on without Lean.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from lean_env.assemble import is_tactic_statement
from lean_env.notation import read_pieces
from lean_env.reader import split_signature
from lean_env.values import Theorem
from prover.policies.tactics.reader import parse, planned, planned_type
from prover.policies.tactics.terms import HOLE, OPAQUE, Term

CONNECTIVES = frozenset({"∧", "∨", "↔", "→", "¬", "∀", "∃", "True", "False"})
RELATIONS = frozenset({"=", "≠", "<", "≤", ">", "≥", "∣", "∈", "∉"})
INACCESSIBLE = "✝"
_SORTS: dict[str, tuple[str, ...]] = {
    **{name: (name,) for name in ("Nat", "Int", "List", "Option", "Bool", "Subtype", "String", "Char")},
    **dict.fromkeys(("::", "[]", "++", "reverse", "map", "∈"), ("List",)),
    "length": ("List", "Nat"),
    "some": ("Option",),
    "none": ("Option",),
    "×": ("Prod",),
    "(,)": ("Prod",),
    "⊕": ("Sum",),
    "true": ("Bool",),
    "false": ("Bool",),
}
"""The types that a name speaks of."""
_NAMES_OF = {"Nat": "nmk", "List": "lst", "Option": "oab", "Prop": "pqr", "Bool": "bcd", "Int": "ijk"}


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A name in scope; `type` is what it proves, or the type that it belongs to."""

    name: str
    type: Term

    @property
    def accessible(self) -> bool:
        """Whether a tactic can name it."""
        return INACCESSIBLE not in self.name and bool(self.name)


@dataclass(frozen=True, slots=True)
class Goal:
    """What is known and what is to be proved."""

    hypotheses: tuple[Hypothesis, ...]
    target: Term

    def __iter__(self) -> Iterator[Hypothesis]:
        """The hypotheses that tactics can name."""
        return (hypothesis for hypothesis in self.hypotheses if hypothesis.accessible)

    def key(self) -> str:
        """The goal as text: equal goals have equal keys."""
        return "\n".join([*(f"{h.name} : {h.type}" for h in self.hypotheses), f"⊢ {self.target}"])

    def type_of(self, name: str) -> Term | None:
        """The type of a name in scope."""
        return next((h.type for h in reversed(self.hypotheses) if h.name == name), None)

    def fresh(self, wish: str, taken: Iterable[str] = ()) -> str:
        """A name like `wish` that nothing in scope has."""
        used = {h.name for h in self.hypotheses} | set(taken)
        wish = wish.rstrip("✝¹²³⁰⁴⁵⁶⁷⁸⁹") or "x"
        if wish == HOLE or not re.fullmatch(r"[^\W\d][\w']*", wish):
            wish = "x"
        if wish not in used:
            return wish
        for number in range(1, 1000):
            if f"{wish}{number}" not in used:
                return f"{wish}{number}"
        raise AssertionError("a goal does not have a thousand names of one kind")

    def fresh_hypothesis(self, taken: Iterable[str] = ()) -> str:
        """A name for a proof."""
        return self.fresh("h", taken)

    def add(self, *new: Hypothesis) -> Goal:
        """With more hypotheses, behind the others."""
        return replace(self, hypotheses=(*self.hypotheses, *new))

    def drop(self, name: str) -> Goal:
        """Without a hypothesis."""
        return replace(self, hypotheses=tuple(h for h in self.hypotheses if h.name != name))

    def with_target(self, target: Term) -> Goal:
        """With something else to prove."""
        return replace(self, target=target)

    def substitute(self, name: str, value: Term) -> Goal:
        """With a variable replaced everywhere, and gone."""
        values = {name: value}
        return Goal(
            tuple(Hypothesis(h.name, h.type.substitute(values)) for h in self.hypotheses if h.name != name),
            self.target.substitute(values),
        )

    def is_proposition(self, term: Term) -> bool:
        """Whether `term` is something to prove, as far as its head and the types in scope tell."""
        if term.head == "→":  # `α → β` is a type of functions.
            return self.is_proposition(term.args[1])
        if term.head == "∀" and term.binder:
            return self.add(Hypothesis(term.binder, term.args[0])).is_proposition(term.args[1])
        if term.head in CONNECTIVES or term.head in RELATIONS:
            return True
        if term.head == "ite" and len(term.args) == 3:
            return self.is_proposition(term.args[1])
        kind = self.type_of(term.head)
        if kind is None:
            return False
        for _ in term.args:
            if kind.head in ("→", "∀"):
                kind = kind.args[1]
        return kind.head == "Prop"

    def proofs(self) -> list[Hypothesis]:
        """The hypotheses that prove something."""
        return [h for h in self if self.is_proposition(h.type)]

    def sorts(self) -> frozenset[str]:
        """The types that the goal speaks of, among those that have a namespace of lemmas; and the empty
        name, for lemmas about all types."""
        named = self.target.atoms().union(*(h.type.atoms() for h in self.hypotheses))
        found = {sort for name in named for sort in _SORTS.get(name.rpartition(".")[2] or name, ())}
        found |= {name.partition(".")[0] for name in named if "." in name}
        if any(name.isdecimal() for name in named) and "Int" not in found:
            found.add("Nat")
        return frozenset(found | {""})

    def variables(self, *heads: str) -> list[Hypothesis]:
        """The names whose type has one of these heads."""
        return [h for h in self if h.type.symbol in heads]

    def dependents(self, name: str) -> list[Hypothesis]:
        """The hypotheses that speak of `name`."""
        return [h for h in self.hypotheses if h.name != name and name in h.type.atoms()]


@lru_cache(maxsize=4096)
def read_goal(text: str) -> Goal:
    """The goal that Lean printed as `text`."""
    hypotheses: list[Hypothesis] = []
    target = Term(OPAQUE)
    for entry in _entries(text):
        if entry.startswith("⊢"):
            target = parse(entry[1:])
            continue
        names, separator, kind = entry.partition(" : ")
        if not separator or entry.startswith("case "):
            continue
        kind = kind.partition(" := ")[0]
        hypotheses += [Hypothesis(name, parse(kind)) for name in names.split()]
    return Goal(tuple(hypotheses), target)


def _entries(text: str) -> list[str]:
    """The lines of a goal, continuation lines joined to the line that they continue."""
    entries: list[str] = []
    for line in text.split("\n"):
        if line.startswith(" ") and entries:
            entries[-1] += " " + line.strip()
        elif line.strip():
            entries.append(line)
    return entries


@lru_cache(maxsize=512)
def first_goal(theorem: Theorem) -> Goal:
    """The goal that the statement itself poses."""
    statement = theorem.statement.rstrip()
    if is_tactic_statement(statement):
        statement = statement.removesuffix("by").rstrip()
    statement = statement.removesuffix(":=")
    declared = re.search(r"\b(?:theorem|lemma)\s+\S+", statement)
    hypotheses, target = read_signature(statement[declared.end() :] if declared else "")
    return Goal(tuple(Hypothesis(name, kind) for name, kind, _ in hypotheses), target)


def read_signature(text: str) -> tuple[list[tuple[str, Term, bool]], Term]:
    """Binders, each with its name, type and whether it is explicit, and the conclusion behind `:`."""
    parameters, rest = split_signature(read_pieces(text))
    binders = [
        (name, planned_type(some.type), some.bracket == "(")
        for some in parameters
        for name in some.names or (f"inst{INACCESSIBLE}",)
    ]
    return binders, planned(rest[1:]) if rest and rest[0].text == ":" else Term(OPAQUE)


def name_for(goal: Goal, kind: Term, wish: str = "", taken: Iterable[str] = ()) -> str:
    """A fresh name for something of this type, the binder's own if it has one."""
    if wish and wish != HOLE and not wish.startswith("_"):
        return goal.fresh(wish, taken)
    if goal.is_proposition(kind):
        return goal.fresh_hypothesis(taken)
    for letter in _NAMES_OF.get(kind.symbol, "xyz"):
        if goal.fresh(letter, taken) == letter:
            return letter
    return goal.fresh("x", taken)
