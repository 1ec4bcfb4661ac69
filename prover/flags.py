"""The flags that several commands have, and what they and the settings come to."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from prover.settings import Settings, SettingsError

if TYPE_CHECKING:
    from lean_env.toolchain import Progress, Toolchain
    from search import Budget, Rule

N = TypeVar("N", int, float)

CORE_GIB, MATHLIB_GIB = 6.0, 16.0
"""Default address space of one Lean process; `import Mathlib` alone takes 9 GiB since Lean 4.26."""

MAX_WORKERS = 1024
"""Lean processes; with more of them the pool would do little but look for a free one."""

ProjectFlag = Annotated[
    Path | None,
    typer.Option("--project", metavar="DIR", help="A built Lake project to work in [PROVER_PROJECT]."),
]
PathFlag = Annotated[
    bool, typer.Option("--lean-on-path", help="Use the `lean` found on the PATH instead of the embedded one.")
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON to standard output, and nothing else.")]
WorkersFlag = Annotated[
    int | None,
    typer.Option("--workers", metavar="N", help="Lean processes [PROVER_WORKERS; default: one a core]."),
]
TimeoutFlag = Annotated[
    float | None,
    typer.Option("--timeout", metavar="S", help="Seconds for one check [PROVER_TIMEOUT; default: 60]."),
]
MemoryFlag = Annotated[
    float | None,
    typer.Option(
        "--memory",
        metavar="GIB",
        help="Address space of one Lean process, in GiB [PROVER_MEMORY; default: 6, with Mathlib 16].",
    ),
]
FormatFlag = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="NAME",
        help="How a language model is asked [PROVER_FORMAT; default: by its name]: `completion`, "
        "`completion-cot`, `hints`, `hints-cot`, `deepseek-prover-v2`, `deepseek-prover-v2-non-cot`, "
        "`goedel-prover-v2`, `kimina`.",
    ),
]
SearchFlag = Annotated[
    str,
    typer.Option("--search", metavar="A", help="`rmaxts`, `best-first`, `sampling` or `self-correction`."),
]
RoundsFlag = Annotated[
    int | None,
    typer.Option(
        "--rounds", metavar="R", help="For `self-correction`: how often a proof is corrected [default: 2]."
    ),
]
FeedbackFlag = Annotated[
    bool,
    typer.Option("--feedback", help="For `rmaxts`: show what became of the latest proof at the same state."),
]


def chosen_rule(search: str, rounds: int | None, feedback: bool) -> Rule:
    """The search rule that flags name. Raises `SettingsError`."""
    from search import RULES, RMaxTS, SelfCorrection

    if search not in RULES:
        raise SettingsError(f"--search must be one of {', '.join(RULES)}, not {search!r}")
    if rounds is not None and search != SelfCorrection.algorithm:
        raise SettingsError(f"--rounds belongs to --search {SelfCorrection.algorithm}, not to {search}")
    if feedback and search != RMaxTS.algorithm:
        raise SettingsError(f"--feedback belongs to --search {RMaxTS.algorithm}, not to {search}")
    if search == SelfCorrection.algorithm:
        return SelfCorrection(positive("rounds", rounds, SelfCorrection.rounds))
    return RMaxTS(feedback=feedback) if search == RMaxTS.algorithm else RULES[search]()


def chosen_format(settings: Settings, name: str | None, policy: str) -> str | None:
    """The prompt format that a flag or the settings name; None: the policy's own. Raises `SettingsError`."""
    from prover.formats.registry import FORMATS

    named = settings.get("format", name, str)
    if policy == "tactics" and name is None:
        if named is not None:
            print(
                f"prover: the setting format ({named}) is for language models; `tactics` reads no prompts, "
                "and goes on without",
                file=sys.stderr,
            )
        return None
    if named is not None and named not in FORMATS:
        raise SettingsError(f"format must be one of {', '.join(FORMATS)}, not {named!r}")
    if named is not None and policy == "tactics":
        raise SettingsError("--format is for language models: `tactics` reads no prompts")
    return named


SplitFlag = Annotated[str, typer.Option("--split", metavar="S", help="Only this split.")]
LimitFlag = Annotated[int | None, typer.Option("--limit", metavar="K", help="Only the first K statements.")]
KeepGoingFlag = Annotated[
    bool, typer.Option("--keep-going", help="Leave out lines of the file that cannot be read.")
]
BenchmarksFlag = Annotated[
    Path | None,
    typer.Option(
        "--benchmarks", metavar="DIR", help="Where files of known benchmarks are [PROVER_BENCHMARKS]."
    ),
]
SourcesFlag = Annotated[
    Path | None,
    typer.Option(
        "--sources",
        metavar="DIR",
        help="The repository that a LeanDojo export was made of; by default the project, if it is that.",
    ),
]
SeedFlag = Annotated[int, typer.Option("--seed", metavar="K", help="Of all that is random.")]


def limits(
    settings: Settings, workers: int | None, timeout: float | None, memory: float | None
) -> tuple[int, float, float]:
    """Lean processes, seconds a check, and GiB a process (0: by the toolchain), from flags and settings."""
    processes = positive("workers", settings.get("workers", workers, int), os.cpu_count() or 1)
    if processes > MAX_WORKERS:
        raise SettingsError(f"workers must be at most {MAX_WORKERS:,}, not {processes:,}")
    return (
        processes,
        positive("timeout", settings.get("timeout", timeout, float), 60.0),
        positive("memory", settings.get("memory", memory, float), 0.0),
    )


def memory_bytes(gibibytes: float, toolchain: Toolchain) -> int:
    """The limit on a Lean process's address space."""
    from lean_env.limits import GIB

    if gibibytes >= sys.maxsize / GIB:
        raise SettingsError(f"memory must be less than {sys.maxsize / GIB:.2g} GiB, not {gibibytes:g}")
    return int((gibibytes or (MATHLIB_GIB if toolchain.has_mathlib else CORE_GIB)) * GIB)


def positive(name: str, value: N | None, default: N) -> N:
    """`value`, or `default` if there is none. Raises `SettingsError` unless it is positive and finite."""
    if value is not None and not 0 < value < math.inf:
        raise SettingsError(f"{name} must be positive and finite, not {value:g}")
    return default if value is None else value


def chosen_toolchain(settings: Settings, project: Path | None, lean_on_path: bool) -> Toolchain:
    """The toolchain that flags and settings name."""
    from lean_env.toolchain import find_toolchain

    if not lean_on_path:
        project = settings.get("project", project, Path)
    with _build_progress() as progress:
        return find_toolchain(project, lean_on_path, environment(settings), progress)


def chosen_budget(samples: int, seconds: float | None, tokens: int | None) -> Budget:
    """What one search may spend. Raises `SettingsError`."""
    from search import Budget

    return Budget(
        positive("samples", samples, 0),
        positive("time", seconds, 0.0) or None,
        positive("tokens", tokens, 0) or None,
    )


def chosen_policy(settings: Settings, policy: str | None) -> str:
    """The policy that a flag or the settings name; else the usual one, with a remark if it falls short."""
    from prover.policies import usual_policy

    named = settings.get("policy", policy, str)
    if named is not None:
        return named
    usual, remark = usual_policy()
    if remark:
        print(f"prover: {remark}", file=sys.stderr)
    return usual


def check_reads_errors(policy: str, rule: Rule) -> None:
    """Raise `SettingsError` if the rule tells a policy what Lean said, and this policy reads nothing."""
    from search import RMaxTS, SelfCorrection

    flag = f"--search {rule.algorithm}" if isinstance(rule, SelfCorrection) else ""
    if isinstance(rule, RMaxTS) and rule.feedback:
        flag = "--feedback"
    if flag and policy == "tactics":
        raise SettingsError(
            f"{flag} shows the policy what Lean said of its proofs, and `tactics` reads nothing: take a "
            "language model with --policy, such as `default`"
        )


def environment(settings: Settings, benchmarks: Path | None = None) -> dict[str, str]:
    """The process's environment, with the directories that a flag or `prover.toml` may name."""
    named = {
        "PROVER_CACHE": settings.get("cache", None, Path),
        "PROVER_BENCHMARKS": settings.get("benchmarks", benchmarks, Path),
    }
    return {**os.environ, **{name: str(path) for name, path in named.items() if path}}


def benchmark_folders(settings: Settings, benchmarks: Path | None) -> tuple[Path, ...]:
    """Where a benchmark is looked for that is given by its name."""
    from data.benchmarks.registry import default_folders

    return default_folders(environment(settings, benchmarks))


def chosen_sources(bench: str, sources: Path | None, project: Path | None) -> Path | None:
    """The sources of a LeanDojo export: what the flag says, else the project if that is a checkout of the
    commit that was exported; else none, with a remark."""
    from data.benchmarks import leandojo

    path = Path(bench).expanduser()
    if sources is not None or not leandojo.is_export(path):
        return sources
    origin = leandojo.origin(path)
    if project is not None and origin.is_checked_out(project):
        return project
    print(
        f"prover: of the contexts of {bench} only imports and namespaces are known; --sources DIR, with a "
        f"checkout of {origin}, gives the rest",
        file=sys.stderr,
    )
    return None


@contextmanager
def _build_progress() -> Iterator[Progress]:
    """A bar on standard error, drawn only if the embedded library is really being compiled."""
    shown = None

    def show(done: int, total: int, module: str) -> None:
        nonlocal shown
        if shown is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as Bar

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
            )
            bar = Bar(*columns, console=Console(stderr=True))
            bar.start()
            shown = bar, bar.add_task("", total=None)
        bar, task = shown
        if total:
            bar.update(task, description="Compiling the Lean library, once", completed=done, total=total)
        else:
            bar.update(task, description="Waiting for another process to compile the Lean library")

    try:
        yield show
    finally:
        if shown:
            shown[0].stop()
