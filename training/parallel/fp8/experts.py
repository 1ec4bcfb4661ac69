"""Experts that multiply in FP8, and what travels to and from them (arXiv 2412.19437, section 3.3.3).

Their inputs are quantised before they are dispatched, once for each token, and multiplied as they arrive; and
so are the gradients of what was combined, in the backward pass. Both are packed (`wire`). What comes back of
either is in the layer's own type: the experts' sums, and the gradients of the tokens.

Only for the weights' gradients is what was packed dequantised, and quantised again along the other dimension.
Both times scales are powers of two, under which E4M3 rounds alike unless a number is some ten thousand times
smaller than its tile's largest: so the second time adds next to no error.

The gradient of a choice's output is that of its token times the choice's weight, which is no power of two.
So the weight goes where it makes no error: into the scales for the gradient of the inputs, and to the inputs
for the gradient of the weights, before they are quantised.

An expert computes the same wherever it is: one process alone packs, too.

Shapes: N tokens, K experts a token, P pairs of token and expert in E groups one after the other, D hidden,
I an expert's width, B bytes of a packed row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.model.experts import combine, dispatch_gradient
from training.parallel.experts import SpreadExperts
from training.parallel.fp8.backend import products
from training.parallel.fp8.linear import Recipe, multiply, of_weight, product
from training.parallel.fp8.tiles import Quantised, from_tiles
from training.parallel.fp8.wire import pack, unpack
from training.parallel.gradients import stand_in
from training.parallel.split import SplitExperts, gradient_or_wait
from training.parallel.spread import Leg, bring_back, send_again


class Fp8Experts(SplitExperts):
    """Experts that multiply in FP8, always group by group."""

    recipe = Recipe()

    def compute(
        self, x_ND: Tensor, chosen_NK: Tensor, weights_NK: Tensor, pairs: int | None = None
    ) -> Tensor:
        """As `Experts`."""
        return self.of_packed(x_ND, pack(x_ND), chosen_NK, weights_NK, pairs, ())

    def of_packed(
        self,
        x_ND: Tensor,
        packed_NB: Tensor,
        chosen_NK: Tensor,
        weights_NK: Tensor,
        pairs: int | None,
        legs: Sequence[Leg],
    ) -> Tensor:
        """As `compute`, of tokens that are packed and have come over some hops, which the sums go back over;
        of `x_ND` only the gradient is used."""
        order_P, ends_E = self.sort(chosen_NK, pairs)
        shape = chosen_NK.shape[0], chosen_NK.shape[1]
        x_PD = stand_in(x_ND, len(order_P), lambda grad_PD: dispatch_gradient(grad_PD, order_P, shape))
        packed_PB = packed_NB[order_P // shape[1]]
        gate_PI, up_PI = product(x_PD, self.gate_up_proj, ends_E, self.recipe, packed_PB).chunk(2, dim=-1)
        out: Tensor = _Combined.apply(  # type: ignore[no-untyped-call]
            F.silu(gate_PI) * up_PI, self.down_proj, weights_NK, order_P, ends_E, self.recipe, legs
        )
        return out


class Fp8SpreadExperts(SpreadExperts, Fp8Experts):
    """One process's experts in FP8. Tokens and the gradients of their sums travel in FP8, the sums and the
    gradients of the tokens do not."""

    def pack(self, x_ND: Tensor) -> Tensor:
        """As `SpreadExperts`."""
        return pack(x_ND)

    def here(
        self,
        x_ND: Tensor,
        packed_NB: Tensor | None,
        chosen_NK: Tensor,
        weights_NK: Tensor,
        pairs: int | None,
        legs: Sequence[Leg],
    ) -> Tensor:
        """As `SpreadExperts`."""
        assert packed_NB is not None, "it was packed"
        return self.of_packed(x_ND, packed_NB, chosen_NK, weights_NK, pairs, legs)


class _Combined(torch.autograd.Function):
    """The experts' second product, its rows weighted and added up for each token, and the sums brought back.

    One function, since autograd hands on no gradient in another form than that of what it is of: here it is
    packed as it comes in, and unpacked behind the last hop.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x_PI: Tensor,
        weight_EDI: nn.Parameter,
        weights_NK: Tensor,
        order_P: Tensor,
        ends_E: Tensor,
        recipe: Recipe,
        legs: Sequence[Leg],
    ) -> Tensor:
        x = products(x_PI.device).to_tiles(x_PI, power_of_two=recipe.power_of_two)
        out_PD = multiply(x, weight_EDI, ends_E, x_PI.dtype)
        ctx.save_for_backward(x_PI, weight_EDI, weights_NK, order_P, ends_E, out_PD)
        ctx.recipe, ctx.legs = recipe, legs
        return bring_back(combine(out_PD, order_P, weights_NK), legs)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(
        ctx: Any, grad: Tensor
    ) -> tuple[Tensor | None, Tensor | None, Tensor | None, None, None, None, None]:
        (x_PI, weight_EDI, weights_NK, order_P, ends_E, out_PD), recipe = ctx.saved_tensors, ctx.recipe
        packed_NB = send_again(pack(grad), ctx.legs)
        of_token = unpack(packed_NB[order_P // weights_NK.shape[1]], out_PD.shape[1])
        weights_P = weights_NK.flatten()[order_P]
        grad_x, grad_weight, grad_weights = None, None, None
        if ctx.needs_input_grad[0]:
            of_row = Quantised(of_token.values, of_token.scales * weights_P[:, None])
            grad_x = multiply(of_row, weight_EDI.mT, ends_E, x_PI.dtype)
        if ctx.needs_input_grad[1]:

            def make() -> Tensor:
                return of_weight(of_token, x_PI * weights_P[:, None], weight_EDI, ends_E, recipe)

            grad_weight = gradient_or_wait(weight_EDI, make)
        if ctx.needs_input_grad[2]:
            dots_P = (from_tiles(of_token) * out_PD).sum(1).to(weights_NK.dtype)
            grad_weights = torch.zeros_like(weights_NK).flatten().index_copy(0, order_P, dots_P)
            grad_weights = grad_weights.view_as(weights_NK)
        return grad_x, grad_weight, grad_weights, None, None, None, None
