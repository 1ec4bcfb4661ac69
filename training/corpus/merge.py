"""Several builds, finished or not, as one corpus."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from data.generate.normal import normal_form
from data.records import CorpusError, CorpusRecord, from_line, read_corpus
from lean_env.names import components
from training.corpus.journal import FILE


def merged(sources: Iterable[Path]) -> Iterator[CorpusRecord]:
    """The records of the sources (build directories, or corpora), one after the other: a statement that an
    earlier source has is left out, and a theorem whose name is taken gets another.

    Raises `CorpusError`.
    """
    known: set[str] = set()
    names: Counter[str] = Counter()
    for source in sources:
        here: dict[str, int] = {}
        """How many statements before it have its name, itself included."""
        seen: set[tuple[str, int, tuple[str, ...]]] = set()
        for record in _records(source):
            form = normal_form(record.statement)
            if form in known:
                continue
            if record.statement not in here:
                names[record.name] += 1
                here[record.statement] = names[record.name]
            key = record.statement, record.start, tuple(record.proof.split())
            if key in seen:
                continue
            seen.add(key)
            count = here[record.statement]
            yield record if count == 1 else record.named(f"{components(record.name)[-1]}_{count}")
        known.update(map(normal_form, here))


def _records(source: Path) -> Iterator[CorpusRecord]:
    if not source.is_dir():
        yield from read_corpus(source)
        return
    journal = source / FILE
    try:
        lines = journal.read_text(encoding="utf-8").split("\n")[1:-1]
    except OSError as error:
        raise CorpusError(f"{journal} cannot be read: {error.strerror}") from None
    for number, line in enumerate(lines, start=2):
        try:
            yield from map(from_line, json.loads(line).get("records", ()))
        except (ValueError, AttributeError) as error:
            raise CorpusError(f"{journal}:{number}: {error}") from None
