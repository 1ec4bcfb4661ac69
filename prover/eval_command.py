"""The command `prover eval`: options to an order. What does the work is imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from prover.flags import (
    BenchmarksFlag,
    FeedbackFlag,
    FormatFlag,
    JsonFlag,
    KeepGoingFlag,
    LimitFlag,
    MemoryFlag,
    PathFlag,
    ProjectFlag,
    RoundsFlag,
    SearchFlag,
    SeedFlag,
    SourcesFlag,
    SplitFlag,
    TimeoutFlag,
    WorkersFlag,
    benchmark_folders,
    check_reads_errors,
    chosen_budget,
    chosen_format,
    chosen_policy,
    chosen_rule,
    chosen_sources,
    chosen_toolchain,
    limits,
    memory_bytes,
    positive,
)
from prover.settings import SettingsError, load_settings


def evaluate(
    bench: Annotated[
        str,
        typer.Argument(
            metavar="BENCH",
            help="A `.jsonl` file of statements, a LeanDojo export, or the name of a known one (`minif2f`).",
        ),
    ],
    split: SplitFlag = "",
    limit: LimitFlag = None,
    benchmarks: BenchmarksFlag = None,
    sources: SourcesFlag = None,
    policy: Annotated[
        str | None,
        typer.Option("--policy", metavar="P", help="Who writes; as for `prover prove`."),
    ] = None,
    prompt_format: FormatFlag = None,
    search: SearchFlag = "rmaxts",
    rounds: RoundsFlag = None,
    feedback: FeedbackFlag = False,
    samples: Annotated[int, typer.Option("--samples", metavar="N", help="Proofs to try in a search.")] = 512,
    time: Annotated[
        float | None,
        typer.Option(
            "--time",
            metavar="S",
            help="Seconds for one search, of which several share the machine; no limit by default.",
        ),
    ] = None,
    tokens: Annotated[
        int | None,
        typer.Option("--tokens", metavar="T", help="Tokens to write in one search; no limit by default."),
    ] = None,
    repeats: Annotated[
        int, typer.Option("--repeats", metavar="R", help="Independent searches for each problem.")
    ] = 1,
    stop_early: Annotated[
        bool, typer.Option("--stop-early", help="Begin no other repeat of a problem that has been proved.")
    ] = False,
    rollouts: Annotated[
        int,
        typer.Option(
            "--rollouts",
            metavar="N",
            help="Proofs of one search under way at a time. With 1 the outcome of `tactics` does not depend "
            "on the number of workers; more are faster when there are few problems.",
        ),
    ] = 1,
    seed: SeedFlag = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="The run folder; one that was interrupted is gone on with. By default below runs/.",
        ),
    ] = None,
    keep_going: KeepGoingFlag = False,
    ray: Annotated[
        str,
        typer.Option(
            "--ray",
            metavar="ADDRESS",
            help="Spread the searches over a Ray cluster: its address, `auto`, or `local` for one here.",
        ),
    ] = "",
    project: ProjectFlag = None,
    lean_on_path: PathFlag = False,
    as_json: JsonFlag = False,
    workers: WorkersFlag = None,
    timeout: TimeoutFlag = None,
    memory: MemoryFlag = None,
) -> None:
    """Measure how much of a benchmark is proved, in a folder that survives any interruption.

    Exit code 0: measured; 1: some searches ended in faults, which the same command tries again.
    """
    if seed < 0:
        raise SettingsError(f"seed must not be negative: {seed}")
    settings = load_settings()
    processes, seconds, gibibytes = limits(settings, workers, timeout, memory)
    rule, budget = chosen_rule(search, rounds, feedback), chosen_budget(samples, time, tokens)
    times = positive("repeats", repeats, 1)
    lake = None if lean_on_path else settings.get("project", project, Path)
    folders, sources = benchmark_folders(settings, benchmarks), chosen_sources(bench, sources, lake)
    from prover.evaluation.records import MAX_REPEATS

    if times > MAX_REPEATS:
        raise SettingsError(f"repeats must be at most {MAX_REPEATS:,}, not {times:,}")
    toolchain = chosen_toolchain(settings, project, lean_on_path)
    from lean_env.limits import Limits
    from prover.driver import Settings as Search
    from prover.evaluation.evaluate import Order, run
    from prover.policies import Sampling

    named = chosen_policy(settings, policy)
    check_reads_errors(named, rule)
    order = Order(
        benchmark=bench,
        folders=folders,
        sources=sources,
        out=out,
        split=split,
        limit=limit,
        keep_going=keep_going,
        policy=named,
        prompt_format=chosen_format(settings, prompt_format, named),
        settings=Search(
            rule=rule,
            budget=budget,
            # Repeats are to be independent, so one must not know what another was told.
            sampling=Sampling(distinct=times == 1),
            seed=seed,
            workers=processes,
            rollouts_at_a_time=positive("rollouts", rollouts, 1),
        ),
        limits=Limits(seconds=seconds, memory_bytes=memory_bytes(gibibytes, toolchain)),
        repeats=times,
        stop_early=stop_early,
        ray=ray,
        node_workers=settings.get("workers", workers, int),
        project=lake,
        lean_on_path=lean_on_path,
        as_json=as_json,
    )
    raise typer.Exit(run(order, toolchain))
