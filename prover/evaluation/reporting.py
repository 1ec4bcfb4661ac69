"""Does what `prover report` is told: reads folders, writes the page and trees, prints tables or JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from lean_env.errors import SourceError
from prover.evaluation.comparison import Report, compare
from prover.evaluation.figures import Flaw, Flaws
from prover.evaluation.markdown import markdown
from prover.evaluation.page import render
from prover.evaluation.reading import Run, read_run
from prover.evaluation.report import report_run, titles
from prover.evaluation.trees import make_trees, page_of

EXIT_DONE, EXIT_UNREADABLE = 0, 2


@dataclass(frozen=True, slots=True)
class Order:
    """What the user asked for."""

    folders: tuple[Path, ...]
    baseline: Path | None = None
    out: Path | None = None
    trees: bool = False
    as_json: bool = False


def run(order: Order, output: TextIO) -> int:
    """Do what the order says and return the exit code. Raises `SourceError`."""
    paths = _distinct(order)
    page = order.out or paths[0] / "report.html"
    if os.path.isdir(page):
        raise SourceError(f"--out {page} is a directory; name a file in it")
    runs = [read_run(path) for path in paths]
    report = make_report(runs, _baseline(order, runs))
    exit_code = EXIT_DONE
    if order.trees:
        for one, told in zip(runs, report.runs, strict=True):
            traces = [trace for row in told.rows for trace in row.traces]
            for trouble in make_trees(one.path, traces):
                print(f"prover: {trouble}", file=sys.stderr)
                exit_code = EXIT_UNREADABLE
    text = markdown(report)
    try:
        page.write_text(render(report, text, _trees(runs, report), page.parent), "utf-8", newline="\n")
    except OSError as error:
        raise SourceError(f"{page} cannot be written: {error.strerror}; name another --out") from error
    output.write(json.dumps(asdict(report), ensure_ascii=False) + "\n" if order.as_json else text)
    print(f"page: {page}", file=sys.stderr)
    return exit_code


def make_report(runs: Sequence[Run], baseline: int, flaws: Flaws | None = None) -> Report:
    """The report of runs, all others compared with the one at `baseline`."""
    names = titles([run.path for run in runs])
    told = tuple(report_run(run, name, flaws or _known, runs) for run, name in zip(runs, names, strict=True))
    others = [index for index in range(len(runs)) if index != baseline]
    return Report(
        told,
        tuple(compare(runs[i], runs[baseline], (names[i], names[baseline])) for i in others),
    )


def _known(sha256: str) -> Mapping[str, Flaw]:
    from data.benchmarks.defects import known_defects

    return known_defects(sha256)


def _distinct(order: Order) -> list[Path]:
    """The folders that were named, the baseline among them, each once."""
    found: dict[str, Path] = {}
    for path in (*order.folders, *filter(None, [order.baseline])):
        found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def _baseline(order: Order, runs: Sequence[Run]) -> int:
    """Which run the others are compared with."""
    if order.baseline is not None:
        return [os.path.realpath(run.path) for run in runs].index(os.path.realpath(order.baseline))
    sampling = (index for index, run in enumerate(runs) if run.settings.search == "sampling")
    return next(sampling, 0)


def _trees(runs: Sequence[Run], report: Report) -> dict[tuple[str, str], Path]:
    """The pages of trees that are there, by run and trace."""
    return {
        (told.name, trace): page_of(run.path, trace)
        for run, told in zip(runs, report.runs, strict=True)
        for row in told.rows
        for trace in row.traces
        if os.path.isfile(page_of(run.path, trace))
    }
