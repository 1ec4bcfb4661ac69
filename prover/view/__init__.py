"""`prover view`: a search's trace as one HTML page that needs nothing else, not even a network.

A folder of traces becomes one page too. What cannot be read in it is complained about and left out.
"""

from __future__ import annotations

import sys
from pathlib import Path

from prover.trail import TrailError
from prover.view.page import render
from prover.view.record import Record, read_record

EXIT_DONE, EXIT_UNREADABLE = 0, 2


def run(trace: Path, out: Path | None) -> int:
    """Write the page, print its path, and return the exit code. Raises `TrailError`."""
    sources = _sources(trace)
    page = out or _beside(trace)
    if page.resolve() in {source.resolve() for source in sources}:
        raise TrailError(f"--out {page} is the trace itself; name another file")
    records, exit_code = _read(sources, trace)
    try:
        page.write_text(render(records, trace.resolve().name), encoding="utf-8", newline="\n")
    except OSError as error:
        raise TrailError(f"{page} cannot be written: {error.strerror}") from error
    print(page)
    return exit_code


def _sources(trace: Path) -> list[Path]:
    if not trace.is_dir():
        return [trace]
    if found := sorted(trace.glob("*.jsonl")):
        return found
    raise TrailError(f"{trace} holds no traces: `prover prove FILE --trace {trace}` makes them")


def _beside(trace: Path) -> Path:
    whole = trace.resolve()
    return whole.parent / f"{whole.name}.html" if whole.is_dir() else trace.with_suffix(".html")


def _read(sources: list[Path], trace: Path) -> tuple[list[Record], int]:
    """What can be read of the traces; one trace alone that cannot be read is an error."""
    if not trace.is_dir():
        return [read_record(sources[0])], EXIT_DONE
    records, exit_code = [], EXIT_DONE
    for source in sources:
        try:
            records.append(read_record(source))
        except TrailError as error:
            print(f"prover: {error}", file=sys.stderr)
            exit_code = EXIT_UNREADABLE
    if not records:
        raise TrailError(f"{trace}: none of its traces can be read")
    return records, exit_code
