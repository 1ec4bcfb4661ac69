"""Where the statements of a run come from: those to learn from without end, and those held out.

A run begins with what the corpora and files have and with generated statements; later it gets more generated
ones, and variants of what it has proved. All are named `t_0`, `t_1`, …: a generator's name would tell of
which kind a statement is. Nothing to learn from equals a benchmark's or a held-out statement, or is an
instance of one (`data.hygiene`).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

from data.generate import statements
from data.generate.normal import normal_form
from data.hygiene import Screen, Statement, is_instance, read_statement
from data.records import CorpusRecord, numbered
from lean_env.errors import SourceError
from lean_env.source import read_records
from lean_env.values import Provenance, Theorem
from training.errors import TrainError
from training.rlpaf.config import EvaluationConfig, TheoremsConfig
from training.rlpaf.mutation import mutated

ATTEMPTS = 8
"""Draws for one variant before a generated statement takes its place."""
PROBE = 300
"""Generated statements on which the generality of a held-out one is tried."""
MAX_INSTANCES = 3
"""Of the probe: a held-out statement with more would keep too much from being learnt, `P x → ∃ y, P y` most
of it."""


class Statements:
    """An endless source of theorems to learn from, no two equal up to the names of variables."""

    def __init__(self, config: TheoremsConfig, held_out: Sequence[Theorem] = ()) -> None:
        """Reads the benchmarks. Raises `TrainError`."""
        self._config = config
        tabooed = [(theorem.name, theorem.statement) for theorem in held_out]
        tabooed += [
            (theorem.name, theorem.statement) for theorem in _of_files(config.benchmarks, "benchmarks")
        ]
        self._screen = Screen(tabooed)
        self._stream = _generated(config.generator_seed)
        self._drawn = 0
        self._named = 0
        self._calls = 0
        self._refused = 0
        self._seen: set[bytes] = set()
        self._variants: list[bytes] = []

    @property
    def refused(self) -> int:
        """How many statements were left out because of benchmarks or held-out ones."""
        return self._refused

    def beginning(self) -> list[Theorem]:
        """What a run begins with: the corpora's and the files' statements, then generated ones.

        Raises `TrainError` if something cannot be read, or if nothing is left.
        """
        found = [theorem for theorem in map(self._admitted, self._given()) if theorem is not None]
        found += self._more_generated(self._config.generated)
        if found:
            return found
        if self._refused:
            said = f"each of the {self._refused} is held out or a benchmark's, or an instance of such a one"
        else:
            said = "the corpora and files have no statement"
        raise TrainError(f"theorems: {said}; name others")

    def more(self, count: int, solved: Sequence[Theorem] = ()) -> list[Theorem]:
        """New statements: variants of solved ones in their share, the others generated; fewer than `count`
        only when the generators have no more to say."""
        rng = random.Random(f"{self._config.generator_seed}:{self._calls}")
        self._calls += 1
        wanted = sum(rng.random() < self._config.mutated_share for _ in range(count)) if solved else 0
        variants = [theorem for _ in range(wanted) if (theorem := self._variant(solved, rng)) is not None]
        return variants + self._more_generated(count - len(variants))

    def state(self) -> dict[str, Any]:
        """How far the source was read, as JSON knows it."""
        return {
            "drawn": self._drawn,
            "named": self._named,
            "calls": self._calls,
            "refused": self._refused,
            "variants": [key.hex() for key in self._variants],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where `state` was asked for; what was given out then is not given again.

        Reads the corpora and files again, and makes again what was made. Raises `TrainError`.
        """
        self._variants = [bytes.fromhex(key) for key in state["variants"]]
        self._seen = {_key(theorem) for theorem in self._given()}.union(self._variants)
        self._stream = _generated(self._config.generator_seed)
        self._drawn = int(state["drawn"])
        self._seen.update(_key(theorem) for theorem in islice(self._stream, self._drawn))
        self._named, self._calls = int(state["named"]), int(state["calls"])
        self._refused = int(state["refused"])

    def _given(self) -> Iterator[Theorem]:
        """The statements that the user named."""
        yield from _of_corpora(self._config.corpus)
        yield from _of_files(self._config.files, "files")

    def _more_generated(self, count: int) -> list[Theorem]:
        found: list[Theorem] = []
        while len(found) < count and (theorem := next(self._stream, None)) is not None:
            self._drawn += 1
            if (admitted := self._admitted(theorem)) is not None:
                found.append(admitted)
        return found

    def _variant(self, solved: Sequence[Theorem], rng: random.Random) -> Theorem | None:
        """A new variant of a solved statement, or of two; None if none was found."""
        for _ in range(ATTEMPTS):
            variant = mutated(rng.choice(solved), rng.choice(solved), rng)
            if variant is None or (key := _key(variant)) in self._seen:
                continue
            self._variants.append(key)
            if (admitted := self._admitted(variant)) is not None:
                return admitted
        return None

    def _admitted(self, theorem: Theorem) -> Theorem | None:
        """The theorem under a name of ours; None if it was there before, or must not be learnt from."""
        key = _key(theorem)
        if key in self._seen:
            return None
        self._seen.add(key)
        if self._screen.find(theorem.statement) is not None:
            self._refused += 1
            return None
        self._named += 1
        return _named(theorem, f"t_{self._named - 1}")


def held_out(config: EvaluationConfig, theorems: TheoremsConfig) -> list[tuple[str, Theorem]]:
    """The theorems to evaluate on, each with the name of its set: its file's, or `generated`.

    Generated ones are not in the corpora, and not so general that half of all statements are instances of
    them. Raises `TrainError`.
    """
    found = [
        (path.name.partition(".")[0], theorem)
        for path in config.files
        for theorem in _of_files([path], "files", table="evaluation")
    ]
    if not config.generated:
        return found
    taken = {_key(theorem) for theorem in _of_corpora(theorems.corpus)}
    taken.update(_key(theorem) for _, theorem in found)
    probe = [read_statement(one.statement) for one in islice(_generated(theorems.generator_seed), PROBE)]
    readable = [one for one in probe if isinstance(one, Statement)]
    fitting = (
        theorem
        for theorem in _generated(config.generator_seed)
        if _key(theorem) not in taken and _is_special(theorem, readable)
    )
    chosen = islice(fitting, config.generated)
    return found + [("generated", _named(theorem, f"t_{number}")) for number, theorem in enumerate(chosen)]


def _is_special(theorem: Theorem, probe: Sequence[Statement]) -> bool:
    """Whether few statements are instances of the theorem's."""
    pattern = read_statement(theorem.statement)
    if not isinstance(pattern, Statement):
        return True
    instances = (one for one in probe if is_instance(one, pattern))
    return next(islice(instances, MAX_INSTANCES, None), None) is None


def _generated(seed: int) -> Iterator[Theorem]:
    return (
        Theorem(one.name, one.statement, provenance=Provenance(f"generated: {one.kind}"))
        for one in statements(seed)
    )


def _of_corpora(paths: Sequence[Path]) -> Iterator[Theorem]:
    """The statements of corpora, each once in a row however many proofs it has."""
    for path in paths:
        last = ""
        try:
            for line, record in numbered(path):
                if record.statement != last:
                    yield replace(record.theorem, provenance=Provenance(path.name, line))
                last = record.statement
        except SourceError as error:
            raise TrainError(f"theorems.corpus: {error}") from error


def _of_files(paths: Sequence[Path], key: str, table: str = "theorems") -> Iterator[Theorem]:
    """The statements of JSON Lines files; the configuration's key is for the error."""
    for path in paths:
        try:
            for record in read_records(path):
                yield record.theorem
        except SourceError as error:
            raise TrainError(f"{table}.{key}: {error}") from error


def _named(theorem: Theorem, name: str) -> Theorem:
    """The theorem under another name, in its namespace; the same one if its statement has no name."""
    record = CorpusRecord(theorem.name, theorem.statement, "-")
    try:
        named = record.named(name)
    except ValueError:
        return theorem
    return replace(theorem, name=named.name, statement=named.statement)


def _key(theorem: Theorem) -> bytes:
    """Equal for theorems that are equal but for the names of variables."""
    text = f"{theorem.header}\0{normal_form(theorem.statement)}\0{theorem.footer}"
    return blake2b(text.encode(), digest_size=12).digest()
