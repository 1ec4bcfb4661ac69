"""How long a schedule takes: each rank does its actions in order, as soon as what they need is there.

Costs are of one micro-batch on one rank's part of the model (a P-th of it, for P ranks), whatever number of
stages a schedule cuts it into, so schedules can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from training.parallel.schedule import Action, Part, Schedule, Work, check, needs, order, split_pairs


@dataclass(frozen=True, slots=True)
class Costs:
    """What one micro-batch costs on a P-th of the model, in any unit of time."""

    forward: float = 1.0
    inputs: float = 1.0
    weights: float = 1.0
    gain: float = 0.0
    """What is saved, as a share of forward and backward, if the two are interleaved."""
    latency: float = 0.0
    """From the end of a piece of work until another rank can use what came out of it."""

    def __post_init__(self) -> None:
        for name in ("forward", "inputs", "weights", "latency"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must not be negative: {getattr(self, name)}")
        if not 0 <= self.gain < 1:
            raise ValueError(f"gain must lie in [0, 1): {self.gain}")

    @property
    def backward(self) -> float:
        """Both parts."""
        return self.inputs + self.weights

    @property
    def paired(self) -> float:
        """F&B: a forward and a backward, interleaved."""
        return (1 - self.gain) * (self.forward + self.backward)

    def of(self, action: Action) -> float:
        """An action's time."""
        if len(action) > 1:
            return self.paired
        times = {
            Part.FORWARD: self.forward,
            Part.BACKWARD: self.backward,
            Part.INPUT: self.inputs,
            Part.WEIGHT: self.weights,
        }
        return times[action[0].part]


PUBLISHED: Mapping[str, Callable[[int, Costs], float]] = {
    "1F1B": lambda ranks, of: (ranks - 1) * (of.forward + of.backward),
    "ZB1P": lambda ranks, of: (ranks - 1) * (of.forward + of.backward - 2 * of.weights),
    "DualPipe": lambda ranks, of: (ranks / 2 - 1) * (of.paired + of.backward - 3 * of.weights),
    "DualPipeV": lambda ranks, of: (ranks - 1) * (of.paired + of.backward - 3 * of.weights) / 2,
}
"""Bubbles by schedule and number of ranks: table 2 of arXiv 2412.19437, and DualPipe's repository for
DualPipeV, there by the number of stages, of which a rank has two."""


class Span(NamedTuple):
    """When a rank did an action."""

    begin: float
    end: float
    action: Action


@dataclass(frozen=True, slots=True)
class Timeline:
    """One step."""

    schedule: Schedule
    ranks: tuple[tuple[Span, ...], ...]
    activations: tuple[float, ...]
    """Of each rank, how many micro-batches' activations of a P-th of the model it holds at once, at most."""

    @property
    def seconds(self) -> float:
        """Until the last rank is done."""
        return max(spans[-1].end for spans in self.ranks)

    def busy(self, rank: int) -> float:
        """How long a rank works."""
        return sum(span.end - span.begin for span in self.ranks[rank])

    @property
    def bubble(self) -> float:
        """How long the rank that works longest waits: all others are as long under way."""
        return self.seconds - max(map(self.busy, range(len(self.ranks))))


def simulate(schedule: Schedule, costs: Costs) -> Timeline:
    """The step's course. Raises `ValueError` for a schedule that cannot be right."""
    return course(schedule, lambda action: schedule.share * costs.of(action), costs.latency)


def course(schedule: Schedule, seconds: Callable[[Action], float], latency: float = 0.0) -> Timeline:
    """The same with a time for each action, where stages differ. Raises as `simulate` does."""
    check(schedule)
    split = split_pairs(schedule)
    place = {work: rank for rank in range(len(schedule.ranks)) for work in schedule.works(rank)}
    ended: dict[Work, float] = {}
    begun: dict[Action, Span] = {}
    clock = [0.0] * len(schedule.ranks)
    for action in order(schedule):
        rank = place[action[0]]
        begin = clock[rank]
        for work in action:
            for need in needs(work, schedule.stages, split):
                begin = max(begin, ended[need] + (latency if place[need] != rank else 0.0))
        clock[rank] = begin + seconds(action)
        begun[action] = Span(begin, clock[rank], action)
        ended.update(dict.fromkeys(action, clock[rank]))
    ranks = tuple(tuple(begun[action] for action in actions) for actions in schedule.ranks)
    most = tuple(held(schedule, rank, lambda stage: schedule.share) for rank in range(len(schedule.ranks)))
    return Timeline(schedule, ranks, most)


def held(schedule: Schedule, rank: int, size: Callable[[int], float]) -> float:
    """The most activations at once, if those of a stage and micro-batch have this `size`: they come with a
    forward, and go with the gradient of the weights."""
    now = most = 0.0
    for action in schedule.ranks[rank]:
        now += sum(size(work.stage) for work in action if work.part is Part.FORWARD)
        most = max(most, now)
        now -= sum(size(work.stage) for work in action if work.part in (Part.BACKWARD, Part.WEIGHT))
    return most
