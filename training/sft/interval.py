"""What a run has done since it last said so: losses, tokens, operations, and the time that they took."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
from torch import Tensor

from training.flops import Work, peak_flops, step_flops
from training.model import ModelConfig
from training.model.metrics import max_violation, noise_floor
from training.sft.learner import Figures
from training.sft.objective import real_tokens
from training.sft.packing import IGNORED, Rows
from training.sft.world import World


@dataclass(slots=True)
class Interval:
    """Some steps of a run."""

    began: float
    """As `time.monotonic` has it, later by what was not spent on steps."""
    steps: int = 0
    tokens: int = 0
    flops: float = 0.0
    flops_without_head: float = 0.0
    loss: Tensor | float = 0.0

    def count(self, rows: Rows, figures: Figures, size: ModelConfig) -> None:
        """One step more."""
        work = work_of(rows, second=size.num_nextn_predict_layers > 0)
        self.steps += 1
        self.tokens += work.tokens
        self.flops += step_flops(size, work)
        self.flops_without_head += step_flops(size, work, head=False)
        self.loss = self.loss + figures.loss

    def values(self, figures: Figures, size: ModelConfig, world: World) -> tuple[float, dict[str, float]]:
        """Seconds, and what the run's figures say of these steps; some of it is of the last one, whose
        `figures` these are. Waits for the device."""
        loss = float(self.loss) / self.steps
        seconds = time.monotonic() - self.began
        values = {
            "loss": loss,
            "gradient_norm": float(figures.gradient_norm),
            "tokens_per_second": self.tokens / seconds,
        }
        if size.num_nextn_predict_layers:
            values["second_loss"] = float(figures.second_loss)
        if len(figures.counts_ME):
            values["sequence_balance"] = float(figures.balance)
            violations = [max_violation(counts_E) for counts_E in figures.counts_ME]
            values["max_violation"] = sum(violations) / len(violations)
            routed = round(float(figures.counts_ME[0].sum())) // size.num_experts_per_tok
            values["max_violation_floor"] = noise_floor(
                size.n_routed_experts, size.num_experts_per_tok, routed
            )
        name = torch.cuda.get_device_name(world.device) if world.device.type == "cuda" else "CPU"
        if peak := peak_flops(name):
            available = peak * seconds * world.size
            values["mfu"] = self.flops / available
            values["mfu_without_head"] = self.flops_without_head / available
        return seconds, values


def work_of(rows: Rows, *, second: bool) -> Work:
    """What the rows ask of a model."""
    # A document's places are numbered from 0, so 2p + 1 over all of them adds up to its length squared.
    real = rows.segments_RL >= 0
    pairs = int((2 * rows.positions_RL[real].astype("int64") + 1).sum())
    targets = int((rows.targets_RL != IGNORED).sum())
    second_targets = int((rows.second_targets_RL != IGNORED).sum()) if second else 0
    return Work(real_tokens(rows), pairs, targets, second_targets)
