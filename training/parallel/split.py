"""Backward passes in two parts: the gradients of the inputs now, those of the weights when there is time.

The stage before waits for the gradient of its outputs; for that of the weights nobody waits, so a pipeline
fills gaps with them (zero bubble, arXiv 2401.10241). While a `WeightQueue` collects, the matrix products
of a backward pass leave their weights' part behind as a closure. Norms, embeddings and routers do not: their
gradients cost next to nothing. Nor does the head in a loss, whose gradient is made in the forward pass.

Torch's own way is to walk the graph twice, which runs a custom function's backward pass both times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.model.experts import Experts
from training.parallel.gradients import add_gradient

_collecting: list[WeightQueue] = []
"""The one that collects now, if any. Global, since a backward pass on a GPU runs in threads of its own."""


class WeightQueue:
    """The weights' part of a backward pass."""

    def __init__(self) -> None:
        self._work: list[Callable[[], None]] = []

    def __len__(self) -> int:
        """Gradients that are still to be made."""
        return len(self._work)

    @contextmanager
    def collect(self) -> Iterator[None]:
        """A backward pass inside leaves its weights' part here. Not within another such pass."""
        assert not _collecting, "one backward pass at a time is split"
        _collecting.append(self)
        try:
            yield
        finally:
            _collecting.pop()

    def put(self, work: Callable[[], None]) -> None:
        """One gradient, to be made later."""
        self._work.append(work)

    @torch.no_grad()
    def run(self) -> None:
        """Make them all."""
        while self._work:
            self._work.pop(0)()


def make_splittable(module: nn.Module) -> None:
    """Let the gradients of all matrices of a module wait, in place: its linear layers, and its experts."""
    for part in module.modules():
        if type(part) is nn.Linear:
            assert part.bias is None, "the model has no biases"
            part.__class__ = SplitLinear
        elif type(part) is Experts:
            part.__class__ = SplitExperts


class SplitLinear(nn.Linear):
    """A linear layer without bias whose weight's gradient can wait."""

    def forward(self, x: Tensor) -> Tensor:
        """(..., I) to (..., O)."""
        out: Tensor = _Linear.apply(x, self.weight, None)  # type: ignore[no-untyped-call]
        return out


class SplitExperts(Experts):
    """Experts whose weights' gradients can wait."""

    def multiply(self, x_ND: Tensor, weight_EOD: nn.Parameter, expert: int) -> Tensor:
        """As `Experts`."""
        out: Tensor = _Linear.apply(x_ND, weight_EOD, expert)  # type: ignore[no-untyped-call]
        return out

    def multiply_groups(self, x_PD: Tensor, weight_EOD: nn.Parameter, ends_E: Tensor) -> Tensor:
        """As `Experts`."""
        out: Tensor = _GroupedLinear.apply(x_PD, weight_EOD, ends_E)  # type: ignore[no-untyped-call]
        return out


class _Linear(torch.autograd.Function):
    """x Wᵀ, where W is `weight` (O, I), or one expert's part of it (E, O, I)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: nn.Parameter, expert: int | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.expert = expert
        return F.linear(x, weight if expert is None else weight[expert])

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        (x, weight), expert = ctx.saved_tensors, ctx.expert
        here = weight if expert is None else weight[expert]
        grad_x = grad @ here if ctx.needs_input_grad[0] else None

        def of_weight() -> Tensor:
            out: Tensor = grad.flatten(0, -2).t() @ x.flatten(0, -2)
            return out

        if not ctx.needs_input_grad[1]:
            return grad_x, None, None
        if _collecting:
            _collecting[-1].put(lambda: add_gradient(weight, of_weight(), expert))
            return grad_x, None, None
        if expert is None:
            return grad_x, of_weight(), None
        whole = torch.zeros_like(weight)
        whole[expert] = of_weight()
        return grad_x, whole, None


class _GroupedLinear(torch.autograd.Function):
    """Each group of rows times its expert's weights; expert e's rows end at `ends_E[e]`."""

    @staticmethod
    def forward(ctx: Any, x_PD: Tensor, weight_EOD: nn.Parameter, ends_E: Tensor) -> Tensor:
        ctx.save_for_backward(x_PD, weight_EOD, ends_E)
        out: Tensor = F.grouped_mm(x_PD, weight_EOD.transpose(1, 2), offs=ends_E)
        return out

    @staticmethod
    def backward(ctx: Any, grad_PO: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x_PD, weight_EOD, ends_E = ctx.saved_tensors
        grad_PO = grad_PO.contiguous()
        grad_x = F.grouped_mm(grad_PO, weight_EOD, offs=ends_E) if ctx.needs_input_grad[0] else None

        def of_weight() -> Tensor:
            out: Tensor = F.grouped_mm(grad_PO.t(), x_PD, offs=ends_E)
            return out

        if not ctx.needs_input_grad[1]:
            return grad_x, None, None
        return grad_x, gradient_or_wait(weight_EOD, of_weight), None


def gradient_or_wait(weight: nn.Parameter, make: Callable[[], Tensor]) -> Tensor | None:
    """A whole weight's gradient; None if a queue collects, which makes it later."""
    if not _collecting:
        return make()
    _collecting[-1].put(lambda: add_gradient(weight, make()))
    return None
