"""What is minimised: cross-entropy on the completions, multi-token prediction, sequence-wise balance.

One module around the model, so that FSDP sees a single forward pass in which all weights are used. The
logits of a batch would be its largest tensor by far, so cross-entropy and its gradient are made chunk by
chunk, and only where there is a target.

Shapes: B rows, L places, N places with a target, D hidden, V vocabulary, M layers with experts, E experts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.model import Transformer
from training.model.router import Routing
from training.model.transformer import Hidden
from training.sft.packing import IGNORED, PADDING, Ints, Rows

CHUNK = 8192
"""Places whose logits are in memory at the same time."""

Chunk = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


class Targets(NamedTuple):
    """Where a loss is taken, and what should stand there."""

    index_N: Tensor
    """Places in the flattened batch."""
    tokens_N: Tensor


class Batch(NamedTuple):
    """One micro-batch on its device."""

    tokens_BL: Tensor
    segments_BL: Tensor | None
    """None: each row is one document."""
    positions_BL: Tensor | None
    next: Targets
    second: Targets | None
    """For multi-token prediction."""
    parents_BL: Tensor | None = None
    """For each token the document that its own goes on from (`Transformer.forward`)."""


class Losses(NamedTuple):
    """What a forward pass gives; sums, so that batches can be added up."""

    next: Tensor
    """Cross-entropy in nats, summed over the targets."""
    second: Tensor
    """The same for multi-token prediction; 0 without it."""
    balance: Tensor
    """The sequence-wise term without its factor, summed over layers and rows."""
    counts_ME: Tensor
    """Tokens that each expert got."""


class Objective(nn.Module):
    """The model with its loss."""

    def __init__(self, model: Transformer, compile_: bool) -> None:
        super().__init__()
        self.model = model
        self._chunk: Chunk = torch.compile(cross_entropy_chunk) if compile_ else cross_entropy_chunk

    def forward(self, batch: Batch) -> Losses:
        """The losses of one micro-batch."""
        hidden = self.model(
            batch.tokens_BL,
            segments_BL=batch.segments_BL,
            positions_BL=batch.positions_BL,
            parents_BL=batch.parents_BL,
        )
        return self.losses(hidden, batch)

    def losses(self, hidden: Hidden, batch: Batch) -> Losses:
        """The losses of a forward pass over the micro-batch."""
        first = self._cross_entropy(hidden.hidden_BLD, batch.next)
        second = torch.zeros_like(first)
        if batch.second is not None and hidden.mtp_hidden_BLD is not None:
            second = self._cross_entropy(hidden.mtp_hidden_BLD, batch.second)
        return Losses(first, second, *balance_of(hidden.routing, batch))

    def _cross_entropy(self, hidden_BLD: Tensor, targets: Targets) -> Tensor:
        hidden_ND = hidden_BLD.flatten(0, 1).index_select(0, targets.index_N)
        weight_VD = self.model.lm_head.weight
        return cross_entropy(hidden_ND, weight_VD, targets.tokens_N, chunk=self._chunk)


def balance_of(routing: Sequence[Routing], batch: Batch) -> tuple[Tensor, Tensor]:
    """The last two of `Losses`, of the layers whose routing is given."""
    if not routing:
        zero = torch.zeros((), device=batch.tokens_BL.device)
        return zero, torch.zeros(0, device=zero.device)
    balance = torch.stack([routed.balance_loss for routed in routing]).sum() * len(batch.tokens_BL)
    return balance, torch.stack([routed.counts_E for routed in routing]).detach()


def make_batch(rows: Rows, device: torch.device, *, second: bool, parents_RL: Ints | None = None) -> Batch:
    """A micro-batch of rows on the device; `second`: with targets for multi-token prediction.

    Rows that are one document each are said to be so: plain causal attention is faster than any mask.
    """

    def place(values: Any) -> Tensor:
        tensor = torch.from_numpy(values)
        if device.type != "cuda":
            return tensor.long()
        return tensor.pin_memory().to(device, non_blocking=True).long()

    def targets(values_RL: Any) -> Targets:
        flat = values_RL.reshape(-1)
        index = (flat != IGNORED).nonzero()[0]
        return Targets(place(index), place(flat[index]))

    packed = bool(rows.segments_RL.any())
    return Batch(
        place(rows.tokens_RL),
        place(rows.segments_RL) if packed else None,
        place(rows.positions_RL) if packed else None,
        targets(rows.targets_RL),
        targets(rows.second_targets_RL) if second else None,
        place(parents_RL) if packed and parents_RL is not None else None,
    )


def real_tokens(rows: Rows) -> int:
    """How many places are no padding."""
    return int((rows.segments_RL != PADDING).sum())


def cross_entropy(
    hidden_ND: Tensor, weight_VD: Tensor, targets_N: Tensor, *, chunk: Chunk, size: int = CHUNK
) -> Tensor:
    """Cross-entropy in nats of the head's logits, summed over N; FP32 whatever the inputs are."""
    if torch.is_grad_enabled():
        out: Tensor = _CrossEntropy.apply(hidden_ND, weight_VD, targets_N, chunk, size)  # type: ignore[no-untyped-call]
        return out
    total = hidden_ND.new_zeros((), dtype=torch.float32)
    for start in range(0, len(hidden_ND), size):
        logits_CV = F.linear(hidden_ND[start : start + size], weight_VD).float()
        total += F.cross_entropy(logits_CV, targets_N[start : start + size], reduction="sum")
    return total


def cross_entropy_chunk(hidden_CD: Tensor, weight_VD: Tensor, targets_C: Tensor) -> tuple[Tensor, Tensor]:
    """The summed loss of one chunk, and its gradient by the logits: softmax minus the target's one."""
    logits_CV = F.linear(hidden_CD, weight_VD).float()
    logprobs_CV = logits_CV.log_softmax(dim=-1)
    loss = -logprobs_CV.gather(1, targets_C[:, None]).sum()
    vocabulary = torch.arange(logits_CV.shape[1], device=targets_C.device)
    grad_CV = logprobs_CV.exp() - (targets_C[:, None] == vocabulary).float()
    return loss, grad_CV.to(hidden_CD.dtype)


class _CrossEntropy(torch.autograd.Function):
    """The gradient is made in the forward pass, while a chunk's logits are there, instead of making them
    a second time; the backward pass only scales it."""

    @staticmethod
    def forward(
        ctx: Any, hidden_ND: Tensor, weight_VD: Tensor, targets_N: Tensor, chunk: Chunk, size: int
    ) -> Tensor:
        total = hidden_ND.new_zeros((), dtype=torch.float32)
        grad_hidden_ND = torch.empty_like(hidden_ND)
        grad_weight_VD = torch.zeros_like(weight_VD, dtype=torch.float32)
        for start in range(0, len(hidden_ND), size):
            part = slice(start, start + size)
            loss, grad_CV = chunk(hidden_ND[part], weight_VD, targets_N[part])
            total += loss
            torch.mm(grad_CV, weight_VD, out=grad_hidden_ND[part])
            grad_weight_VD += grad_CV.t() @ hidden_ND[part]
        ctx.save_for_backward(grad_hidden_ND, grad_weight_VD)
        ctx.dtype = weight_VD.dtype
        return total

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        grad_hidden_ND, grad_weight_VD = ctx.saved_tensors
        return (
            (grad_hidden_ND * grad).to(grad_hidden_ND.dtype),
            (grad_weight_VD * grad).to(ctx.dtype),
            None,
            None,
            None,
        )
