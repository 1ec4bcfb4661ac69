"""Which layers each stage of a pipeline has: as many as it is told, or as evenly cut as can be.

Trainer and planner ask the same functions, so what a plan is made for can be trained. The first stage embeds,
and the last has the head: these two may be without a layer. Any other would have nothing to do.
"""

from __future__ import annotations

from collections.abc import Sequence

from training.parallel.schedule import Schedule
from training.settings import require


def check_counts(counts: Sequence[int], pipeline: int) -> None:
    """Raise `ValueError`, in one line, for layers of stages that no pipeline of so many places can have,
    whatever its schedule and model. No counts at all are no choice."""
    require(not counts or pipeline > 1, "layers is for the stages of a pipeline, and mesh.pipeline is 1")
    least = min(counts, default=0)
    require(least >= 0, f"layers must not be negative, but is {least} for a stage")
    for stage, count in enumerate(counts[1:-1], 2):
        where = f"layers leaves stage {stage} of {len(counts)} with nothing to do"
        require(count > 0, f"{where}: only the first and the last can be without layers")


def layers_of(layers: int, schedule: Schedule, counts: Sequence[int] = ()) -> list[range]:
    """The layers of each stage of a model that has so many: in these numbers, which `check_counts` allows, or
    in equal ones or one more. Raises `ValueError` if they are not the schedule's stages, or the model's
    layers; without them, for more stages than layers."""
    stages = schedule.stages
    if not counts:
        return ranges(_even(layers, stages))
    if len(counts) != stages:
        raise ValueError(
            f"mesh.layers has {len(counts)} stages, and {schedule.name} over {len(schedule.ranks)} ranks has "
            f"{stages}"
        )
    if sum(counts) != layers:
        raise ValueError(f"mesh.layers has {sum(counts)} layers, and the model has {layers}")
    return ranges(counts)


def ranges(counts: Sequence[int]) -> list[range]:
    """Layers of stages with so many each."""
    found, start = [], 0
    for count in counts:
        found.append(range(start, start + count))
        start += count
    return found


def _even(layers: int, stages: int) -> list[int]:
    if not 1 <= stages <= layers:
        raise ValueError(f"{layers} layers cannot be cut into {stages} stages")
    each, more = divmod(layers, stages)
    # The first and the last stage have other work too, so those in the middle get one more.
    extra = sorted(range(stages), key=lambda stage: abs(2 * stage - (stages - 1)))[:more]
    return [each + (stage in extra) for stage in range(stages)]
