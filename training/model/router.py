"""Which experts a token goes to, and how their load is kept even.

Sigmoid scores; a bias per expert that takes part in the choice and nowhere else; the choice limited to
the best groups, so that in training on many nodes a token visits few of them (arXiv 2412.19437, section
2.1.2, eq. 12-16 and "node-limited routing").

Shapes: B sequences, L tokens each, E experts, G groups, K experts a token.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.model.config import ModelConfig


class Routing(NamedTuple):
    """What one layer's router decided for a batch, and how evenly."""

    chosen_BLK: Tensor
    """Each token's experts, in no order (int64)."""
    counts_E: Tensor
    """How many tokens each expert got (FP32); padding does not count."""
    balance_loss: Tensor
    """The sequence-wise term without its factor, mean over the sequences; 1 for an even load."""


class Router(nn.Module):
    """The gate of one mixture-of-experts layer; computes in FP32 whatever the model's type."""

    e_score_correction_bias: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.weight = nn.Parameter(torch.empty(config.n_routed_experts, config.hidden_size))
        self.register_buffer("e_score_correction_bias", torch.zeros(config.n_routed_experts))

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Router:
        """What `to` and its kin call. The bias stays FP32: steps of 0.001 are lost in BF16."""
        bias = self.e_score_correction_bias
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        if not bias.is_meta:
            self.e_score_correction_bias = bias.to(self.e_score_correction_bias.device)
        return self

    def forward(
        self, x_BLD: Tensor, real_BL: Tensor | None = None, chosen_BLK: Tensor | None = None
    ) -> tuple[Tensor, Routing]:
        """Weights of the chosen experts, FP32 (B, L, K), and the routing.

        `real_BL` is false at padding, which is routed like any token but counts nowhere. `chosen_BLK` is a
        choice made before, to be replayed (arXiv 2507.18071, section 5.3): the weights are still made of
        the scores of now, and their gradient reaches the router.
        """
        scores_BLE = self.scores(x_BLD)
        chosen_BLK = self.choose(scores_BLE.detach()) if chosen_BLK is None else chosen_BLK
        weights_BLK = self.weights(scores_BLE, chosen_BLK)
        counts_E = one_hot(chosen_BLK, self.config.n_routed_experts, real_BL).sum((0, 1))
        loss = sequence_balance_loss(scores_BLE, self.config.num_experts_per_tok, real_BL)
        return weights_BLK, Routing(chosen_BLK, counts_E, loss)

    def scores(self, x_BLD: Tensor) -> Tensor:
        """How well each expert suits each token, FP32 (B, L, E)."""
        return torch.sigmoid(F.linear(x_BLD.float(), self.weight.float()))

    def weights(self, scores_BLE: Tensor, chosen_BLK: Tensor) -> Tensor:
        """The chosen experts' share in the sum, made of scores without bias, (B, L, K)."""
        weights_BLK = scores_BLE.gather(-1, chosen_BLK)
        if self.config.norm_topk_prob:
            weights_BLK = weights_BLK / (weights_BLK.sum(-1, keepdim=True) + 1e-20)
        return weights_BLK * self.config.routed_scaling_factor

    def choose(self, scores_BLE: Tensor) -> Tensor:
        """The K experts with the highest biased scores inside the best groups, (B, L, K).

        A group's score is the sum of its two best biased scores.
        """
        config = self.config
        biased_BLE = scores_BLE + self.e_score_correction_bias
        if config.topk_group < config.n_group:
            grouped_BLGE = biased_BLE.view(*biased_BLE.shape[:-1], config.n_group, -1)
            group_scores_BLG = grouped_BLGE.topk(2, dim=-1).values.sum(-1)
            best = group_scores_BLG.topk(config.topk_group, dim=-1, sorted=False).indices
            closed_BLG = torch.ones_like(group_scores_BLG, dtype=torch.bool).scatter_(-1, best, False)
            biased_BLE = grouped_BLGE.masked_fill(closed_BLG[..., None], float("-inf")).flatten(-2)
        return biased_BLE.topk(config.num_experts_per_tok, dim=-1, sorted=False).indices

    @torch.no_grad()
    def update_bias(self, counts_E: Tensor, rate: float) -> None:
        """Balance without an auxiliary loss: raise the bias of experts below the mean load, lower that of
        those above it, all by `rate` (section 2.1.2)."""
        counts_E = counts_E.float()
        self.e_score_correction_bias += rate * torch.sign(counts_E.mean() - counts_E)


def sequence_balance_loss(scores_BLE: Tensor, top_k: int, real_BL: Tensor | None = None) -> Tensor:
    """Σ f_i P_i of eq. 17-20, mean over the sequences; the caller's α is 1e-4 in the paper.

    f counts how often an expert is among a token's K best scores without bias and groups, in units of the
    even share; P is the mean of its normalised score. Only P has a gradient.
    """
    best_BLK = scores_BLE.detach().topk(top_k, dim=-1, sorted=False).indices
    share_BLE = scores_BLE / (scores_BLE.sum(-1, keepdim=True) + 1e-20)
    tokens_B1: Tensor | int = scores_BLE.shape[1]
    if real_BL is not None:
        real_BL1 = real_BL[..., None].float()
        share_BLE, tokens_B1 = share_BLE * real_BL1, real_BL1.sum(1).clamp(min=1)
    experts = scores_BLE.shape[-1]
    f_BE = one_hot(best_BLK, experts, real_BL).sum(1) * experts / (top_k * tokens_B1)
    p_BE = share_BLE.sum(1) / tokens_B1
    return (f_BE * p_BE).sum(-1).mean()


def one_hot(chosen_BLK: Tensor, experts: int, real_BL: Tensor | None) -> Tensor:
    """1 for each token's experts, FP32 (B, L, E); 0 at padding."""
    hits_BLE = torch.zeros(*chosen_BLK.shape[:-1], experts, device=chosen_BLK.device)
    hits_BLE.scatter_(-1, chosen_BLK, 1.0)
    return hits_BLE if real_BL is None else hits_BLE * real_BL[..., None]
