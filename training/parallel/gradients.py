"""Sums of gradients over many micro-batches, in FP32 whatever the weights are in, side by side in one row.

BF16 has eight bits: behind a few hundred micro-batches a gradient would no longer change its sum. What a
backward pass makes is added here at once, by autograd or by a `WeightQueue`, and `.grad` stays empty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

_SUM, _LAST = "gradient_sum", "gradient_added"


class GradientSums:
    """The sums of some parameters, in their order."""

    def __init__(self, parameters: Sequence[nn.Parameter], padding: int) -> None:
        """`padding`: zeros behind them. A parameter can have one sum only."""
        size = sum(parameter.numel() for parameter in parameters)
        self.flat = torch.zeros(size + padding, device=parameters[0].device)
        start = 0
        for parameter in parameters:
            assert not hasattr(parameter, _SUM), "gradients are added up in one place"
            end = start + parameter.numel()
            setattr(parameter, _SUM, self.flat[start:end].view_as(parameter))
            parameter.register_post_accumulate_grad_hook(_take)  # type: ignore[no-untyped-call]
            start = end


@torch.no_grad()
def add_gradient(weight: nn.Parameter, value: Tensor, part: int | None = None) -> None:
    """Add to the gradient of a weight, or of `weight[part]`: to its sum, or to `.grad` if it has none."""
    added: Tensor | None = getattr(weight, _SUM, None)
    if added is None:
        if weight.grad is None:
            weight.grad = torch.zeros_like(weight)
        added = weight.grad
    last: torch.cuda.Event | None = getattr(weight, _LAST, None)
    if last is not None:
        last.wait()
    (added if part is None else added[part]).add_(value)
    if last is not None:
        last.record()


def share_between_streams(weight: Tensor) -> None:
    """Let one gradient be added behind the other, whatever streams they come on."""
    setattr(weight, _LAST, torch.cuda.Event())  # type: ignore[no-untyped-call]


def stand_in(x_ND: Tensor, rows: int, back: Callable[[Tensor], Tensor]) -> Tensor:
    """Rows (`rows`, D) that carry a gradient and no numbers, for what has gone from `x_ND` in another form,
    which autograd does not know. `back` makes of their gradient that of `x_ND`. They take no memory, and who
    reads them finds NaN."""
    out: Tensor = _StandIn.apply(x_ND, rows, back)  # type: ignore[no-untyped-call]
    return out


class _StandIn(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x_ND: Tensor, rows: int, back: Callable[[Tensor], Tensor]) -> Tensor:
        ctx.back = back
        return without_numbers(x_ND, rows)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        return ctx.back(grad), None, None


def without_numbers(x_ND: Tensor, rows: int) -> Tensor:
    """So many rows like those of `x_ND`, all of them one NaN."""
    return x_ND.new_full((), torch.nan).expand(rows, x_ND.shape[1])


def _take(weight: Tensor) -> None:
    assert isinstance(weight, nn.Parameter)
    value, weight.grad = weight.grad, None
    if value is not None:  # It is left for later, else.
        add_gradient(weight, value)
