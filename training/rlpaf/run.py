"""`train`: one run in its folder, on all ranks."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from pathlib import Path

from training.errors import TrainError
from training.rlpaf.config import RlpafConfig
from training.rlpaf.trainer import Trainer
from training.sft.folder import alone_in
from training.sft.trouble import explained
from training.sft.world import join


def train(config: RlpafConfig, out: Path, ray: str = "") -> None:
    """Train, or go on training, in the run folder `out`. Raises `TrainError`; what was kept stays intact.

    With the address `ray` of a cluster, its nodes write and judge proofs. Ctrl-C ends a run behind the batch
    under way, with a checkpoint, and `KeyboardInterrupt`.
    """
    if ray:
        _refuse_early(ray)
    advice = f"lower batch.rows (now {config.batch.rows}) or batch.length"
    with (
        join() as world,
        alone_in(out) if world.leads else nullcontext(),
        explained(world, out, advice),
    ):
        training = Trainer(config, out, world, ray)
        if not world.leads:
            training.ranks.follow()
            return
        try:
            asyncio.run(training.run())
        finally:
            training.ranks.dismiss()


def _refuse_early(address: str) -> None:
    """Raise `TrainError` if there can be no cluster at the address, before anything is loaded or written."""
    try:
        from prover.ray_cluster import ClusterError, knock
    except ModuleNotFoundError as error:
        raise TrainError(f"{error}; --ray needs `pip install 'rmax-prover[ray]'`") from error
    try:
        knock(address)
    except ClusterError as error:
        raise TrainError(str(error)) from error
