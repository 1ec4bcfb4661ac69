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


def environment(settings: Settings) -> dict[str, str]:
    """The process's environment, with the cache directory that `prover.toml` may name."""
    cache = settings.get("cache", None, Path)
    return {**os.environ, "PROVER_CACHE": str(cache)} if cache else dict(os.environ)


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
