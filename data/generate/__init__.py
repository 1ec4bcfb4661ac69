"""Generators of true and varied statements over the embedded library: what the corpus is proved from.

`statements` is an endless, reproducible stream. Every kind has its own generator, and each gets its own
random numbers, so that leaving one out changes nothing about the others. The statements are *probably*
true: most were tested on small models, some follow from library lemmas; only Lean decides.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice

from data.generate.arithmetic import identity, linear
from data.generate.data_schemas import DATA_SCHEMAS
from data.generate.explore import explore
from data.generate.grow import Theory
from data.generate.layout import lay_out
from data.generate.lemmas import Lemma, lay_out_lemma, pruned, shuffled_names
from data.generate.library import Library
from data.generate.normal import normal_form
from data.generate.number_schemas import NUMBER_SCHEMAS
from data.generate.propositions import decidable, implications, rearrangement
from data.generate.relation_schemas import RELATION_SCHEMAS
from data.generate.terms import Goal
from data.generate.theories import THEORIES
from data.generate.transform import combined, transformed

MAX_LENGTH = 360
"""Characters of a statement; longer ones are rarely worth proving."""
PATIENCE = 3000
"""Draws in a row that bring nothing new before a kind is given up."""


@dataclass(frozen=True, slots=True)
class Generated:
    """One generated statement."""

    name: str
    """The theorem's name: the kind and a number that is unique in its stream."""
    statement: str
    """`theorem NAME BINDERS : TYPE := by`, on one line; needs no header."""
    domain: str
    """`prop`, `fol`, `nat`, `int`, `list` or `misc`."""
    kind: str
    """The generator that made it."""


Raw = tuple[str, str]
"""A domain, and a statement without name."""
Source = Callable[[random.Random], Iterator[Raw]]


def _from_theory(theories: Sequence[Theory]) -> Source:
    """Exploration of theories, each in proportion to its weight."""

    def source(rng: random.Random) -> Iterator[Raw]:
        weights = [theory.weight for theory in theories]
        while True:
            theory = rng.choices(theories, weights)[0]
            goals = list(explore(theory, rng))
            for goal in goals:
                yield theory.domain, lay_out(_with_instances(goal, theory.domain, rng), rng)

    return source


def _with_instances(goal: Goal, domain: str, rng: random.Random) -> Goal:
    return decidable(goal, rng) if domain == "prop" and rng.random() < 0.3 else goal


def _from_goals(domain: str, make: Callable[[random.Random], Goal]) -> Source:
    """A generator that makes one goal at a time."""

    def source(rng: random.Random) -> Iterator[Raw]:
        while True:
            yield domain, lay_out(_with_instances(make(rng), domain, rng), rng)

    return source


def _from_schemas(schemas: Sequence[tuple[float, Callable[[random.Random], Lemma]]]) -> Source:
    """Schemas, each in proportion to its weight."""

    def source(rng: random.Random) -> Iterator[Raw]:
        weights = [weight for weight, _ in schemas]
        while True:
            lemma = rng.choices(schemas, weights)[0][1](rng)
            yield lemma.domain, lay_out_lemma(shuffled_names(pruned(lemma), rng), rng)

    return source


def _variants(rng: random.Random) -> Iterator[Raw]:
    """Goals of the other generators, transformed or put together; their proofs are longer."""
    weights = [theory.weight for theory in THEORIES]
    while True:
        theory = rng.choices(THEORIES, weights)[0]
        goals = list(explore(theory, rng))
        for index, goal in enumerate(goals):
            if rng.random() < 0.4:
                changed = combined(goal, rng.choice(goals[: index + 1]), rng)
            else:
                changed = transformed(goal, rng)
            if changed is not None:
                yield theory.domain, lay_out(changed, rng)


def _from_library(rng: random.Random) -> Iterator[Raw]:
    library = Library.read()
    while True:
        yield library.draw(rng)


def _sources() -> dict[str, tuple[float, Source]]:
    """Each kind's share of the stream, and its generator."""
    found: dict[str, tuple[float, Source]] = {}
    for kind in dict.fromkeys(theory.kind for theory in THEORIES):
        chosen = [theory for theory in THEORIES if theory.kind == kind]
        found[kind] = (sum(theory.weight for theory in chosen), _from_theory(chosen))
    found["implication"] = (1.0, _from_goals("prop", implications))
    found["rearrangement"] = (1.5, _from_goals("prop", rearrangement))
    found["identity"] = (1.5, _from_goals("nat", identity))
    found["linear"] = (1.0, _from_goals("nat", linear))
    found["sequences"] = (4.0, _from_schemas(NUMBER_SCHEMAS))
    found["relations"] = (2.5, _from_schemas(RELATION_SCHEMAS))
    found["recursors"] = (2.0, _from_schemas(DATA_SCHEMAS))
    found["library"] = (17.0, _from_library)
    found["variant"] = (5.0, _variants)
    return found


KINDS = tuple(_sources())


def statements(seed: int, kinds: Sequence[str] | None = None) -> Iterator[Generated]:
    """A stream of statements, distinct up to renaming; the same for the same arguments.

    `kinds` restricts it to some of `KINDS`; it ends only when all of those are exhausted. Raises `ValueError`
    for a kind that does not exist.
    """
    sources = _sources()
    chosen = list(dict.fromkeys(sources if kinds is None else kinds))
    unknown = [kind for kind in chosen if kind not in sources]
    if unknown or not chosen:
        raise ValueError(
            f"no such kind: {', '.join(unknown) or '(none given)'}; known are {', '.join(KINDS)}"
        )
    return _interleaved(seed, {kind: sources[kind] for kind in chosen})


def _interleaved(seed: int, sources: dict[str, tuple[float, Source]]) -> Iterator[Generated]:
    streams = {kind: source(random.Random(f"{seed} {kind}")) for kind, (_, source) in sources.items()}
    weights = {kind: weight for kind, (weight, _) in sources.items()}
    order = random.Random(f"{seed} order")
    seen: set[bytes] = set()
    while weights:
        kind = order.choices(list(weights), list(weights.values()))[0]
        for domain, body in islice(streams[kind], PATIENCE):
            name = f"{kind}_{len(seen)}"
            statement = f"theorem {name} {body} := by"
            key = blake2b(normal_form(statement).encode(), digest_size=12).digest()
            if len(body) <= MAX_LENGTH and key not in seen:
                seen.add(key)
                yield Generated(name, statement, domain, kind)
                break
        else:  # A kind with nothing new to say for so long is exhausted.
            del weights[kind]
