"""The search trees of a run as pages of `prover view`, made on request: there may be thousands."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lean_env.errors import LeanEnvError, SourceError
from prover.trail import TrailError
from prover.view.page import render
from prover.view.record import read_record

FOLDER = "trees"


def page_of(run: Path, trace: str) -> Path:
    """Where the page of a trace of the run belongs."""
    return (run / FOLDER / Path(trace).name).with_suffix(".html")


def make_trees(run: Path, traces: list[str]) -> list[LeanEnvError]:
    """Make the pages that are missing or older than their traces; what could not be made.

    Raises `SourceError` if pages cannot be written at all.
    """
    troubles: list[LeanEnvError] = []
    try:
        (run / FOLDER).mkdir(exist_ok=True)
        with _bar(len(traces)) as advance:
            for trace in traces:
                source, page = run / trace, page_of(run, trace)
                try:
                    if not _is_newer(page, source):
                        page.write_text(render([read_record(source)], source.name), "utf-8", newline="\n")
                except TrailError as error:
                    troubles.append(error)
                advance()
    except OSError as error:
        raise SourceError(f"{run / FOLDER} cannot be written: {error.strerror}") from error
    return troubles


def _is_newer(page: Path, source: Path) -> bool:
    try:
        return page.stat().st_mtime_ns >= source.stat().st_mtime_ns
    except OSError:
        return False


@contextmanager
def _bar(total: int) -> Iterator[Callable[[], None]]:
    """Progress on standard error, if a person watches it."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("Search trees", total=total)
        yield lambda: bar.advance(task)
