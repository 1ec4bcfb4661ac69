"""Which waiting check a free worker takes next. Pure: it holds jobs and answers questions.

Two ways of saving time compete. Many independent proofs go into one document, because a document
costs milliseconds of its own. A proof that begins like the one a worker has just elaborated goes to
that worker alone, because Lean then starts where the two differ; that pays when the shared
beginning was slow. A worker that is free takes such a job from a busy one only if waiting would
cost more than elaborating the beginning again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from lean_env.assemble import batchable
from lean_env.values import Check, Theorem

MAX_BATCH = 32
BATCH_SECONDS = 0.25
"""A document should not take longer than about this, or its last check waits too long."""
WORTH_SECONDS = 0.015
"""An elaborated beginning is worth going back to if it took longer than this."""
REACH = 256
"""How many waiting jobs are looked at."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job."""

    check: Check
    suspect_statement: bool = False
    """Whether the statement itself may be what Lean rejected."""


@dataclass(eq=False, slots=True)
class Job:
    """A check that waits for, or is under way at, a worker."""

    theorem: Theorem
    proof: str
    wants_steps: bool
    future: asyncio.Future[Outcome]
    attempts: int = 0
    solo: bool = False
    """Whether it must have a document of its own."""


@dataclass(slots=True)
class Held:
    """What one worker's document holds, as far as it is worth going back to."""

    theorem: Theorem | None = None
    proof: str = ""
    seconds: float = 0.0
    """What it cost to elaborate all of it, had none of it been there."""
    increment: float = 0.0
    """What its last elaboration took."""
    busy: bool = False

    def saves(self, job: Job) -> float:
        """Seconds that `job` saves at this worker: its share of the steps that are there already."""
        if self.seconds <= WORTH_SECONDS or not self.proof or job.theorem != self.theorem:
            return 0.0
        return self.seconds * shared_length(self.proof, job.proof) / len(self.proof)


@dataclass(slots=True)
class Schedule:
    """The waiting jobs, first come first served, and what each worker holds."""

    held: list[Held]
    waiting: list[Job] = field(default_factory=list)
    mean_seconds: float = 0.01
    """A running mean of what one check costs in a batch."""

    def learn(self, seconds: float, checks: int) -> None:
        """Take into account that a document with `checks` checks took `seconds`."""
        self.mean_seconds += 0.2 * (seconds / checks - self.mean_seconds)

    def take(self, worker: int) -> list[Job]:
        """Remove and return the jobs that `worker` should do now, as one document; maybe none."""
        self.waiting = [job for job in self.waiting if not job.future.done()]
        near = self.waiting[:REACH]
        mine = self.held[worker]
        best = max(near, key=mine.saves, default=None)
        if best is not None and mine.saves(best) > WORTH_SECONDS:
            return self._remove([best])
        free = self._free(near, worker)
        if not free:
            return []
        first = free[0]
        if not _joins(first):
            return self._remove([first])
        size = max(1, min(MAX_BATCH, -(-len(free) // len(self.held)), int(BATCH_SECONDS / self.mean_seconds)))
        theorem = first.theorem
        same = [
            job
            for job in free
            if job.theorem.header == theorem.header and job.theorem.footer == theorem.footer and _joins(job)
        ]
        return self._remove(same[:size])

    def _free(self, near: Sequence[Job], worker: int) -> list[Job]:
        """The jobs that are not better off waiting for a busy worker that holds their beginning."""
        free: list[Job] = []
        queued = [0] * len(self.held)
        others = [index for index, held in enumerate(self.held) if index != worker and held.busy]
        for job in near:
            owner = max(others, key=lambda index: self.held[index].saves(job), default=None)
            if owner is not None:
                held = self.held[owner]
                queued[owner] += 1
                saved = held.saves(job)
                if saved > WORTH_SECONDS and saved > queued[owner] * held.increment:
                    continue
            free.append(job)
        return free

    def _remove(self, jobs: list[Job]) -> list[Job]:
        chosen = set(map(id, jobs))
        self.waiting = [job for job in self.waiting if id(job) not in chosen]
        return jobs


def shared_length(one: str, other: str) -> int:
    """How many characters the two texts begin with in common."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one.startswith(other[:middle]):
            low = middle
        else:
            high = middle - 1
    return low


def _joins(job: Job) -> bool:
    """Whether the job may share a document with others."""
    return not job.solo and batchable(job.theorem, job.proof)
