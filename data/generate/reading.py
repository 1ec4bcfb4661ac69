"""A statement's text as a lemma, which can then be varied as those of the library are.

Goes by brackets and words, not by meaning; statements whose parts cannot be told apart so are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from data.generate.lemmas import Lemma, mapped, renamed, words
from data.lint.parser import read_tree
from data.lint.tree import UnreadableError

DATA = frozenset(("Nat", "Int", "List", "Option", "Prop", "Bool", "ℕ", "ℤ", "ℚ", "ℝ", "ℂ"))
"""Constants that types of data are made of."""
TYPES = ("α", "β", "γ", "δ", "ε", "ζ")
_OF_PROPOSITIONS = frozenset("=≤<≥>≠∧∨¬↔∃∀∣∈∉+⊆∅≃≡")
_INDEX = re.compile(r"[\w)\]]\[")
"""`xs[i]`, which needs a hypothesis under its name."""


def read_lemma(statement: str) -> Lemma | None:
    """The lemma that `theorem NAME BINDERS : TYPE := by` states; None if it cannot be read, or has what a
    lemma has no place for: universes, types that depend on values, hypotheses that others mention."""
    try:
        tree = read_tree(statement)
    except UnreadableError:
        return None
    types: list[str] = []
    variables: list[tuple[str, str]] = []
    hypotheses: list[str] = []
    names: list[str] = []
    instances: list[str] = []
    for binder in tree.binders:
        if binder.type is None:
            return None
        kind = tree.words(binder.type)
        if binder.bracket == "[":
            instances.append(kind)
        elif kind == "Type":
            types += binder.names
        elif words(kind) & {"Type", "Sort"}:
            return None
        elif words(kind) <= DATA.union(types) and not _OF_PROPOSITIONS.intersection(kind):
            variables += [(name, kind) for name in binder.names]
        else:
            hypotheses += [kind] * len(binder.names)
            names += binder.names
    claim = tree.words(tree.claim)
    texts = (*instances, *hypotheses, claim, *(kind for _, kind in variables))
    bound = [*types, *(name for name, _ in variables), *names]
    if len(set(bound)) < len(bound) or any(words(text).intersection(names) for text in texts):
        return None
    if len(types) > len(TYPES) or any(_INDEX.search(text) for text in texts):
        return None
    return Lemma(
        _domain(variables), tuple(types), tuple(variables), tuple(hypotheses), claim, tuple(instances)
    )


def aligned(first: Lemma, second: Lemma) -> tuple[Lemma, Lemma]:
    """Both lemmas over the same variables, as far as these have the same types: they can be joined."""
    names: dict[tuple[str, int], str] = {}
    types = TYPES[: max(len(first.types), len(second.types))]
    return _over(first, types, names), _over(second, types, names)


def _over(lemma: Lemma, types: tuple[str, ...], names: dict[tuple[str, int], str]) -> Lemma:
    """The lemma with names that depend on type and place only; new ones are entered."""
    mapping = dict(zip(lemma.types, types, strict=False))
    variables: list[tuple[str, str]] = []
    for name, kind in lemma.variables:
        shown = renamed(kind, mapping)
        place = sum(other == shown for _, other in variables)
        new = names.setdefault((shown, place), f"joint_{len(names)}")
        variables.append((new, shown))
        mapping[name] = new
    return replace(mapped(lemma, mapping), types=types, variables=tuple(variables))


def _domain(variables: Sequence[tuple[str, str]]) -> str:
    kinds = {kind for _, kind in variables}
    return "nat" if kinds == {"Nat"} else "int" if kinds == {"Int"} else "misc"
