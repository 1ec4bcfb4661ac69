"""A benchmark as the rest of the program sees it, whatever its file looks like."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lean_env.source import BadLine
from lean_env.values import Theorem


@dataclass(frozen=True, slots=True)
class Problem:
    """One theorem of a benchmark. Names are unique in a benchmark."""

    name: str
    theorem: Theorem
    split: str = ""
    """`valid`, `test` or what the source calls it; empty if it has none."""
    domain: str = ""
    tier: str = ""
    source: str = ""
    """Where the statement was taken from, in the source's words; for `core_public.jsonl` its last word is the
    library lemma that it restates."""
    goal: str = ""
    """The goal that the publisher's Lean showed, if it is given (DeepSeek's `goal` field)."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """The theorems of one file, in its order."""

    name: str
    """The name under which the registry knows this very file; else the file's name."""
    path: Path
    sha256: str
    """Of the file's bytes, in hexadecimal."""
    problems: tuple[Problem, ...]
    bad_lines: tuple[BadLine, ...] = ()
    """The lines that are no problems; empty unless the caller asked to keep going."""
