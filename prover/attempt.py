"""The search for one theorem while it goes on: rollouts begin, end, and are given up.

A rollout is a task of its own: the policy writes, Lean checks, and if Lean accepts, the strict audit has
the last word. Nothing that happens in a rollout reaches beyond its theorem.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from lean_env.errors import AuditError, LeanEnvError
from lean_env.pool import CheckPool
from lean_env.values import Check, Proof, Theorem, Verdict
from prover.batching import Batcher
from prover.minimise import Audit, minimise
from prover.policies import Completion, Finish, PolicyError, Prompt, Sampling
from prover.prompts import make_prompt
from prover.replies import Unusable, first_tactic, read_reply
from prover.trail import Trail
from search import (
    Abandonment,
    Budget,
    Expansion,
    Observation,
    RMaxTS,
    Rule,
    Sample,
    Search,
    Statistics,
    Stop,
    Unit,
    closing_prefix,
)
from search.rules import CORRIGIBLE

ROLLOUTS_A_WORKER = 4
"""Rollouts under way for each Lean process: some are with the policy, some wait, one is checked."""
TREE_ROLLOUTS = 32
"""At most so many for one tree (DeepSeek-Prover-V1.5, section 4.1)."""
MAX_FAULTS = 8
"""So many faults of ours in a row, none of which counts as a sample, end a search."""
KNOWN_CHECKS = 4096
"""Checks that a search remembers: policies repeat themselves, and Lean need not."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to search. The same for all theorems of a run."""

    rule: Rule = field(default_factory=RMaxTS)
    budget: Budget = field(default_factory=lambda: Budget(samples=512))
    """For each theorem."""
    sampling: Sampling = field(default_factory=lambda: Sampling(distinct=True))
    seed: int = 0
    workers: int = 2
    """Lean processes; 1 makes a run reproducible."""
    rollouts_at_a_time: int | None = None
    """Of one tree; None: as many as keep the workers busy when there is no other tree."""

    @property
    def rollouts(self) -> int:
        """How many rollouts of one tree are under way at a time."""
        if self.rollouts_at_a_time is not None:
            return self.rollouts_at_a_time
        return 1 if self.workers == 1 else min(TREE_ROLLOUTS, ROLLOUTS_A_WORKER * self.workers)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one theorem."""

    theorem: Theorem
    proof: Proof | None
    statistics: Statistics | None
    """None if no search took place."""
    error: str = ""
    """Why none did, or why it ended before its budget: one line."""
    cause: LeanEnvError | None = None
    """The exception behind `error`, if it was one of ours."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a search works with; all searches of a run share it."""

    settings: Settings
    pool: CheckPool
    batcher: Batcher
    audit: Audit | None
    """The strict audit of a proof; without one, the check service has the last word."""
    watch: Callable[[Theorem, Statistics], None]
    """Called whenever a search has changed, to show it."""
    hear: Callable[[Theorem, Expansion, Completion, Check], None] | None = None
    """Told of each rollout that Lean has judged: where it began, what the policy wrote, the verdict."""


class Run:
    """The search for one theorem."""

    def __init__(self, means: Means, search: Search, trail: Trail) -> None:
        self._means = means
        self._search = search
        self._trail = trail
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time() - search.statistics.seconds
        self._auditing = 0
        self._faults = 0
        self._known: dict[str, Check] = {}
        self.proof: Proof | None = None
        self.beginning = ""
        """Where the rollout that ended the search with a proof began."""
        self.error = ""
        self._cause: LeanEnvError | None = None

    @property
    def attempt(self) -> Attempt:
        """What has become of the theorem up to now."""
        error = "" if self.proof else self.error
        cause = self._cause if error else None
        return Attempt(self._search.theorem, self.proof, self._search.statistics, error, cause)

    async def search(self) -> None:
        """Keep rollouts under way until a proof is found, or the budget spent; then give the others up."""
        rollouts: set[asyncio.Task[None]] = set()
        try:
            if self._search.proof is not None:
                await self._recall(self._search.proof)
                return
            while self._goes_on:
                while len(rollouts) < self._means.settings.rollouts and (next_ := self._propose()):
                    rollouts.add(asyncio.create_task(self._rollout(next_)))
                if not rollouts:
                    break
                ended, rollouts = await asyncio.wait(
                    rollouts, timeout=self._time_left(), return_when=asyncio.FIRST_COMPLETED
                )
                for task in ended:
                    self._hear(task)
                self._means.watch(self._search.theorem, self._search.statistics)
                if not ended and not self._auditing:
                    self._time_is_up()
                    break
        except LeanEnvError as error:
            self._fail(error, str(error))
        finally:
            for task in rollouts:
                task.cancel()
            if rollouts:
                await asyncio.wait(rollouts)
        self._settle()

    async def shorten(self) -> None:
        """Leave out what the proof does not need."""
        if self.proof is not None:
            assert self._means.audit is not None, "who else found it good?"
            self.proof = await minimise(self.proof, self._means.pool, self._means.audit)

    @property
    def _goes_on(self) -> bool:
        """Whether to wait for more. What is being audited when the budget ends is waited for."""
        if self.proof is not None or self.error:
            return False
        return not self._search.finished or self._auditing > 0

    async def _recall(self, proof: str) -> None:
        """Audit the proof with which the search in the trace ended."""
        check = await self._audited(Check(Verdict.PROVED, proof))
        if check.verdict is not Verdict.PROVED:
            self.error = f"the trace's proof was not accepted again: {check.reason}"

    def _propose(self) -> Expansion | None:
        if self._auditing:
            return None  # It would probably be in vain.
        search = self._search
        rng = random.Random(f"{self._means.settings.seed}:{search.theorem.digest}:{search.next_id}")
        expansion = search.propose(rng, self._clock())
        if expansion is not None:
            self._trail.add(expansion)
        return expansion

    async def _rollout(self, expansion: Expansion) -> None:
        """Let the policy write, let Lean check, tell the search."""
        search, settings = self._search, self._means.settings
        earlier = await self._earlier(expansion.revises) if expansion.revises else None
        prompt = make_prompt(search.theorem, expansion.prefix, expansion.goals, revises=earlier)
        key = f"{settings.seed}:{search.theorem.digest}:{expansion.id}"
        seed = int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest())
        completion, seconds = await self._means.batcher.complete_timed(prompt, seed)
        check, sample = await self._judge(expansion, prompt, completion)
        if self._means.hear is not None:
            self._means.hear(search.theorem, expansion, completion, check)
        event = search.observe(expansion, check, replace(sample, seconds=seconds), self._clock())
        self._trail.add(event)
        if isinstance(event, Observation) and event.proof == search.proof:
            self.beginning = expansion.prefix
        self._faults = self._faults + 1 if isinstance(event, Abandonment) else 0
        if self._faults >= MAX_FAULTS:
            self.error = self.error or f"given up after {self._faults} faults in a row: {check.reason}"

    async def _judge(
        self, expansion: Expansion, prompt: Prompt, completion: Completion
    ) -> tuple[Check, Sample]:
        """The word of Lean, and if it is good of the audit, on what the policy wrote; and what that cost."""
        tokens = max(0, completion.tokens)
        if completion.finish is Finish.ERROR and not completion.text.strip():
            return Check(Verdict.FAULT, expansion.prefix, completion.reason or "the policy failed"), Sample()
        reply = read_reply(prompt, completion)
        if isinstance(reply, Unusable):
            unusable = Check(Verdict.FAILED, expansion.prefix, reply.reason)
            return unusable, Sample(tokens, completion.told_logprob())
        written = None
        if expansion.unit is Unit.TACTIC:
            reply, written = first_tactic(reply)
        sample = Sample(tokens, completion.told_logprob(written))
        check = self._known.get(reply.proof)
        if check is None:
            check = await self._checked(reply.proof)
            self._remember(reply.proof, check)
        return check, sample

    async def _earlier(self, proof: str) -> Check | None:
        """What Lean said about an earlier proof of this search; it is asked once more if that was forgotten.
        None if it has nothing to say this time: then there is nothing to correct."""
        check = self._known.get(proof)
        if check is None:
            check = await self._means.pool.check(self._search.theorem, proof, steps=True)
            if check.verdict in CORRIGIBLE:  # Nothing is remembered as proved that was not audited.
                self._remember(proof, check)
        return check if check.verdict in CORRIGIBLE else None

    def _remember(self, proof: str, check: Check) -> None:
        """Keep a check whose outcome does not depend on the hour."""
        if check.verdict not in (Verdict.FAULT, Verdict.TIMEOUT, Verdict.OUT_OF_MEMORY):
            while len(self._known) >= KNOWN_CHECKS:
                del self._known[next(iter(self._known))]
            self._known[proof] = replace(check, seconds=0.0)

    async def _checked(self, proof: str) -> Check:
        """The verdict on a proof, or on the beginning of it that leaves nothing to prove."""
        theorem, pool = self._search.theorem, self._means.pool
        check = await pool.check(theorem, proof, steps=True)
        if (shorter := closing_prefix(check)) is not None:
            closed = await pool.check(theorem, shorter, steps=True)
            if closed.verdict is Verdict.PROVED:
                check = closed
        return await self._audited(check) if check.verdict is Verdict.PROVED else check

    async def _audited(self, check: Check) -> Check:
        """`check`, which says `PROVED`, after the strict audit; a proof that passes is kept."""
        theorem, audit = self._search.theorem, self._means.audit
        if audit is None:
            return check
        self._auditing += 1
        try:
            result = await audit(theorem, check.proof)
        except AuditError as error:  # Nobody's fault but ours, and worth another try.
            return replace(check, verdict=Verdict.FAULT, reason=str(error))
        finally:
            self._auditing -= 1
        if result.certificate is None:
            return replace(check, verdict=result.verdict, reason=f"strict audit: {result.reason}")
        if self.proof is None:
            self.proof = Proof(theorem, check.proof, result.certificate)
        return check

    def _hear(self, task: asyncio.Task[None]) -> None:
        """Notice what went wrong in a rollout: what cannot go on ends the search, and this search only."""
        if task.cancelled() or (error := task.exception()) is None:
            return
        if not isinstance(error, Exception):
            raise error
        expected = isinstance(error, PolicyError | LeanEnvError)
        said = str(error) if expected else f"internal error: {type(error).__name__}: {error}"
        self._fail(error, " ".join(said.removeprefix(f"{self._search.theorem.name}: ").split()))

    def _fail(self, error: Exception, said: str) -> None:
        """Remember the first error that ends the search."""
        if not self.error:
            self.error = said
            self._cause = error if isinstance(error, LeanEnvError) else None

    def _settle(self) -> None:
        """Take back what is still under way.

        The trace hears of it only if the search is over for good: after an interruption, or when the
        time is up, a search that goes on later does these rollouts as if nothing had happened.
        """
        for expansion in list(self._search.under_way.values()):
            event = self._search.abandon(expansion, seconds=self._clock())
            if self._search.stopped is Stop.PROVED:
                try:
                    self._trail.add(event)
                except LeanEnvError as error:
                    self._fail(error, str(error))

    def _time_is_up(self) -> None:
        """Make the clock say so too: a timer may go off a tick early."""
        assert self._search.budget.seconds is not None
        self._started = min(self._started, self._loop.time() - self._search.budget.seconds - 1e-6)

    def _clock(self) -> float:
        return self._loop.time() - self._started

    def _time_left(self) -> float | None:
        limit = self._search.budget.seconds
        return None if limit is None or self._auditing else max(0.0, limit - self._clock())


async def opening_goals(pool: CheckPool, theorem: Theorem) -> tuple[str, ...]:
    """The goals that a statement poses. Raises `StatementError` if it does not elaborate."""
    first = await pool.check(theorem, "skip", steps=True)
    return first.steps[0].goals if first.steps else ()
