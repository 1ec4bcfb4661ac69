"""`prover report`: what runs of `prover eval` came to, as Markdown or JSON and as one HTML page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from prover.flags import JsonFlag


def report(
    folders: Annotated[
        list[Path],
        typer.Argument(metavar="DIR...", help="Run folders of `prover eval`; several are compared."),
    ],
    baseline: Annotated[
        Path | None,
        typer.Option(
            "--baseline",
            metavar="DIR",
            help="Compare the others with this one; by default with the first that samples, else the first.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="The page, if not report.html in the (first) folder."),
    ] = None,
    trees: Annotated[
        bool, typer.Option("--trees", help="Make a page of every search tree too, and link to it.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Report what runs came to: a page, and a Markdown table on standard output."""
    from prover.evaluation.reporting import Order, run

    raise typer.Exit(run(Order(tuple(folders), baseline, out, trees, as_json), sys.stdout))
