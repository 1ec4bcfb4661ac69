"""The loss against TRL's (`GRPOTrainer._compute_loss`), an implementation that is not ours.

TRL is given the log-probs of known logits, so that what is compared is what both make of them: value,
gradient and figures. Only its trainer's settings are set up, not its model or data.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor
from trl.trainer.grpo_trainer import GRPOTrainer
from trl.trainer.utils import nanstd

from training.rlpaf.algorithm import Normaliser
from training.rlpaf.objective import (
    Tokens,
    clipped,
    group_advantages,
    importance_weights,
    k3,
    policy_loss,
    token_weights,
)
from training.rlpaf.scoring import summed_loss

SEQUENCES, LENGTH, VOCABULARY, MAX_TOKENS = 6, 9, 23, 16
NORMALISERS: dict[str, Normaliser] = {
    "grpo": "sequence",
    "bnpo": "token",
    "dapo": "token",
    "dr_grpo": "constant",
}


class Oracle(GRPOTrainer):  # type: ignore[misc]
    """TRL's trainer without what it trains: the log-probs are told."""

    def __init__(self, loss_type: str, settings: Settings) -> None:
        self.loss_type, self.beta = loss_type, settings.kl
        self.epsilon_low, self.epsilon_high = settings.clip_low, settings.clip_high
        self.importance_sampling_level, self.max_completion_length = "token", MAX_TOKENS
        self.use_vllm = self.vllm_importance_sampling_correction = bool(settings.cap)
        self.aux_loss_enabled = self._entropy_bonus_enabled = False
        self.top_entropy_quantile, self.off_policy_mask_threshold = 1.0, None
        self.current_gradient_accumulation_steps = 1
        self.args = SimpleNamespace(delta=None, use_bias_correction_kl=False, steps_per_generation=1)
        self.model = SimpleNamespace(training=True)
        self.accelerator = SimpleNamespace(
            num_processes=1, gather=lambda value: value, reduce=lambda value, reduction: value
        )
        self._metrics = {"train": defaultdict(list)}

    def _get_per_token_logps_and_entropies(self, model: Tensor, *_: Any, **__: Any) -> tuple[Any, ...]:
        return model, torch.zeros_like(model), None


@dataclass(frozen=True)
class Settings:
    """What both are told."""

    clip_low: float = 0.2
    clip_high: float = 0.2
    kl: float = 0.0
    cap: float = 0.0


@dataclass(frozen=True)
class Given:
    """Completions of several lengths; (S, T) but for the advantages."""

    mask: Tensor
    tokens: Tensor
    advantages: Tensor
    old: Tensor
    sampler: Tensor
    reference: Tensor


def given(logprobs: Tensor, tokens: Tensor, generator: torch.Generator) -> Given:
    """Log-probs around the present ones, far enough that ratios are clipped and weights cut."""

    def near(values: Tensor, by: float) -> Tensor:
        return values + by * torch.randn(values.shape, generator=generator)

    lengths = torch.tensor([9, 1, 4, 7, 2, 9])
    rewards = torch.tensor([1.0, 0, 0, 0, 1, 1])
    advantages = group_advantages(rewards, torch.tensor([0, 0, 0, 1, 1, 1]), scale_rewards=True)
    old = near(logprobs, 0.3)
    mask = torch.arange(LENGTH) < lengths[:, None]
    return Given(mask, tokens, advantages, old, near(old, 0.7), near(logprobs, 0.4))


def theirs(loss_type: str, settings: Settings, logprobs: Tensor, data: Given) -> tuple[Tensor, Any]:
    oracle = Oracle(loss_type, settings)
    prompts = torch.zeros(SEQUENCES, 1, dtype=torch.long)
    weights = (data.old - data.sampler).exp().clamp(max=settings.cap)  # As TRL's `token_truncate` has it.
    inputs = {
        "prompt_ids": prompts,
        "prompt_mask": torch.ones_like(prompts),
        "completion_ids": data.tokens,
        "completion_mask": data.mask.long(),
        "advantages": data.advantages,
        "old_per_token_logps": data.old,
        "ref_per_token_logps": data.reference,
        "importance_sampling_ratio": weights,
        "num_items_in_batch": data.mask.sum(),
    }
    return oracle._compute_loss(logprobs, inputs), oracle._metrics["train"]


@pytest.mark.parametrize("loss_type", NORMALISERS)
@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(clip_low=0.1, clip_high=0.28),
        Settings(kl=0.04),
        Settings(cap=2.0),
        Settings(clip_high=0.28, kl=0.3, cap=1.2),
    ],
    ids=str,
)
def test_loss_gradient_and_figures_are_trls(loss_type: str, settings: Settings) -> None:
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(SEQUENCES, LENGTH, 8, generator=generator).requires_grad_()
    weight = torch.randn(VOCABULARY, 8, generator=generator).requires_grad_()
    tokens = torch.randint(0, VOCABULARY, (SEQUENCES, LENGTH), generator=generator)
    logprobs = (hidden @ weight.t()).log_softmax(-1).gather(2, tokens[..., None])[..., 0]
    data = given(logprobs.detach(), tokens, generator)
    expected, metrics = theirs(loss_type, settings, logprobs, data)
    wanted = torch.autograd.grad(expected, [hidden, weight])

    mask = data.mask
    sequences_N = torch.arange(SEQUENCES)[:, None].expand(-1, LENGTH)[mask]
    known = Tokens(
        data.old[mask],
        data.advantages[sequences_N],
        token_weights(sequences_N, SEQUENCES, NORMALISERS[loss_type], MAX_TOKENS),
        importance_weights(data.old[mask], data.sampler[mask], settings.cap),
        data.reference[mask] if settings.kl else None,
    )

    def loss(logprobs_C: Tensor, part: slice) -> Tensor:
        told = {"clip_low": settings.clip_low, "clip_high": settings.clip_high, "kl": settings.kl}
        return policy_loss(logprobs_C, known.part(part), **told)

    found, own_N = summed_loss(hidden[mask], weight, tokens[mask], loss, 10)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
    for one, other in zip(torch.autograd.grad(found, [hidden, weight]), wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)

    low, high = clipped(own_N, known.old_N, known.advantages_N, settings.clip_low, settings.clip_high)
    assert low.any()
    assert high.any()
    assert metrics["clip_ratio/low_mean"] == [pytest.approx(float(low.float().mean()))]
    assert metrics["clip_ratio/high_mean"] == [pytest.approx(float(high.float().mean()))]
    if known.reference_N is not None:
        assert metrics["kl"] == [pytest.approx(float(k3(own_N, known.reference_N).mean()), rel=1e-5)]


def test_scaled_advantages_are_trls() -> None:
    """But for the 10⁻⁴ that TRL adds to the deviation."""
    rewards = torch.tensor([[1.0, 0, 0, 0], [1, 1, 0, 1], [0, 0, 0, 0]])
    mean = rewards.mean(1, keepdim=True)
    expected = (rewards - mean) / (nanstd(rewards, dim=1)[:, None] + 1e-4)
    found = group_advantages(rewards.flatten(), torch.arange(3).repeat_interleave(4), scale_rewards=True)
    torch.testing.assert_close(found.view(3, 4), expected, rtol=1e-3, atol=1e-6)
