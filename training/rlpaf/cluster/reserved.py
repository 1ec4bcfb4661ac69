"""The learner's own GPUs, which Ray knows nothing of and would give to a sampler."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from training.rlpaf.cluster.handles import call
from training.rlpaf.cluster.placement import Placement


class Keeper:
    """Holds a GPU, and does nothing with it."""

    async def here(self) -> list[Any]:
        """Its number."""
        gpus: list[Any] = ray.get_gpu_ids()
        return gpus


async def keep_gpus(placement: Placement, node: str, count: int) -> list[Any]:
    """Actors that hold the first `count` GPUs of a node, as long as somebody knows of them; none if the node
    has no more than those: then learner and sampler share them.

    Ray gives out the GPUs of lowest number first, which are the ones that `torchrun` counts from. Raises
    `TrainError`.
    """
    if not placement.reserve(node, count):
        return []
    strategy = NodeAffinitySchedulingStrategy(node, soft=False)
    make: Any = ray.remote(Keeper)
    keepers = [
        make.options(num_cpus=0, num_gpus=1, scheduling_strategy=strategy).remote() for _ in range(count)
    ]
    await asyncio.gather(*(call(keeper, "keeper of a GPU", "here") for keeper in keepers))
    return keepers


def learners_gpus(device: str) -> int:
    """How many GPUs of this node the learner's processes compute on."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1")) if device.startswith("cuda") else 0
