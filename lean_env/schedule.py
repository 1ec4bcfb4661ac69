"""Which waiting check a free worker takes next. Pure: it holds jobs and answers questions.

Two ways of saving time compete. Many independent proofs go into one document, of which Lean reports
only when it is through: reporting every step costs as much as elaborating it. A proof that begins
like the one a worker has just elaborated goes to that worker alone, because Lean then starts where
the two differ; that pays when the shared beginning was slow. A worker that is free takes such a
job from a busy one only if waiting would cost more than elaborating the beginning again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from lean_env.values import Check, Theorem

FIRST_SIZE, MAX_SIZE = 40, 400
"""How many proofs a document holds at first and at most; how long it takes decides (`learn`)."""
REPORT_DELAY = 0.1
"""Seconds that a large document has before Lean reports on it. It should take a little longer."""
WORTH_SECONDS = 0.015
"""An elaborated beginning is worth going back to if it took longer than this."""
REACH = 1000
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


@dataclass(frozen=True, slots=True)
class Batch:
    """Jobs to be done in one document."""

    jobs: list[Job]
    large: bool = False
    """Whether they will keep Lean busy for about `REPORT_DELAY`."""


@dataclass(slots=True)
class Schedule:
    """The waiting jobs, first come first served, and what each worker holds."""

    held: list[Held]
    waiting: list[Job] = field(default_factory=list)
    size: float = FIRST_SIZE
    """How many proofs a large document should hold."""

    def learn(self, batch: Batch, seconds: float) -> None:
        """Adapt `size` to how long a document took: it should be a little longer than the delay."""
        if len(batch.jobs) == 1:
            return
        if batch.large and seconds < 1.3 * REPORT_DELAY:
            self.size = min(MAX_SIZE, 1.2 * self.size)
        elif seconds > 1.8 * REPORT_DELAY:
            self.size = max(1.0, min(self.size, 1.5 * REPORT_DELAY * len(batch.jobs) / seconds))

    def take(self, worker: int) -> Batch | None:
        """Remove and return the jobs that `worker` should do now; None if there are none for it."""
        self.waiting = [job for job in self.waiting if not job.future.done()]
        near = self.waiting[:REACH]
        mine = self.held[worker]
        best = max(near, key=mine.saves, default=None)
        if best is not None and mine.saves(best) > WORTH_SECONDS:
            return self._remove([best])
        free = self._free(near, worker)
        if not free:
            return None
        first = free[0]
        if first.solo:
            return self._remove([first])
        theorem = first.theorem
        size = max(1, min(round(self.size), -(-len(free) // len(self.held))))
        same = [
            job
            for job in free
            if not job.solo and job.theorem.header == theorem.header and job.theorem.footer == theorem.footer
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

    def _remove(self, jobs: list[Job]) -> Batch:
        chosen = set(map(id, jobs))
        self.waiting = [job for job in self.waiting if id(job) not in chosen]
        return Batch(jobs, large=1 < len(jobs) >= self.size / 2)


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
