"""One problem, one repeat: the search for it, tried again where our side fails, and its line of results.

The same code works in this process and on the nodes of a cluster.
"""

from __future__ import annotations

import asyncio
import math
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from lean_env.pool import CheckPool
from lean_env.values import Theorem
from prover.attempt import ROLLOUTS_A_WORKER, Attempt, Settings
from prover.batching import BATCH
from prover.driver import Driver
from prover.evaluation.records import Result
from prover.policies import Policy
from prover.trail import Tape, TrailError

PAUSES = (1.0, 4.0)
"""Seconds before each new try of a search that a fault of ours has ended; then it is a `FAULT`."""
ALONE = ("tactics",)
"""Policies that gain nothing from getting several prompts at once, and answer the same without."""


@dataclass(frozen=True, slots=True)
class Job:
    """A repeat of a problem that is to be done."""

    problem: int
    repeat: int
    name: str
    theorem: Theorem
    seed: int
    trace: str
    """The trace's path inside of the run folder."""


class Executor(Protocol):
    """Whoever does jobs, here or elsewhere."""

    @property
    def slots(self) -> int:
        """How many jobs to give it at a time."""
        ...

    async def attempt(self, job: Job) -> Result:
        """Do a job. Cancelling it keeps what the trace has. Raises `LeanEnvError` if nothing can go on."""
        ...


def searches_at_a_time(settings: Settings) -> int:
    """How many searches, each with its rollouts, keep this many Lean processes and the policy busy."""
    return math.ceil(2 * ROLLOUTS_A_WORKER * settings.workers / settings.rollouts)


def open_driver(policy: Policy, pool: CheckPool, settings: Settings) -> AbstractAsyncContextManager[Driver]:
    """A driver for many searches at a time. A policy gets one prompt at a time where more would save nothing,
    so that an answer depends on its own prompt and seed alone."""
    return Driver.open(policy, pool, settings, batch=1 if policy.name in ALONE else BATCH)


async def attempt(driver: Driver, job: Job, trace: Path | Tape) -> Result:
    """Do a job to its end. Raises `TrailError` if its trace cannot be read or written."""
    for pause in (*PAUSES, None):
        found = await _search(driver, job, trace)
        if isinstance(found.cause, TrailError):
            raise found.cause
        if not found.error or pause is None:
            break
        await asyncio.sleep(pause)
    return result_of(job, found)


async def _search(driver: Driver, job: Job, trace: Path | Tape) -> Attempt:
    """Search once. A proof that was found before this was cancelled is as good as any."""
    found: list[Attempt] = []
    try:
        await driver.attempt(job.theorem, trace, found.append, seed=job.seed)
    except asyncio.CancelledError:
        if not found:
            raise
    return found[0]


def result_of(job: Job, found: Attempt) -> Result:
    """The line of a search that has ended."""
    result = Result(
        problem=job.problem,
        name=job.name,
        repeat=job.repeat,
        verdict="PROVED" if found.proof else "FAULT" if found.error else "FAILED",
        samples=0,
        seconds=0.0,
        tokens=0,
        lean_seconds=0.0,
        policy_seconds=0.0,
        error=found.error,
        trace=job.trace,
        finished=now(),
    )
    if (statistics := found.statistics) is not None:
        result = replace(
            result,
            samples=statistics.samples,
            seconds=round(statistics.seconds, 4),
            tokens=statistics.tokens,
            lean_seconds=round(statistics.lean_seconds, 4),
            policy_seconds=round(statistics.policy_seconds, 4),
            verdicts=statistics.verdicts,
            faults=statistics.faults,
            corrections=statistics.corrections,
            proof_round=statistics.proof_round,
        )
    else:
        result = replace(result, trace="")
    if found.proof is not None:
        certificate = found.proof.certificate
        result = replace(
            result, proof=found.proof.text, axioms=certificate.axioms, certificate=asdict(certificate)
        )
    return result


def stopped(job: Job) -> Result:
    """The line of a repeat that is not begun, since an earlier one has proved the problem."""
    return Result(job.problem, job.name, job.repeat, "STOPPED", 0, 0.0, 0, 0.0, 0.0, finished=now())


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class Local:
    """Does jobs in this process; their traces are files of the run folder."""

    def __init__(self, driver: Driver, settings: Settings, folder: Path) -> None:
        self._driver = driver
        self._folder = folder
        self.slots = searches_at_a_time(settings)

    async def attempt(self, job: Job) -> Result:
        """Do a job (`Executor.attempt`)."""
        return await attempt(self._driver, job, self._folder / job.trace)
