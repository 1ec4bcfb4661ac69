"""Reads users' files: `.lean` files, and `.jsonl` files of statements with somebody's proofs.

Whatever cannot be read ends in a `SourceError` of one line that names the file, and the line or the
byte where that helps. A file is read whole or not at all.
"""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lean_env.errors import SourceError
from lean_env.outline import Entry, Form, outline
from lean_env.values import Provenance, Theorem

MAX_BYTES = 64 * 1024**2
SURROGATE = re.compile("[\ud800-\udfff]")
"""Half of a character, of an escape such as `\\ud800`; it can be neither printed nor written."""


@dataclass(frozen=True, slots=True)
class LeanFile:
    """A Lean file and the theorems in it."""

    path: Path
    text: str
    """Without byte-order mark, and with plain line ends."""
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a `.jsonl` file."""

    name: str
    """The record's own name; the constant is `theorem.name`."""
    theorem: Theorem
    proof: str | None
    """None if the record has no proof, as in a benchmark."""
    line: int
    fields: Mapping[str, Any] = field(default_factory=dict)
    """All that the line says, whether it is read here or not."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line of a `.jsonl` file that is no record."""

    line: int
    """From 1."""
    reason: str
    """One line, without the place."""


def read_text(path: Path, limit: int = MAX_BYTES) -> str:
    """The file's text with plain line ends; raises `SourceError` for what is no readable text."""
    return text_of(read_bytes(path, limit), path)


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """What a regular file holds; raises `SourceError`, also for more than `limit` bytes."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise SourceError(f"{path} is a directory; name the files in it")
        if not stat.S_ISREG(status.st_mode):
            raise SourceError(f"{path} is not a regular file")
        if status.st_size > limit:
            raise SourceError(f"{path} has {status.st_size:,} bytes; at most {limit:,} are read")
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except FileNotFoundError:
        raise SourceError(f"{path} does not exist") from None
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise SourceError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > limit:
        raise SourceError(f"{path} grew beyond {limit:,} bytes while it was read")
    return data


def text_of(data: bytes, path: Path) -> str:
    """The text of a file's bytes, with plain line ends; raises `SourceError` that names the file."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise SourceError(f"{path} is UTF-16; save it as UTF-8")
    if (nul := data.find(b"\0")) >= 0:
        raise SourceError(f"{path} is a binary file: there is a NUL at byte {nul}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is not UTF-8: bad byte at {error.start}; save it as UTF-8") from None
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if not text.strip():
        raise SourceError(f"{path} is empty")
    return text


def read_lean(path: Path) -> LeanFile:
    """A Lean file; raises `SourceError`, also if it has no theorem."""
    text = read_text(path)
    entries = outline(text, str(path))
    if not entries:
        raise SourceError(f"{path} has no theorem, lemma or example")
    return LeanFile(path, text, entries)


def read_records(path: Path) -> tuple[Record, ...]:
    """A `.jsonl` file; raises `SourceError` that names the line at fault.

    Besides our own fields (`name`, `statement`, `proof`, `header`, `informal`) those of published
    benchmarks are read: `formal_statement`, `informal_prefix`, and a statement that is a whole file.
    """
    records: list[Record] = []
    for record in scan_records(read_text(path), path):
        if isinstance(record, BadLine):
            raise SourceError(f"{path}, line {record.line}: {record.reason}")
        records.append(record)
    return tuple(records)


def scan_records(text: str, path: Path) -> Iterator[Record | BadLine]:
    """The records of a `.jsonl` file's text, and the lines that are none, in order.

    A record whose name an earlier one has is none.
    """
    lines_of: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = parse_record(line, str(path), number)
        except SourceError as error:
            yield BadLine(number, str(error))
            continue
        if (before := lines_of.setdefault(record.name, number)) != number:
            yield BadLine(number, f"the name {record.name!r} is that of line {before} too")
        else:
            yield record


def parse_record(line: str, source: str, number: int) -> Record:
    """One line's record; raises `SourceError` without the place."""
    try:
        fields = json.loads(line)
    except ValueError as error:
        said = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        where = f" (column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise SourceError(f"not JSON: {said}{where}") from None
    except RecursionError:
        raise SourceError("not JSON that anybody would write: nested too deeply") from None
    if not isinstance(fields, dict):
        raise SourceError(f"a JSON object is needed, not {_kind(fields)}")
    given = dict(_strings(fields))
    statement = given.get("statement") or given.get("formal_statement")
    if not statement:
        raise SourceError("the field `statement` is missing")
    theorem = parse_statement(
        statement, given.get("header", ""), given.get("informal") or given.get("informal_prefix", "")
    )
    return Record(
        name=given.get("name") or theorem.name,
        theorem=replace(theorem, provenance=Provenance(source, number)),
        proof=given.get("proof"),
        line=number,
        fields=fields,
    )


def parse_statement(statement: str, header: str = "", informal: str = "") -> Theorem:
    """The theorem that a statement declares: its last one, what precedes it becoming header.

    A proof that is only `sorry` is dropped; raises `SourceError` for any other.
    """
    before = f"{header.rstrip()}\n\n".replace("\r\n", "\n") if header.strip() else ""
    entries = outline(before + statement.replace("\r\n", "\n"))
    if not entries or entries[-1].start < len(before):
        raise SourceError("the statement declares no theorem")
    entry = entries[-1]
    if not entry.is_open or entry.form is Form.CASES:
        raise SourceError(f"the statement of {entry.name} has a proof of its own; it must end in `:= by`")
    theorem = entry.theorem
    if entry.form is Form.TERM:
        theorem = replace(theorem, statement=f"{theorem.statement} by")
    return replace(theorem, informal=_plain(informal) or theorem.informal)


def _strings(fields: Mapping[object, object]) -> Iterator[tuple[str, str]]:
    """The fields that we read; null counts as missing, what is no text is refused."""
    for name in ("name", "statement", "formal_statement", "header", "proof", "informal", "informal_prefix"):
        value = fields.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            raise SourceError(f"the field `{name}` must be a text, not {_kind(value)}")
        if SURROGATE.search(value):
            raise SourceError(f"the field `{name}` has half of a character (a lone surrogate)")
        yield name, value


def _plain(informal: str) -> str:
    """A comment's text without its marks."""
    text = informal.strip()
    if text.startswith("/-") and text.endswith("-/"):
        text = text[2:-2].lstrip("-!").strip()
    return text


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
