"""Candidate proofs of a statement's negation: small values for its variables."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from data.lint.tree import Node, Tree

NUMBERS = {"Nat": ("0", "1", "2", "3"), "Int": ("0", "1", "(-1)", "2")}
_SPELLINGS = {"ℕ": "Nat", "ℤ": "Int", "Nat": "Nat", "Int": "Int"}
VARIED = 6
"""So many variables and hypotheses get more than one value."""
MOST = 48
"""Combinations of values that are tried at most."""
AT_ONCE = 12
"""So many in one proof."""
SIDE = "(by first | decide | rfl | omega | (intros; rfl) | (intros; omega))"
"""Proves a hypothesis for the values. Only tactics that close the goal or fail: Lean takes goals that are
left over inside of a term for an error of its own, and `first` goes no further."""
ABSURD = "first | omega | (revert h'; decide) | contradiction"
"""Finds the claim wrong for the values."""


def disproofs(tree: Tree) -> tuple[str, ...]:
    """Proofs to try of `¬ ∀ …`, each with several combinations of values for the variables.

    A function gets the right-hand side of a hypothesis that defines it, or the values that hypotheses give
    it at single places and 0 elsewhere. Nothing if a variable has another type.
    """
    calls = list(itertools.islice(_calls(tree), MOST))
    groups = (calls[start : start + AT_ONCE] for start in range(0, len(calls), AT_ONCE))
    return tuple(
        "intro h\nfirst" + "".join(f"\n  | (have h' := h {call}; {ABSURD})" for call in group)
        for group in groups
    )


def _calls(tree: Tree) -> Iterator[str]:
    """Arguments for the statement, hypotheses included."""
    choices: list[tuple[str, ...]] = []
    for binder in tree.binders:
        if binder.type is None or binder.bracket != "(":
            return
        choices += [_choices(name, binder.type, tree) for name in binder.names]
    if not choices or not all(choices):
        return
    # Small values first: by the sum of their places. Few variables get more than their first value.
    places = sorted(itertools.product(*(range(len(choice)) for choice in choices[:VARIED])), key=sum)
    rest = [choice[0] for choice in choices[VARIED:]]
    for picked in places:
        values = [choice[place] for choice, place in zip(choices, picked, strict=False)]
        yield " ".join([*values, *rest])


def _choices(name: str, kind: Node, tree: Tree) -> tuple[str, ...]:
    """What to try for a variable or a hypothesis; nothing for a variable of a type that is not known."""
    text = _SPELLINGS.get(tree.words(kind), tree.words(kind))
    if text in NUMBERS:
        return NUMBERS[text]
    if kind.head == "→" and all(_SPELLINGS.get(tree.words(arg)) in NUMBERS for arg in kind.args):
        return _functions(name, tree)
    return () if kind.head in ("name", "→", "( )", "app") else (SIDE,)


def _functions(name: str, tree: Tree) -> tuple[str, ...]:
    """Functions to try for a variable."""
    found: list[str] = []
    points: list[tuple[str, str]] = []
    for binder in tree.binders:
        kind = binder.type
        if kind is None:
            continue
        inside = kind
        while inside.head in ("∀", "( )") and inside.args:
            inside = inside.args[0]
        if inside.head != "=" or not _is_call(inside.args[0], name):
            continue
        argument = inside.args[0].args[1]
        right = tree.words(inside.args[1])
        if argument.head == "name" and kind.head == "∀":
            found.append(f"(fun {argument.text} => {right})")
        elif argument.head in ("number", "( )"):
            points.append((tree.words(argument), right))
    body = "0"
    for place, value in points:
        body = f"if x = {place} then {value} else {body}"
    return (*found, f"(fun x => {body})" if points else "(fun _ => 0)", "(fun x => x)", "(fun _ => 1)")


def _is_call(node: Node, name: str) -> bool:
    return node.head == "app" and len(node.args) == 2 and node.args[0].text == name
