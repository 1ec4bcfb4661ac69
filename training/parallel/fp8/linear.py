"""Layers that multiply in FP8: linear ones and experts (arXiv 2412.19437, section 3.3.1).

All three products of a layer, forward, gradient of the inputs and gradient of the weights, take FP8 and
give the layer's own type. Weights stay what they are and are quantised at each use; inputs are kept for the
backward pass unquantised, since they are quantised there along the other dimension. Gradients of weights can
wait, as those of `split`.

Shapes: P rows of E groups one after the other, K inputs, O outputs, N tokens, D hidden.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from training.model.attention import Attention
from training.model.experts import Experts
from training.model.layers import MLP
from training.model.transformer import Transformer
from training.parallel.experts import SpreadExperts
from training.parallel.fp8 import dense
from training.parallel.fp8.backend import products
from training.parallel.split import SplitExperts, SplitLinear, gradient_or_wait


class Recipe(NamedTuple):
    """How activations and their gradients are quantised."""

    power_of_two: bool = False
    """Scales are powers of two."""
    square_gradients: bool = False
    """Gradients have one scale for 128 × 128, as weights have: the comparison that appendix B.2 warns of."""


class Fp8Linear(nn.Linear):
    """A linear layer without bias that multiplies in FP8."""

    recipe = Recipe()

    def forward(self, x: Tensor) -> Tensor:
        """(..., K) to (..., O)."""
        flat = x.flatten(0, -2)
        out: Tensor = _Product.apply(flat, self.weight, None, self.recipe)  # type: ignore[no-untyped-call]
        return out.view(*x.shape[:-1], out.shape[-1])


class Fp8Experts(SplitExperts):
    """Experts that multiply in FP8, always group by group."""

    recipe = Recipe()

    def forward(self, x_ND: Tensor, chosen_NK: Tensor, weights_NK: Tensor) -> Tensor:
        """As `Experts`."""
        return self.grouped(x_ND, chosen_NK, weights_NK)

    def multiply_groups(self, x_PD: Tensor, weight_EOD: nn.Parameter, ends_E: Tensor) -> Tensor:
        """As `Experts`."""
        out: Tensor = _Product.apply(x_PD, weight_EOD, ends_E, self.recipe)  # type: ignore[no-untyped-call]
        return out


class Fp8SpreadExperts(SpreadExperts, Fp8Experts):
    """One process's experts in FP8."""


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


class _Product(torch.autograd.Function):
    """x Wᵀ, of each group with its expert's weights if there are groups."""

    @staticmethod
    def forward(
        ctx: Any, x_PK: Tensor, weight: nn.Parameter, ends_E: Tensor | None, recipe: Recipe
    ) -> Tensor:
        ctx.save_for_backward(x_PK, weight, ends_E)
        ctx.recipe = recipe
        return _multiply(x_PK, weight, ends_E, recipe.power_of_two, square=False)

    @staticmethod
    def backward(ctx: Any, grad_PO: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        (x_PK, weight, ends_E), recipe = ctx.saved_tensors, ctx.recipe
        grad_x, grad_weight = None, None
        if ctx.needs_input_grad[0]:
            square = recipe.square_gradients
            grad_x = _multiply(grad_PO, weight.mT, ends_E, recipe.power_of_two, square)
        if ctx.needs_input_grad[1]:
            grad_weight = gradient_or_wait(weight, lambda: _of_weight(grad_PO, x_PK, weight, ends_E, recipe))
        return grad_x, grad_weight, None, None


def _multiply(
    x_PK: Tensor, weight: Tensor, ends_E: Tensor | None, power_of_two: bool, square: bool
) -> Tensor:
    """Rows (P, K) times weights (O, K), or each group's times (E, O, K)."""
    way = products(x_PK.device)
    x = way.to_tiles(x_PK, power_of_two=power_of_two, square=square)
    rows, inner = x_PK.shape
    if ends_E is None and dense.takes_blocks(rows, inner, len(weight), x_PK.device, x_PK.dtype):
        return dense.multiply(x, way.to_blocks(weight))
    blocks = way.to_blocks(weight[None] if ends_E is None else weight)
    out: Tensor = way.multiply(x, blocks, _one_group(x_PK) if ends_E is None else ends_E, x_PK.dtype)
    return out


def _of_weight(
    grad_PO: Tensor, x_PK: Tensor, weight: Tensor, ends_E: Tensor | None, recipe: Recipe
) -> Tensor:
    """The gradient of the weights, with their shape and type."""
    way = products(x_PK.device)
    ends = _one_group(x_PK) if ends_E is None else ends_E
    square = recipe.square_gradients
    grad = way.to_columns(grad_PO, ends, power_of_two=recipe.power_of_two, square=square)
    x = way.to_columns(x_PK, ends, power_of_two=recipe.power_of_two)
    tokens = grad.values.shape[1]
    if ends_E is None and dense.takes_columns(len(weight), x_PK.shape[1], tokens, x_PK.device, weight.dtype):
        return dense.of_weight(grad, x)
    out: Tensor = way.of_weight(grad, x, ends, weight.dtype)
    return out.view(weight.shape)


def _one_group(x_PK: Tensor) -> Tensor:
    """All rows; made on the device, so that nobody waits."""
    return torch.full((1,), len(x_PK), dtype=torch.int32, device=x_PK.device)
