"""Where experts live, and how many nodes a token's experts are spread over.

Node-limited routing (DeepSeek-V3, section 2.1.2) chooses `topk_group` of the expert groups for a token and
its experts from these alone. If no group straddles two nodes, a token therefore visits at most so many
nodes, and is sent over a node's border once for each, not once for each expert. vLLM places experts
linearly: expert parallel rank r has the r-th run of consecutive experts, and ranks are numbered node by
node; groups are runs of consecutive experts too, so it is enough that each node has whole groups.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from math import comb

from prover.serving.model import Experts

SIMULATED = 4000
"""Tokens of a simulation: a standard error of about 0.01 nodes, in half a second."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How many nodes a token's experts are on."""

    uniform: float
    """On average, if groups and experts within them are drawn uniformly: exact."""
    routed: float
    """On average with DeepSeek's router on independent scores: simulated. It takes the groups that have
    the best experts, so that few of the chosen groups stay empty, and more nodes are visited."""
    most: int


def node_spread(experts: Experts, gpus: int, nodes: int) -> Spread:
    """The spread for linear placement, with whole groups on nodes."""
    return Spread(
        expected_nodes(experts, nodes), simulated_nodes(experts, gpus, nodes), most_nodes(experts, nodes)
    )


def expert_nodes(experts: Experts, gpus: int, nodes: int) -> list[int]:
    """The node of each expert, as vLLM's `linear` placement has it with `gpus` GPUs on each of `nodes` nodes.

    The number of experts must be divisible by that of all GPUs.
    """
    each, rest = divmod(experts.count, gpus * nodes)
    assert not rest, "the layout has refused that"
    return [expert // each // gpus for expert in range(experts.count)]


def groups_are_whole(experts: Experts, placed: list[int]) -> bool:
    """Whether all experts of each group are on one node, given each expert's node."""
    size = experts.count // experts.groups
    return all(len(set(placed[start : start + size])) == 1 for start in range(0, experts.count, size))


def most_nodes(experts: Experts, nodes: int) -> int:
    """The most nodes that a token's experts can be on, if groups are whole."""
    reach = experts.top_groups if experts.groups > 1 else nodes
    return min(reach, experts.per_token, nodes)


def expected_nodes(experts: Experts, nodes: int) -> float:
    """How many nodes a token's experts are on, on average, with uniform routing and whole groups.

    Exact for a router that draws its groups uniformly, then its experts uniformly from these groups' ones:
    a node that has j of the chosen groups is missed with probability C(m - j s, k) / C(m, k), with s experts
    a group, m = `topk_group` s to choose from, and k of them chosen; j is hypergeometric.
    """
    size, k = experts.count // experts.groups, experts.per_token
    if experts.groups == 1:
        return nodes * (1 - comb(experts.count - experts.count // nodes, k) / comb(experts.count, k))
    own, chosen = experts.groups // nodes, experts.top_groups
    candidates = chosen * size
    met = 0.0
    for held in range(min(own, chosen) + 1):
        ways = comb(own, held) * comb(experts.groups - own, chosen - held)
        missed = comb(candidates - held * size, k) / comb(candidates, k)
        met += ways / comb(experts.groups, chosen) * (1 - missed)
    return nodes * met


def simulated_nodes(experts: Experts, gpus: int, nodes: int, tokens: int = SIMULATED) -> float:
    """The same for the router itself, with scores that are independent and alike: always the same tokens.

    A group's score is the sum of its two best experts'.
    """
    placed, draw = expert_nodes(experts, gpus, nodes), random.Random(0)
    size, visited = experts.count // experts.groups, 0
    for _ in range(tokens):
        scores = [draw.random() for _ in range(experts.count)]
        groups = [range(start, start + size) for start in range(0, experts.count, size)]
        groups.sort(key=lambda group: -sum(sorted(scores[one] for one in group)[-2:]))
        candidates = [one for group in groups[: experts.top_groups] for one in group]
        candidates.sort(key=lambda one: -scores[one])
        visited += len({placed[one] for one in candidates[: experts.per_token]})
    return visited / tokens
