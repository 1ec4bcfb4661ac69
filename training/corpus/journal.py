"""What a build has done so far: a line for each statement, written when it is finished.

The file is only ever appended to, so an interrupted build loses what was under way and nothing else. The
corpus itself is made of it at the end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from data.records import CorpusError, CorpusRecord, from_line, to_line
from training.corpus.attempt import Effort, Outcome

FILE = "journal.jsonl"


@dataclass(frozen=True, slots=True)
class Plan:
    """What decides the content of a corpus, besides the program itself."""

    seed: int
    benchmarks: tuple[str, ...]
    """SHA-256 of each benchmark file, in the order of the command."""
    effort: Effort


@dataclass(frozen=True, slots=True)
class Entry:
    """One statement, finished."""

    index: int
    """Its place in the stream of statements."""
    kind: str
    outcome: Outcome
    records: tuple[CorpusRecord, ...] = ()


class Journal:
    """The journal of a directory, open for appending; a context manager."""

    def __init__(self, directory: Path, plan: Plan) -> None:
        """Go on with the journal there, or begin one. Raises `CorpusError` if it is of another plan."""
        path = directory / FILE
        directory.mkdir(parents=True, exist_ok=True)
        self.entries: dict[int, Entry] = {}
        if path.exists():
            self.entries = {entry.index: entry for entry in _read(path, plan)}
        self._file = path.open("a", encoding="utf-8")
        if self._file.tell() == 0:
            self._write({"plan": asdict(plan)})

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, entry: Entry) -> None:
        """Note that a statement is finished."""
        self.entries[entry.index] = entry
        line: dict[str, Any] = {"index": entry.index, "kind": entry.kind, "outcome": entry.outcome}
        if entry.records:
            line["records"] = [to_line(record) for record in entry.records]
        self._write(line)

    def records(self) -> Iterator[CorpusRecord]:
        """All records in the order of the statements, each proof of a statement once."""
        for _, entry in sorted(self.entries.items()):
            seen: set[tuple[int, tuple[str, ...]]] = set()
            for record in entry.records:
                key = record.start, tuple(record.proof.split())
                if key not in seen:
                    seen.add(key)
                    yield record

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
        self._file.flush()


def _read(path: Path, plan: Plan) -> Iterator[Entry]:
    """The entries of a journal; a last line that was cut off is removed from the file."""
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        path.write_bytes(whole)
    for number, line in enumerate(whole.split(b"\n")[:-1], start=1):
        try:
            fields = json.loads(line)
            if number == 1:
                found = fields["plan"]
                if found != json.loads(json.dumps(asdict(plan))):
                    raise CorpusError(f"{path} was begun with {found}: go on so, or name another directory")
                continue
            records = tuple(map(from_line, fields.get("records", ())))
            yield Entry(fields["index"], fields["kind"], Outcome(fields["outcome"]), records)
        except (ValueError, KeyError, TypeError) as error:
            raise CorpusError(f"{path}:{number}: {error}; remove the file to begin anew") from None
