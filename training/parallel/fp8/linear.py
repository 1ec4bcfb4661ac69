"""Layers that multiply in FP8: linear ones and experts (arXiv 2412.19437, section 3.3.1).

All three products of a layer, forward, gradient of the inputs and gradient of the weights, take FP8 and
give the layer's own type. Weights stay what they are and are quantised at each use; inputs are kept for the
backward pass unquantised, since they are quantised there along the other dimension. Gradients of weights can
wait, as those of `split`.

The experts' inputs are the exception (section 3.3.3). They are quantised before they are dispatched, once for
each token, and multiplied as they arrive; only for the weights' gradient are they dequantised, and quantised
again along the other dimension. Both times scales are powers of two, under which E4M3 rounds alike unless a
number is some ten thousand times smaller than its tile's largest: so the second time adds next to no error.
An expert computes the same wherever it is.

Shapes: P rows of E groups one after the other, K inputs, O outputs, N tokens, D hidden, B bytes of a packed
row.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from training.model.attention import Attention
from training.model.experts import Experts, dispatch_gradient
from training.model.layers import MLP
from training.model.transformer import Transformer
from training.parallel.experts import SpreadExperts
from training.parallel.fp8 import dense
from training.parallel.fp8.backend import products
from training.parallel.fp8.tiles import Quantised
from training.parallel.fp8.wire import pack, unpack
from training.parallel.gradients import stand_in
from training.parallel.split import SplitExperts, SplitLinear, gradient_or_wait


class Recipe(NamedTuple):
    """How activations and their gradients are quantised."""

    power_of_two: bool = False
    """Scales are powers of two; those of the experts' inputs are in any case."""
    square_gradients: bool = False
    """Gradients have one scale for 128 × 128, as weights have: the comparison that appendix B.2 warns of."""


class Fp8Linear(nn.Linear):
    """A linear layer without bias that multiplies in FP8."""

    recipe = Recipe()

    def forward(self, x: Tensor) -> Tensor:
        """(..., K) to (..., O)."""
        flat = x.flatten(0, -2)
        out = _product(flat, self.weight, None, self.recipe)
        return out.view(*x.shape[:-1], out.shape[-1])


class Fp8Experts(SplitExperts):
    """Experts that multiply in FP8, always group by group."""

    recipe = Recipe()

    def forward(
        self, x_ND: Tensor, chosen_NK: Tensor, weights_NK: Tensor, pairs: int | None = None
    ) -> Tensor:
        """As `Experts`."""
        return self.of_packed(x_ND, pack(x_ND), chosen_NK, weights_NK, pairs)

    def of_packed(
        self, x_ND: Tensor, packed_NB: Tensor, chosen_NK: Tensor, weights_NK: Tensor, pairs: int | None
    ) -> Tensor:
        """As `forward`, of tokens that are packed; of `x_ND` only the gradient is used."""
        order_P, ends_E = self.sort(chosen_NK, pairs)
        shape = chosen_NK.shape[0], chosen_NK.shape[1]
        x_PD = stand_in(x_ND, len(order_P), lambda grad_PD: dispatch_gradient(grad_PD, order_P, shape))
        packed_PB = packed_NB[order_P // shape[1]]
        gate_up_P2I = _product(x_PD, self.gate_up_proj, ends_E, self.recipe, packed_PB)
        return self.finish(gate_up_P2I, order_P, ends_E, weights_NK)

    def multiply_groups(self, x_PD: Tensor, weight_EOD: nn.Parameter, ends_E: Tensor) -> Tensor:
        """As `Experts`."""
        return _product(x_PD, weight_EOD, ends_E, self.recipe)


class Fp8SpreadExperts(SpreadExperts, Fp8Experts):
    """One process's experts in FP8; dispatch is in FP8 and combine in BF16."""

    def pack(self, x_ND: Tensor) -> Tensor:
        """As `SpreadExperts`."""
        return pack(x_ND)

    def here(
        self, x_ND: Tensor, packed_NB: Tensor | None, chosen_NK: Tensor, weights_NK: Tensor, pairs: int
    ) -> Tensor:
        """As `SpreadExperts`."""
        assert packed_NB is not None, "it was packed"
        return self.of_packed(x_ND, packed_NB, chosen_NK, weights_NK, pairs)


_IN_FP8: dict[type[nn.Module], type[nn.Module]] = {
    nn.Linear: Fp8Linear,
    SplitLinear: Fp8Linear,
    Experts: Fp8Experts,
    SplitExperts: Fp8Experts,
    SpreadExperts: Fp8SpreadExperts,
}


def use_fp8(model: Transformer, recipe: Recipe = Fp8Linear.recipe) -> None:
    """Let a model's MLPs, experts and projections of attention multiply in FP8, in place.

    Embedding, head, routers, norms, the core of attention and the projection of multi-token prediction stay
    as they are. Experts must be spread before (`spread_experts`).
    """
    for module in model.modules():
        parts: list[nn.Module] = []
        if isinstance(module, Experts):
            parts = [module]
        elif isinstance(module, (Attention, MLP)):
            parts = [part for part in module.children() if isinstance(part, nn.Linear)]
        for part in parts:
            part.__class__ = _IN_FP8.get(type(part), type(part))
            assert isinstance(part, (Fp8Linear, Fp8Experts)), f"{type(part).__name__} has no form in FP8"
            part.recipe = recipe


def _product(
    x_PK: Tensor,
    weight: Tensor,
    ends_E: Tensor | None,
    recipe: Recipe,
    packed_PB: Tensor | None = None,
) -> Tensor:
    out: Tensor = _Product.apply(x_PK, weight, ends_E, recipe, packed_PB)  # type: ignore[no-untyped-call]
    return out


class _Product(torch.autograd.Function):
    """x Wᵀ, of each group with its expert's weights if there are groups. `packed_PB`: what x is, packed; of
    `x_PK` then nothing but the gradient is used."""

    @staticmethod
    def forward(
        ctx: Any,
        x_PK: Tensor,
        weight: nn.Parameter,
        ends_E: Tensor | None,
        recipe: Recipe,
        packed_PB: Tensor | None,
    ) -> Tensor:
        ctx.save_for_backward(x_PK if packed_PB is None else packed_PB, weight, ends_E)
        ctx.recipe, ctx.packed = recipe, packed_PB is not None
        if packed_PB is None:
            x = products(x_PK.device).to_tiles(x_PK, power_of_two=recipe.power_of_two)
        else:
            x = unpack(packed_PB, x_PK.shape[1])
        return _multiply(x, weight, ends_E, x_PK.dtype)

    @staticmethod
    def backward(ctx: Any, grad_PO: Tensor) -> tuple[Tensor | None, Tensor | None, None, None, None]:
        (kept, weight, ends_E), recipe = ctx.saved_tensors, ctx.recipe
        grad_x, grad_weight = None, None
        if ctx.needs_input_grad[0]:
            grad = products(grad_PO.device).to_tiles(
                grad_PO, power_of_two=recipe.power_of_two, square=recipe.square_gradients
            )
            grad_x = _multiply(grad, weight.mT, ends_E, grad_PO.dtype)
        if ctx.needs_input_grad[1]:
            packed = ctx.packed

            def make() -> Tensor:
                x = unpack(kept, weight.shape[-1]) if packed else kept
                return _of_weight(grad_PO, x, weight, ends_E, recipe)

            grad_weight = gradient_or_wait(weight, make)
        return grad_x, grad_weight, None, None, None


def _multiply(x: Quantised, weight: Tensor, ends_E: Tensor | None, dtype: torch.dtype) -> Tensor:
    """Rows (P, K) times weights (O, K), or each group's times (E, O, K)."""
    device, (rows, inner) = x.values.device, x.values.shape
    way = products(device)
    if ends_E is None and dense.takes_blocks(rows, inner, len(weight), device, dtype):
        return dense.multiply(x, way.to_blocks(weight))
    blocks = way.to_blocks(weight[None] if ends_E is None else weight)
    out: Tensor = way.multiply(x, blocks, _one_group(x.values) if ends_E is None else ends_E, dtype)
    return out


def _of_weight(
    grad_PO: Tensor, x: Tensor | Quantised, weight: Tensor, ends_E: Tensor | None, recipe: Recipe
) -> Tensor:
    """The gradient of the weights, with their shape and type. Tiles of x, which go along the rows, are made
    new along the columns: the one place where what was quantised is dequantised."""
    device = grad_PO.device
    way = products(device)
    ends = _one_group(grad_PO) if ends_E is None else ends_E
    square = recipe.square_gradients
    grad = way.to_columns(grad_PO, ends, power_of_two=recipe.power_of_two, square=square)
    columns = way.to_columns(x, ends, power_of_two=recipe.power_of_two or isinstance(x, Quantised))
    tokens = grad.values.shape[1]
    if ends_E is None and dense.takes_columns(len(weight), weight.shape[1], tokens, device, weight.dtype):
        return dense.of_weight(grad, columns)
    out: Tensor = way.of_weight(grad, columns, ends, weight.dtype)
    return out.view(weight.shape)


def _one_group(x_PK: Tensor) -> Tensor:
    """All rows; made on the device, so that nobody waits."""
    return torch.full((1,), len(x_PK), dtype=torch.int32, device=x_PK.device)
