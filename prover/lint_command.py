"""`prover lint`: the command line of the audit, and how its findings are shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prover.flags import (
    BenchmarksFlag,
    JsonFlag,
    KeepGoingFlag,
    LimitFlag,
    MemoryFlag,
    PathFlag,
    ProjectFlag,
    SourcesFlag,
    SplitFlag,
    WorkersFlag,
    benchmark_folders,
    chosen_sources,
    chosen_toolchain,
    limits,
    memory_bytes,
)
from prover.settings import load_settings

if TYPE_CHECKING:
    from data.benchmarks import Benchmark
    from lean_env.limits import Limits
    from lean_env.toolchain import Toolchain
    from prover.lint import Report

SECONDS = 10.0
"""For one try of Lean's, unless settings say otherwise: what needs longer is no slip."""
NAMED = 5
"""So many statements are named where a check did not run; `--json` names all."""


def lint(
    bench: Annotated[
        str, typer.Argument(metavar="BENCH", help="A benchmark's name, or a file of statements.")
    ],
    other: Annotated[
        str,
        typer.Argument(
            metavar="[OTHER]", help="Another copy of it, to say where the two differ.", show_default=False
        ),
    ] = "",
    split: SplitFlag = "",
    limit: LimitFlag = None,
    benchmarks: BenchmarksFlag = None,
    sources: SourcesFlag = None,
    without_lean: Annotated[
        bool, typer.Option("--no-lean", help="Look at texts and published goals only.")
    ] = False,
    keep_going: KeepGoingFlag = False,
    project: ProjectFlag = None,
    lean_on_path: PathFlag = False,
    as_json: JsonFlag = False,
    workers: WorkersFlag = None,
    timeout: Annotated[
        float | None,
        typer.Option("--timeout", metavar="S", help="Seconds for one try of Lean's [PROVER_TIMEOUT; 10]."),
    ] = None,
    memory: MemoryFlag = None,
) -> None:
    """Audit the statements of a benchmark; exits with 1 if something is suspicious."""
    from data.benchmarks import load
    from lean_env.values import printable
    from prover.lint import lint_text

    settings = load_settings()
    given = settings.get("timeout", timeout, float)
    processes, seconds, gibibytes = limits(settings, workers, SECONDS if given is None else given, memory)
    folders = benchmark_folders(settings, benchmarks)
    lake = None if lean_on_path else settings.get("project", project, Path)
    benchmark = load(
        bench,
        split=split,
        limit=limit,
        keep_going=keep_going,
        folders=folders,
        sources=chosen_sources(bench, sources, lake),
    )
    copy = load(other, keep_going=keep_going, folders=folders) if other else None
    report = lint_text(benchmark, copy)
    if not without_lean:
        toolchain = chosen_toolchain(settings, project, lean_on_path)
        from lean_env.limits import Limits

        each = Limits(seconds=seconds, memory_bytes=memory_bytes(gibibytes, toolchain))
        _ask_lean(report, toolchain, each, processes)
    for line in _json(report) if as_json else _text(report, copy, asked=not without_lean):
        print(line if as_json else printable(line.replace("\n", " ")))
    raise typer.Exit(1 if any(report.findings.values()) or benchmark.bad_lines else 0)


def _ask_lean(report: Report, toolchain: Toolchain, limits: Limits, workers: int) -> None:
    """Add what Lean says, with a bar on standard error if that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    from lean_env.pool import CheckPool
    from prover.lint import lint_with_lean
    from prover.loop import run_loop

    async def work() -> None:
        async with CheckPool(toolchain, workers=workers, limits=limits) as pool:
            await lint_with_lean(report, pool, lambda: bar.advance(task))

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Asking Lean", total=len(report.benchmark.problems))
        run_loop(work())


def _json(report: Report) -> Iterator[str]:
    """One object a statement."""
    for problem in report.benchmark.problems:
        findings = [
            {"rule": str(one.rule), "message": one.message} | ({"proof": one.proof} if one.proof else {})
            for one in report.findings[problem.name]
        ]
        fields = {
            "name": problem.name,
            "split": problem.split,
            "line": problem.theorem.provenance.line,
            "findings": findings,
            "text_read": problem.name not in report.unread,
            "goal_given": bool(problem.goal),
            "lean_not_asked": report.not_asked.get(problem.name, ""),
        }
        yield json.dumps(fields, ensure_ascii=False)


def _text(report: Report, copy: Benchmark | None, *, asked: bool) -> Iterator[str]:
    """The findings by rule, how many there are of each, and what was not looked at."""
    from data.lint import DESCRIPTIONS, Rule

    benchmark = report.benchmark
    counts = report.counts()
    for rule in Rule:
        if not counts[rule]:
            continue
        yield f"{rule}: {DESCRIPTIONS[rule]} ({counts[rule]})"
        for problem in benchmark.problems:
            for one in report.findings[problem.name]:
                if one.rule is rule:
                    yield f"  {problem.name}: {one.message}"
        yield ""
    total = len(benchmark.problems)
    suspicious = sum(bool(found) for found in report.findings.values())
    yield f"{benchmark.name}: {total} statements, something suspicious about {suspicious}"
    for bad in benchmark.bad_lines:
        yield f"not used: line {bad.line}: {bad.reason}"
    if copy is not None:
        names = {problem.name for problem in copy.problems}
        common = sum(problem.name in names for problem in benchmark.problems)
        yield f"compared with {copy.name}: {common} statements are in both, {counts[Rule.DIFFERENT]} differ"
    if report.unread:
        yield f"not checked by text: {_some(report.unread)}, whose notation is not understood"
    if report.without_goal:
        yield f"not checked by the published goal: {report.without_goal} statements have none"
    if not asked:
        yield "not checked with Lean: elaboration, contradictory hypotheses, negation, hypotheses not needed"
        return
    what = "not checked with Lean (elaboration, contradictory hypotheses, negation, hypotheses not needed)"
    need = [name for name, why in report.not_asked.items() if why.startswith("needs Mathlib")]
    if need:
        yield f"{what}: {_some(need)}, which need Mathlib; give a project that has it (--project DIR)"
    if lost := [name for name in report.not_asked if name not in need]:
        yield f"{what}: {_some(lost)}, since {report.not_asked[lost[0]]}"


def _some(names: list[str]) -> str:
    """How many there are, and the first of them."""
    shown = ", ".join(names[:NAMED])
    return f"{len(names)} statements ({shown}{', …' if len(names) > NAMED else ''})"
