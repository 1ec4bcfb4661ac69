"""What there is to prove: the open theorems of files, or a statement from the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lean_env.errors import LeanEnvError, SourceError
from lean_env.lexer import words_of
from lean_env.outline import Entry
from lean_env.pool import CheckPool
from lean_env.source import LeanFile, Record, parse_statement, read_lean, read_records
from lean_env.values import Theorem
from prover.complete import task
from prover.context import context_of


@dataclass(frozen=True, slots=True)
class Task:
    """One theorem to prove, and where its proof belongs."""

    name: str
    theorem: Theorem
    file: LeanFile | None = None
    entry: Entry | None = None
    """Where it stands in `file`."""
    fields: Mapping[str, Any] | None = None
    """The line of a `.jsonl` file that it comes from."""
    error: str = ""
    """Why it cannot be attempted; empty if it can."""


def of_statement(statement: str) -> Task:
    """The task of a statement. Raises `SourceError`."""
    theorem = parse_statement(_whole(statement))
    return Task(theorem.name, theorem)


def of_files(paths: Sequence[Path]) -> tuple[list[Task], bool]:
    """The tasks of all files, and whether all could be read; complains about the others."""
    tasks: list[Task] = []
    readable = True
    for path in dict.fromkeys(paths):
        try:
            found = list(_of_file(path))
        except SourceError as error:
            print(f"prover: {error}", file=sys.stderr)
            readable = False
            continue
        if not found:
            print(
                f"prover: {path}: every theorem has a proof already; `prover verify` checks them",
                file=sys.stderr,
            )
        tasks += found
    return tasks, readable


async def in_context(tasks: Sequence[Task], pool: CheckPool, workers: int) -> list[Task]:
    """The tasks with headers that elaborate, even where their files do not."""
    files: dict[Path, list[Entry]] = {}
    for one in tasks:
        if one.file is not None and one.entry is not None:
            files.setdefault(one.file.path, []).append(one.entry)
    sources = {one.file.path: one.file for one in tasks if one.file is not None}
    contexts = {
        path: await context_of(pool, sources[path], entries, workers) for path, entries in files.items()
    }
    healed = []
    for one in tasks:
        if one.file is not None and one.entry is not None:
            try:
                one = replace(one, theorem=contexts[one.file.path].theorem(one.entry))
            except LeanEnvError as error:
                one = replace(one, error=str(error))
        healed.append(one)
    return healed


def _of_file(path: Path) -> Iterator[Task]:
    if path.suffix == ".jsonl":
        for record in read_records(path):
            if _is_open(record):
                yield Task(record.name, record.theorem, fields=record.fields)
    elif path.suffix == ".lean" or not path.is_file():
        file = read_lean(path)
        for entry in file.entries:
            if entry.is_open:
                yield Task(entry.name, task(entry), file, entry)
    else:
        raise SourceError(f"{path} is neither a .lean nor a .jsonl file")


def _is_open(record: Record) -> bool:
    """Whether the record has no proof, or only `sorry`."""
    spoken = [token.text for token in words_of(record.proof or "")]
    return spoken in ([], ["sorry"], ["by", "sorry"])


def _whole(statement: str) -> str:
    """`statement` as a declaration: what is only a proposition, maybe with binders, gets a name."""
    text = statement.strip()
    if any(token.text in ("theorem", "lemma", "example") for token in words_of(text)):
        return text
    return (
        f"theorem statement {text}"
        if text[:1] in "({[⦃" and _has_colon(text)
        else f"theorem statement : {text}"
    )


def _has_colon(text: str) -> bool:
    """Whether a colon stands outside of all brackets: what is before it are binders."""
    depth = 0
    for token in words_of(text):
        depth += (token.text in "([{⦃⟨") - (token.text in ")]}⦄⟩")
        if token.text == ":" and depth == 0:
            return True
    return False
