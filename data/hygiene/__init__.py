"""Keeps benchmarks out of training data: finds statements that are equal to, or instances of, theirs.

Statements are read without Lean and brought to one form (`statements`); then each of a benchmark's is tried
as a pattern whose variables may stand for anything (`matching`). Doubt counts against a statement.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from data.hygiene.matching import is_instance
from data.hygiene.statements import Statement, Text, read_statement
from lean_env.source import read_records

__all__ = ["Finding", "Relation", "Screen", "Statement", "Text", "is_instance", "read_statement"]


class Relation(StrEnum):
    """What a statement is to a benchmark's."""

    EQUAL = "equal to"
    INSTANCE = "an instance of"


@dataclass(frozen=True, slots=True)
class Finding:
    """A statement that must not be trained on, and why."""

    relation: Relation
    benchmark: str
    """Name of the benchmark's statement."""


class Screen:
    """Benchmark statements, ready to be compared with many others."""

    def __init__(self, statements: Iterable[tuple[str, str]]) -> None:
        """Names, and texts from `theorem` to `:= by`."""
        self._texts: dict[Text, str] = {}
        self._patterns: dict[str, list[tuple[str, Statement, frozenset[str]]]] = defaultdict(list)
        self.size = 0
        for name, text in statements:
            self.size += 1
            read = read_statement(text)
            if isinstance(read, Text):
                self._texts.setdefault(read, name)
                continue
            head = read.conclusion.head
            filed = "" if head in read.variables else "=" if head == "↔" else head
            self._patterns[filed].append((name, read, _lasting(read)))

    @classmethod
    def load(cls, paths: Iterable[Path]) -> Screen:
        """The statements of benchmark files. Raises `SourceError`."""
        return cls((record.name, record.theorem.statement) for path in paths for record in read_records(path))

    def find(self, text: str) -> Finding | None:
        """What a statement, from `theorem` to `:= by`, has to do with the benchmarks; None if nothing."""
        read = read_statement(text)
        if isinstance(read, Text):
            known = self._texts.get(read)
            return None if known is None else Finding(Relation.EQUAL, known)
        finding = None
        head = "=" if read.conclusion.head == "↔" else read.conclusion.head
        for name, pattern, needed in [*self._patterns.get(head, ()), *self._patterns[""]]:
            if needed <= read.symbols and is_instance(read, pattern):
                if is_instance(pattern, read):
                    return Finding(Relation.EQUAL, name)
                finding = finding or Finding(Relation.INSTANCE, name)
        return finding


def _lasting(pattern: Statement) -> frozenset[str]:
    """The heads that every instance of a pattern has: not its variables, and nothing that may be written
    in another way once they have values."""
    symbols = pattern.symbols - pattern.variables.keys() - {"_", "+", "fun", "=", "↔"}
    return frozenset(head for head in symbols if not head.isdecimal() and head[0] != "#")
