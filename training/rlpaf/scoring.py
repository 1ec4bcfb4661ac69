"""Log-probs of the tokens of completions, and losses that are functions of them, chunk by chunk.

The logits of a batch would be its largest tensor by far. A loss that depends on the logits through the
log-probs of given tokens alone has the gradient

    ∂L/∂logit_nv = ∂L/∂logprob_n · (1[v = token_n] - softmax_nv)

so it is made in the forward pass while a chunk's logits are there, as `training.sft.objective` does for
cross-entropy, which is the case ∂L/∂logprob = -1.

Shapes: B rows, L places, N places with a target, C of them in a chunk, D hidden, V vocabulary, K experts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.model import Transformer
from training.sft.objective import CHUNK, Batch

TokenLoss = Callable[[Tensor, slice], Tensor]
"""From log-probs (C) and the places of the N that they are of, each token's loss, (C)."""


class Scores(NamedTuple):
    """What a model says to the targets of one micro-batch; nothing here has a gradient but `loss`."""

    logprobs_N: Tensor
    """FP32."""
    entropy: Tensor
    """Of the distributions that they were drawn of, nats, summed over N; 0 with a loss."""
    loss: Tensor
    """Summed over N; 0 without a loss."""
    routing: tuple[Tensor, ...]
    """The experts that each layer chose, as `Transformer.forward` takes them."""


class Scorer(nn.Module):
    """The model with its log-probs, so that FSDP sees a single forward pass in which all weights are used."""

    def __init__(self, model: Transformer) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        batch: Batch,
        loss: TokenLoss | None = None,
        routing: Sequence[Tensor] | None = None,
    ) -> Scores:
        """The targets' log-probs, and the loss of them if there is one. `routing` is replayed."""
        hidden = self.model(
            batch.tokens_BL,
            segments_BL=batch.segments_BL,
            positions_BL=batch.positions_BL,
            parents_BL=batch.parents_BL,
            routing=routing,
        )
        hidden_ND = hidden.hidden_BLD.flatten(0, 1).index_select(0, batch.next.index_N)
        weight_VD, tokens_N = self.model.lm_head.weight, batch.next.tokens_N
        chosen = tuple(routed.chosen_BLK for routed in hidden.routing)
        if loss is None:
            logprobs_N, entropy_N = score(hidden_ND, weight_VD, tokens_N)
            return Scores(logprobs_N, entropy_N.sum(), entropy_N.new_zeros(()), chosen)
        total, logprobs_N = summed_loss(hidden_ND, weight_VD, tokens_N, loss)
        return Scores(logprobs_N, torch.zeros_like(logprobs_N.sum()), total, chosen)


@torch.no_grad()
def score(hidden_ND: Tensor, weight_VD: Tensor, tokens_N: Tensor, size: int = CHUNK) -> tuple[Tensor, Tensor]:
    """The tokens' log-probs, and the entropy of the distribution at each place, FP32 (N) both."""
    logprobs_N = torch.empty(len(tokens_N), device=hidden_ND.device)
    entropy_N = torch.empty_like(logprobs_N)
    for start in range(0, len(tokens_N), size):
        part = slice(start, start + size)
        logprobs_CV = _logprobs(hidden_ND[part], weight_VD)
        logprobs_N[part] = _of(logprobs_CV, tokens_N[part])
        entropy_N[part] = -(logprobs_CV.exp() * logprobs_CV).sum(-1)
    return logprobs_N, entropy_N


def summed_loss(
    hidden_ND: Tensor,
    weight_VD: Tensor,
    tokens_N: Tensor,
    loss: TokenLoss,
    size: int = CHUNK,
) -> tuple[Tensor, Tensor]:
    """The sum of a loss over the tokens, FP32, and their log-probs, which have no gradient, FP32 (N)."""
    out: tuple[Tensor, Tensor] = _SummedLoss.apply(  # type: ignore[no-untyped-call]
        hidden_ND, weight_VD, tokens_N, loss, size
    )
    return out


def _logprobs(hidden_CD: Tensor, weight_VD: Tensor) -> Tensor:
    logits_CV = F.linear(hidden_CD, weight_VD).float()
    return logits_CV.log_softmax(dim=-1)


def _of(logprobs_CV: Tensor, tokens_C: Tensor) -> Tensor:
    return logprobs_CV.gather(1, tokens_C[:, None])[:, 0]


class _SummedLoss(torch.autograd.Function):
    """The gradient is made in the forward pass; the backward pass only scales it."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden_ND: Tensor,
        weight_VD: Tensor,
        tokens_N: Tensor,
        loss: TokenLoss,
        size: int,
    ) -> tuple[Tensor, Tensor]:
        total = hidden_ND.new_zeros((), dtype=torch.float32)
        logprobs_N = torch.empty(len(tokens_N), device=hidden_ND.device)
        grad_hidden_ND = torch.empty_like(hidden_ND)
        grad_weight_VD = torch.zeros_like(weight_VD, dtype=torch.float32)
        for start in range(0, len(tokens_N), size):
            part = slice(start, start + size)
            logprobs_CV = _logprobs(hidden_ND[part], weight_VD)
            logprobs_N[part] = logprobs_C = _of(logprobs_CV, tokens_N[part])
            with torch.enable_grad():
                logprobs_C = logprobs_C.detach().requires_grad_()
                chunk = loss(logprobs_C, part).sum()
            (slope_C,) = torch.autograd.grad(chunk, logprobs_C)
            total += chunk.detach()
            slope_C1 = slope_C[:, None]
            grad_CV = logprobs_CV.exp_().mul_(-slope_C1).scatter_add_(1, tokens_N[part, None], slope_C1)
            grad_CV = grad_CV.to(hidden_ND.dtype)
            torch.mm(grad_CV, weight_VD, out=grad_hidden_ND[part])
            grad_weight_VD += grad_CV.t() @ hidden_ND[part]
        ctx.save_for_backward(grad_hidden_ND, grad_weight_VD)
        ctx.dtype = weight_VD.dtype
        ctx.mark_non_differentiable(logprobs_N)
        return total, logprobs_N

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        grad_hidden_ND, grad_weight_VD = ctx.saved_tensors
        grad_hidden_ND = (grad_hidden_ND * grad).to(grad_hidden_ND.dtype)
        return grad_hidden_ND, (grad_weight_VD * grad).to(ctx.dtype), None, None, None
