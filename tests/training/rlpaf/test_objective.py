"""Each function of the objective, by hand."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
import torch
from torch import Tensor, tensor

from training.rlpaf.algorithm import Normaliser
from training.rlpaf.objective import (
    Tokens,
    clipped,
    effective_sample_size,
    group_advantages,
    importance_weights,
    k3,
    pass_at_rewards,
    policy_loss,
    surrogate,
    token_weights,
    unlikely_rewards,
)


def close(found: Tensor, expected: list[float]) -> None:
    torch.testing.assert_close(found, tensor(expected), rtol=1e-5, atol=1e-6)


def test_advantages_are_distances_from_the_groups_mean() -> None:
    rewards = tensor([1.0, 0.0, 1.0, 0.0, 0.0])
    groups = tensor([0, 1, 0, 1, 0])  # In any order.
    close(group_advantages(rewards, groups, scale_rewards=False), [1 / 3, 0, 1 / 3, 0, -2 / 3])
    deviation = math.sqrt((1 / 9 + 1 / 9 + 4 / 9) / 2)  # Of a sample of three.
    expected = [1 / 3 / deviation, 0, 1 / 3 / deviation, 0, -2 / 3 / deviation]
    close(group_advantages(rewards, groups, scale_rewards=True), expected)


@pytest.mark.parametrize("scale_rewards", [False, True])
def test_groups_of_one_and_groups_without_variance_say_nothing(scale_rewards: bool) -> None:
    # Thirds of three do not add up to one in FP32: equality must not depend on it.
    rewards = tensor([1.0, 0.0, 0.0, 0.1, 0.1, 0.1, 1.0, 0.0])
    groups = tensor([0, 1, 1, 2, 2, 2, 4, 4])  # No group is number 3.
    found = group_advantages(rewards, groups, scale_rewards=scale_rewards)
    assert found[:6].tolist() == [0.0] * 6
    assert found[6] == -found[7] > 0.4
    assert group_advantages(tensor([]), tensor([]).long(), scale_rewards=scale_rewards).tolist() == []


def test_an_unlikely_proof_is_worth_more_than_a_likely_one() -> None:
    rewards = tensor([1.0, 1.0, 0.0, 1.0, 1.0])
    likelihoods = tensor([-1.0, -3.0, -2.0, -9.0, -9.0])
    groups = tensor([0, 0, 0, 1, 1])
    found = unlikely_rewards(rewards, likelihoods, groups, 0.3)
    # Ranks 0, 2, 1 of three; both of the second group are likeliest.
    close(found, [1 - 0.3, 1 - 0.3 * 1 / 3, 0.0, 0.7, 0.7])
    assert unlikely_rewards(rewards, likelihoods, groups, 0.0).tolist() == rewards.tolist()


def gain(rewards: list[float], k: int, number: int) -> float:
    """What a completion adds to the best of k, on average over its companions, by trying all of them."""
    others = [reward for place, reward in enumerate(rewards) if place != number]
    subsets = list(combinations(others, k - 1))
    best = [max(rewards[number], *subset, 0) - max(*subset, 0, 0) for subset in subsets]
    return k * sum(best) / len(best)


@pytest.mark.parametrize("k", [1, 2, 3, 5, 6])
def test_rewards_of_pass_at_k_are_what_a_completion_adds(k: int) -> None:
    sets = [[1.0, 0.0, 0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 1.0, 0.0, 0.0], [1.0] * 5 + [0.0], [0.0] * 6]
    groups = tensor([0, 1, 2, 3]).repeat_interleave(6)
    found = pass_at_rewards(tensor(sets).flatten(), groups, k)
    close(found, [gain(rewards, k, number) for rewards in sets for number in range(6)])


def test_rewards_of_pass_at_k_in_a_group_of_less() -> None:
    rewards, groups = tensor([1.0, 0.0, 1.0, 1.0]), tensor([0, 0, 2, 2])  # Faults were left out.
    close(pass_at_rewards(rewards, groups, 8), [2.0, 0.0, 0.0, 0.0])
    assert pass_at_rewards(tensor([]), tensor([]).long(), 4).tolist() == []


@pytest.mark.parametrize(
    ("normaliser", "expected"),
    [
        ("sequence", [1 / 6, 1 / 6, 1 / 3, 1 / 9, 1 / 9, 1 / 9]),
        ("token", [1 / 6] * 6),
        ("constant", [1 / 30] * 6),
    ],
)
def test_normalisers(normaliser: Normaliser, expected: list[float]) -> None:
    close(token_weights(tensor([0, 0, 1, 2, 2, 2]), 3, normaliser, 10), expected)


def test_the_correction_is_truncated_and_has_no_gradient() -> None:
    old, sampler = tensor([-1.0, -1.0, -1.0], requires_grad=True), tensor([-1.5, -0.5, -3.0])
    found = importance_weights(old, sampler, 2.0)
    close(found, [math.exp(0.5), math.exp(-0.5), 2.0])
    assert not found.requires_grad
    assert importance_weights(old, sampler, 0.0).tolist() == [1.0, 1.0, 1.0]


def test_k3_is_not_negative_and_right_on_average() -> None:
    close(k3(tensor([-1.0, -2.0]), tensor([-1.0, -1.0])), [0.0, math.e - 2])
    policy, reference = tensor([0.7, 0.2, 0.1]), tensor([0.3, 0.3, 0.4])
    estimates = k3(policy.log(), reference.log())
    assert (estimates >= 0).all()
    torch.testing.assert_close((policy * estimates).sum(), (policy * (policy / reference).log()).sum())


def test_the_surrogate_is_clipped_where_it_would_go_too_far() -> None:
    ratios = tensor([0.5, 0.5, 1.0, 1.5, 1.5])
    advantages = tensor([2.0, -2.0, 2.0, 2.0, -2.0])
    logprobs = ratios.log().requires_grad_()
    old = torch.zeros(5)
    loss = surrogate(logprobs, old, advantages, 0.2, 0.28)
    close(loss, [-1.0, 1.6, -2.0, -2.56, 3.0])
    loss.sum().backward()  # type: ignore[no-untyped-call]
    assert logprobs.grad is not None
    close(logprobs.grad, [-1.0, 0.0, -2.0, 0.0, 3.0])
    low, high = clipped(logprobs, old, advantages, 0.2, 0.28)
    assert low.tolist() == [False, True, False, False, False]
    assert high.tolist() == [False, False, False, True, False]
    assert torch.equal(logprobs.grad == 0, low | high)


def test_the_loss_puts_them_together() -> None:
    logprobs, old = tensor([0.5, 1.0, 1.5]).log(), torch.zeros(3)
    advantages, weights = tensor([2.0, 1.0, 2.0]), tensor([0.1, 0.2, 0.3])
    tokens = Tokens(old, advantages, weights, tensor([2.0, 1.0, 0.5]))
    found = policy_loss(logprobs, tokens, clip_low=0.2, clip_high=0.2, kl=0.5)
    close(found, [0.1 * 2 * -1, 0.2 * -1, 0.3 * 0.5 * -2.4])
    tokens = Tokens(old, advantages, weights, torch.ones(3), logprobs + 1)
    found = policy_loss(logprobs, tokens, clip_low=0.2, clip_high=0.2, kl=0.5)
    penalty = 0.5 * (math.e - 2)
    close(found, [0.1 * (penalty - 1), 0.2 * (penalty - 1), 0.3 * (penalty - 2.4)])
    part = policy_loss(logprobs[1:], tokens.part(slice(1, 3)), clip_low=0.2, clip_high=0.2, kl=0.5)
    assert torch.equal(part, found[1:])


def test_effective_sample_size() -> None:
    assert effective_sample_size(6.0, 12.0, 3) == 1.0  # 2, 2, 2
    assert effective_sample_size(4.0, 10.0, 2) == pytest.approx(0.8)  # 1, 3
    assert effective_sample_size(0.0, 0.0, 0) == 1.0
