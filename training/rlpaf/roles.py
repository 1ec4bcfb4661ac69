"""Opens a run's sampler and judge: in this process, or as actors on a cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from training.rlpaf.config import RlpafConfig
from training.rlpaf.judge import Judge, LeanJudge
from training.rlpaf.sampler import ModelSampler, Sampler

Roles = tuple[Sampler, Judge]


@asynccontextmanager
async def open_roles(config: RlpafConfig, device: str, ray: str) -> AsyncIterator[Roles]:
    """The roles on `device` and its processors, or on the cluster at the address `ray`. Raises
    `TrainError`."""
    if not ray:
        async with (
            ModelSampler(config.model.checkpoint, config.sampling, device) as sampler,
            LeanJudge(config.lean, config.seed) as judge,
        ):
            yield sampler, judge
        return
    from training.rlpaf.cluster.remote import open_cluster  # Ray is an extra.

    async with open_cluster(config, device, ray) as roles:
        yield roles
