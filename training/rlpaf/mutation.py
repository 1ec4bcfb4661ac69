"""Variants of statements that were proved: near to what the policy can do, and new.

Each is likely true, because the changes keep a true statement true (`data.generate.variants`); Lean decides.
"""

from __future__ import annotations

import random

from data.generate import MAX_LENGTH
from data.generate.lemmas import Lemma, lay_out_lemma, pruned, shuffled_names
from data.generate.reading import aligned, read_lemma
from data.generate.variants import joined, varied
from data.hygiene import Statement, read_statement
from lean_env.names import components
from lean_env.values import Provenance, Theorem

JOINED = 0.25
"""How often two statements are put together first."""
STEPS = (0, 1, 1, 2)
"""Changes to two statements together; to a single one, one more."""


def mutated(first: Theorem, second: Theorem, rng: random.Random) -> Theorem | None:
    """A variant of the first theorem, or of both together, named `t`; None if the draw came to nothing."""
    lemma = read_lemma(first.statement)
    if lemma is None:
        return None
    changed, least = lemma, 1
    if rng.random() < JOINED and (first.header, first.footer) == (second.header, second.footer):
        changed = _with(lemma, second)
        least = int(changed is lemma)
    for _ in range(least + rng.choice(STEPS)):
        changed = varied(changed, rng)
    if changed == lemma:
        return None
    body = lay_out_lemma(shuffled_names(pruned(changed), rng), rng)
    statement = f"theorem t {body} := by"
    if len(body) > MAX_LENGTH or not isinstance(read_statement(statement), Statement):
        return None
    return Theorem(
        ".".join([*components(first.name)[:-1], "t"]),
        statement,
        first.header,
        first.footer,
        provenance=Provenance(f"variant of {first.name}"),
    )


def _with(lemma: Lemma, other: Theorem) -> Lemma:
    """Both conclusions in one lemma; the lemma itself if the other statement cannot be read."""
    second = read_lemma(other.statement)
    return lemma if second is None or second == lemma else joined(*aligned(lemma, second))
