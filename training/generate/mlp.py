"""The MLPs as generation runs them.

Few experts are computed for every token, as one wide MLP whose unchosen parts have weight zero: cheaper than
picking, for few tokens. For many tokens, or of many experts, only those chosen are computed, as in training.

Shapes: Q tokens, D hidden, X routed and shared experts together, I an expert's width, K experts a token.
"""

from __future__ import annotations

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from training.model.experts import MoE
from training.model.layers import MLP

DENSE_EXPERTS = 16
"""Up to so many routed experts are computed for every token."""


class PackedMlp(Protocol):
    """A block's MLP, its weights laid out for generation."""

    capturable: bool
    """Whether it is the same operations whatever the tokens are."""

    def tensors(self) -> list[Tensor]:
        """All that comes from the block's weights."""

    def __call__(self, x_QD: Tensor, residual_QD: Tensor) -> Tensor:
        """From its normed input and the residual, both (Q, D), to their sum."""


def pack_mlp(mlp: MLP | MoE) -> PackedMlp:
    """The block's MLP in the layout that suits it."""
    if isinstance(mlp, MLP):
        return _Dense(mlp)
    return _Wide(mlp) if mlp.gate.config.n_routed_experts <= DENSE_EXPERTS else _Sparse(mlp)


class _Dense:
    """A dense MLP, gate and up in one matrix."""

    capturable = True

    def __init__(self, mlp: MLP) -> None:
        self._first = torch.cat([mlp.gate_proj.weight, mlp.up_proj.weight]).t().contiguous()
        self._last = mlp.down_proj.weight.t().contiguous()

    def tensors(self) -> list[Tensor]:
        return [self._first, self._last]

    def __call__(self, x_QD: Tensor, residual_QD: Tensor) -> Tensor:
        gate, up = torch.mm(x_QD, self._first).chunk(2, dim=-1)
        return torch.addmm(residual_QD, F.silu(gate) * up, self._last)


class _Wide:
    """All experts, shared ones last, as one MLP of width X · I; each expert's part has the token's weight
    for it, which is 0 for those not chosen and 1 for shared ones."""

    capturable = True

    def __init__(self, moe: MoE) -> None:
        experts, shared = moe.experts, moe.shared_experts
        self._gate = moe.gate
        gate, up = experts.gate_up_proj.chunk(2, dim=1)
        gates = torch.cat([gate.flatten(0, 1), shared.gate_proj.weight])
        ups = torch.cat([up.flatten(0, 1), shared.up_proj.weight])
        self._first = torch.cat([gates, ups]).t().contiguous()
        down = experts.down_proj.transpose(1, 2).flatten(0, 1)
        self._last = torch.cat([down, shared.down_proj.weight.t()])
        self._shared = moe.gate.config.n_shared_experts

    def tensors(self) -> list[Tensor]:
        return [self._first, self._last, self._gate.weight, self._gate.e_score_correction_bias]

    def __call__(self, x_QD: Tensor, residual_QD: Tensor) -> Tensor:
        scores_QX = self._gate.scores(x_QD)
        chosen_QK = self._gate.choose(scores_QX)
        weights_QX = torch.zeros_like(scores_QX).scatter_(
            -1, chosen_QK, self._gate.weights(scores_QX, chosen_QK)
        )
        weights_QX = F.pad(weights_QX, (0, self._shared), value=1.0).to(x_QD.dtype)
        gate, up = torch.mm(x_QD, self._first).chunk(2, dim=-1)
        hidden_QXI = (F.silu(gate) * up).view(*weights_QX.shape, -1) * weights_QX[..., None]
        return torch.addmm(residual_QD, hidden_QXI.flatten(1), self._last)


class _Sparse:
    """Many experts: only those that are chosen are computed."""

    capturable = False

    def __init__(self, moe: MoE) -> None:
        self._moe, self._shared = moe, _Dense(moe.shared_experts)

    def tensors(self) -> list[Tensor]:
        gate, experts = self._moe.gate, self._moe.experts
        routed = [gate.weight, gate.e_score_correction_bias, experts.gate_up_proj, experts.down_proj]
        return [*routed, *self._shared.tensors()]

    def __call__(self, x_QD: Tensor, residual_QD: Tensor) -> Tensor:
        scores_QX = self._moe.gate.scores(x_QD)
        chosen_QK = self._moe.gate.choose(scores_QX)
        weights_QK = self._moe.gate.weights(scores_QX, chosen_QK)
        routed_QD: Tensor = self._moe.experts(x_QD, chosen_QK, weights_QK)
        return routed_QD + self._shared(x_QD, residual_QD)
