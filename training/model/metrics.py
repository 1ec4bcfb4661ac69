"""How evenly the routers spread their tokens, and what evenness to expect of chance alone.

MaxVio (arXiv 2408.15664, eq. 4) says by how much the fullest expert exceeds the mean load. Even a router
that favours nobody has some: few tokens a step look uneven by chance. Its MaxVio is the noise floor beside
which the measured one is to be read.

Shapes: B sequences, L tokens, E experts, K experts a token.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from torch import Tensor

from training.model.config import ModelConfig
from training.model.router import Routing


@dataclass(frozen=True, slots=True)
class RouterMetrics:
    """One batch, over all layers."""

    max_violation: float
    """Mean of the layers' MaxVio."""
    worst_violation: float
    """The MaxVio of the worst layer."""
    noise_floor: float
    """The MaxVio that a router without preferences would have on so many tokens."""
    load_LE: list[list[float]]
    """Each expert's share of its layer's tokens in units of the even share, one list a layer."""
    nodes_per_token: float
    """How many groups a token's experts lie in; a group is a node in training on many."""
    experts_per_node: float
    """How many of a token's experts share a node, which one transfer serves."""


def router_metrics(routing: Sequence[Routing], config: ModelConfig) -> RouterMetrics:
    """The figures of one `Hidden.routing`, which must not be empty."""
    counts = [routed.counts_E for routed in routing]
    violations = [max_violation(counts_E) for counts_E in counts]
    nodes = sum(nodes_per_token(routed.chosen_BLK, config) for routed in routing) / len(routing)
    tokens = round(float(counts[0].sum())) // config.num_experts_per_tok
    return RouterMetrics(
        max_violation=sum(violations) / len(violations),
        worst_violation=max(violations),
        noise_floor=noise_floor(config.n_routed_experts, config.num_experts_per_tok, tokens),
        load_LE=[(counts_E / counts_E.mean().clamp(min=1e-9)).tolist() for counts_E in counts],
        nodes_per_token=nodes,
        experts_per_node=config.num_experts_per_tok / nodes,
    )


def max_violation(counts_E: Tensor) -> float:
    """The fullest expert's load over the mean load, minus 1; 0 for an even load, or none."""
    mean = counts_E.float().mean()
    return float(counts_E.max() / mean - 1) if mean > 0 else 0.0


def nodes_per_token(chosen_BLK: Tensor, config: ModelConfig) -> float:
    """Mean number of groups that a token's experts lie in."""
    groups_BLK = chosen_BLK // config.experts_per_group
    visited_BLG = groups_BLK.new_zeros(*groups_BLK.shape[:-1], config.n_group).scatter(-1, groups_BLK, 1)
    return float(visited_BLG.sum(-1).float().mean())


@cache
def noise_floor(experts: int, top_k: int, tokens: int) -> float:
    """Expected MaxVio of a router that gives each of `tokens` tokens `top_k` experts at random.

    A count is binomial with mean m = tokens · K / E, and the expected maximum of E of them is
    Σ_x 1 - F(x)^E. The counts' sum is fixed, which widens their distance from the mean by √(E / (E - 1)).
    """
    share = top_k / experts
    mean = tokens * share
    if tokens < 1 or top_k >= experts:
        return 0.0
    reach = 12 * math.sqrt(mean) + 12
    low, high = max(0, math.floor(mean - reach)), min(tokens, math.ceil(mean + reach))
    expected, below = float(low), 0.0
    for count in range(low, high + 1):
        below += math.exp(
            math.lgamma(tokens + 1)
            - math.lgamma(count + 1)
            - math.lgamma(tokens - count + 1)
            + count * math.log(share)
            + (tokens - count) * math.log1p(-share)
        )
        expected += 1 - min(below, 1.0) ** experts
    return (expected / mean - 1) * math.sqrt(experts / (experts - 1))
