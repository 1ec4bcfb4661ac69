"""`prover eval`: a whole benchmark, measured into a run folder.

The settings are worked out first and compared with the folder's, then the problems that this Lean cannot
be asked about are set aside (once: the folder remembers), and then the searches run, here or on a cluster.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from data.benchmarks import Benchmark, Problem, load
from data.benchmarks.mathlib import Unusable
from lean_env.errors import LeanEnvError, SourceError
from lean_env.limits import Limits
from lean_env.pool import CheckPool
from lean_env.toolchain import Toolchain
from lean_env.values import Theorem
from prover.attempt import Settings
from prover.evaluation.display import Display, bad_lines
from prover.evaluation.folder import RunFolder
from prover.evaluation.reading import Run
from prover.evaluation.records import ProblemLine, RunSettings
from prover.evaluation.schedule import Schedule
from prover.evaluation.work import Executor, Local, open_driver
from prover.loop import run_loop
from prover.policies import PolicyError, open_policy
from prover.statements import usable

if TYPE_CHECKING:
    from prover.evaluation.cluster import Cluster

EXIT_MEASURED, EXIT_FAULTS = 0, 1
OWN_HEADER, CORE_HEADER = "none", "core"
"""`RunSettings.header`: each statement's own; where there is no Mathlib, one that does without."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the user asked for."""

    benchmark: str
    """A file, or a name that the registry knows."""
    folders: tuple[Path, ...] | None = None
    """Where a name's file is looked for, if not in the usual places."""
    sources: Path | None = None
    """The repository that a LeanDojo export was made of."""
    out: Path | None = None
    split: str = ""
    limit: int | None = None
    keep_going: bool = False
    """Whether lines that cannot be read are left out, instead of being an error."""
    policy: str = "tactics"
    prompt_format: str | None = None
    """Of a language model; None: the one that it asks for. `RunSettings.policy_version` tells it."""
    settings: Settings = field(default_factory=Settings)
    limits: Limits = field(default_factory=Limits)
    repeats: int = 1
    stop_early: bool = False
    ray: str = ""
    """A Ray cluster's address, or `local`; empty for this process."""
    node_workers: int | None = None
    """Lean processes on each node of the cluster; None: as many as it has CPUs."""
    project: Path | None = None
    """What the toolchain was found with, for the cluster's nodes; so is `lean_on_path`."""
    lean_on_path: bool = False
    as_json: bool = False


def run(order: Order, toolchain: Toolchain) -> int:
    """Do what the order says and return the exit code. Raises `LeanEnvError`."""
    benchmark = load(
        order.benchmark,
        split=order.split,
        limit=order.limit,
        keep_going=order.keep_going,
        folders=order.folders,
        sources=order.sources,
    )
    bad_lines(benchmark.path, benchmark.bad_lines)
    out = order.out or default_folder(order, benchmark)
    with RunFolder.claim(out) as folder:
        with Display(order.as_json) as display:
            run_loop(_evaluate(order, benchmark, toolchain, folder, display))
        assert folder.run is not None
        display.summary(folder.run)
    return EXIT_FAULTS if display.faults else EXIT_MEASURED


def default_folder(order: Order, benchmark: Benchmark) -> Path:
    """Where a run goes that was given no folder: named after what makes it different from others."""
    given = order.settings
    words = [
        Path(benchmark.name).stem if benchmark.name.endswith(".jsonl") else benchmark.name,
        order.split,
        "" if order.limit is None else str(order.limit),
        order.policy,
        given.rule.algorithm,
        "" if given.budget.samples is None else str(given.budget.samples),
        str(given.seed),
    ]
    name = "-".join(word for word in words if word)
    return Path("runs") / "".join(c if c.isalnum() or c in ".-_" else "_" for c in name)


async def _evaluate(
    order: Order, benchmark: Benchmark, toolchain: Toolchain, folder: RunFolder, display: Display
) -> None:
    try:
        async with _place(order, toolchain, folder) as place:
            settings = settings_of(order, benchmark, toolchain, place.policy_version)
            if folder.run is not None:
                run = folder.resume(settings)
            else:
                run = folder.begin(settings, await _problems(benchmark, place.pool, display))
            display.begin(run)
            schedule = Schedule(folder, run, theorems_of(run, benchmark), display.ended)
            await schedule.run(place.executor)
    except PolicyError as error:
        raise LeanEnvError(str(error)) from error


@dataclass(frozen=True, slots=True)
class Place:
    """Where searches run."""

    executor: Executor
    pool: CheckPool
    """Of this process, to ask about statements."""
    policy_version: str


@asynccontextmanager
async def _place(order: Order, toolchain: Toolchain, folder: RunFolder) -> AsyncIterator[Place]:
    settings = order.settings
    async with CheckPool(toolchain, workers=settings.workers, limits=order.limits) as pool:
        if order.ray:
            async with _cluster(order, folder) as cluster:
                if cluster.toolchain != toolchain.describe():
                    raise LeanEnvError(f"the cluster has {cluster.toolchain}, not {toolchain.describe()}")
                yield Place(cluster, pool, cluster.policy_version)
            return
        async with (
            open_policy(order.policy, order.prompt_format) as policy,
            open_driver(policy, pool, settings) as driver,
        ):
            yield Place(Local(driver, settings, folder.path), pool, policy.version)


def _cluster(order: Order, folder: RunFolder) -> AbstractAsyncContextManager[Cluster]:
    """The Ray cluster that the order names. Raises `LeanEnvError` without Ray."""
    try:
        from prover.evaluation.cluster import open_cluster
        from prover.evaluation.node import Errand
    except ModuleNotFoundError as error:
        raise LeanEnvError(f"{error}; --ray needs `pip install 'rmax-prover[ray]'`") from error
    errand = Errand(
        order.policy, order.settings, order.limits, order.project, order.lean_on_path, order.prompt_format
    )
    return open_cluster(order.ray, errand, order.node_workers, folder.path)


async def _problems(benchmark: Benchmark, pool: CheckPool, display: Display) -> list[ProblemLine]:
    """The problems' lines; those that cannot be attempted say why."""
    done = 0

    async def line(index: int, problem: Problem) -> ProblemLine:
        nonlocal done
        found = await usable(problem, pool)
        done += 1
        display.step("checking statements", done, len(benchmark.problems))
        return _line(index, problem, found)

    return await asyncio.gather(*(line(*one) for one in enumerate(benchmark.problems)))


def _line(index: int, problem: Problem, found: Problem | Unusable) -> ProblemLine:
    used = problem if isinstance(found, Unusable) else found
    return ProblemLine(
        index=index,
        name=problem.name,
        statement=used.theorem.statement,
        header=used.theorem.header,
        split=problem.split,
        domain=problem.domain,
        tier=problem.tier,
        source=problem.source,
        skipped=found.reason if isinstance(found, Unusable) else "",
    )


def theorems_of(run: Run, benchmark: Benchmark) -> dict[int, Theorem]:
    """The theorems that are attempted, by their problems' indices. Raises `SourceError` if the folder has
    other problems than the benchmark."""
    if [line.name for line in run.problems] != [problem.name for problem in benchmark.problems]:
        raise SourceError(f"{run.path} has other problems than {benchmark.path}; name another --out")
    return {
        line.index: replace(
            benchmark.problems[line.index].theorem, statement=line.statement, header=line.header
        )
        for line in run.problems
        if not line.skipped
    }


def settings_of(order: Order, benchmark: Benchmark, toolchain: Toolchain, policy_version: str) -> RunSettings:
    """All that changes a figure of the run."""
    given = order.settings
    sampling = asdict(given.sampling)
    del sampling["seed"]
    return RunSettings(
        benchmark=benchmark.name,
        benchmark_sha256=benchmark.sha256,
        split=order.split,
        limit=order.limit,
        policy=order.policy,
        policy_version=policy_version,
        search=given.rule.algorithm,
        rule=asdict(given.rule),
        sampling=sampling,
        samples=given.budget.samples,
        seconds=given.budget.seconds,
        tokens=given.budget.tokens,
        repeats=order.repeats,
        seed=given.seed,
        stop_early=order.stop_early,
        check_seconds=order.limits.seconds,
        toolchain=toolchain.describe(),
        header=OWN_HEADER if toolchain.has_mathlib else CORE_HEADER,
        rollouts=given.rollouts,
    )
