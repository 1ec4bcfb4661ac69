"""What a run's folder tells of it, whether it has ended, goes on or was interrupted.

Every file may be missing. A last line that was cut off is passed over, as the run itself does; of other lines
that cannot be read the number is kept, for somebody should hear of them.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from training.errors import TrainError
from training.files import CHEATS, METRICS, PROOFS, RESULT, RUN, SCORES

FILES = (RUN, RESULT, METRICS, SCORES, PROOFS, CHEATS)


class Tries(NamedTuple):
    """How often a held-out theorem was proved."""

    proved: int
    judged: int


Evaluation = Mapping[str, Mapping[str, Tries]]
"""By suite and theorem."""


@dataclass(slots=True)
class Proved:
    """The first proof of a theorem."""

    name: str
    statement: str
    proof: str
    step: int
    seconds: float
    proofs: int = 1
    """Distinct ones that the file has."""


class Cheat(NamedTuple):
    """What the verifier called a cheat, or the strict audit refused: theorem, proof and reason."""

    batch: int
    text: str


@dataclass(frozen=True, slots=True)
class RunRecord:
    """All that a page is made of."""

    name: str
    told: Mapping[str, Any]
    """The run's settings by dotted name; empty if they are not there."""
    result: Mapping[str, Any]
    """What the run wrote when it ended; empty if it has not."""
    steps: Mapping[int, Mapping[str, float]]
    """The figures of each batch, in order."""
    evaluations: Mapping[int, Evaluation]
    """By batch, in order. What was evaluated again counts as it came out last."""
    proofs: tuple[Proved, ...]
    """Of each theorem the first, in the order of finding."""
    cheats: tuple[Cheat, ...]
    damaged: Mapping[str, int]
    """Lines that cannot be read, by file; a file that is read as a whole counts as one."""

    def figure(self, name: str) -> list[tuple[int, float]]:
        """One figure over the batches that have it."""
        return [(step, figures[name]) for step, figures in self.steps.items() if name in figures]


def read_record(folder: Path) -> RunRecord:
    """Read a run's folder. Raises `TrainError` if there is nothing of a run in it, or it cannot be read."""
    if not any((folder / name).is_file() for name in FILES):
        raise TrainError(f"{folder} holds no run of `prover train rlpaf`: none of {', '.join(FILES)}")
    damaged: Counter[str] = Counter()
    try:
        return RunRecord(
            name=folder.resolve().name,
            told=_whole(folder / RUN, damaged),
            result=_whole(folder / RESULT, damaged),
            steps=_steps(folder / METRICS, damaged),
            evaluations=_evaluations(folder / SCORES, damaged),
            proofs=_proofs(folder / PROOFS, damaged),
            cheats=_cheats(folder / CHEATS),
            damaged=dict(damaged),
        )
    except OSError as error:
        raise TrainError(f"{error.filename or folder} cannot be read: {error.strerror}") from error


def _steps(path: Path, damaged: Counter[str]) -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = {}

    def take(line: dict[str, Any]) -> None:
        figures = {name: float(value) for name, value in line.items() if _is_number(value)}
        found.setdefault(int(line["step"]), {}).update(figures)

    _each(path, damaged, take)
    return dict(sorted(found.items()))


def _evaluations(path: Path, damaged: Counter[str]) -> dict[int, dict[str, dict[str, Tries]]]:
    found: dict[int, dict[str, dict[str, Tries]]] = {}

    def take(line: dict[str, Any]) -> None:
        tries = Tries(int(line["proved"]), int(line["judged"]))
        if not 0 <= tries.proved <= tries.judged:
            raise ValueError(tries)
        suites = found.setdefault(int(line["batch"]), {})
        suites.setdefault(str(line["suite"]), {})[str(line["name"])] = tries

    _each(path, damaged, take)
    return dict(sorted(found.items()))


def _proofs(path: Path, damaged: Counter[str]) -> tuple[Proved, ...]:
    found: dict[tuple[str, str], Proved] = {}

    def take(line: dict[str, Any]) -> None:
        name, statement = str(line["name"]), str(line["statement"])
        key = str(line.get("header", "")), statement
        if (known := found.get(key)) is not None:
            known.proofs += 1
        else:
            proof, step, seconds = str(line["proof"]), int(line["step"]), float(line["seconds"])
            found[key] = Proved(name, statement, proof, step, seconds)

    _each(path, damaged, take)
    return tuple(found.values())


def _cheats(path: Path) -> tuple[Cheat, ...]:
    if not path.is_file():
        return ()
    parts = re.split(r"^-- batch (\d+)\n", path.read_text("utf-8", "replace"), flags=re.MULTILINE)
    return tuple(
        Cheat(int(batch), text.strip()) for batch, text in zip(parts[1::2], parts[2::2], strict=True)
    )


def _whole(path: Path, damaged: Counter[str]) -> dict[str, Any]:
    """A file that is one JSON object; empty if it is missing or damaged."""
    if not path.is_file():
        return {}
    try:
        fields = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        fields = None
    if isinstance(fields, dict):
        return fields
    damaged[path.name] += 1
    return {}


def _each(path: Path, damaged: Counter[str], take: Callable[[dict[str, Any]], None]) -> None:
    """Give `take` each line of a file; counts those that it cannot use."""
    for line in _lines(path):
        try:
            fields = json.loads(line)
            if not isinstance(fields, dict):
                raise ValueError("no JSON object")
            take(fields)
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            damaged[path.name] += 1


def _lines(path: Path) -> Iterator[bytes]:
    if path.is_file():
        with path.open("rb") as file:
            yield from (line for line in file if line.endswith(b"\n"))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
