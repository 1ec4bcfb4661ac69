"""The experts: every token goes to its K experts, whatever their load, and none is dropped.

Two ways with the same numbers. The grouped GEMM sorts the (token, expert) pairs by expert and multiplies
all groups in one kernel, without a synchronisation with the host: the way in BF16. The loop takes the
experts one by one: the reference, and the way in FP32.

Where experts are spread over devices (`training.parallel.experts`) a device has some of a token's choices
and not others: those that are elsewhere are negative.

Shapes: N tokens, K experts a token, P pairs of token and expert (N · K if all are here), E experts, D hidden,
I an expert's width.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.model.config import ModelConfig
from training.model.layers import MLP
from training.model.router import Router, Routing


class Experts(nn.Module):
    """The routed experts' weights, stacked, and their sum for each token."""

    def __init__(self, config: ModelConfig, experts: int | None = None) -> None:
        """`experts`: how many are here; without it all of them."""
        super().__init__()
        experts = config.n_routed_experts if experts is None else experts
        hidden, width = config.hidden_size, config.moe_intermediate_size
        self.gate_up_proj = nn.Parameter(torch.empty(experts, 2 * width, hidden))
        self.down_proj = nn.Parameter(torch.empty(experts, hidden, width))

    def begin(self, chosen_NK: Tensor) -> object:
        """What can be begun as soon as the choices are known, for `forward`: nothing if all experts are
        here."""
        return None

    def forward(self, x_ND: Tensor, chosen_NK: Tensor, weights_NK: Tensor, begun: object = None) -> Tensor:
        """Σ_k weights[n, k] · expert_{chosen[n, k]}(x[n]), (N, D). `begun`: what `begin` gave, if it was
        asked."""
        return self.compute(x_ND, chosen_NK, weights_NK)

    def compute(
        self, x_ND: Tensor, chosen_NK: Tensor, weights_NK: Tensor, pairs: int | None = None
    ) -> Tensor:
        """As `forward`, of the experts that are here. `pairs`: how many choices are; None: all of them."""
        if self.gate_up_proj.dtype == torch.bfloat16:
            return self.grouped(x_ND, chosen_NK, weights_NK, pairs)
        return self.loop(x_ND, chosen_NK, weights_NK, pairs)

    def grouped(
        self, x_ND: Tensor, chosen_NK: Tensor, weights_NK: Tensor, pairs: int | None = None
    ) -> Tensor:
        """All experts in two grouped GEMMs, which compile; `torch.compile` knows them in BF16 only."""
        order_P, ends_E = self.sort(chosen_NK, pairs)
        x_PD = dispatch(x_ND, order_P, chosen_NK.shape[1])
        gate_up_P2I = self.multiply_groups(x_PD, self.gate_up_proj, ends_E)
        gate_PI, up_PI = gate_up_P2I.chunk(2, dim=-1)
        out_PD = self.multiply_groups(F.silu(gate_PI) * up_PI, self.down_proj, ends_E)
        return combine(out_PD, order_P, weights_NK)

    def loop(self, x_ND: Tensor, chosen_NK: Tensor, weights_NK: Tensor, pairs: int | None = None) -> Tensor:
        """One expert after the other, each on the tokens that chose it."""
        order_P, ends_E = self.sort(chosen_NK, pairs)
        x_PD = dispatch(x_ND, order_P, chosen_NK.shape[1])
        outs, start = [], 0
        for expert, end in enumerate(ends_E.tolist()):
            gate_up = self.multiply(x_PD[start:end], self.gate_up_proj, expert)
            gate, up = gate_up.chunk(2, dim=-1)
            outs.append(self.multiply(F.silu(gate) * up, self.down_proj, expert))
            start = end
        return combine(torch.cat(outs), order_P, weights_NK)

    def multiply(self, x_ND: Tensor, weight_EOD: nn.Parameter, expert: int) -> Tensor:
        """Rows times one expert's weights, (N, O)."""
        return F.linear(x_ND, weight_EOD[expert])

    def multiply_groups(self, x_PD: Tensor, weight_EOD: nn.Parameter, ends_E: Tensor) -> Tensor:
        """Each expert's rows, up to `ends_E[e]`, times its weights, (P, O)."""
        return F.grouped_mm(x_PD, weight_EOD.transpose(1, 2), offs=ends_E)

    def sort(self, chosen_NK: Tensor, pairs: int | None) -> tuple[Tensor, Tensor]:
        """The pairs, choice p % K of token p // K, sorted by expert (P), and where each expert's end (int32,
        E)."""
        chosen_P, order_P = chosen_NK.flatten().sort(stable=True)
        if pairs is not None:  # Those that are elsewhere come first.
            elsewhere = len(order_P) - pairs
            chosen_P, order_P = chosen_P[elsewhere:], order_P[elsewhere:]
        experts_E = torch.arange(len(self.down_proj), device=chosen_NK.device)
        return order_P, torch.searchsorted(chosen_P, experts_E, right=True, out_int32=True)


class MoE(nn.Module):
    """Router, routed experts and shared experts: eq. 12."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gate = Router(config)
        self.experts = Experts(config)
        # The shared experts see every token, so they are one wide MLP.
        self.shared_experts = MLP(config.hidden_size, config.moe_intermediate_size * config.n_shared_experts)

    def forward(
        self, x_BLD: Tensor, real_BL: Tensor | None = None, chosen_BLK: Tensor | None = None
    ) -> tuple[Tensor, Routing]:
        """(B, L, D) and how the tokens were routed: as the router says, or to `chosen_BLK`."""
        weights_BLK, routing = self.gate(x_BLD, real_BL, chosen_BLK)
        chosen_NK = routing.chosen_BLK.flatten(0, 1)
        begun = self.experts.begin(chosen_NK)
        shared_BLD = self.shared_experts(x_BLD)  # Meanwhile.
        routed_ND = self.experts(x_BLD.flatten(0, 1), chosen_NK, weights_BLK.flatten(0, 1), begun)
        return shared_BLD + routed_ND.unflatten(0, x_BLD.shape[:2]), routing


class _Dispatch(torch.autograd.Function):
    """Copies each token to its K places. Its gradient is `combine` with weights of one: a gather and a sum in
    fixed order, where autograd's own would add atomically, each run in another order."""

    @staticmethod
    def forward(ctx: Any, x_ND: Tensor, order_P: Tensor, top_k: int) -> Tensor:
        ctx.save_for_backward(order_P)
        ctx.shape = len(x_ND), top_k
        return x_ND[order_P // top_k]

    @staticmethod
    def backward(ctx: Any, grad_PD: Tensor) -> tuple[Tensor, None, None]:
        (order_P,) = ctx.saved_tensors
        return dispatch_gradient(grad_PD, order_P, ctx.shape), None, None


class _Collect(torch.autograd.Function):
    """Undoes the sorting; its gradient sorts."""

    @staticmethod
    def forward(ctx: Any, out_PD: Tensor, order_P: Tensor, shape: tuple[int, int]) -> Tensor:
        ctx.save_for_backward(order_P)
        return _to_tokens(out_PD, order_P, shape)

    @staticmethod
    def backward(ctx: Any, grad_NKD: Tensor) -> tuple[Tensor, None, None]:
        (order_P,) = ctx.saved_tensors
        return grad_NKD.flatten(0, 1)[order_P], None, None


def dispatch(x_ND: Tensor, order_P: Tensor, top_k: int) -> Tensor:
    """Tokens in the order of their experts, (P, D); pair p is choice p % K of token p // K."""
    out: Tensor = _Dispatch.apply(x_ND, order_P, top_k)  # type: ignore[no-untyped-call]
    return out


def dispatch_gradient(grad_PD: Tensor, order_P: Tensor, shape: tuple[int, int]) -> Tensor:
    """The gradient of `dispatch`, (N, D), from that of what it gave; `shape` is (N, K)."""
    return _to_tokens(grad_PD, order_P, shape).sum(1)


def combine(out_PD: Tensor, order_P: Tensor, weights_NK: Tensor) -> Tensor:
    """The experts' outputs back at their tokens, weighted and added in FP32, (N, D)."""
    out_NKD: Tensor = _Collect.apply(out_PD, order_P, tuple(weights_NK.shape))  # type: ignore[no-untyped-call]
    return (out_NKD * weights_NK[..., None]).sum(1).to(out_PD.dtype)


def _to_tokens(x_PD: Tensor, order_P: Tensor, shape: tuple[int, int]) -> Tensor:
    """Rows at their pairs' places, (N, K, D), and zeros where a pair is not here."""
    places = shape[0] * shape[1]
    if len(order_P) < places:
        return x_PD.new_zeros(places, x_PD.shape[1]).index_copy_(0, order_P, x_PD).view(*shape, x_PD.shape[1])
    numbers_P = torch.arange(places, device=order_P.device)
    inverse_P = torch.empty_like(order_P).scatter_(0, order_P, numbers_P)
    return x_PD[inverse_P].view(*shape, x_PD.shape[1])
