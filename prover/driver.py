"""Proves theorems: lets searches say where to go on, a policy write, and Lean judge, all at once.

Each theorem has a task of its own (`prover.attempt`), and each rollout of it another. They meet in two
places only: the batcher, which collects prompts for the policy, and the check pool. As soon as a
theorem's proof has passed the strict audit, all its other rollouts are cancelled, and with them their
prompts and checks.

With one worker everything happens one after another, and the same seed gives the same run.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from lean_env.audit import AuditResult, audit
from lean_env.errors import LeanEnvError
from lean_env.pool import CheckPool
from lean_env.values import Check, Theorem
from prover.attempt import Attempt, Means, Run, Settings, opening_goals
from prover.batching import BATCH, Batcher
from prover.minimise import Audit
from prover.policies import Completion, Policy
from prover.trail import Tape, Trail
from search import Circumstances, Expansion, Statistics

__all__ = ["Attempt", "Driver", "Settings"]

Watch = Callable[[Theorem, Statistics], None]
"""Called whenever a search has changed, to show it."""
Done = Callable[[Attempt], None]
Trace = Path | Tape | None
"""Where a search is written down: a file, somebody who listens, or nowhere."""


class Driver:
    """A policy and a pool of Lean processes, ready to prove theorems; made by `Driver.open`."""

    def __init__(
        self, policy: Policy, pool: CheckPool, batcher: Batcher, settings: Settings, watch: Watch
    ) -> None:
        self.batcher = batcher
        self._policy = policy
        self._pool = pool
        self._settings = settings
        self._audits = asyncio.Semaphore(settings.workers)
        self._means = Means(settings, pool, batcher, self.check_strictly, watch)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        policy: Policy,
        pool: CheckPool,
        settings: Settings,
        watch: Watch = lambda theorem, statistics: None,
        batch: int = BATCH,
    ) -> AsyncIterator[Driver]:
        """A driver over a policy and a pool that the caller has opened; the policy gets at most `batch`
        prompts at once."""
        async with Batcher(policy, settings.sampling, batch) as batcher:
            yield cls(policy, pool, batcher, settings, watch)

    def use_audit(self, audit: Audit | None) -> None:
        """Let another audit have the last word from now on, or the check service itself."""
        self._means = replace(self._means, audit=audit)

    def listen(self, hear: Callable[[Theorem, Expansion, Completion, Check], None]) -> None:
        """Tell `hear` of each rollout that Lean has judged: where it began, what was written, the verdict."""
        self._means = replace(self._means, hear=hear)

    async def prove_all(
        self, theorems: Sequence[Theorem], traces: Sequence[Path | None], done: Callable[[int, Attempt], None]
    ) -> None:
        """Prove the theorems, several at a time, and hand each outcome to `done` as soon as it is there.

        An error in one theorem is that theorem's `Attempt.error`; the others go on. When cancelled, a
        proof that was only being shortened is handed over as it is.
        """
        at_a_time = asyncio.Semaphore(1 if self._settings.workers == 1 else 2 * self._settings.workers)

        async def one(index: int) -> None:
            async with at_a_time:
                await self.attempt(theorems[index], traces[index], lambda attempt: done(index, attempt))

        try:
            async with asyncio.TaskGroup() as group:
                for index in range(len(theorems)):
                    group.create_task(one(index))
        except BaseExceptionGroup as errors:  # Only `done` can fail, or this program is wrong.
            raise errors.exceptions[0] from None

    async def prove(self, theorem: Theorem, trace: Trace = None) -> Attempt:
        """Search for a proof of one theorem until it is found or the budget is spent."""
        attempts: list[Attempt] = []
        await self.attempt(theorem, trace, attempts.append)
        return attempts[0]

    async def attempt(self, theorem: Theorem, trace: Trace, done: Done, *, seed: int | None = None) -> None:
        """Prove one theorem, with another seed than the settings' if one is given; `done` gets the outcome.

        When cancelled, a proof that was only being shortened is handed over as it is.
        """
        means = self._means
        if seed is not None:
            means = replace(means, settings=replace(means.settings, seed=seed))
        settings = means.settings
        try:
            await self._pool.validate(theorem)
            goals = await opening_goals(self._pool, theorem)
            search, trail = Trail.follow(trace, theorem, settings.rule, settings.budget, goals)
            trail.add(self._circumstances(settings))
        except LeanEnvError as error:
            done(Attempt(theorem, None, None, str(error).removeprefix(f"{theorem.name}: "), error))
            return
        with trail:
            run = Run(means, search, trail)
            try:
                await run.search()
                await run.shorten()
            except asyncio.CancelledError:
                if run.proof is not None:
                    done(run.attempt)
                raise
            done(run.attempt)

    def _circumstances(self, settings: Settings) -> Circumstances:
        policy = self._policy
        return Circumstances(
            policy=policy.name,
            policy_version=policy.version,
            toolchain=self._pool.toolchain.describe(),
            seed=settings.seed,
            workers=settings.workers,
            budget=settings.budget,
        )

    async def check_strictly(self, theorem: Theorem, proof: str) -> AuditResult:
        """The strict audit, as many at a time as there are workers."""
        limits = self._pool.limits
        async with self._audits:
            return await audit(
                self._pool.toolchain,
                theorem,
                proof,
                seconds=limits.seconds,
                memory_bytes=limits.memory_bytes,
            )
