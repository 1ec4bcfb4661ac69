"""The commands about theorems and their proofs: `prover verify`, `prover prove` and `prover view`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from prover.flags import (
    FeedbackFlag,
    FormatFlag,
    JsonFlag,
    MemoryFlag,
    PathFlag,
    ProjectFlag,
    RoundsFlag,
    SearchFlag,
    SeedFlag,
    TimeoutFlag,
    WorkersFlag,
    check_reads_errors,
    chosen_budget,
    chosen_format,
    chosen_policy,
    chosen_rule,
    chosen_toolchain,
    limits,
    memory_bytes,
)
from prover.settings import SettingsError, load_settings


def verify(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="`.lean` or `.jsonl` files.")],
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Audit each proof too: fresh process, type, axioms."),
    ] = False,
    project: ProjectFlag = None,
    lean_on_path: PathFlag = False,
    as_json: JsonFlag = False,
    workers: WorkersFlag = None,
    timeout: TimeoutFlag = None,
    memory: MemoryFlag = None,
) -> None:
    """Check proofs: a verdict for every theorem."""
    settings = load_settings()
    processes, seconds, gibibytes = limits(settings, workers, timeout, memory)
    toolchain = chosen_toolchain(settings, project, lean_on_path)
    from prover.verify import run

    code = run(
        files,
        toolchain=toolchain,
        strict=strict,
        as_json=as_json,
        workers=processes,
        seconds=seconds,
        memory_bytes=memory_bytes(gibibytes, toolchain),
    )
    raise typer.Exit(code)


def prove(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="`.lean` or `.jsonl` files.")
    ] = None,
    statement: Annotated[
        str, typer.Option("--statement", metavar="TEXT", help="A statement to prove instead of files.")
    ] = "",
    policy: Annotated[
        str | None,
        typer.Option(
            "--policy",
            metavar="P",
            help="Who writes: `default` (a model that comes with the program), `tactics` (symbolic), "
            "`moe:PATH`, `hf:PATH`, `openai:URL#MODEL`.",
        ),
    ] = None,
    prompt_format: FormatFlag = None,
    search: SearchFlag = "rmaxts",
    rounds: RoundsFlag = None,
    feedback: FeedbackFlag = False,
    samples: Annotated[
        int, typer.Option("--samples", metavar="N", help="Proofs to try for one theorem.")
    ] = 512,
    time: Annotated[
        float | None,
        typer.Option("--time", metavar="S", help="Seconds for one theorem; no limit by default."),
    ] = None,
    tokens: Annotated[
        int | None,
        typer.Option("--tokens", metavar="T", help="Tokens to write for one theorem; no limit by default."),
    ] = None,
    seed: SeedFlag = 0,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the completed file, and certificates.")
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(
            "--trace",
            metavar="FILE",
            help="Keep the search, and go on with one that is there; a folder for several theorems.",
        ),
    ] = None,
    project: ProjectFlag = None,
    lean_on_path: PathFlag = False,
    as_json: JsonFlag = False,
    workers: WorkersFlag = None,
    timeout: TimeoutFlag = None,
    memory: MemoryFlag = None,
) -> None:
    """Prove every theorem whose proof is `sorry` or missing."""
    if bool(files) == bool(statement):
        raise SettingsError("name files to prove, or give a --statement, and not both")
    settings = load_settings()
    processes, seconds, gibibytes = limits(settings, workers, timeout, memory)
    rule, budget = chosen_rule(search, rounds, feedback), chosen_budget(samples, time, tokens)
    toolchain = chosen_toolchain(settings, project, lean_on_path)
    from lean_env.limits import Limits
    from prover.driver import Settings as Search
    from prover.prove import Order, run

    named = chosen_policy(settings, policy)
    check_reads_errors(named, rule)
    order = Order(
        files=tuple(files or ()),
        statement=statement,
        policy=named,
        prompt_format=chosen_format(settings, prompt_format, named),
        settings=Search(rule=rule, budget=budget, seed=seed, workers=processes),
        limits=Limits(seconds=seconds, memory_bytes=memory_bytes(gibibytes, toolchain)),
        as_json=as_json,
        out=out,
        trace=trace,
    )
    raise typer.Exit(run(order, toolchain))


def view(
    trace: Annotated[
        Path, typer.Argument(metavar="TRACE", help="What `prove --trace` wrote: a file, or a folder of them.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where to write the page, if not beside the trace."),
    ] = None,
) -> None:
    """Show a search tree as one HTML page that opens offline."""
    from prover.view import run

    raise typer.Exit(run(trace, out))
