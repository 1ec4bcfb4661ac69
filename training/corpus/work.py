"""A process that proves statements: its own event loop, policy and Lean workers.

One Python process cannot keep more than a few Lean workers busy, since the policy thinks in Python; so
there are several, each with few workers, and one parent (`training.corpus.build`) that hands statements
out and writes down what comes back.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import signal
import threading
from dataclasses import dataclass
from multiprocessing.queues import Queue

from data.records import CorpusRecord
from lean_env.audit import audit
from lean_env.errors import AuditError, LeanEnvError, StatementError
from lean_env.limits import Limits
from lean_env.pool import CheckPool
from lean_env.toolchain import Toolchain, find_toolchain
from lean_env.values import Theorem, Verdict
from prover.attempt import Means, Settings
from prover.batching import Batcher
from prover.policies import Policy, PolicyError, open_policy
from search import Budget
from training.corpus.attempt import Attempt, Effort, Outcome

CHECK_SECONDS = 2.0
"""A proof that takes longer is not worth imitating."""
OVERRUNS = 3
"""So many checks that run into a limit end a search: each costs as much as a hundred others."""
AUDIT_SECONDS = 60.0
AUDITED = 0.02
"""Share of the proofs that the strict audit checks again."""
UNDER_WAY = 16
"""Statements at a time for each Lean worker, so that documents of many proofs come together."""


@dataclass(frozen=True, slots=True)
class Task:
    """A statement to prove."""

    index: int
    theorem: Theorem
    kind: str
    domain: str


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a task."""

    task: Task
    outcome: Outcome
    records: tuple[CorpusRecord, ...] = ()
    audited: int = 0
    fatal: str = ""
    """Why the build must stop: one line. Lean is not there, or the two tiers of the verifier disagree."""


def serve(tasks: Queue[Task | None], results: Queue[Result], workers: int, seed: int, effort: Effort) -> None:
    """Prove tasks until None comes, with `workers` Lean processes; the target of a process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The parent hears it too, and ends this process.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    asyncio.run(_serve(tasks, results, workers, seed, effort))


def _end_with_parent() -> None:
    """End this process, and Lean with it, when the one that started it is gone, whatever became of it."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


async def _serve(
    tasks: Queue[Task | None], results: Queue[Result], workers: int, seed: int, effort: Effort
) -> None:
    loop = asyncio.get_running_loop()
    turn = asyncio.Semaphore(UNDER_WAY * workers)
    audits = asyncio.Semaphore(1)  # An audit runs Lean beside the workers.
    toolchain = find_toolchain()
    limits = Limits(seconds=CHECK_SECONDS)
    budget = Budget(samples=effort.rollouts, overruns=OVERRUNS)
    settings = Settings(budget=budget, seed=seed, workers=1)
    async with (
        open_policy("tactics") as policy,
        CheckPool(toolchain, workers=workers, limits=limits) as pool,
        Batcher(policy, settings.sampling, size=1) as batcher,  # Each completion has a seed of its own.
    ):
        means = Means(settings, pool, batcher, audit=None, watch=lambda theorem, statistics: None)

        async def one(task: Task) -> None:
            try:
                results.put(await _proved(task, policy, means, effort, audits))
            except (LeanEnvError, PolicyError) as error:
                results.put(Result(task, Outcome.INVALID, fatal=str(error)))
            finally:
                turn.release()

        async with asyncio.TaskGroup() as group:
            while True:
                await turn.acquire()
                task = await loop.run_in_executor(None, tasks.get)
                if task is None:
                    break
                group.create_task(one(task))


async def _proved(
    task: Task, policy: Policy, means: Means, effort: Effort, audits: asyncio.Semaphore
) -> Result:
    """The result of one task, with some of its proofs audited. Raises `LeanEnvError` for what stops all."""
    attempt = Attempt(task.theorem, task.kind, task.domain, policy, means, effort)
    try:
        outcome, records = await attempt.run()
    except StatementError:
        return Result(task, Outcome.INVALID)
    audited = 0
    for record in records:
        if random.Random(f"{means.settings.seed}:{record.name}:{record.proof}").random() < AUDITED:
            async with audits:
                audited += await passes_audit(means.pool.toolchain, record)
    return Result(task, outcome, tuple(records), audited)


async def passes_audit(toolchain: Toolchain, record: CorpusRecord) -> bool:
    """Whether the strict tier accepts the record; False if it ran into a limit, which says nothing.

    Raises `AuditError` if it refuses what the fast tier accepted.
    """
    try:
        result = await audit(
            toolchain,
            record.theorem,
            record.proof,
            seconds=AUDIT_SECONDS,
            memory_bytes=Limits().memory_bytes,
        )
    except AuditError:
        return False
    if result.verdict in (Verdict.TIMEOUT, Verdict.OUT_OF_MEMORY, Verdict.FAULT):
        return False
    if result.certificate is None:
        raise AuditError(
            f"the audit refuses a proof that the check service accepted: {result.reason}: "
            f"{record.statement} {' '.join(record.proof.split())}"
        )
    return True
