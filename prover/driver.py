"""Proves theorems: lets searches say where to go on, a policy write, and Lean judge, all at once.

Each theorem has a task of its own, and each rollout of it another. They meet in two places only: the
batcher, which collects prompts for the policy, and the check pool. As soon as a theorem's proof has
passed the strict audit, all its other rollouts are cancelled, and with them their prompts and checks.

With one worker everything happens one after another, and the same seed gives the same run.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from lean_env.audit import AuditResult, audit
from lean_env.errors import LeanEnvError
from lean_env.pool import CheckPool
from lean_env.steps import boundaries
from lean_env.values import Check, Proof, Theorem, Verdict
from prover.batching import Batcher
from prover.minimise import minimise
from prover.policies import Completion, Policy, PolicyError, Prompt, Sampling
from prover.prompts import make_prompt
from prover.replies import Reply, Unusable, read_reply
from prover.trail import Trail
from search import Budget, Expansion, RMaxTS, Rule, Sample, Search, Statistics, Unit, closing_prefix

ROLLOUTS_A_WORKER = 4
"""Rollouts under way for each Lean process: some are with the policy, some wait, one is checked."""
TREE_ROLLOUTS = 32
"""At most so many for one tree (DeepSeek-Prover-V1.5, section 4.1)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to search. The same for all theorems of a run."""

    rule: Rule = field(default_factory=RMaxTS)
    budget: Budget = field(default_factory=lambda: Budget(samples=512))
    """For each theorem."""
    sampling: Sampling = field(default_factory=Sampling)
    seed: int = 0
    workers: int = 2
    """Lean processes; 1 makes a run reproducible."""
    cot: bool = False
    """Whether the prompt asks for comments (chain of thought)."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one theorem."""

    theorem: Theorem
    proof: Proof | None
    statistics: Statistics | None
    """None if no search took place."""
    error: str = ""
    """Why none did, or why it ended before its budget: one line."""


Watch = Callable[[Theorem, Statistics], None]
"""Called whenever a search has changed, to show it."""


@dataclass(eq=False)
class Driver:
    """A policy and a pool of Lean processes, ready to prove theorems; made by `Driver.open`."""

    pool: CheckPool
    batcher: Batcher
    settings: Settings
    watch: Watch
    audits: asyncio.Semaphore

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        policy: Policy,
        pool: CheckPool,
        settings: Settings,
        watch: Watch = lambda theorem, statistics: None,
    ) -> AsyncIterator[Driver]:
        """A driver over a policy and a pool that the caller has opened."""
        async with Batcher(policy, settings.sampling) as batcher:
            yield cls(pool, batcher, settings, watch, asyncio.Semaphore(settings.workers))

    async def prove_all(
        self, theorems: Sequence[Theorem], traces: Sequence[Path | None], done: Callable[[int, Attempt], None]
    ) -> None:
        """Prove the theorems, several at a time, and hand each outcome to `done` as soon as it is there.

        An error in one theorem is that theorem's `Attempt.error`; the others go on.
        """
        at_a_time = asyncio.Semaphore(1 if self.settings.workers == 1 else 2 * self.settings.workers)

        async def one(index: int) -> None:
            async with at_a_time:
                done(index, await self.prove(theorems[index], traces[index]))

        async with asyncio.TaskGroup() as group:
            for index in range(len(theorems)):
                group.create_task(one(index))

    async def prove(self, theorem: Theorem, trace: Path | None = None) -> Attempt:
        """Search for a proof of one theorem until it is found or the budget is spent."""
        try:
            await self.pool.validate(theorem)
            first = await self.pool.check(theorem, "skip", steps=True)
            goals = first.steps[0].goals if first.steps else ()
            search, trail = Trail.follow(trace, theorem, self.settings.rule, self.settings.budget, goals)
        except LeanEnvError as error:
            return Attempt(theorem, None, None, str(error).removeprefix(f"{theorem.name}: "))
        with trail:
            run = _Run(self, search, trail)
            await run.finish()
        return Attempt(theorem, run.proof, search.statistics, run.error)

    async def check_strictly(self, theorem: Theorem, proof: str) -> AuditResult:
        """The strict audit, as many at a time as there are workers."""
        limits = self.pool.limits
        async with self.audits:
            return await audit(
                self.pool.toolchain,
                theorem,
                proof,
                seconds=limits.seconds,
                memory_bytes=limits.memory_bytes,
            )


class _Run:
    """The search for one theorem, while it goes on."""

    def __init__(self, driver: Driver, search: Search, trail: Trail) -> None:
        self._driver = driver
        self._search = search
        self._trail = trail
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time() - search.statistics.seconds
        self._auditing = 0
        self.proof: Proof | None = None
        self.error = ""

    async def finish(self) -> None:
        """Keep rollouts under way until the search has ended; then give the others up."""
        settings, search = self._driver.settings, self._search
        width = 1 if settings.workers == 1 else min(TREE_ROLLOUTS, ROLLOUTS_A_WORKER * settings.workers)
        rollouts: set[asyncio.Task[None]] = set()
        try:
            if search.proof is not None:  # The trace of a search that had succeeded.
                await self._keep(search.proof)
                return
            while not search.finished and not self.error:
                while (
                    len(rollouts) < width
                    and not self._auditing
                    and (expansion := self._propose()) is not None
                ):
                    rollouts.add(asyncio.create_task(self._rollout(expansion)))
                if not rollouts:
                    break
                ended, rollouts = await asyncio.wait(
                    rollouts, timeout=self._time_left(), return_when=asyncio.FIRST_COMPLETED
                )
                self._told(ended)
                self._driver.watch(search.theorem, search.statistics)
                if not ended:
                    break
        finally:
            for task in rollouts:
                task.cancel()
            if rollouts:
                await asyncio.wait(rollouts)
        for expansion in list(search.under_way.values()):
            self._trail.add(search.abandon(expansion, "cancelled", self._clock()))
        if self.proof is not None:
            self.proof = await minimise(self.proof, self._driver.pool, self._driver.check_strictly)

    def _propose(self) -> Expansion | None:
        search = self._search
        rng = random.Random(f"{self._driver.settings.seed}:{search.theorem.digest}:{search.next_id}")
        expansion = search.propose(rng, self._clock())
        if expansion is not None:
            self._trail.add(expansion)
        return expansion

    async def _rollout(self, expansion: Expansion) -> None:
        """Let the policy write, let Lean check, tell the search."""
        search, driver = self._search, self._driver
        prompt = make_prompt(search.theorem, expansion.prefix, expansion.goals, cot=driver.settings.cot)
        key = f"{driver.settings.seed}:{search.theorem.digest}:{expansion.id}"
        seed = int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest())
        completion = await driver.batcher.complete(prompt, seed)
        check, sample = await self._judge(expansion, prompt, completion)
        if check.verdict is Verdict.PROVED:
            check = await self._keep(check.proof, check)
        self._trail.add(search.observe(expansion, check, sample, self._clock()))

    async def _judge(
        self, expansion: Expansion, prompt: Prompt, completion: Completion
    ) -> tuple[Check, Sample]:
        """Lean's word on what the policy wrote, and what that cost."""
        theorem, pool = self._search.theorem, self._driver.pool
        reply = read_reply(prompt, completion)
        if isinstance(reply, Unusable):
            unusable = Check(Verdict.FAILED, expansion.prefix, reply.reason)
            return unusable, Sample(completion.tokens, _logprob(completion, None))
        if expansion.unit is Unit.TACTIC:
            reply, written = _first_tactic(reply)
            sample = Sample(completion.tokens, _logprob(completion, written))
        else:
            sample = Sample(completion.tokens, _logprob(completion, None))
        check = await pool.check(theorem, reply.proof, steps=True)
        if (shorter := closing_prefix(check)) is not None:
            closed = await pool.check(theorem, shorter, steps=True)
            if closed.verdict is Verdict.PROVED:
                check = closed
        return check, sample

    async def _keep(self, proof: str, check: Check | None = None) -> Check:
        """The check of a proof that Lean accepted, after the strict audit."""
        check = check or Check(Verdict.PROVED, proof)
        self._auditing += 1  # Nothing new is begun that would probably be in vain.
        try:
            result = await self._driver.check_strictly(self._search.theorem, proof)
        finally:
            self._auditing -= 1
        if result.certificate is None:
            return replace(check, verdict=result.verdict, reason=f"strict audit: {result.reason}")
        if self.proof is None:
            self.proof = Proof(self._search.theorem, proof, result.certificate)
        return check

    def _told(self, ended: set[asyncio.Task[None]]) -> None:
        """Notice what went wrong in rollouts: a policy or a Lean that cannot go on ends the search."""
        for task in ended:
            error = task.exception()
            if error is None:
                continue
            if not isinstance(error, PolicyError | LeanEnvError):
                raise error
            self.error = self.error or str(error)

    def _clock(self) -> float:
        return self._loop.time() - self._started

    def _time_left(self) -> float | None:
        limit = self._search.budget.seconds
        return None if limit is None else max(0.0, limit - self._clock())


def _first_tactic(reply: Reply) -> tuple[Reply, int]:
    """The reply cut behind its first step, and how many characters of the policy's text that leaves."""
    ends = [step.end for step in boundaries(reply.proof) if step.end > reply.start]
    end = ends[0] if ends else len(reply.proof)
    return Reply(reply.proof[:end], reply.start), end - reply.start


def _logprob(completion: Completion, written: int | None) -> float:
    """Log-probability of the text, or of its first `written` characters; 0 if the policy does not tell."""
    if not completion.offsets:
        return sum(completion.logprobs) if written is None else 0.0
    return completion.logprob(0, written)[0]
