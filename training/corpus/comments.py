"""A proof with a comment before each tactic: what the tactic does, in few words.

The comments are made from the tactic and the goal that it meets, so they are true by construction, and
short, since a comment's tokens are paid for like a tactic's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from data.records import StepState
from lean_env.steps import boundaries

_WORD = re.compile(r"[·\s]*([\w?!'.]+)")
_IN_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_AT = re.compile(r"\bat\s+(.+)$")
_FIXED = {
    "assumption": "this is assumed",
    "rfl": "both sides are equal by definition",
    "decide": "this can be computed",
    "omega": "linear arithmetic",
    "contradiction": "the assumptions contradict each other",
    "exfalso": "a contradiction proves anything",
    "left": "prove the left side",
    "right": "prove the right side",
    "symm": "swap the sides",
    "subst": "replace a variable by what it equals",
    "subst_vars": "replace variables by what they equal",
    "injection": "constructors are injective",
    "split": "go through the branches",
    "funext": "functions are equal if their values are",
    "ext": "compare what they consist of",
    "propext": "equivalent propositions are equal",
    "congr": "compare the arguments",
    "trivial": "this is trivial",
    "simp_all": "simplify everything",
    "simpa": "simplify and use what is known",
    "generalize": "forget what this term is",
    "revert": "put assumptions back into the goal",
    "clear": "this is not needed",
    "rename_i": "name what has no name",
    "calc": "a chain of steps",
    "next": "the next case",
    "case": "the next case",
    "skip": "nothing to do",
    "ac_rfl": "reorder the terms",
    "nomatch": "no case is possible",
    "tauto": "propositional logic",
    "classical": "reason classically",
}
_OF = {
    "exact": "this is",
    "apply": "it suffices to use",
    "refine": "it remains to fill in",
    "induction": "by induction on",
    "cases": "by cases on",
    "rcases": "take apart",
    "obtain": "take apart",
    "exists": "a witness is",
    "by_cases": "decide whether",
    "unfold": "unfold",
    "specialize": "apply to what is given:",
    "change": "the goal is the same as",
    "show": "the goal is",
    "have": "first,",
    "suffices": "it suffices that",
}
_SAME = {"intros": "intro", "rintro": "intro", "rewrite": "rw", "existsi": "exists"}
_TARGETS = {
    "constructor": {
        "∧": "prove both parts",
        "↔": "prove both directions",
        "∃": "give a witness",
        "": "prove the parts",
    },
    "intro": {
        "¬": "assume the opposite",
        "∀": "let it be given",
        "": "assume what is given",
    },
}
_MAX = 60
"""Characters of a comment; what a tactic names may be long."""


def with_comments(proof: str, steps: Sequence[StepState]) -> tuple[str, dict[int, int]]:
    """The proof with a comment above each line on which a step begins, and where each step of `proof`
    ends in that: new offsets by old ones."""
    before = dict(steps)
    pieces: list[str] = []
    ends: dict[int, int] = {}
    copied = length = 0
    goals: tuple[str, ...] = ()
    for step in boundaries(proof):
        line = proof.rfind("\n", 0, step.start) + 1
        if line >= copied:
            margin = proof[line : line + len(proof[line:]) - len(proof[line:].lstrip(" "))]
            text = proof[copied:line] + f"{margin}-- {comment(proof[line : step.end], goals)}\n"
            pieces.append(text)
            length, copied = length + len(text), line
        pieces.append(proof[copied : step.end])
        length, copied = length + step.end - copied, step.end
        ends[step.end] = length
        goals = before.get(step.end, ())
    pieces.append(proof[copied:])
    return "".join(pieces), ends


def comment(tactic: str, goals: Sequence[str] = ()) -> str:
    """What a tactic does to the main goal, on one line, without the comment's mark."""
    first, *others = [part.strip() for part in " ".join(tactic.split()).split("<;>")]
    words = [_one(first, goals), *(_one(other, ()) for other in others)]
    text = ", then ".join(dict.fromkeys(words))
    return text if len(text) <= _MAX else f"{text[:_MAX].rsplit(' ', 1)[0]} …"


def _one(tactic: str, goals: Sequence[str]) -> str:
    found = _WORD.match(tactic)
    if found is None:
        return "go on"
    word, rest = _SAME.get(found[1], found[1]), tactic[found.end() :].strip()
    if word in ("all_goals", "any_goals", "try", "repeat"):
        return _one(rest.strip("()"), ()) if rest else "go on"
    if word in _TARGETS:
        symbol = main_symbol(goals[0]) if goals else ""
        return _TARGETS[word].get(symbol, _TARGETS[word][""])
    if word in ("rw", "simp", "dsimp"):
        verb = "rewrite" if word == "rw" else "simplify"
        place = f" in {at[1]}" if (at := _AT.search(rest)) else ""
        names = _IN_BRACKETS.search(rest)
        return f"{verb}{place}" + (f" with {names[1].replace('← ', '')}" if names else "")
    if "byContradiction" in rest:
        return "assume the opposite"
    if word in _OF:
        named = re.split(r"\s+with\b|\s+:=", rest)[0]
        return f"{_OF[word]} {named}".rstrip()
    return _FIXED.get(word, f"use {word}")


def main_symbol(goal: str) -> str:
    """The connective that a goal's target begins with or hangs together by, as far as a look tells:
    of what stands outside of all brackets, the one that binds most loosely."""
    target = goal.rpartition("⊢")[2].strip()
    if target[:1] in ("∀", "∃", "¬") and not _outside(target, "↔→∨∧"):
        return target[0]
    if target[:1] in ("∀", "∃"):
        return target[0]
    for symbol in "↔→∨∧":
        if _outside(target, symbol):
            return symbol
    return ""


def _outside(text: str, symbols: str) -> bool:
    """Whether one of the symbols stands outside of all brackets."""
    depth = 0
    for character in text:
        depth += (character in "([{⟨") - (character in ")]}⟩")
        if depth == 0 and character in symbols:
            return True
    return False
