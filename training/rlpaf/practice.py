"""Where experience comes from: theorems are drawn, proofs written and judged, while the learner learns.

Two tasks share the work. One draws theorems and lets the sampler write for all of them at once, as soon as
what is under way is expected to be less than the learner will use before it is too old; so sampling keeps
ahead of learning, by a bounded number of updates. For each theorem a task of its own then waits for Lean, so
a slow check holds back nothing but its own group. Nothing polls, and nothing grows: groups under way, ready
ones and the staleness of either are bounded.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from lean_env.errors import StatementError
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
"""Share of groups with variance that is expected before any was seen."""
MEMORY = 0.9
"""How slowly that share is learnt: weight of what is known against one more round."""


@dataclass(slots=True)
class Tried:
    """What was judged since the last batch."""

    groups: int = 0
    uninformative: int = 0
    stale: int = 0
    """Groups that were too old when the learner came to them."""
    unusable: int = 0
    """Theorems that Lean does not understand."""
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
    ) -> None:
        self._config = config
        self._sampler, self._judge = sampler, judge
        self._curriculum, self._statements, self._store = curriculum, statements, store
        self._version = version
        self._rounds = 0
        self._rng = random.Random(f"{config.seed} search {version}")
        self._ready: list[Group] = []
        self._under_way = 0
        self._useful = USEFUL
        self._changed = asyncio.Condition()
        self._failed: BaseException | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._tried = Tried()
        self.idle_seconds = 0.0
        """How long the sampler had leave from writing, because enough was under way."""

    async def __aenter__(self) -> Self:
        self._begin(self._write())
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
        work: `TrainError` and `PolicyError`."""
        count = self._config.curriculum.theorems
        async with self._changed:
            await self._changed.wait_for(lambda: self._failed or self._fresh_enough() >= count)
            if self._failed is not None:
                raise self._failed
            batch, self._ready = self._ready[:count], self._ready[count:]
            tried, self._tried = self._tried, Tried()
            self._changed.notify_all()
        return batch, tried

    async def learned(self, version: int) -> None:
        """The policy has moved on: what is written from now on is this version's."""
        async with self._changed:
            self._version = version
            self._changed.notify_all()

    @property
    def depths(self) -> dict[str, float]:
        """Groups under way and groups that are ready."""
        return {"groups_under_way": float(self._under_way), "groups_ready": float(len(self._ready))}

    def _fresh_enough(self) -> int:
        """How many groups are ready, after those that have become too old were thrown away."""
        oldest = self._version - self._config.run.staleness
        kept = [group for group in self._ready if group.version >= oldest]
        self._tried.stale += len(self._ready) - len(kept)
        self._ready = kept
        return len(kept)

    async def _write(self) -> None:
        """Round after round, as long as the learner will want them."""
        config = self._config
        while True:
            began = asyncio.get_running_loop().time()
            async with self._changed:
                await self._changed.wait_for(self._wanted)
            self.idle_seconds += asyncio.get_running_loop().time() - began
            theorems = await self._draw()
            seed = config.seed * 1_000_003 + self._version * 1_009 + self._rounds
            self._rounds += 1
            searched = [one for one in theorems if self._rng.random() < config.sampling.search_share]
            sampled = [one for one in theorems if one not in searched]
            self._under_way += len(theorems)
            for place, theorem in enumerate(searched):
                self._begin(self._search(theorem, seed + place))
            prompts = [make_prompt(theorem) for theorem in sampled]
            answers = await self._sampler.write(prompts, config.curriculum.group, seed)
            for theorem, written in zip(sampled, answers, strict=True):
                self._begin(self._judged(theorem, written))

    def _wanted(self) -> bool:
        """Whether what is under way will be used up before it is too old."""
        count = self._config.curriculum.theorems
        expected = len(self._ready) + self._under_way * self._useful
        return expected < count * max(1, self._config.run.staleness)

    async def _draw(self) -> list[Theorem]:
        """The theorems of a round; new ones are made if there are too few."""
        if self._curriculum.stuck:
            raise TrainError(self._curriculum.stuck)
        if missing := self._curriculum.wants_fresh:
            solved = [found.theorem for found in self._store.first_proofs()]
            self._curriculum.add(await asyncio.to_thread(self._statements.more, missing, solved))
        theorems = self._curriculum.draw(self._config.curriculum.theorems)
        if not theorems and not self._under_way:
            raise TrainError("no theorem is left to try; name more of them, or set theorems.generated")
        return theorems

    async def _judged(self, theorem: Theorem, written: Sequence[Written]) -> None:
        try:
            group = await self._judge.judge(theorem, written)
        except StatementError:
            await self._unusable(theorem)
            return
        await self._report(group)

    async def _search(self, theorem: Theorem, seed: int) -> None:
        try:
            rollouts = self._config.curriculum.group
            group = await self._judge.search(theorem, self._sampler, rollouts, seed)
        except StatementError:
            await self._unusable(theorem)
            return
        await self._report(group)

    async def _unusable(self, theorem: Theorem) -> None:
        async with self._changed:
            self._curriculum.drop(theorem)
            self._tried.unusable += 1
            self._under_way -= 1
            self._changed.notify_all()

    async def _report(self, group: Group) -> None:
        """Note how a group went, and keep it for the learner if there is something to learn from it."""
        config, tried = self._config, self._tried
        async with self._changed:
            rewards = group.rewards
            self._curriculum.report(group.theorem, round(sum(rewards)), len(rewards), self._version)
            tried.groups += 1
            tried.verdicts.update(rollout.verdict for rollout in group.rollouts)
            for rollout in group.rollouts:
                if rollout.verdict is Verdict.PROVED:
                    tried.first_proofs += self._store.add(group.theorem, rollout, self._version)
            informative = group.informative
            tried.uninformative += not informative
            self._useful = (
                MEMORY ** (1 / config.curriculum.theorems) * (self._useful - informative) + informative
            )
            if informative or (rewards and not config.algorithm.drop_uninformative):
                self._ready.append(group)
            self._under_way -= 1
            self._changed.notify_all()

    def _begin(self, work: object) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """What ends one task for good ends the run: whoever waits for a batch is told."""
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        self._failed = self._failed or error
        if isinstance(error, PolicyError):
            self._failed = TrainError(f"the sampler failed: {error}")
        with suppress(RuntimeError):
            wake = asyncio.create_task(self._notify())
            self._tasks.add(wake)
            wake.add_done_callback(self._tasks.discard)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()
