"""The proofs that a run has found: one file that grows as it goes, and is read back to go on.

Each line is a statement with one proof of it, as `prover` reads them too. The fast tier has accepted them,
and what the strict audit of a sample refuses is taken out; `prover verify --strict` judges all of them. A
proof is a proof, so what was found behind the checkpoint that a run goes on from stays; only how often each
theorem was proved, which is counted again, is part of the checkpoint.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lean_env.values import Theorem, Verdict
from training.errors import TrainError
from training.files import replace_text
from training.rlpaf.saved import fields_of, theorem_of
from training.rlpaf.values import RefusedProof, Rollout

KEPT = 8
"""Proofs of one theorem: the first, and the shortest of the others."""


@dataclass(frozen=True, slots=True)
class Found:
    """A proof that Lean accepted, and when."""

    theorem: Theorem
    proof: str
    version: int
    """Of the policy that wrote it."""
    step: int
    """Of the run: how many batches had been learnt from."""
    seconds: float
    """Since the run began, its interruptions left out."""


@dataclass(slots=True)
class Shelf:
    """The proofs of one theorem."""

    proofs: list[Found] = field(default_factory=list)
    """Distinct but for blanks, at most `KEPT`; the first one found is the first."""
    times: int = 0
    """How often it was proved, the same proof again included."""

    def keeps(self, found: Found) -> bool:
        """Put a proof in if it is new, and among the first or the shortest ones."""
        words = found.proof.split()
        if any(words == known.proof.split() for known in self.proofs):
            return False
        if len(self.proofs) == KEPT:
            longest = max(range(1, KEPT), key=lambda place: len(self.proofs[place].proof))
            if len(found.proof) >= len(self.proofs[longest].proof):
                return False
            del self.proofs[longest]
        self.proofs.append(found)
        return True


class Store:
    """All that was proved, in memory and in a file; a context manager. Not for threads."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Go on with the file, or begin it; a last line that was cut off is removed. Raises `TrainError`."""
        self._path, self._clock = path, clock
        self._shelves: dict[str, Shelf] = {}
        before = 0.0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            for found in _read(path):
                shelf = self._shelves.setdefault(found.theorem.digest, Shelf())
                shelf.times += shelf.keeps(found)
                before = max(before, found.seconds)
            self._file = path.open("a", encoding="utf-8", newline="\n")
        except OSError as error:
            raise self._unusable(error) from error
        self._began = clock() - before

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __len__(self) -> int:
        """Of theorems that were proved."""
        return len(self._shelves)

    def add(self, theorem: Theorem, rollout: Rollout, step: int) -> bool:
        """Note that a rollout proved a theorem; whether this is its first proof. Raises `TrainError`."""
        assert rollout.verdict is Verdict.PROVED, rollout.verdict
        shelf = self._shelves.setdefault(theorem.digest, Shelf())
        first = not shelf.proofs
        shelf.times += 1
        found = Found(theorem, rollout.proof, rollout.version, step, self._clock() - self._began)
        if shelf.keeps(found):
            self._write(found)
        return first

    def first_proofs(self) -> list[Found]:
        """The first proof found of each theorem, in the order of finding."""
        return [shelf.proofs[0] for shelf in self._shelves.values()]

    def withdraw(self, proofs: Iterable[RefusedProof]) -> None:
        """Forget proofs that are none, in the file too. Raises `TrainError`."""
        before = sum(len(shelf.proofs) for shelf in self._shelves.values())
        for digest, proof in proofs:
            if shelf := self._shelves.get(digest):
                shelf.proofs = [found for found in shelf.proofs if found.proof != proof]
                if not shelf.proofs:
                    del self._shelves[digest]
        kept = [found for shelf in self._shelves.values() for found in shelf.proofs]
        if len(kept) == before:
            return
        try:
            self._file.close()
            replace_text(self._path, "".join(map(_line, kept)))
            self._file = self._path.open("a", encoding="utf-8", newline="\n")
        except OSError as error:
            raise self._unusable(error) from error

    def draw(self, count: int, rng: random.Random) -> list[tuple[Theorem, str]]:
        """Distinct statements with proofs to imitate, at most `count`.

        Drawn without replacement: a theorem's weight is the less the more often it was proved, and its proofs
        share it. (Efraimidis and Spirakis 2006: those of the least -log(u) / weight are taken.)
        """
        keyed: list[tuple[float, Found]] = []
        for shelf in self._shelves.values():
            rarity = max(1, shelf.times) * len(shelf.proofs)
            keyed += ((rng.expovariate(1.0) * rarity, found) for found in shelf.proofs)
        keyed.sort(key=lambda pair: pair[0])
        return [(found.theorem, found.proof) for _, found in keyed[:count]]

    def state(self) -> dict[str, Any]:
        """What a checkpoint must hold besides the file, as JSON knows it."""
        return {"times": {digest: shelf.times for digest, shelf in self._shelves.items()}}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint: proofs found behind it stay, but have not been counted."""
        for digest, shelf in self._shelves.items():
            shelf.times = int(state["times"].get(digest, 0))

    def _write(self, found: Found) -> None:
        try:
            self._file.write(_line(found))
            self._file.flush()
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> TrainError:
        return TrainError(f"{self._path} cannot be used: {error.strerror}")


def _line(found: Found) -> str:
    line = {
        **fields_of(found.theorem),
        "proof": found.proof,
        "version": found.version,
        "step": found.step,
        "seconds": round(found.seconds, 3),
    }
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"


def _read(path: Path) -> Iterator[Found]:
    """The proofs of a file; a last line that was cut off is removed from it."""
    if not path.exists():
        return
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        with path.open("r+b") as file:
            file.truncate(len(whole))
    for number, line in enumerate(whole.split(b"\n")[:-1], start=1):
        try:
            fields = json.loads(line)
            yield Found(
                theorem_of(fields),
                str(fields["proof"]),
                int(fields["version"]),
                int(fields["step"]),
                float(fields["seconds"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise TrainError(f"{path}:{number} is no proof: {error!r}; remove the line to go on") from None
