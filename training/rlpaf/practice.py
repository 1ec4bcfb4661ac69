"""Where experience comes from: theorems are drawn, proofs written and judged, while the learner learns.

One task draws theorems and lets the sampler write for all of them at once, as soon as what is under way is
expected to be less than the learner will use before it is too old; so sampling keeps ahead of learning, by a
bounded number of updates. For each theorem a task of its own then waits for Lean, so a slow check holds back
nothing but its own group. Nothing polls, and nothing grows: groups under way, ready ones and the staleness of
either are bounded.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from lean_env.errors import LeanEnvError, StatementError
from lean_env.values import Theorem, Verdict
from prover.policies.base import PolicyError
from prover.prompts import make_prompt
from training.errors import TrainError
from training.rlpaf.config import RlpafConfig
from training.rlpaf.curriculum import Curriculum
from training.rlpaf.judge import Judge
from training.rlpaf.sampler import Sampler, Written
from training.rlpaf.statements import Statements
from training.rlpaf.store import Store
from training.rlpaf.values import Group

USEFUL = 0.5
"""Share of groups to learn from that is expected before any was seen."""
LEAST_USEFUL = 0.1
"""What is expected at the least, so that the groups under way have a bound: ten times as many as are used."""
MEMORY = 0.9
"""How slowly that share is learnt: weight of what is known against one more round."""
SEED_BITS = 31
COMPLAINTS = 10
"""Theorems that cannot be used, of which is said why."""
MAX_MISSES = 4
"""Rounds without a single verdict that end a run."""


@dataclass(slots=True)
class Tried:
    """What was judged since the last batch."""

    groups: int = 0
    uninformative: int = 0
    stale: int = 0
    """Groups that were too old when the learner came to them."""
    unusable: int = 0
    """Theorems that Lean does not understand, or that leave the policy no room for a proof."""
    complaints: list[str] = field(default_factory=list)
    """What is wrong with them, of the first few."""
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    first_proofs: int = 0


class Practice:
    """Keeps groups of judged rollouts coming. An asynchronous context manager, whose tasks end with it."""

    def __init__(
        self,
        config: RlpafConfig,
        sampler: Sampler,
        judge: Judge,
        curriculum: Curriculum,
        statements: Statements,
        store: Store,
        version: int,
        batches: int,
    ) -> None:
        """`version`: of the policy that begins to write; `batches`: learnt from before."""
        self._config = config
        self._sampler, self._judge = sampler, judge
        self._curriculum, self._statements, self._store = curriculum, statements, store
        self._version, self._batches = version, batches
        self._learning = False
        self._rounds = 0
        self._making = asyncio.Lock()
        """Held from where new statements are made to where they are in the curriculum."""
        self._complained = 0
        self._verdictless = 0
        """Theorems in a row of which nothing was judged."""
        self._ready: list[Group] = []
        self._under_way = 0
        self._useful = USEFUL
        self._changed = asyncio.Condition()
        self._failed: Exception | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._tried = Tried()
        self.idle_seconds = 0.0
        """How long the sampler had leave from writing, because enough was under way."""

    async def __aenter__(self) -> Self:
        self._begin(self._write)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def take(self) -> tuple[list[Group], Tried]:
        """The next batch, and what was judged for it; waits until there is one. Raises what ended the
        work, mostly `TrainError`."""
        count = self._config.curriculum.theorems
        async with self._changed:
            await self._changed.wait_for(lambda: self._failed is not None or len(self._ready) >= count)
            if self._failed is not None:
                raise self._failed
            batch, self._ready = self._ready[:count], self._ready[count:]
            tried, self._tried = self._tried, Tried()
            self._learning = True
            self._changed.notify_all()
        return batch, tried

    async def learned(self, version: int) -> None:
        """A batch was learnt from: what is written from now on is this version's."""
        async with self._changed:
            self._version, self._learning = version, False
            self._batches += 1
            self._throw_away()
            self._changed.notify_all()

    async def state(self) -> dict[str, Any]:
        """Where the theorems come from and how they went, at one moment, as JSON knows it. What is under way
        counts as not tried."""
        async with self._making:
            return {"curriculum": self._curriculum.state(), "statements": self._statements.state()}

    @property
    def depths(self) -> dict[str, float]:
        """Groups under way and groups that are ready."""
        return {"groups_under_way": float(self._under_way), "groups_ready": float(len(self._ready))}

    def _throw_away(self) -> None:
        """Keep no group that has become too old. Whoever calls this wakes the writer: there is room."""
        oldest = self._version - self._config.run.staleness
        kept = [group for group in self._ready if group.version >= oldest]
        self._tried.stale += len(self._ready) - len(kept)
        self._ready = kept

    async def _write(self) -> None:
        """Round after round, as long as the learner will want them."""
        config = self._config
        while True:
            began = asyncio.get_running_loop().time()
            async with self._changed:
                await self._changed.wait_for(self._wanted)
            self.idle_seconds += asyncio.get_running_loop().time() - began
            theorems = await self._draw()
            rng = random.Random(f"{config.seed} {self._version} {self._rounds}")
            self._rounds += 1
            self._under_way += len(theorems)
            sampled: list[Theorem] = []
            for theorem in theorems:
                if rng.random() < config.sampling.search_share:
                    self._begin(self._search, theorem, rng.getrandbits(SEED_BITS))
                else:
                    sampled.append(theorem)
            prompts = [make_prompt(theorem) for theorem in sampled]
            answers = await self._sampler.write(prompts, config.curriculum.group, rng.getrandbits(SEED_BITS))
            for theorem, written in zip(sampled, answers, strict=True):
                self._begin(self._judged, theorem, written)

    def _wanted(self) -> bool:
        """Whether what is under way will be used up before it is too old. What is written while the learner
        moves is an update old when it is used."""
        ahead = self._config.run.staleness if self._learning else max(1, self._config.run.staleness)
        expected = len(self._ready) + self._under_way * max(LEAST_USEFUL, self._useful)
        return expected < self._config.curriculum.theorems * ahead

    async def _draw(self) -> list[Theorem]:
        """The theorems of a round; new ones are made if there are too few. Waits if all are under way."""
        while True:
            if self._curriculum.stuck:
                raise TrainError(self._curriculum.stuck)
            async with self._making:
                if missing := self._curriculum.wants_fresh:
                    solved = [found.theorem for found in self._store.first_proofs()]
                    self._curriculum.add(await asyncio.to_thread(self._statements.more, missing, solved))
                theorems = self._curriculum.draw(self._config.curriculum.theorems)
            if theorems:
                return theorems
            async with self._changed:
                before = self._under_way
                if not before:
                    raise TrainError("no theorem is left to try; name others in theorems.files")
                await self._changed.wait_for(lambda: self._under_way < before)  # noqa: B023

    async def _judged(self, theorem: Theorem, written: Sequence[Written]) -> None:
        try:
            group = await self._judge.judge(theorem, written)
        except StatementError as error:
            await self._unusable(theorem, str(error))
            return
        await self._report(group)

    async def _search(self, theorem: Theorem, seed: int) -> None:
        try:
            rollouts = self._config.curriculum.group
            group = await self._judge.search(theorem, self._sampler, rollouts, seed)
        except StatementError as error:
            await self._unusable(theorem, str(error))
            return
        await self._report(group)

    async def _unusable(self, theorem: Theorem, why: str) -> None:
        async with self._changed:
            self._give_up(theorem, why)

    def _give_up(self, theorem: Theorem, why: str) -> None:
        """Forget a theorem that was drawn. Raises `TrainError`."""
        self._curriculum.drop(theorem)
        self._tried.unusable += 1
        if self._complained < COMPLAINTS:
            self._complained += 1
            self._tried.complaints.append(f"{_place(theorem)}{why}")
        self._under_way -= 1
        self._changed.notify_all()
        self._miss(why)

    def _miss(self, why: str) -> None:
        """Nothing was judged of a theorem. Raises `TrainError` if that has gone on for too long."""
        self._verdictless += 1
        if self._verdictless >= MAX_MISSES * self._config.curriculum.theorems:
            raise TrainError(
                f"nothing came to a verdict for {self._verdictless} theorems in a row: {why}; earlier "
                "checkpoints are intact"
            )

    async def _report(self, group: Group) -> None:
        """Note how a group went, and keep it for the learner if there is something to learn from it."""
        config, tried = self._config, self._tried
        async with self._changed:
            rewards = group.rewards
            if group.rollouts and not any(rollout.ids for rollout in group.rollouts):
                self._give_up(group.theorem, group.rollouts[0].reason)  # There is no room to write.
                return
            if rewards:
                self._verdictless = 0
            else:
                self._miss(group.rollouts[0].reason if group.rollouts else "Lean fails")
            if group.searched:  # It ends with its first proof, so its share of proofs is no success rate.
                self._curriculum.give_back(group.theorem)
            else:
                self._curriculum.report(group.theorem, round(sum(rewards)), len(rewards))
            tried.groups += 1
            tried.verdicts.update(rollout.verdict for rollout in group.rollouts)
            for rollout in group.rollouts:
                if rollout.verdict is Verdict.PROVED:
                    tried.first_proofs += self._store.add(group.theorem, rollout, self._batches)
            tried.uninformative += not group.informative
            algorithm = config.algorithm
            kept = group.teaches(algorithm.pass_at) or (bool(rewards) and not algorithm.drop_uninformative)
            self._useful = MEMORY ** (1 / config.curriculum.theorems) * (self._useful - kept) + kept
            if kept:
                self._ready.append(group)
                self._throw_away()
            self._under_way -= 1
            self._changed.notify_all()

    def _begin(self, work: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> None:
        task = asyncio.create_task(self._guarded(work, *arguments))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> None:
        """What ends one task for good ends the run: whoever waits for a batch is told."""
        try:
            await work(*arguments)
        except Exception as error:
            async with self._changed:
                self._failed = self._failed or _told(error)
                self._changed.notify_all()


def _place(theorem: Theorem) -> str:
    provenance = theorem.provenance
    return f"{provenance.source}:{provenance.line}: " if provenance.line else ""


def _told(error: Exception) -> Exception:
    """The error as the command line says it, if it is one of ours."""
    if isinstance(error, PolicyError):
        return TrainError(f"the sampler failed: {error}; earlier checkpoints are intact")
    if isinstance(error, LeanEnvError):
        return TrainError(f"Lean failed: {error}; earlier checkpoints are intact")
    return error
