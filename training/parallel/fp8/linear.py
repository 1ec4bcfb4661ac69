"""Linear layers that multiply in FP8 (arXiv 2412.19437, section 3.3.1), and the products of experts.

All three products of a layer, forward, gradient of the inputs and gradient of the weights, take FP8 and
give the layer's own type. Weights stay what they are and are quantised at each use; inputs are kept for the
backward pass unquantised, since they are quantised there along the other dimension. Gradients of weights can
wait, as those of `split`.

Shapes: P rows of E groups one after the other, K inputs, O outputs, B bytes of a packed row.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from training.parallel.fp8 import dense
from training.parallel.fp8.backend import products
from training.parallel.fp8.tiles import Quantised
from training.parallel.fp8.wire import unpack
from training.parallel.split import gradient_or_wait


class Recipe(NamedTuple):
    """How activations and their gradients are quantised."""

    power_of_two: bool = False
    """Scales are powers of two; those of what is dispatched are in any case."""
    square_gradients: bool = False
    """Gradients have one scale for 128 × 128, as weights have: the comparison that appendix B.2 warns of.
    What is dispatched has tiles in any case."""


class Fp8Linear(nn.Linear):
    """A linear layer without bias that multiplies in FP8."""

    recipe = Recipe()

    def forward(self, x: Tensor) -> Tensor:
        """(..., K) to (..., O)."""
        flat = x.flatten(0, -2)
        out = product(flat, self.weight, None, self.recipe)
        return out.view(*x.shape[:-1], out.shape[-1])


def product(
    x_PK: Tensor,
    weight: Tensor,
    ends_E: Tensor | None,
    recipe: Recipe,
    packed_PB: Tensor | None = None,
) -> Tensor:
    """x Wᵀ, of each group with its expert's weights if there are groups. `packed_PB`: what x is, packed; of
    `x_PK` then nothing but the gradient is used."""
    out: Tensor = _Product.apply(x_PK, weight, ends_E, recipe, packed_PB)  # type: ignore[no-untyped-call]
    return out


class _Product(torch.autograd.Function):
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
        return multiply(x, weight, ends_E, x_PK.dtype)

    @staticmethod
    def backward(ctx: Any, grad_PO: Tensor) -> tuple[Tensor | None, Tensor | None, None, None, None]:
        (kept, weight, ends_E), recipe = ctx.saved_tensors, ctx.recipe
        grad_x, grad_weight = None, None
        if ctx.needs_input_grad[0]:
            grad = products(grad_PO.device).to_tiles(
                grad_PO, power_of_two=recipe.power_of_two, square=recipe.square_gradients
            )
            grad_x = multiply(grad, weight.mT, ends_E, grad_PO.dtype)
        if ctx.needs_input_grad[1]:
            packed = ctx.packed

            def make() -> Tensor:
                x = unpack(kept, weight.shape[-1]) if packed else kept
                return of_weight(grad_PO, x, weight, ends_E, recipe)

            grad_weight = gradient_or_wait(weight, make)
        return grad_x, grad_weight, None, None, None


def multiply(x: Quantised, weight: Tensor, ends_E: Tensor | None, dtype: torch.dtype) -> Tensor:
    """Rows (P, K) times weights (O, K), or each group's times (E, O, K)."""
    device, (rows, inner) = x.values.device, x.values.shape
    way = products(device)
    if ends_E is None and dense.takes_blocks(rows, inner, len(weight), device, dtype):
        return dense.multiply(x, way.to_blocks(weight))
    blocks = way.to_blocks(weight[None] if ends_E is None else weight)
    out: Tensor = way.multiply(x, blocks, _one_group(x) if ends_E is None else ends_E, dtype)
    return out


def of_weight(
    grad: Tensor | Quantised, x: Tensor | Quantised, weight: Tensor, ends_E: Tensor | None, recipe: Recipe
) -> Tensor:
    """The gradient of the weights, with their shape and type, of (P, O) and (P, K). Tiles, which go along the
    rows, are made new along the columns: the one place where what was quantised is dequantised."""
    device = weight.device
    way = products(device)
    ends = _one_group(grad) if ends_E is None else ends_E
    again, exact = isinstance(grad, Quantised), recipe.power_of_two
    square = recipe.square_gradients and not again
    rows = way.to_columns(grad, ends, power_of_two=exact or again, square=square)
    columns = way.to_columns(x, ends, power_of_two=exact or isinstance(x, Quantised))
    tokens = rows.values.shape[1]
    if ends_E is None and dense.takes_columns(len(weight), weight.shape[1], tokens, device, weight.dtype):
        return dense.of_weight(rows, columns)
    out: Tensor = way.of_weight(rows, columns, ends, weight.dtype)
    return out.view(weight.shape)


def _one_group(x: Tensor | Quantised) -> Tensor:
    """All rows; made on the device, so that nobody waits."""
    x_PK = x.values if isinstance(x, Quantised) else x
    return torch.full((1,), len(x_PK), dtype=torch.int32, device=x_PK.device)
