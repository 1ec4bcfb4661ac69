"""AdamW on named parameters, and the learning rate of each step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor, distribute_tensor

from training.sft.config import OptimizerConfig
from training.sft.weights import whole


def make_optimizer(parameters: Mapping[str, nn.Parameter], config: OptimizerConfig) -> torch.optim.AdamW:
    """AdamW that decays matrices, stacks of them included, and nothing else."""
    values = list(parameters.values())
    matrices = [value for value in values if value.dim() > 1]
    return make_adamw(matrices, [value for value in values if value.dim() <= 1], config)


def make_adamw(
    decayed: list[nn.Parameter], others: list[nn.Parameter], config: OptimizerConfig
) -> torch.optim.AdamW:
    """AdamW that decays the first of these."""
    groups = [
        {"params": decayed, "weight_decay": config.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    betas = (config.beta1, config.beta2)
    fused = all(value.is_cuda for value in (*decayed, *others))
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=betas, fused=fused or None)


def learning_rate(config: OptimizerConfig, step: int, steps: int) -> float:
    """The rate of step `step`, from 0, of `steps`: a linear warm-up, then the schedule's fall."""
    if step < config.warmup:
        return config.learning_rate * (step + 1) / config.warmup
    floor = config.final_share
    if config.schedule == "cosine":
        progress = (step - config.warmup) / max(1, steps - config.warmup)
        return config.learning_rate * (floor + (1 - floor) * (1 + math.cos(math.pi * progress)) / 2)
    decay = max(1.0, config.decay_share * steps)
    left = min(1.0, (steps - step) / decay)
    return config.learning_rate * (floor + (1 - floor) * left)


def optimizer_state(
    optimizer: torch.optim.Optimizer, parameters: Mapping[str, nn.Parameter]
) -> dict[str, dict[str, Tensor]]:
    """The moments by parameter name, unsharded, on the CPU. All ranks must ask."""
    return {
        name: {key: whole(value) for key, value in optimizer.state[parameter].items()}
        for name, parameter in parameters.items()
    }


def restore_optimizer(
    optimizer: torch.optim.Optimizer,
    parameters: Mapping[str, nn.Parameter],
    state: Mapping[str, Mapping[str, Tensor]],
) -> None:
    """Undo `optimizer_state`, on as many ranks as there are now. Raises `KeyError` for a missing name."""
    for name, parameter in parameters.items():
        restored: dict[str, Any] = {}
        for key, value in state[name].items():
            if key == "step":  # A scalar, on the device only if the optimiser is fused.
                restored[key] = value.to(parameter.device) if parameter.is_cuda else value.clone()
            elif isinstance(parameter, DTensor):
                restored[key] = distribute_tensor(
                    value.to(parameter.device), parameter.device_mesh, parameter.placements
                )
            else:
                restored[key] = value.to(parameter.device, copy=True)
        optimizer.state[parameter] = restored


def clip_gradients(parameters: Mapping[str, nn.Parameter], limit: float) -> Tensor:
    """Scale the whole gradient down to the norm `limit`, and return the norm that it had."""
    values = list(parameters.values())
    norm = torch.nn.utils.get_total_norm([value.grad for value in values if value.grad is not None])
    if isinstance(norm, DTensor):
        norm = norm.full_tensor()
    torch.nn.utils.clip_grads_with_norm_(values, limit, norm)
    return norm
