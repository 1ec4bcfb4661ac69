"""From groups of rollouts to micro-batches: advantages, tokens, optimiser steps, packed rows.

Everything here is a function of its arguments, so every rank, and a resumed run, cuts a batch alike.

Shapes: S completions, N tokens of them, K values known of each token.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from training.rlpaf.algorithm import AlgorithmConfig
from training.rlpaf.objective import group_advantages, pass_at_rewards, unlikely_rewards
from training.rlpaf.sharing import assign, fill
from training.rlpaf.values import Group
from training.sft.objective import Batch, make_batch
from training.sft.packing import TokenExample, fits
from training.sft.world import World

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Experience:
    """One completion to learn from."""

    example: TokenExample
    logprobs: tuple[float, ...]
    """Of the completion's tokens under the policy that wrote it."""
    advantage: float


@dataclass(frozen=True, slots=True)
class Harvest:
    """What groups give to learn from."""

    experiences: tuple[Experience, ...]
    reward: float
    """Mean over all rollouts that were judged; 0 if there are none."""
    zero_variance: float
    """Share of the judged groups in which all rollouts did equally well."""
    too_long: int
    """Rollouts that no row has room for."""


def harvest(
    groups: Sequence[Group], tokenizer: Tokenizer, algorithm: AlgorithmConfig, length: int
) -> Harvest:
    """The completions to learn from, each with its advantage.

    Faults take no part in anything. A rollout of more than `length` tokens counts in its group's mean, but is
    not learnt from. Likelihoods for the bonus are those under the policy that wrote the rollouts.
    """
    judged = [group for group in groups if group.judged]
    informative = [group.informative for group in judged]
    rewards = [reward for group in judged for reward in group.rewards]
    dropping = algorithm.drop_uninformative
    used = [group for group in judged if not dropping or group.teaches(algorithm.pass_at)]
    rollouts = [rollout for group in used for rollout in group.judged]
    groups_S = torch.tensor([number for number, group in enumerate(used) for _ in group.judged]).long()
    rewards_S = torch.tensor([rollout.reward for rollout in rollouts])
    if algorithm.unlikeliness:
        likelihoods_S = torch.tensor([sum(rollout.logprobs) for rollout in rollouts])
        rewards_S = unlikely_rewards(rewards_S, likelihoods_S, groups_S, algorithm.unlikeliness)
    rewards_S = pass_at_rewards(rewards_S, groups_S, algorithm.pass_at)
    advantages = group_advantages(rewards_S, groups_S, scale_rewards=algorithm.scale_rewards).tolist()
    prompts = sorted({rollout.prompt for rollout in rollouts})
    encoded = dict(zip(prompts, tokenizer.encode_batch_fast(prompts), strict=True))
    experiences, too_long = [], 0
    for rollout, advantage in zip(rollouts, advantages, strict=True):
        assert len(rollout.ids) == len(rollout.logprobs), "a token without its log-prob"
        prompt = encoded[rollout.prompt].ids
        example = TokenExample((*prompt, *rollout.ids), len(prompt))
        if not fits(example, length):
            too_long += 1
        elif rollout.ids:
            experiences.append(Experience(example, rollout.logprobs, advantage))
    return Harvest(
        tuple(experiences),
        sum(rewards) / max(1, len(rewards)),
        1 - sum(informative) / len(judged) if judged else 0.0,
        too_long,
    )


def shuffled_parts(items: Sequence[T], parts: int, rng: random.Random) -> list[list[T]]:
    """The items in random order, in so many parts of almost one size; none of them is empty, so there are
    fewer if there are fewer items."""
    order = rng.sample(items, len(items))
    parts = min(parts, len(items))
    ends = [len(items) * number // parts for number in range(1, parts + 1)]
    return [order[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def micro_batches(
    examples: Sequence[TokenExample],
    values_NK: NDArray[np.float32],
    *,
    length: int,
    rows: int,
    full: bool,
    world: World,
) -> Iterator[tuple[Batch, Tensor]]:
    """This rank's micro-batches of one optimiser step, each with the values of its targets on the device.

    `values_NK` are of all targets, in the examples' order. There are at most `rows` rows in a micro-batch,
    and exactly so many if `full` is set, which compiled code wants. All ranks get equally many of one size,
    as they must meet in every forward pass.
    """
    assigned = assign(examples, length)
    micro = rows if full else min(rows, -(-len(assigned) // world.size))
    assigned += [[] for _ in range(-len(assigned) % (micro * world.size))]
    ends = np.cumsum([len(example.tokens) - example.prompt for example in examples])
    values = np.split(values_NK, ends[:-1])
    for start in range(world.rank * micro, len(assigned), world.size * micro):
        mine = assigned[start : start + micro]
        filled, parents_RL = fill(mine, examples, length)
        # Targets come in the order of rows, and in a row in that of its bundles' examples.
        order = [number for row in mine for bundle in row for number in bundle.members]
        own = np.concatenate([values_NK[:0], *(values[number] for number in order)])
        batch = make_batch(filled, world.device, second=False, parents_RL=parents_RL)
        yield batch, torch.from_numpy(own).to(world.device)
