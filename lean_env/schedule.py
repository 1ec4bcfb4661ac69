"""Which waiting check a free worker takes next. Pure: it holds jobs and answers questions.

Two ways of saving time compete. Many independent proofs go into one document, of which Lean reports
only when it is through: reporting every step costs as much as elaborating it. A proof that begins
like the one a worker has just elaborated goes to that worker alone, because Lean then starts where
the two differ; that pays when the shared beginning was slow. A worker that is free takes such a
job from a busy one only if waiting would cost more than elaborating the beginning again.

A process serves one set of imports, and a new one may take seconds to start. So a worker goes on with
jobs that import what it has imported, unless the oldest one has been passed over too often.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from lean_env.values import Check, Theorem

FIRST_SIZE, MAX_SIZE = 64, 400
"""How many proofs a large document holds at first and at most; how long it takes decides (`learn`)."""
TRUST = 0.2
"""How far one document moves that number, as a power: one that hangs says little about the next."""
REPORT_DELAY = 0.1
"""Seconds that a large document has before Lean reports on it. It should take a little longer."""
PROMPT_DELAY = 0.01
"""The same for all other documents: as long as a short proof takes. Reporting the re-used steps of a long
one at once would cost more than going over them."""
WORTH_SECONDS = 0.06
"""An elaborated beginning is worth going back to, one proof at a time, if it took longer than this."""
ALIKE = 40
"""Proofs count as alike if they share half of their text, and at least so many characters."""
REACH = 1000
"""How many waiting jobs are looked at."""
PATIENCE = 32
"""How often a job may be passed over for others that need no new process."""

_IMPORT = re.compile(r"^\s*(?:(?:public|private|meta)\s+)*(?:import|module|prelude)\b.*$", re.M)


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
    crashed: bool = False
    """Whether Lean, with this job alone, crashed at the last attempt."""
    solo: bool = False
    """Whether it must have a document of its own."""
    passed: int = 0
    """How often it was passed over."""
    key: str = field(init=False)
    """Equal for jobs of equal theorems: a comparison of whole theorems takes too long here."""

    def __post_init__(self) -> None:
        self.key = self.theorem.digest


@dataclass(slots=True)
class Held:
    """What one worker's document holds, as far as it is worth going back to."""

    imports: str = ""
    """What its process has imported; empty without a process."""
    key: str = ""
    """The theorem's, as jobs have it."""
    proof: str = ""
    seconds: float = 0.0
    """What it cost to elaborate all of it, had none of it been there."""
    increment: float = 0.0
    """What its last elaboration took."""
    busy: bool = False

    def saves(self, job: Job) -> float:
        """Seconds that `job` saves at this worker: its share of the steps that are there already."""
        if not self.proof or job.key != self.key:
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
    tried: OrderedDict[str, tuple[str, float]] = field(default_factory=OrderedDict)
    """By a theorem's digest, the last proof that had a document of its own, and what it cost."""

    def hold(self, worker: int, job: Job, seconds: float) -> None:
        """Note that `worker` has elaborated `job` in a document of its own, in so many seconds."""
        held = self.held[worker]
        held.seconds = held.saves(job) + seconds
        held.key, held.proof, held.increment = job.key, job.proof, seconds
        self.tried[job.key] = job.proof, held.seconds
        self.tried.move_to_end(job.key)
        if len(self.tried) > REACH:
            self.tried.popitem(last=False)

    def learn(self, batch: Batch, seconds: float) -> None:
        """Adapt `size` to how long a document took: it should be a little longer than the delay."""
        few = len(batch.jobs) == 1 and (batch.jobs[0].solo or round(self.size) > 1)
        small = len(batch.jobs) > 1 and not batch.large
        if few or not seconds or (small and seconds < REPORT_DELAY):
            return  # There were no more jobs, or they had to be alone: that says nothing of many.
        fitting = 1.5 * REPORT_DELAY * len(batch.jobs) / seconds
        self.size = min(MAX_SIZE, max(1.0, self.size * (fitting / self.size) ** TRUST))

    def take(self, worker: int) -> Batch | None:
        """Remove and return the jobs that `worker` should do now; None if there are none for it."""
        self.waiting = [job for job in self.waiting if not job.future.done()]
        near = self.waiting[:REACH]
        mine = self.held[worker]
        best = max((job for job in near if job.key == mine.key), key=mine.saves, default=None)
        if best is not None and mine.saves(best) > WORTH_SECONDS:
            return self._remove([best])
        free = self._free(near, worker)
        if not free:
            return None
        first = _first(free, mine.imports)
        if first.solo or self._is_first_of_many(first, free):
            return self._remove([first])
        theorem = first.theorem
        size = max(1, min(round(self.size), -(-len(free) // len(self.held))))
        same = [
            job
            for job in free
            if not job.solo and job.theorem.header == theorem.header and job.theorem.footer == theorem.footer
        ]
        return self._remove(same[:size])

    def _is_first_of_many(self, first: Job, free: Sequence[Job]) -> bool:
        """Whether others begin like `first`, and the beginning is slow or nobody knows how slow."""
        if not any(job is not first and job.key == first.key and _alike(job, first) for job in free):
            return False
        proof, seconds = self.tried.get(first.key, ("", 0.0))
        return seconds > WORTH_SECONDS or not _alike(first, proof)

    def _free(self, near: Sequence[Job], worker: int) -> list[Job]:
        """The jobs that are not better off with another worker, which holds their beginning."""
        free: list[Job] = []
        queued = [0] * len(self.held)
        holders: dict[str, list[int]] = {}
        for index, held in enumerate(self.held):
            if index != worker and held.proof:
                holders.setdefault(held.key, []).append(index)
        for job in near:
            if others := holders.get(job.key):
                owner = max(others, key=lambda index: self.held[index].saves(job))
                held = self.held[owner]
                saved = held.saves(job)
                if not held.busy and len(near) == 1 and saved > self.held[worker].saves(job):
                    continue  # It is idle, so it has been woken too.
                queued[owner] += 1
                if held.busy and saved > max(WORTH_SECONDS, queued[owner] * held.increment):
                    continue
            free.append(job)
        return free

    def _remove(self, jobs: list[Job]) -> Batch:
        chosen = set(map(id, jobs))
        self.waiting = [job for job in self.waiting if id(job) not in chosen]
        return Batch(jobs, large=1 < len(jobs) >= self.size / 2)


@lru_cache(maxsize=256)
def imports_of(header: str) -> str:
    """The lines of `header` that say what to import: with others, Lean needs a new process."""
    return "\n".join(_IMPORT.findall(header)) + "\n"


def _first(free: Sequence[Job], imports: str) -> Job:
    """The oldest job, or one that needs no new process if there is one and the oldest can wait."""
    oldest = free[0]
    if oldest.passed < PATIENCE and imports_of(oldest.theorem.header) != imports:
        for job in free:
            if imports_of(job.theorem.header) == imports:
                oldest.passed += 1
                return job
    return oldest


def _alike(job: Job, other: Job | str) -> bool:
    proof = other if isinstance(other, str) else other.proof
    return shared_length(job.proof, proof) >= max(ALIKE, len(job.proof) // 2)


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
