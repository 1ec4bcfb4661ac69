"""What crosses which link, from `traffic`'s expectation of the places that a token's experts lie in.

A row goes to each node that has one of its experts once, and inside the node once to each GPU (`experts`:
two hops), with the choices and their weights; one row comes back from each. Backward does the same with
gradients. Routing is taken to be without preferences, so that all GPUs have the same to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import comb

from training.model import ModelConfig
from training.parallel.mesh import Mesh
from training.parallel.plan.config import PlanConfig
from training.parallel.traffic import INDEX_BYTES, WEIGHT_BYTES, expected_places

BF16_BYTES = 2
FP8_BYTES = 1 + 4 / 128
"""With an FP32 scale for each 128 numbers."""
GIGA = 1e9


@dataclass(frozen=True, slots=True)
class Sent:
    """Bytes that a GPU sends over each kind of link; it receives as many."""

    nvlink: float = 0.0
    network: float = 0.0

    def __add__(self, other: Sent) -> Sent:
        return Sent(self.nvlink + other.nvlink, self.network + other.network)

    def __mul__(self, times: float) -> Sent:
        return Sent(self.nvlink * times, self.network * times)

    def seconds(self, told: PlanConfig) -> float:
        """Both kinds of link work at once."""
        inside = self.nvlink / rate(told, "nvlink")
        return max(inside, self.network / rate(told, "network")) if self.network else inside


def rate(told: PlanConfig, link: str) -> float:
    """What a link really carries, bytes a second: "nvlink" or "network"."""
    whole = told.cluster.nvlink_gbs if link == "nvlink" else told.cluster.network_gbs
    return whole * GIGA * told.constants.values()[link]


def places(config: ModelConfig, count: int) -> float:
    """In how many of `count` equal places a token's experts are expected to be. Raises `ValueError` if the
    experts cannot be divided among them."""
    groups, chosen, choices = config.n_group, config.topk_group, config.num_experts_per_tok
    if count % groups == 0:
        # A group is spread over several places: choosing groups is choosing places.
        return expected_places(config.n_routed_experts, count, choices, chosen * count // groups)
    if groups % count:
        # Places cut through groups, of which nothing is known then: an upper bound.
        return expected_places(config.n_routed_experts, count, choices)
    # A place has several groups; so many of them are chosen, and none of their experts is.
    here, size = groups // count, config.experts_per_group
    missed = sum(
        comb(here, some) * comb(groups - here, chosen - some) * comb((chosen - some) * size, choices)
        for some in range(min(here, chosen) + 1)
    ) / (comb(groups, chosen) * comb(chosen * size, choices))
    return count * (1 - missed)


def nodes_of(mesh: Mesh) -> int:
    """Over how many nodes the experts of a layer are spread."""
    return max(1, mesh.experts // mesh.node)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a token sends in one layer with experts, on average."""

    dispatch: Sent
    combine: Sent
    nodes: float
    """In how many nodes its experts lie."""
    gpus: float
    """The same of GPUs."""

    @property
    def both(self) -> Sent:
        """Forward; backward sends as much, but for the experts' numbers."""
        return self.dispatch + self.combine

    def seconds(self, told: PlanConfig) -> float:
        """For one micro-batch, forward: what comes back cannot go on the way out."""
        return sum((way * told.tokens).seconds(told) for way in (self.dispatch, self.combine))


def exchange(told: PlanConfig, config: ModelConfig, mesh: Mesh) -> Exchange:
    """Of one token and layer. Raises `ValueError` if the experts cannot be divided evenly."""
    nodes = nodes_of(mesh)
    inside = mesh.experts // nodes
    in_nodes, in_gpus = places(config, nodes), places(config, mesh.experts)
    rows = Sent(in_gpus * (inside - 1) / inside, in_nodes * (nodes - 1) / nodes)
    element = FP8_BYTES if told.precision.dispatch == "fp8" else BF16_BYTES
    out = config.hidden_size * element + config.num_experts_per_tok * (INDEX_BYTES + WEIGHT_BYTES)
    return Exchange(rows * out, rows * (config.hidden_size * BF16_BYTES), in_nodes, in_gpus)


def message(told: PlanConfig, config: ModelConfig, mesh: Mesh) -> Sent:
    """A micro-batch's activations, or their gradients, from one place of a pipeline to the next."""
    size = float(told.tokens * config.hidden_size * BF16_BYTES)
    column = mesh.column(0)
    if len(column) == 1:
        return Sent()
    apart = any(one // mesh.node != other // mesh.node for one, other in pairwise(column))
    return Sent(network=size) if apart else Sent(nvlink=size)


def shared(size: float, holders: int, in_node: int) -> Sent:
    """A reduce-scatter of `size` bytes, or an all-gather, among `holders`, of which `in_node` share a node: a
    ring that enters and leaves each node once, for each of its GPUs a part."""
    if holders == 1:
        return Sent()
    whole = size * (holders - 1) / holders
    if in_node >= holders:
        return Sent(nvlink=whole)
    return Sent(nvlink=whole if in_node > 1 else 0.0, network=whole / in_node)
