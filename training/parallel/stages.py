"""A model's stages: what each keeps of it, and how one stage computes what it owes the next.

The embedding belongs to the first stage; norm, head, multi-token prediction and the loss to the last, which
needs the embedding too if the head is tied to it or there is multi-token prediction. A process keeps the
modules of its stages, under the names that they have in the whole model.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from training.model import ModelConfig, Transformer
from training.model.experts import MoE
from training.model.router import Router, Routing
from training.model.transformer import Block, Hidden
from training.sft.objective import Batch, Losses, Objective, balance_of


class Passed(NamedTuple):
    """What one stage made of a micro-batch."""

    out_BLD: Tensor | None
    """For the next stage; None of the last."""
    losses: Losses
    """Of its own layers, and the cross-entropies of the last stage."""


class Stages(nn.Module):
    """A process's part of a model that is cut into stages."""

    def __init__(
        self, model: Transformer, layers: Sequence[range], mine: Collection[int], *, compile_: bool = False
    ) -> None:
        """`layers`: of each stage. Keeps what the stages `mine` need of `model`, which is changed."""
        super().__init__()
        self.layers, self.last = layers, len(layers) - 1
        kept = {layer for stage in mine for layer in self.layers[stage]}
        for layer in range(model.config.num_hidden_layers):
            if layer not in kept:
                model.layers[layer] = nn.Identity()
        ends = self.last in mine
        if 0 not in mine and not (ends and embeds_again(model.config)):
            model.embed_tokens = None  # type: ignore[assignment]
        if not ends:
            model.norm = model.lm_head = model.mtp = None  # type: ignore[assignment]
        if compile_:
            for layer in kept:
                model.layers[layer].compile(dynamic=False)
        self.objective = Objective(model, compile_)

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

    def shares_embedding(self, mine: Collection[int]) -> bool:
        """Whether two of a process's stages use the same embedding."""
        return self.last > 0 and {0, self.last} <= set(mine) and embeds_again(self.model.config)

    def routers(self, stage: int) -> list[tuple[int, Router]]:
        """A stage's routers in the order of its counts, with their places among those of the whole model.
        A stage that is elsewhere has none."""
        config = self.model.config
        found = []
        for layer in self.layers[stage]:
            block = self.model.layers[layer]
            mlp = block.mlp if isinstance(block, Block) else None
            if isinstance(mlp, MoE):
                found.append((layer - config.first_k_dense_replace, mlp.gate))
        if stage == self.last and self.model.mtp is not None:
            mlp = self.model.mtp.block.mlp
            assert isinstance(mlp, MoE), "the module for multi-token prediction has experts"
            found.append((config.num_hidden_layers - config.first_k_dense_replace, mlp.gate))
        return found

    def added(self, losses: Mapping[int, Losses]) -> Losses:
        """The sums over the stages that are here, with the counts of all routers of the whole model."""
        config = self.model.config
        routers = config.num_hidden_layers - config.first_k_dense_replace + config.num_nextn_predict_layers
        counts_ME = torch.zeros(routers, config.n_routed_experts, device=next(self.parameters()).device)
        for stage, found in losses.items():
            for (place, _), counts_E in zip(self.routers(stage), found.counts_ME, strict=True):
                counts_ME[place] += counts_E
        following, second, balance = (
            torch.stack([found[part] for found in losses.values()]).sum() for part in range(3)
        )
        return Losses(following, second, balance, counts_ME)

    def update_balance_bias(self, counts_ME: Tensor, rate: float) -> None:
        """Move the routers' biases by the counts of a step, of all processes and routers."""
        for stage in range(self.last + 1):
            for place, router in self.routers(stage):
                router.update_bias(counts_ME[place], rate)


def embeds_again(config: ModelConfig) -> bool:
    """Whether the last stage needs the embedding."""
    return config.tie_word_embeddings or config.num_nextn_predict_layers > 0


def _without_loss(routing: Sequence[Routing], batch: Batch) -> Losses:
    zero = torch.zeros((), device=batch.tokens_BL.device)
    return Losses(zero, zero, *balance_of(routing, batch))
