"""Which layers each stage has in a plan: as told, or so that the rank with most to do has least."""

from __future__ import annotations

from collections.abc import Sequence

from training.model import ModelConfig
from training.parallel.layers import layers_of, ranges
from training.parallel.plan.chunk import Parts, action_seconds
from training.parallel.plan.config import PlanConfig
from training.parallel.schedule import Schedule, Work


def lay_out(told: PlanConfig, config: ModelConfig, schedule: Schedule, parts: Parts) -> list[range]:
    """The layers of each stage. Raises `ValueError` as `layers_of` does."""
    given = told.mesh.layers if told.mesh.schedule == schedule.name else ()
    found = layers_of(config.num_hidden_layers, schedule, given)
    return found if given else ranges(_balanced(list(map(len, found)), told, schedule, parts))


def _balanced(counts: list[int], told: PlanConfig, schedule: Schedule, parts: Parts) -> list[int]:
    """Moves single layers away from the rank with most to do as long as that makes the sum of the squares of
    all ranks' times smaller; each stage keeps one."""
    kinds = _kinds(schedule)

    def loads(counts: Sequence[int]) -> list[float]:
        chunks = [
            parts.stage(layers, stage == schedule.stages - 1) for stage, layers in enumerate(ranges(counts))
        ]
        return [sum(times * action_seconds(action, chunks, told) for action, times in rank) for rank in kinds]

    now = loads(counts)
    while True:
        busiest = max(range(len(now)), key=now.__getitem__)
        best, chosen = sum(load * load for load in now), counts
        for giver in schedule.stages_of(busiest):
            for taker in range(schedule.stages):
                if taker == giver or counts[giver] < 2:
                    continue
                moved = list(counts)
                moved[giver] -= 1
                moved[taker] += 1
                squares = sum(load * load for load in loads(moved))
                if squares < best * (1 - 1e-9):
                    best, chosen = squares, moved
        if chosen is counts:
            return counts
        counts, now = chosen, loads(chosen)


def _kinds(schedule: Schedule) -> list[list[tuple[tuple[Work, ...], int]]]:
    """Of each rank, its actions without the micro-batches' numbers, and how often it does each."""
    found = []
    for actions in schedule.ranks:
        times: dict[tuple[Work, ...], int] = {}
        for action in actions:
            kind = tuple(work._replace(batch=0) for work in action)
            times[kind] = times.get(kind, 0) + 1
        found.append(list(times.items()))
    return found
