"""Tells which statements of a corpus must not be trained on: `python -m data.hygiene CORPUS BENCHMARK...`.

CORPUS is a `.jsonl` or `.jsonl.xz` file with a `statement` a line, such as a corpus of proofs; a BENCHMARK
is one of those that the prover reads. Exits with 1 if a statement is equal to, or an instance of, one of a
benchmark's.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from lzma import LZMAError
from pathlib import Path

from data.hygiene import Finding, Relation, Screen
from data.records import open_text
from lean_env.errors import SourceError

SHOWN = 20
"""Findings that are printed; the others are counted."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print, and return 0 for a clean corpus, 1 for another, 2 for files that cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m data.hygiene", description=__doc__.partition(":")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("benchmark", type=Path, nargs="+")
    given = parser.parse_args(arguments)
    found: dict[str, tuple[int, Finding]] = {}
    distinct = 0
    try:
        screen = Screen.load(given.benchmark)
        seen: set[str] = set()
        for line, statement in statements_of(given.corpus):
            if statement not in seen:
                seen.add(statement)
                if (finding := screen.find(statement)) is not None:
                    found[statement] = line, finding
        distinct = len(seen)
    except SourceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for statement, (line, finding) in list(found.items())[:SHOWN]:
        print(f"{given.corpus}:{line}: {finding.relation} {finding.benchmark}: {statement}")
    if len(found) > SHOWN:
        print(f"… and {len(found) - SHOWN} more")
    counts = Counter(finding.relation for _, finding in found.values())
    parts = ", ".join(f"{counts[relation]} {relation}" for relation in Relation)
    print(f"{distinct:,} statements: {parts} one of {screen.size} benchmark statements")
    return 1 if found else 0


def statements_of(path: Path) -> Iterator[tuple[int, str]]:
    """The statements of a `.jsonl` file with their lines, from 1. Raises `SourceError`."""
    try:
        with open_text(path, "rt") as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                try:
                    yield number, str(json.loads(line)["statement"])
                except (ValueError, KeyError, TypeError, RecursionError):
                    raise SourceError(f"{path}:{number}: no JSON object with a `statement`") from None
    except (OSError, EOFError, LZMAError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None


if __name__ == "__main__":
    sys.exit(main())
