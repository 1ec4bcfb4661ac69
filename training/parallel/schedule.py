"""A pipeline schedule as pure data: what each rank does, in which order, and whether that can be right.

A model is cut into stages, one behind the other; a batch into micro-batches, each of which goes forward
through all stages and backward again. A schedule says which rank does which of these pieces of work when. It
says nothing of tensors, time or messages: `simulate` gives it time, the runtime gives it tensors, and both
read the same lists.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Part(StrEnum):
    """A piece of work on one micro-batch at one stage."""

    FORWARD = "F"
    BACKWARD = "B"
    """The gradients of the inputs and of the weights."""
    INPUT = "I"
    """The gradient of the inputs alone, for which the stage before waits (arXiv 2401.10241 calls it B)."""
    WEIGHT = "W"
    """The gradient of the weights, for which nobody waits."""


class Work(NamedTuple):
    """One piece."""

    part: Part
    stage: int
    batch: int
    """The micro-batch."""

    def __str__(self) -> str:
        return f"{self.part}{self.batch}@{self.stage}"


Action = tuple[Work, ...]
"""One piece of work, or a forward and a backward of two micro-batches whose communication and computation are
interleaved (arXiv 2412.19437, figure 4)."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """What every rank does in one step."""

    name: str
    stages: int
    batches: int
    """Micro-batches of one step."""
    ranks: tuple[tuple[Action, ...], ...]

    @property
    def share(self) -> float:
        """Of a rank's part of the model (one P-th, for P ranks), how much one stage is."""
        return len(self.ranks) / self.stages

    def works(self, rank: int) -> Iterator[Work]:
        """A rank's pieces of work in order."""
        for action in self.ranks[rank]:
            yield from action

    def stages_of(self, rank: int) -> tuple[int, ...]:
        """The stages whose weights a rank needs, in order."""
        return tuple(sorted({work.stage for work in self.works(rank)}))

    @property
    def copies(self) -> float:
        """How often each weight is held, over all ranks."""
        return sum(len(self.stages_of(rank)) for rank in range(len(self.ranks))) / self.stages


def needs(work: Work, stages: int, split: frozenset[tuple[int, int]]) -> tuple[Work, ...]:
    """What must be done before a piece of work can begin.

    `split` has the (stage, micro-batch) pairs whose backward is done in two parts.
    """
    part, stage, batch = work
    if part is Part.FORWARD:
        return (Work(Part.FORWARD, stage - 1, batch),) if stage else ()
    if part is Part.WEIGHT:
        return (Work(Part.INPUT, stage, batch),)
    before = (Work(Part.FORWARD, stage, batch),)
    if stage == stages - 1:
        return before
    later = Part.INPUT if (stage + 1, batch) in split else Part.BACKWARD
    return (*before, Work(later, stage + 1, batch))


def split_pairs(schedule: Schedule) -> frozenset[tuple[int, int]]:
    """The (stage, micro-batch) pairs whose backward a schedule does in two parts."""
    return frozenset(
        (work.stage, work.batch)
        for rank in range(len(schedule.ranks))
        for work in schedule.works(rank)
        if work.part is Part.INPUT
    )


def check(schedule: Schedule) -> None:
    """Raise `ValueError`, in one line, unless every micro-batch goes forward and backward through every
    stage exactly once, each stage of it on one rank, in an order that can be kept."""
    done: dict[Work, int] = {}
    pieces = 0
    for rank in range(len(schedule.ranks)):
        for work in schedule.works(rank):
            if work in done:
                raise ValueError(f"{schedule.name}: {work} is done by rank {done[work]} and by rank {rank}")
            done[work] = rank
    for stage in range(schedule.stages):
        for batch in range(schedule.batches):
            pair = [work for part in Part if (work := Work(part, stage, batch)) in done]
            parts = "".join(work.part for work in pair)
            if parts not in ("FB", "FIW"):
                raise ValueError(
                    f"{schedule.name}: stage {stage} does {parts or 'nothing'} with micro-batch {batch}"
                )
            if len({done[work] for work in pair}) > 1:
                raise ValueError(f"{schedule.name}: stage {stage} has micro-batch {batch} on several ranks")
            pieces += len(pair)
    if len(done) != pieces:
        raise ValueError(f"{schedule.name}: there is work outside its stages and micro-batches")
    _check_messages(schedule, done)
    for action in order(schedule):
        if len(action) > 2 or (len(action) == 2 and sorted(w.part for w in action) != ["B", "F"]):
            raise ValueError(f"{schedule.name}: {' and '.join(map(str, action))} cannot be one action")


def _check_messages(schedule: Schedule, places: Mapping[Work, int]) -> None:
    """Raise `ValueError` unless any two ranks send and receive outputs in one order, and gradients too: the
    runtime has one channel for each."""
    rank_of = {(work.stage, work.batch): rank for work, rank in places.items()}
    sent: dict[tuple[bool, int, int], list[tuple[int, int]]] = defaultdict(list)
    received: dict[tuple[bool, int, int], list[tuple[int, int]]] = defaultdict(list)
    for rank in range(len(schedule.ranks)):
        for part, stage, batch in schedule.works(rank):
            if part is Part.WEIGHT:
                continue
            forward = part is Part.FORWARD
            before, behind = (stage - 1, stage + 1) if forward else (stage + 1, stage - 1)
            if (giver := rank_of.get((before, batch), rank)) != rank:
                received[forward, giver, rank].append((stage, batch))
            if (taker := rank_of.get((behind, batch), rank)) != rank:
                sent[forward, rank, taker].append((behind, batch))
    for (forward, giver, taker), messages in sent.items():
        if messages != received[forward, giver, taker]:
            what = "outputs" if forward else "gradients"
            raise ValueError(
                f"{schedule.name}: rank {giver} sends {what} in another order than rank {taker} wants them"
            )


def order(schedule: Schedule) -> Iterator[Action]:
    """All actions in an order in which each finds done what it needs. Raises `ValueError` if there is none:
    the ranks would wait for each other for ever."""
    split = split_pairs(schedule)
    done: set[Work] = set()
    places = [0] * len(schedule.ranks)
    waiting: dict[Work, list[int]] = defaultdict(list)
    ready = list(range(len(schedule.ranks)))
    while ready:
        rank = ready.pop()
        while places[rank] < len(schedule.ranks[rank]):
            action = schedule.ranks[rank][places[rank]]
            wanted = [need for work in action for need in needs(work, schedule.stages, split)]
            missing = next((need for need in wanted if need not in done), None)
            if missing is not None:
                waiting[missing].append(rank)
                break
            yield action
            places[rank] += 1
            for work in action:
                done.add(work)
                ready += waiting.pop(work, [])
    for rank, place in enumerate(places):
        if place < len(schedule.ranks[rank]):
            action = schedule.ranks[rank][place]
            raise ValueError(
                f"{schedule.name}: rank {rank} waits for ever to do {' and '.join(map(str, action))}"
            )
