"""A model's stages: which layers each has, and how one stage computes what it owes the next.

The embedding belongs to the first stage; norm, head, multi-token prediction and the loss to the last, which
needs the embedding too if the head is tied to it or there is multi-token prediction. A process keeps the
modules of its stages, under the names that they have in the whole model.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from training.model import ModelConfig, Transformer
from training.model.router import Router, Routing
from training.model.transformer import Hidden
from training.sft.objective import Batch, Losses, Objective, balance_of


class Passed(NamedTuple):
    """What one stage made of a micro-batch."""

    out_BLD: Tensor | None
    """For the next stage; None of the last."""
    losses: Losses
    """Of its own layers, and the cross-entropies of the last stage."""


def layers_of(config: ModelConfig, stages: int) -> list[range]:
    """The layers of each stage, in equal numbers or one more. Raises `ValueError` for too many stages."""
    layers = config.num_hidden_layers
    if not 1 <= stages <= layers:
        raise ValueError(f"{layers} layers cannot be cut into {stages} stages")
    each, more = divmod(layers, stages)
    # The first and the last stage have other work too, so those in the middle get one more.
    extra = sorted(range(stages), key=lambda stage: abs(2 * stage - (stages - 1)))[:more]
    found, start = [], 0
    for stage in range(stages):
        end = start + each + (stage in extra)
        found.append(range(start, end))
        start = end
    return found


class Stages(nn.Module):
    """A process's part of a model that is cut into stages."""

    def __init__(self, model: Transformer, stages: int, mine: Collection[int]) -> None:
        """Keeps what the stages `mine` need of `model`, which is changed. Raises `ValueError` for too many
        stages."""
        super().__init__()
        self.layers, self.last = layers_of(model.config, stages), stages - 1
        kept = {layer for stage in mine for layer in self.layers[stage]}
        for layer in range(model.config.num_hidden_layers):
            if layer not in kept:
                model.layers[layer] = nn.Identity()
        ends = self.last in mine
        if 0 not in mine and not (ends and embeds_again(model.config)):
            model.embed_tokens = None  # type: ignore[assignment]
        if not ends:
            model.norm = model.lm_head = model.mtp = None  # type: ignore[assignment]
        self.objective = Objective(model, compile_=False)

    @property
    def model(self) -> Transformer:
        """What is left of it."""
        return self.objective.model

    def forward(self, stage: int, x_BLD: Tensor | None, batch: Batch) -> Passed:
        """What a stage makes of the output of the stage before (None for the first)."""
        model = self.model
        context = model.context(batch.tokens_BL, batch.segments_BL, batch.positions_BL, batch.parents_BL)
        if x_BLD is None:
            x_BLD = model.embed_tokens(batch.tokens_BL)
        taken: list[Routing] = []
        for layer in self.layers[stage]:
            x_BLD, routed = model.layers[layer](x_BLD, context)
            taken += [] if routed is None else [routed]
        assert x_BLD is not None, "it was embedded"
        if stage < self.last:
            return Passed(x_BLD, _without_loss(taken, batch))
        hidden_BLD, mtp_BLD, last = model.finish(x_BLD, batch.tokens_BL, context)
        hidden = Hidden(hidden_BLD, mtp_BLD, (*taken, *last))
        return Passed(None, self.objective.losses(hidden, batch))

    def routers_of(self, stage: int) -> list[str]:
        """The names of a stage's routers, in the order of its counts."""
        prefixes = [f"layers.{layer}." for layer in self.layers[stage]] + ["mtp."] * (stage == self.last)
        return [
            name
            for prefix in prefixes
            for name, module in self.model.named_modules()
            if name.startswith(prefix) and isinstance(module, Router)
        ]


def embeds_again(config: ModelConfig) -> bool:
    """Whether the last stage needs the embedding."""
    return config.tie_word_embeddings or config.num_nextn_predict_layers > 0


def _without_loss(routing: Sequence[Routing], batch: Batch) -> Losses:
    zero = torch.zeros((), device=batch.tokens_BL.device)
    return Losses(zero, zero, *balance_of(routing, batch))
