"""A benchmark that LeanDojo exported, as a source of theorems (`traced` reads a repository that it traced).

An export (Yang et al. 2023, arXiv 2306.15626; `leandojo_benchmark_4`) is a folder of

    corpus.jsonl                a file a line: `path`, `imports`, and `premises`, each with `full_name`,
                                `code`, `kind` and place; of a theorem, `code` is its statement
    random/train.json, …        theorems by split: `full_name`, `file_path`, `start`, `traced_tactics`
    novel_premises/train.json   and so on: the same theorems, split in another way
    metadata.json               `from_repo`: `url` and `commit` of the repository

A theorem's statement is found in the corpus, by file and name. Its context is not in an export: given a
checkout of the repository (`sources`), all that precedes the theorem is its header; without it the header
only imports what its file imports and opens the theorem's namespace, and Lean refuses statements that rely
on more, which are then skipped with that reason.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.benchmarks.excerpts import before, closing, expect, say, theorem_of
from data.benchmarks.values import Benchmark, Problem
from lean_env.errors import SourceError
from lean_env.source import BadLine, read_bytes, read_text, text_of

MAX_BYTES = 4 * 1024**3
"""Exports of Mathlib have files of several hundred megabytes."""
SPLITS = ("train", "val", "test")
WAYS = ("random", "novel_premises")
"""How an export's theorems were split; the first one that is there counts."""


@dataclass(frozen=True, slots=True)
class Premise:
    """A definition or theorem that proofs may use."""

    full_name: str
    code: str
    """Its text without comments; of a theorem, without its proof."""
    kind: str
    path: str
    """The file in its repository."""
    line: int


@dataclass(frozen=True, slots=True)
class Origin:
    """The repository that an export was made of."""

    url: str
    commit: str

    def is_checked_out(self, folder: Path) -> bool:
        """Whether a folder is a checkout of this very commit."""
        command = ("git", "-C", str(folder), "rev-parse", "HEAD")
        try:
            told = subprocess.run(command, capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            return False
        return bool(self.commit) and told.stdout.strip() == self.commit

    def __str__(self) -> str:
        return f"{self.url} at {self.commit[:12]}"


def is_export(path: Path) -> bool:
    """Whether a folder looks like a LeanDojo export, or one way of splitting of it."""
    return path.is_dir() and (_root(path) / "corpus.jsonl").is_file()


def origin(path: Path) -> Origin:
    """What an export says about where it comes from; empty if it does not."""
    try:
        repository = json.loads(read_text(_root(path) / "metadata.json"))["from_repo"]
        return Origin(str(repository["url"]), str(repository["commit"]))
    except (SourceError, ValueError, LookupError, TypeError):
        return Origin("the repository", "")


def load_export(
    path: Path,
    *,
    split: str = "",
    limit: int | None = None,
    keep_going: bool = False,
    sources: Path | None = None,
) -> Benchmark:
    """The theorems of an export, or of one way of splitting (`…/random`). Raises `SourceError`.

    A `split` and a `limit` only spare the work for the others. With `keep_going`, theorems that cannot be
    used are listed in `bad_lines`, with their number in the split's file for a line. The hash is that of the
    export, and of the sources that were used.
    """
    root, way = _root(path), path.name if _root(path) != path else ""
    way = way or next((name for name in WAYS if (root / name).is_dir()), "")
    if not way:
        raise SourceError(f"{root} has none of the folders {', '.join(WAYS)}: it is no LeanDojo export")
    files = [file for name in SPLITS if (file := root / way / f"{name}.json").is_file()]
    if not files:
        raise SourceError(f"{root / way} has none of {', '.join(f'{name}.json' for name in SPLITS)}")
    if split and split not in (splits := [file.stem for file in files]):
        raise SourceError(f"{root / way} has no split {split!r}; it has {', '.join(splits)}")
    corpus = root / "corpus.jsonl"
    digest = hashlib.sha256(read_bytes(corpus, MAX_BYTES))
    codes, imports = _corpus(corpus)
    problems: dict[str, Problem] = {}
    bad: list[BadLine] = []
    texts: dict[str, str] = {}
    for file in files:
        data = read_bytes(file, MAX_BYTES)
        digest.update(data)
        wanted = not split or file.stem == split
        for number, entry in enumerate(_entries(text_of(data, file), file) if wanted else (), start=1):
            if len(problems) == limit:
                break
            try:
                problem = _problem(entry, file.stem, codes, imports, sources, texts)
                if problem.name in problems:
                    raise SourceError(f"the name {problem.name!r} occurs twice")
                problems[problem.name] = problem
            except SourceError as error:
                if not keep_going:
                    raise SourceError(f"{file}, theorem {number}: {error}") from None
                bad.append(BadLine(number, str(error)))
    for text in texts.values():
        digest.update(text.encode())
    if not problems:
        raise SourceError(
            f"{root / way} has no theorem that can be used" + (f": {bad[0].reason}" if bad else "")
        )
    return Benchmark(f"{root.name}/{way}", path, digest.hexdigest(), tuple(problems.values()), tuple(bad))


def read_premises(corpus: Path) -> Iterator[Premise]:
    """All premises of an export's `corpus.jsonl`, file by file. Raises `SourceError`."""
    for number, line in enumerate(read_text(corpus, MAX_BYTES).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
            for premise in fields["premises"]:
                yield Premise(
                    str(premise["full_name"]),
                    str(premise["code"]),
                    str(premise.get("kind", "")),
                    str(fields["path"]),
                    int(premise["start"][0]),
                )
        except (ValueError, LookupError, TypeError) as error:
            raise SourceError(f"{corpus}, line {number}: no LeanDojo premises: {say(error)}") from None


def used_premises(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """The full names of the premises that a theorem's recorded proof uses, in order of first use."""
    names: dict[str, None] = {}
    for tactic in entry.get("traced_tactics") or ():
        annotated = tactic.get("annotated_tactic") or ("", ())
        for provenance in annotated[1]:
            names.setdefault(str(provenance["full_name"]))
    return tuple(names)


def _root(path: Path) -> Path:
    return path if (path / "corpus.jsonl").is_file() else path.parent


def _corpus(path: Path) -> tuple[dict[tuple[str, str], str], dict[str, list[str]]]:
    """The code of every premise by file and name, and what each file imports."""
    codes = {(premise.path, premise.full_name): premise.code for premise in read_premises(path)}
    imports = {}
    for line in read_text(path, MAX_BYTES).split("\n"):
        if line.strip():
            fields = json.loads(line)
            imports[str(fields["path"])] = [str(name) for name in fields.get("imports") or ()]
    return codes, imports


def _entries(text: str, file: Path) -> list[Mapping[str, Any]]:
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{file} is not JSON: {say(error)}") from None
    if not isinstance(entries, list):
        raise SourceError(f"{file} is no list of theorems, as LeanDojo exports")
    return entries


def _problem(
    entry: Mapping[str, Any],
    split: str,
    codes: Mapping[tuple[str, str], str],
    imports: Mapping[str, list[str]],
    sources: Path | None,
    texts: dict[str, str],
) -> Problem:
    """A theorem of an export; `texts` keeps the sources that were read. Raises `SourceError` without the
    place."""
    try:
        name, path, start = str(entry["full_name"]), str(entry["file_path"]), tuple(entry["start"])
        line, column = int(start[0]), int(start[1])
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise SourceError(f"no LeanDojo theorem: {say(error)}") from None
    code = codes.get((path, name))
    if code is None:
        raise SourceError(f"corpus.jsonl has no {name} in {path}")
    if sources is not None:
        if path not in texts:
            texts[path] = read_text(sources / path)
        expect(code, texts[path], (line, column))
        header = before(texts[path], (line, column))
        theorem = theorem_of(code, name, header, closing(header), path, line)
    else:
        modules = "".join(f"import {_module(one)}\n" for one in imports.get(path, ()))
        theorem = theorem_of(code, name, modules, None, path, line)
    return Problem(name, theorem, split, source=f"{path} {name}")


def _module(path: str) -> str:
    """`Mathlib/Data/Nat/Basic.lean`, also below `.lake/packages`, as a module's name."""
    parts = path.removesuffix(".lean").split("/")
    if parts[0] in (".lake", "lake-packages"):
        parts = parts[parts.index("packages") + 2 :] if "packages" in parts else parts[2:]
    if parts[:2] == ["src", "lean"]:  # The toolchain's own files.
        parts = parts[2:]
    return ".".join(parts)
