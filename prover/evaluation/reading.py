"""Reads a run folder, for the run that goes on in it and for its report (`records.py` says what it holds).

A last line that was cut off does not count. Everything else that is not as it should be is an error of one
line: a figure from a folder that was damaged or edited would look like any other.
"""

from __future__ import annotations

import json
import math
import os
import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from lean_env.errors import SourceError
from prover.evaluation.records import FORMAT, MAX_REPEATS, ProblemLine, Result, RunSettings

SETTINGS, PROBLEMS, RESULTS = "run.json", "problems.jsonl", "results.jsonl"
VERDICTS = ("PROVED", "FAILED", "FAULT", "STOPPED")

_SURROGATE = re.compile("[\ud800-\udfff]")
"""Half of a character, of an escape such as `\\ud800`; it can be neither printed nor written."""

T = TypeVar("T", RunSettings, ProblemLine, Result)


@dataclass(frozen=True, slots=True)
class Run:
    """What a run folder holds."""

    path: Path
    settings: RunSettings
    problems: tuple[ProblemLine, ...]
    """By index."""
    results: tuple[Result, ...]
    """In the order of the file; a `FAULT` that was retried is left out."""


def read_run(folder: Path) -> Run:
    """The run in a folder. Raises `SourceError`."""
    settings = read_settings(folder)
    problems = read_problems(folder)
    return Run(folder, settings, problems, read_results(folder, problems, settings.repeats))


def read_settings(folder: Path) -> RunSettings:
    """What the folder's run measures. Raises `SourceError`."""
    path = folder / SETTINGS
    try:
        if not path.is_file():
            what = "there is no such folder" if not folder.is_dir() else f"it has no {SETTINGS}"
            raise SourceError(f"{folder} is no run folder of `prover eval`: {what}")
    except OSError as error:
        raise _unreadable(path, error) from None
    record = _parse(_text(path), str(path))
    if (found := record.get("format")) != FORMAT:
        raise SourceError(f"{path} has format {found!r}; this program reads format {FORMAT}")
    settings = build(RunSettings, record, str(path))
    if not 1 <= settings.repeats <= MAX_REPEATS:
        raise SourceError(f"{path}: repeats must be from 1 to {MAX_REPEATS:,}, not {settings.repeats:,}")
    return settings


def read_problems(folder: Path) -> tuple[ProblemLine, ...]:
    """The run's problems, in order. Raises `SourceError`."""
    path = folder / PROBLEMS
    found = tuple(build(ProblemLine, record, place) for record, place in _lines(path))
    for index, problem in enumerate(found):
        if problem.index != index:
            raise SourceError(f"{path}, line {index + 1}: has index {problem.index}, not {index}")
    return found


def read_results(folder: Path, problems: tuple[ProblemLine, ...], repeats: int) -> tuple[Result, ...]:
    """What has ended. Raises `SourceError`, also if a problem and repeat has ended twice without a fault."""
    path = folder / RESULTS
    if not os.path.lexists(path):
        return ()
    found: dict[tuple[int, int], Result] = {}
    for record, place in _lines(path):
        result = build(Result, record, place)
        if not 0 <= result.problem < len(problems) or problems[result.problem].name != result.name:
            raise SourceError(f"{place}: {result.name!r} is not problem {result.problem} of {PROBLEMS}")
        if problems[result.problem].skipped:
            raise SourceError(f"{place}: {result.name} was skipped, and has a result")
        if not 0 <= result.repeat < repeats:
            raise SourceError(f"{place}: repeat {result.repeat} of a run with {repeats}")
        if result.verdict not in VERDICTS:
            raise SourceError(f"{place}: unknown verdict {result.verdict!r}")
        if result.trace.startswith("/") or ".." in result.trace.split("/"):
            raise SourceError(f"{place}: the trace {result.trace!r} is not in the folder")
        if min(result.samples, result.seconds, result.faults, *result.verdicts.values()) < 0:
            raise SourceError(f"{place}: a number is negative")
        key = result.problem, result.repeat
        earlier = found.pop(key, None)
        if earlier is not None and earlier.verdict != "FAULT":
            raise SourceError(f"{place}: {result.name}, repeat {result.repeat}, has ended before")
        found[key] = result
    return tuple(found.values())


def build(kind: type[T], record: Mapping[str, Any], place: str) -> T:
    """The value that a JSON object holds. Raises `SourceError`, which begins with `place`."""
    hashable: Any = kind
    types_, needed = _shape(hashable)
    if unknown := record.keys() - types_.keys():
        raise SourceError(f"{place}: unknown field {min(unknown)!r}")
    if missing := needed - record.keys():
        raise SourceError(f"{place}: the field {min(missing)!r} is missing")
    values: dict[str, Any] = {}
    for name, value in record.items():
        if not _fits(value, types_[name]):
            raise SourceError(f"{place}: {name} cannot be {json.dumps(value)[:40]}")
        values[name] = tuple(value) if isinstance(value, list) else value
    return kind(**values)


@cache
def _shape(kind: Any) -> tuple[dict[str, Any], frozenset[str]]:
    """The type of each field, and which fields have no default."""
    required = (f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING)
    return get_type_hints(kind), frozenset(required)


def _fits(value: object, kind: Any) -> bool:
    """Whether a JSON value has a type. JSON has one kind of number, and Python's bool is an int."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return True
    if origin in (Union, types.UnionType):
        return any(_fits(value, one) for one in arguments)
    if origin is tuple:
        return isinstance(value, list) and all(_fits(one, arguments[0]) for one in value)
    if origin is Mapping:
        return isinstance(value, dict) and all(_fits(one, arguments[1]) for one in value.values())
    if isinstance(value, bool):
        return kind is bool
    if isinstance(value, str) and _SURROGATE.search(value):
        return False
    if isinstance(value, float) and not math.isfinite(value):  # Of a number like 1e999.
        return False
    return isinstance(value, (int, float) if kind is float else kind)


def _lines(path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """The objects of a file that is appended to, and where each stands."""
    lines = _text(path).split("\n")
    for number, line in enumerate(lines[:-1], 1):  # What follows the last line end was cut off.
        place = f"{path}, line {number}"
        yield _parse(line, place), place


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "replace")  # A cut may go through a character.
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> SourceError:
    return SourceError(f"{path} cannot be read: {error.strerror}")


def _parse(text: str, place: str) -> dict[str, Any]:
    try:
        record = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{place} is not JSON: {error}") from None
    if not isinstance(record, dict):
        raise SourceError(f"{place} is not a JSON object")
    return record


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")
