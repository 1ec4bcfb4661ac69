"""One training step: micro-batches forward and backward, one move of the weights, one of the biases.

Nothing here waits for the device, so that the host can prepare the next step; whoever reads a figure of
`Figures` waits. The gradient is that of the mean over all targets of a step, wherever they lie, so any
division of a step into micro-batches and ranks gives the same one up to rounding.

Shapes: R rows of a step, M layers with experts, E experts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from training.model import ModelConfig, Transformer
from training.parallel.fp8.model import use_fp8
from training.sft.checkpoint import Resumed
from training.sft.config import LossConfig, SftConfig
from training.sft.folder import RunFolder
from training.sft.objective import Losses, Objective, make_batch
from training.sft.optimizer import clip_gradients, make_optimizer, optimizer_state, restore_optimizer
from training.sft.packing import IGNORED, Rows, concatenate, empty_rows
from training.sft.weights import Weights
from training.sft.world import World


class Figures(NamedTuple):
    """What a step was like; on the device."""

    loss: Tensor
    """Mean cross-entropy of the targets, nats."""
    second_loss: Tensor
    """The same for multi-token prediction; 0 without it."""
    balance: Tensor
    """Mean over layers and rows of the sequence-wise term; 1 for an even load."""
    gradient_norm: Tensor
    """Before clipping."""
    counts_ME: Tensor
    """Tokens that each expert got."""


class Share(NamedTuple):
    """What the sums of a step are divided by, wherever its rows lie."""

    rows: int
    targets: int
    second_targets: int

    @classmethod
    def of(cls, rows: Rows, *, second: bool) -> Share:
        """For the rows of one step; `second`: with multi-token prediction."""
        targets = int((rows.targets_RL != IGNORED).sum())
        second_targets = int((rows.second_targets_RL != IGNORED).sum()) if second else 1
        return cls(len(rows), max(1, targets), max(1, second_targets))

    def loss(self, losses: Losses, told: LossConfig) -> Tensor:
        """What a micro-batch adds to that which is minimised."""
        total = losses.next / self.targets + told.mtp_weight * losses.second / self.second_targets
        return total + told.sequence_weight * losses.balance / self.rows

    def figures(self, done: Losses, norm: Tensor) -> Figures:
        """Of the sums of all micro-batches of all ranks."""
        layers = max(1, len(done.counts_ME))
        return Figures(
            done.next / self.targets,
            done.second / self.second_targets,
            done.balance / (layers * self.rows),
            norm,
            done.counts_ME,
        )


class Learner:
    """A model that learns; on each rank one."""

    def __init__(self, model: Transformer, config: SftConfig, world: World) -> None:
        self.config, self.world = config, world
        if config.run.fp8:
            use_fp8(model)
        self.objective = Objective(model.to(world.device), config.run.compile)
        self.weights = Weights(
            self.objective, self.model, config.run.dtype, world, compile_=config.run.compile
        )
        self.optimizer = make_optimizer(self.weights.masters, config.optimizer)

    @property
    def size(self) -> ModelConfig:
        """Of the whole model."""
        return self.model.config

    @property
    def model(self) -> Transformer:
        """The model that computes, sharded if there are several ranks."""
        return self.objective.model

    def step(self, rows: Rows, rate: float) -> Figures:
        """Learn from the rows of one step, of which each rank computes its part."""
        loss, world = self.config.loss, self.world
        micro = len(rows) // (world.size * self.config.batch.accumulation)
        second = self.model.mtp is not None
        share = Share.of(rows, second=second)
        sums: list[Losses] = []
        for start in range(world.rank * micro, len(rows), world.size * micro):
            batch = make_batch(rows[start : start + micro], world.device, second=second)
            losses: Losses = self.objective(batch)
            # FSDP takes the mean over ranks where the sum is wanted.
            (share.loss(losses, loss) * world.size).backward()  # type: ignore[no-untyped-call]
            sums.append(Losses(*(value.detach() for value in losses)))
        norm = clip_gradients(self.weights.masters, self.config.optimizer.clip)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.weights.publish()
        done = self._over_ranks(sums)
        if len(done.counts_ME) and loss.bias_rate:
            self.model.update_balance_bias(list(done.counts_ME), loss.bias_rate)
        return share.figures(done, norm)

    @torch.no_grad()
    def validate(self, rows: Rows) -> float:
        """Mean cross-entropy on the targets of any number of rows, nats; NaN without a target."""
        world = self.world
        micro = max(1, self.config.batch.tokens // (rows.tokens_RL.shape[1] * world.size))
        micro = max(1, micro // self.config.batch.accumulation)
        missing = -len(rows) % (world.size * micro)
        # All ranks must take part in every forward pass.
        filled = concatenate([rows, empty_rows(missing, rows.tokens_RL.shape[1])]) if missing else rows
        total = torch.zeros((), device=world.device)
        for start in range(world.rank * micro, len(filled), world.size * micro):
            batch = make_batch(filled[start : start + micro], world.device, second=False)
            total += self.objective(batch).next
        targets = int((rows.targets_RL != IGNORED).sum())
        return float(world.add_up(total)) / targets if targets else float("nan")

    def save(self, folder: RunFolder, step: int, fields: Mapping[str, Any]) -> None:
        """Write a checkpoint behind so many steps; all ranks must call this. Raises `TrainError`."""
        state, moments = self.full_state(), optimizer_state(self.optimizer, self.weights.masters)
        if self.world.leads:
            folder.save(step, fields, self.size, state, moments, self.config.run.keep)

    def resume(self, resumed: Resumed) -> None:
        """Go on from a checkpoint, of whose model this learner was made."""
        moments = resumed.moments(self.weights.masters)
        restore_optimizer(self.optimizer, self.weights.masters, moments)

    def export(self, folder: RunFolder) -> None:
        """Write the model as it is used; all ranks must call this. Raises `TrainError`."""
        state = self.full_state()
        if self.world.leads:
            folder.export(self.size, state)

    def full_state(self) -> dict[str, Tensor]:
        """The whole model's state dict, in FP32 unless training is not, on the CPU. All ranks must ask."""
        return self.weights.full_state()

    def _over_ranks(self, sums: list[Losses]) -> Losses:
        """The sums of all micro-batches of all ranks, in one exchange."""
        added = Losses(*(torch.stack(values).sum(0) for values in zip(*sums, strict=True)))
        flat = self.world.add_up(torch.cat([value.flatten() for value in added]))
        return Losses(flat[0], flat[1], flat[2], flat[3:].view_as(added.counts_ME))


def memory_advice(config: SftConfig) -> str:
    """What to change so that a step takes less memory."""
    return (
        f"raise batch.accumulation (now {config.batch.accumulation}) or lower batch.tokens "
        f"(now {config.batch.tokens}) or data.length (now {config.data.length}), or take a smaller model"
    )
