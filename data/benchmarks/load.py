"""Reads a benchmark, by the name that the registry gives it or from any file of the formats that are read.

Whatever is wrong ends in a `SourceError` of one line.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from data.benchmarks.registry import KNOWN, default_folders, find_copy, known, known_by_hash
from data.benchmarks.values import Benchmark, Problem
from lean_env.errors import SourceError
from lean_env.source import SURROGATE, BadLine, Record, read_bytes, scan_records, text_of


def load(
    name_or_path: str | Path,
    *,
    split: str = "",
    limit: int | None = None,
    keep_going: bool = False,
    folders: Sequence[Path] | None = None,
    sources: Path | None = None,
) -> Benchmark:
    """The benchmark of a name, of a file, or of a folder of LeanDojo's (`data.benchmarks.leandojo`), or the
    first `limit` problems of its `split`.

    With `keep_going` the lines that cannot be used are listed in `Benchmark.bad_lines`; else the first of
    them is an error, as are an unknown split, a limit beyond the end, and a file found by name that is not
    the one that was published. `folders` are looked in for a name's file instead of `default_folders()`;
    `sources` is a checkout of the repository that a LeanDojo export was made of. Raises `SourceError`.
    """
    path = _locate(name_or_path, folders)
    if limit is not None and limit < 1:
        raise SourceError(f"--limit must be positive, not {limit}")
    if os.path.isdir(path):
        benchmark = _read_folder(path, split, limit, keep_going, sources)
    elif sources is not None:
        raise SourceError(f"--sources is for an export of LeanDojo's, and {path} is none")
    else:
        benchmark = _read(path, keep_going)
    problems = benchmark.problems
    if split:
        problems = tuple(problem for problem in problems if problem.split == split)
        if not problems:
            splits = ", ".join(sorted({problem.split for problem in benchmark.problems} - {""}))
            raise SourceError(f"{benchmark.name} has no split {split!r}; it has {splits or 'none at all'}")
    if limit is not None:
        if limit > len(problems):
            part = f"the split {split} of {benchmark.name}" if split else benchmark.name
            raise SourceError(f"--limit {limit} is beyond the end: {part} has {len(problems)} problems")
        problems = problems[:limit]
    return replace(benchmark, problems=problems)


def _locate(name_or_path: str | Path, folders: Sequence[Path] | None) -> Path:
    """The file; a name of the registry comes before a file in the working directory that is called so."""
    text = str(name_or_path)
    if isinstance(name_or_path, str) and (entry := known(text)) is not None:
        return find_copy(entry, default_folders() if folders is None else folders)
    path = Path(name_or_path).expanduser()
    if len(path.parts) == 1 and not path.suffix and not os.path.exists(path):
        names = ", ".join(one for entry in KNOWN for one in (*entry.aliases, entry.name))
        raise SourceError(f"{text} is neither a file nor a known benchmark; known are {names}")
    return path


def _read_folder(
    path: Path, split: str, limit: int | None, keep_going: bool, sources: Path | None
) -> Benchmark:
    from data.benchmarks import leandojo, traced

    if leandojo.is_export(path):
        return leandojo.load_export(path, split=split, limit=limit, keep_going=keep_going, sources=sources)
    if traced.is_traced(path):
        return traced.load_traced(path)
    raise SourceError(f"{path} is a directory, and neither a LeanDojo export nor a repository that it traced")


def _read(path: Path, keep_going: bool) -> Benchmark:
    data = read_bytes(path)
    sha256 = hashlib.sha256(data).hexdigest()
    problems: list[Problem] = []
    bad: list[BadLine] = []
    for record in scan_records(text_of(data, path), path):
        try:
            if not isinstance(record, BadLine):
                problems.append(_problem(record))
                continue
        except SourceError as error:
            record = BadLine(record.line, str(error))
        if not keep_going:
            raise SourceError(f"{path}, line {record.line}: {record.reason}")
        bad.append(record)
    if not problems:
        raise SourceError(f"{path}: none of its lines is a problem; line {bad[0].line}: {bad[0].reason}")
    published = known_by_hash(sha256)
    return Benchmark(
        name=published.name if published else path.name,
        path=path,
        sha256=sha256,
        problems=tuple(problems),
        bad_lines=tuple(bad),
    )


def _problem(record: Record) -> Problem:
    """A record as a problem. Raises `SourceError` without the place."""
    return Problem(
        name=record.name,
        theorem=record.theorem,
        **{field: _word(record.fields, field) for field in ("split", "domain", "tier", "source", "goal")},
    )


def _word(fields: Mapping[str, Any], name: str) -> str:
    """A field as text; numbers are what some call a tier."""
    value = fields.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise SourceError(f"the field `{name}` must be a text")
    text = str(value)
    if SURROGATE.search(text):
        raise SourceError(f"the field `{name}` has half of a character (a lone surrogate)")
    return text
