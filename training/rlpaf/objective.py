"""What is minimised, as functions of tensors: advantages, the clipped surrogate, KL, corrections, figures.

The objective is that of GRPO (arXiv 2402.03300, equation 3) with the changes made since, each of which is a
parameter here (`training.rlpaf.algorithm.PRESETS` has their sources):

    L = Σ_n w_n · (c_n · max(-r_n A_n, -clip(r_n, 1 - ε_low, 1 + ε_high) A_n) + β k3_n)

over the tokens n of all completions of a step, where r_n is the probability of the token now over that before
the step's batch, A_n the advantage of its completion, w_n the normaliser, c_n the correction for the sampler.

Shapes: S completions, N tokens of all of them, in any order. Everything is FP32; log-probs are natural
logarithms.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from training.rlpaf.algorithm import Normaliser


def group_advantages(rewards_S: Tensor, groups_S: Tensor, *, scale_rewards: bool) -> Tensor:
    """By how much each completion did better than its group on average, (S).

    `groups_S` numbers each completion's group, from 0. `scale_rewards` divides by the standard deviation of
    the group's rewards (GRPO, section 4.1.2 of arXiv 2402.03300): that of a sample, with one degree of
    freedom less, which is what implementations of GRPO take. Not to divide is Dr. GRPO (arXiv 2503.20783). A
    group of one, or one in which all did equally well, says nothing: zeros.
    """
    rewards_S = rewards_S.float()
    if not len(rewards_S):
        return rewards_S
    counts_G = torch.bincount(groups_S)
    zeros_G = rewards_S.new_zeros(len(counts_G))
    means_G = zeros_G.index_add(0, groups_S, rewards_S) / counts_G.clamp(min=1)
    advantages_S = rewards_S - means_G[groups_S]
    if scale_rewards:
        squares_G = zeros_G.index_add(0, groups_S, advantages_S.square())
        advantages_S = advantages_S / (squares_G / (counts_G - 1).clamp(min=1)).sqrt()[groups_S]
    best_G = zeros_G.scatter_reduce(0, groups_S, rewards_S, "amax", include_self=False)
    worst_G = zeros_G.scatter_reduce(0, groups_S, rewards_S, "amin", include_self=False)
    return torch.where((best_G > worst_G)[groups_S], advantages_S, 0.0)


def unlikely_rewards(rewards_S: Tensor, loglikelihoods_S: Tensor, groups_S: Tensor, bonus: float) -> Tensor:
    """Rewards of which likely completions lose a part, so that rare proofs are worth more, (S).

    Each reward is multiplied by 1 - bonus · (G - rank) / G (arXiv 2506.02355, section 4), where G is the size
    of the group and `rank` how many of its members are likelier: 0 for the likeliest. Equals have one rank.
    What is worth 0 stays so. `loglikelihoods_S` are of whole completions.
    """
    same_SS = groups_S[:, None] == groups_S
    likelier_SS = loglikelihoods_S[None, :] > loglikelihoods_S[:, None]
    rank_S = (same_SS & likelier_SS).sum(1).float()
    size_S = same_SS.sum(1).float()
    return rewards_S.float() * (1 - bonus * (size_S - rank_S) / size_S)


def pass_at_rewards(rewards_S: Tensor, groups_S: Tensor, k: int) -> Tensor:
    """Rewards whose expected gain is that of pass@k rather than of pass@1, (S).

    A reward is multiplied by k times the chance that k - 1 others of the group, drawn at random, are worth
    nothing: what a completion adds to the best of k. This is the leave-one-out estimator of arXiv 2505.15201
    (section 4, with subsets of k - 1 as the baseline) for rewards of a proof or none, times the size of the
    group; for k = 1 it changes nothing. A theorem that k tries prove anyway teaches nothing then. In a group
    of less than k completions, k is their number.
    """
    proved_S = (rewards_S > 0).long()
    size_G = torch.bincount(groups_S)
    wrong_G = size_G - torch.zeros_like(size_G).index_add(0, groups_S, proved_S)
    left_G = torch.ones(len(size_G), dtype=torch.float64, device=rewards_S.device)
    for drawn in range(k - 1):
        others_G = size_G - 1 - drawn
        chance_G = (wrong_G - drawn).clamp(min=0) / others_G.clamp(min=1)
        left_G *= torch.where(others_G > 0, chance_G, 1.0)
    factor_G = left_G * size_G.clamp(max=k)
    return rewards_S.float() * factor_G.float()[groups_S]


def token_weights(sequences_N: Tensor, sequences: int, normaliser: Normaliser, max_tokens: int) -> Tensor:
    """What each token's loss counts in the sum, (N).

    `sequences_N` numbers each token's completion, below `sequences`. `sequence`: 1 / (S · tokens of its
    completion), GRPO's mean of means; `token`: 1 / N, DAPO's (arXiv 2503.14476, equation 8); `constant`:
    1 / (S · max_tokens), Dr. GRPO's, in which a token's weight depends on no length (arXiv 2503.20783).
    """
    ones_N = torch.ones(len(sequences_N), device=sequences_N.device)
    if normaliser == "token":
        return ones_N / max(1, len(sequences_N))
    if normaliser == "constant":
        return ones_N / (sequences * max_tokens)
    lengths_S = torch.bincount(sequences_N, minlength=sequences)
    return ones_N / (sequences * lengths_S[sequences_N])


def importance_weights(old_N: Tensor, sampler_N: Tensor, cap: float) -> Tensor:
    """Weights that make tokens of the sampler stand for tokens of the learner: min(p_old / p_sampler, cap),
    (N).

    Truncated importance sampling, token by token. The two differ by the arithmetic of their kernels, and by
    the updates that the sampler had not seen. A `cap` of 0 corrects nothing. Has no gradient.
    """
    if cap == 0:
        return torch.ones_like(old_N)
    return (old_N - sampler_N).detach().float().exp().clamp(max=cap)


def k3(logprobs_N: Tensor, reference_N: Tensor) -> Tensor:
    """The estimate of KL(policy ‖ reference) from each token that the policy drew, (N); never negative.

    q / p - log(q / p) - 1 with q the reference's probability and p the policy's: equation 4 of arXiv
    2402.03300.
    """
    log_ratio_N = reference_N.float() - logprobs_N.float()
    return log_ratio_N.exp() - log_ratio_N - 1


def surrogate(
    logprobs_N: Tensor, old_N: Tensor, advantages_N: Tensor, clip_low: float, clip_high: float
) -> Tensor:
    """PPO's clipped loss of each token, to be minimised (arXiv 1707.06347, equation 7), (N).

    With borders of their own below and above, as in DAPO ("clip-higher", arXiv 2503.14476, section 3.1).
    """
    ratio_N = (logprobs_N.float() - old_N.float()).exp()
    clipped_N = ratio_N.clamp(1 - clip_low, 1 + clip_high)
    return -torch.minimum(ratio_N * advantages_N, clipped_N * advantages_N)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What is fixed about tokens while one learns from them; each tensor is (N), FP32."""

    old_N: Tensor
    """Log-probs under the weights that the batch was first scored with."""
    advantages_N: Tensor
    """Of each token's completion."""
    weights_N: Tensor
    """Of `token_weights`."""
    corrections_N: Tensor
    """Of `correction`."""
    reference_N: Tensor | None = None
    """Log-probs under the reference model; None without a KL term."""

    def part(self, which: slice) -> Tokens:
        """Some of the tokens."""
        reference_N = None if self.reference_N is None else self.reference_N[which]
        return Tokens(
            self.old_N[which],
            self.advantages_N[which],
            self.weights_N[which],
            self.corrections_N[which],
            reference_N,
        )


def policy_loss(
    logprobs_N: Tensor, tokens: Tokens, *, clip_low: float, clip_high: float, kl: float
) -> Tensor:
    """Each token's part of L, the sum of which is to be minimised, (N).

    The KL term is not corrected for the sampler: it is a penalty on the tokens that were drawn.
    """
    loss_N = tokens.corrections_N * surrogate(
        logprobs_N, tokens.old_N, tokens.advantages_N, clip_low, clip_high
    )
    if tokens.reference_N is not None:
        loss_N = loss_N + kl * k3(logprobs_N, tokens.reference_N)
    return tokens.weights_N * loss_N


def clipped(
    logprobs_N: Tensor, old_N: Tensor, advantages_N: Tensor, clip_low: float, clip_high: float
) -> tuple[Tensor, Tensor]:
    """Which tokens have lost their gradient at the lower border, and which at the upper one; bool (N)
    each."""
    ratio_N = (logprobs_N.float() - old_N.float()).exp()
    low_N = (ratio_N < 1 - clip_low) & (advantages_N < 0)
    high_N = (ratio_N > 1 + clip_high) & (advantages_N > 0)
    return low_N, high_N


def effective_sample_size(total: float, squares: float, count: float) -> float:
    """(Σ w)² / (N Σ w²) of N weights, of which the sum and the sum of squares are given: the share of the
    tokens that an estimate with such weights is worth (Kish); 1 if they are all equal, or there are none."""
    return total**2 / (count * squares) if squares > 0 else 1.0
