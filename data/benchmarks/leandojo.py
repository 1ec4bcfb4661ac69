"""LeanDojo as a source of theorems: a benchmark that it exported, and a repository that it traced.

An export (Yang et al. 2023, arXiv 2306.15626; `leandojo_benchmark_4`) is a folder of

    corpus.jsonl                a file a line: `path`, `imports`, and `premises`, each with `full_name`,
                                `code`, `kind` and place; of a theorem, `code` is its statement
    random/train.json, …        theorems by split: `full_name`, `file_path`, `start`, `traced_tactics`
    novel_premises/train.json   and so on: the same theorems, split in another way

A theorem's statement is found in the corpus, by file and name. Its context is not in an export: given the
repository's files (`sources`), all that precedes the theorem is its header; without them the header only
imports what its file imports and opens the theorem's namespace, and Lean refuses statements that rely on
more, which are then skipped with that reason.

A traced repository (a folder that `lean_dojo.trace` has written) is read by `lean-dojo` itself, an extra.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.benchmarks.values import Benchmark, Problem
from lean_env.errors import SourceError
from lean_env.lexer import Kind, tokenize, words_of
from lean_env.names import components
from lean_env.source import BadLine, parse_statement, read_bytes, read_text, text_of
from lean_env.values import Provenance, Theorem

MAX_BYTES = 4 * 1024**3
"""Exports of Mathlib have files of several hundred megabytes."""
SPLITS = ("train", "val", "test")
WAYS = ("random", "novel_premises")
"""How an export's theorems were split; the first one that is there counts."""
MISSING = "reading a traced repository needs `pip install 'rmax-prover[lean-dojo]'`"


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


def is_export(path: Path) -> bool:
    """Whether a folder looks like a LeanDojo export, or one way of splitting of it."""
    return path.is_dir() and ((path / "corpus.jsonl").is_file() or (path.parent / "corpus.jsonl").is_file())


def is_traced(path: Path) -> bool:
    """Whether a folder looks like a repository that LeanDojo has traced."""
    return path.is_dir() and any(path.glob("**/*.trace.xml"))


def load_export(path: Path, *, keep_going: bool = False, sources: Path | None = None) -> Benchmark:
    """The theorems of an export, or of one way of splitting (`…/random`). Raises `SourceError`.

    With `keep_going`, theorems that cannot be used are listed in `bad_lines`, with their number in the
    split's file for a line.
    """
    root, way = (path, None) if (path / "corpus.jsonl").is_file() else (path.parent, path.name)
    way = way or next((name for name in WAYS if (root / name).is_dir()), None)
    if way is None:
        raise SourceError(f"{root} has none of the folders {', '.join(WAYS)}: it is no LeanDojo export")
    files = [file for split in SPLITS if (file := root / way / f"{split}.json").is_file()]
    if not files:
        raise SourceError(f"{root / way} has none of {', '.join(f'{split}.json' for split in SPLITS)}")
    corpus = root / "corpus.jsonl"
    digest = hashlib.sha256(read_bytes(corpus, MAX_BYTES))
    codes, imports = _corpus(corpus)
    problems: dict[str, Problem] = {}
    bad: list[BadLine] = []
    for file in files:
        data = read_bytes(file, MAX_BYTES)
        digest.update(data)
        for number, entry in enumerate(_entries(text_of(data, file), file), start=1):
            try:
                problem = _problem(entry, file.stem, codes, imports, sources)
                if problem.name in problems:
                    raise SourceError(f"the name {problem.name!r} occurs twice")
                problems[problem.name] = problem
            except SourceError as error:
                if not keep_going:
                    raise SourceError(f"{file}, theorem {number}: {error}") from None
                bad.append(BadLine(number, str(error)))
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
            raise SourceError(f"{corpus}, line {number}: no LeanDojo premises: {_say(error)}") from None


def used_premises(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """The full names of the premises that a theorem's recorded proof uses, in order of first use."""
    names: dict[str, None] = {}
    for tactic in entry.get("traced_tactics") or ():
        annotated = tactic.get("annotated_tactic") or ("", ())
        for provenance in annotated[1]:
            names.setdefault(str(provenance["full_name"]))
    return tuple(names)


def load_traced(path: Path) -> Benchmark:
    """The theorems of a repository that LeanDojo has traced, without those of its dependencies.

    Raises `SourceError`, also if the extra is not installed.
    """
    try:
        from lean_dojo.data_extraction import ast
        from lean_dojo.data_extraction.traced_data import TracedFile
    except ModuleNotFoundError as error:
        raise SourceError(f"{error}; {MISSING}") from None
    root = path.resolve()
    problems: dict[str, Problem] = {}
    bad: list[BadLine] = []
    digest = hashlib.sha256()
    for trace in sorted(one for one in root.glob("**/*.trace.xml") if "packages" not in one.parts):
        try:
            # The files by themselves: `TracedRepo` and `LeanGitRepo` ask GitHub about the repository.
            file = TracedFile.from_xml(root, trace, None)
        except Exception as error:  # Whatever it raises: it asserts, and the trace may be of older sources.
            raise SourceError(f"{trace}: LeanDojo cannot read it: {_say(error)}; trace again") from None
        text = read_text(root / file.path)
        digest.update(text.encode())
        nodes: list[Any] = []
        file.traverse_preorder(lambda node, _, nodes=nodes: nodes.append(node), None)
        for node in nodes:
            if not isinstance(node, ast.CommandTheoremNode | ast.LemmaNode | ast.MathlibTacticLemmaNode):
                continue
            (line, column), name = node.start, str(node.full_name)
            try:
                header = _before(text, (line, column))
                end = _offset(text, tuple(node.get_proof_node().get_closure()[0]))
                code = text[_offset(text, (line, column)) : end]
                theorem = _theorem(code, name, header, _scopes(header), str(file.path), line)
                if name in problems:
                    raise SourceError(f"the name {name!r} occurs twice")
                problems[name] = Problem(name, theorem, source=f"{file.path} {name}")
            except (SourceError, AssertionError, NotImplementedError) as error:
                bad.append(BadLine(line, f"{file.path}: {_say(error)}"))
    if not problems:
        raise SourceError(f"{path}: its trace has no theorem that can be used")
    return Benchmark(path.name, path, digest.hexdigest(), tuple(problems.values()), tuple(bad))


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
        raise SourceError(f"{file} is not JSON: {_say(error)}") from None
    if not isinstance(entries, list):
        raise SourceError(f"{file} is no list of theorems, as LeanDojo exports")
    return entries


def _problem(
    entry: Mapping[str, Any],
    split: str,
    codes: Mapping[tuple[str, str], str],
    imports: Mapping[str, list[str]],
    sources: Path | None,
) -> Problem:
    """A theorem of an export. Raises `SourceError` without the place."""
    try:
        name, path, start = str(entry["full_name"]), str(entry["file_path"]), tuple(entry["start"])
        line, column = int(start[0]), int(start[1])
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise SourceError(f"no LeanDojo theorem: {_say(error)}") from None
    code = codes.get((path, name))
    if code is None:
        raise SourceError(f"corpus.jsonl has no {name} in {path}")
    if sources is not None:
        header = _before(read_text(sources / path), (line, column))
        theorem = _theorem(code, name, header, _scopes(header), path, line)
    else:
        modules = "".join(f"import {_module(one)}\n" for one in imports.get(path, ()))
        theorem = _theorem(code, name, modules, None, path, line)
    return Problem(name, theorem, split, source=f"{path} {name}")


def _theorem(code: str, name: str, header: str, footer: str | None, path: str, line: int) -> Theorem:
    """The statement in its context; without a footer, the header gets the namespace of the name."""
    words = words_of(code)
    place = next((i for i, token in enumerate(words) if token.text in ("theorem", "lemma")), None)
    if place is None or place + 1 >= len(words):
        raise SourceError(f"the code of {name} is no theorem")
    end = len(words)
    while end > place and words[end - 1].text in (
        ":=",
        "by",
    ):  # An export cuts the proof off before or behind.
        end -= 1
    code = code[: words[end - 1].end]
    local, full = components(words[place + 1].text), components(name)
    if footer is None:
        outer = full[: len(full) - len(local)] if full[len(full) - len(local) :] == local else []
        space = ".".join(outer)
        header += f"\nnamespace {space}\n\n" if space else "\n"
        footer = f"end {space}\n" if space else ""
    found = parse_statement(f"{code} := by", header)
    return Theorem(name, found.statement, header, footer, found.informal, Provenance(path, line))


def _offset(text: str, place: tuple[int, ...]) -> int:
    """The offset of a line from 1 and a column from 1, as LeanDojo counts."""
    lines = text.split("\n")
    if not 1 <= place[0] <= len(lines):
        raise SourceError(f"line {place[0]} is beyond the end of the file: these are not the sources")
    return sum(len(line) + 1 for line in lines[: place[0] - 1]) + max(0, place[1] - 1)


def _before(text: str, start: tuple[int, ...]) -> str:
    """What precedes a theorem, but for its documentation."""
    before = text[: _offset(text, start)]
    tokens = tokenize(before)
    if tokens and tokens[-1].kind is Kind.DOC:
        before = before[: tokens[-1].start]
    return before


def _scopes(header: str) -> str:
    """What closes the scopes that a header leaves open."""
    from lean_env.outline import outline

    entries = outline(f"{header}\ntheorem _last : True := by sorry\n")
    return entries[-1].footer if entries else ""


def _module(path: str) -> str:
    """`Mathlib/Data/Nat/Basic.lean`, also below `.lake/packages`, as a module's name."""
    parts = path.removesuffix(".lean").split("/")
    if parts[0] in (".lake", "lake-packages"):
        parts = parts[parts.index("packages") + 2 :] if "packages" in parts else parts[2:]
    if parts[:2] == ["src", "lean"]:  # The toolchain's own files.
        parts = parts[2:]
    return ".".join(parts)


def _say(error: BaseException) -> str:
    if isinstance(error, KeyError):
        return f"the field {error} is missing"
    return " ".join(f"{error}".split()) or type(error).__name__
