"""Log-probs and gradients chunk by chunk, against all logits at once and autograd."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from training.rlpaf.objective import Tokens, policy_loss
from training.rlpaf.scoring import score, summed_loss

PLACES = 50


def inputs(dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor, Tokens]:
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(PLACES, 16, generator=generator).to(dtype).requires_grad_()
    weight = (0.3 * torch.randn(40, 16, generator=generator)).to(dtype).requires_grad_()
    targets = torch.randint(0, 40, (PLACES,), generator=generator)
    old, _ = score(hidden, weight, targets)
    shift = 0.5 * torch.randn(PLACES, generator=generator)
    advantages = torch.randn(PLACES, generator=generator)
    weights, corrections, reference = torch.rand(3, PLACES, generator=generator)
    return hidden, weight, targets, Tokens(old + shift, advantages, weights, corrections, old - reference)


def loss_of(tokens: Tokens, logprobs: Tensor, part: slice) -> Tensor:
    return policy_loss(logprobs, tokens.part(part), clip_low=0.2, clip_high=0.28, kl=0.1)


@pytest.mark.parametrize("size", [7, PLACES, 64])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)])
def test_the_chunked_gradient_is_autograds(size: int, dtype: torch.dtype, tolerance: float) -> None:
    hidden, weight, targets, tokens = inputs(dtype)
    loss, found = summed_loss(hidden, weight, targets, lambda lp, part: loss_of(tokens, lp, part), size)
    (3 * loss).backward()  # type: ignore[no-untyped-call]
    assert not found.requires_grad
    exact_hidden, exact_weight = (value.detach().float().requires_grad_() for value in (hidden, weight))
    dense = (exact_hidden @ exact_weight.t()).log_softmax(-1)
    logprobs = dense.gather(1, targets[:, None])[:, 0]
    exact = loss_of(tokens, logprobs, slice(None)).sum()
    (3 * exact).backward()  # type: ignore[no-untyped-call]
    entropy = -(dense.exp() * dense).sum(-1)
    scored, entropies = score(hidden, weight, targets, size)
    for value, expected in (
        (loss, exact),
        (found, logprobs),
        (scored, logprobs),
        (entropies, entropy),
        (hidden.grad, exact_hidden.grad),
        (weight.grad, exact_weight.grad),
    ):
        assert value is not None
        assert expected is not None
        assert (value.float() - expected).norm() <= tolerance * expected.norm()
    clipped_away = (exact_hidden.grad == 0).all(-1) if exact_hidden.grad is not None else None
    assert clipped_away is not None
    assert not clipped_away.any()  # The KL term still pulls where the ratio is clipped.


def test_no_places_have_no_loss_and_no_gradient() -> None:
    hidden, weight = torch.zeros(0, 16, requires_grad=True), torch.randn(40, 16, requires_grad=True)
    nothing = torch.zeros(0, dtype=torch.long)
    loss, logprobs = summed_loss(hidden, weight, nothing, lambda lp, _: lp)
    loss.backward()  # type: ignore[no-untyped-call]
    assert (float(loss.detach()), len(logprobs)) == (0.0, 0)
    assert weight.grad is not None
    assert not weight.grad.any()
