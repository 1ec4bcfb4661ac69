"""Expert parallelism: the experts of a layer, spread over the processes of a group.

Each process has an equal share of them, in order, and computes it for the tokens of all. The router is the
same everywhere, so the sum over a token's experts is what it would be on one process, up to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor, nn

from training.model.config import ModelConfig
from training.model.experts import Experts, MoE
from training.model.transformer import Transformer
from training.parallel.fast import FastHop
from training.parallel.split import SplitExperts
from training.parallel.spread import Groups, Hop, Leg, Plan, bring_back


class Place(NamedTuple):
    """Which experts a process has, and how rows reach all of them."""

    hops: Sequence[Hop]
    """One, or two: across the nodes first."""
    first: int
    number: int


class SpreadExperts(SplitExperts):
    """One process's experts, behind one hop or two; their weights' gradients can wait (`split`)."""

    def __init__(self, whole: Experts, config: ModelConfig, place: Place) -> None:
        """This process's part of a layer's experts."""
        super().__init__(config, place.number)
        self.place = place
        here = slice(place.first, place.first + place.number)
        self.gate_up_proj = nn.Parameter(whole.gate_up_proj.detach()[here].clone())
        self.down_proj = nn.Parameter(whole.down_proj.detach()[here].clone())

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def begin(self, chosen_NK: Tensor) -> Plan | None:
        """Where tokens are to go: the host need not wait for it yet."""
        return self.place.hops[0].plan(chosen_NK) if self.place.hops else None

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def forward(self, x_ND: Tensor, chosen_NK: Tensor, weights_NK: Tensor, begun: object = None) -> Tensor:
        """As `Experts`, of this process's tokens; all processes of the group must take part."""
        assert begun is None or isinstance(begun, Plan), "`begin` gave it"
        legs, plan = [], begun
        pairs: int | None = None
        packed_NB = self.pack(x_ND)
        for hop in self.place.hops:
            arrived = hop.go(x_ND, chosen_NK, weights_NK, packed_NB, plan)
            x_ND, chosen_NK, weights_NK, route, packed_NB, pairs = arrived
            legs.append(Leg(hop, route))
            plan = None
        # Those that are elsewhere stay negative.
        return self.here(x_ND, packed_NB, chosen_NK - self.place.first, weights_NK, pairs, legs)

    def pack(self, x_ND: Tensor) -> Tensor | None:
        """What is dispatched in place of rows, as bytes; None: they themselves."""
        return None

    def here(
        self,
        x_ND: Tensor,
        packed_NB: Tensor | None,
        chosen_NK: Tensor,
        weights_NK: Tensor,
        pairs: int | None,
        legs: Sequence[Leg],
    ) -> Tensor:
        """What this process's experts make of what has arrived, brought back the way that it has come;
        choices count from the first of them."""
        return bring_back(self.compute(x_ND, chosen_NK, weights_NK, pairs), legs)


def one_hop(config: ModelConfig, groups: Groups, device: torch.device, fast_rows: int = 0) -> Place:
    """Straight to the experts' processes. `fast_rows`: through the GPUs' memory, with room for so many rows.
    Raises `ValueError` if the experts cannot be divided evenly, or there is no such way."""
    count = _share(config, dist.get_world_size(groups.forward))
    owner_E = torch.arange(config.n_routed_experts, device=device) // count
    hop = FastHop(groups.forward, owner_E, fast_rows) if fast_rows else Hop(groups, owner_E)
    return Place([hop], dist.get_rank(groups.forward) * count, count)


def two_hops(config: ModelConfig, across: Groups, inside: Groups, device: torch.device) -> Place:
    """Across the nodes to the same place in each, then inside the node. `across` has the processes of the
    same place, node after node; `inside` those of one node. Raises `ValueError` as `one_hop` does."""
    nodes, places = dist.get_world_size(across.forward), dist.get_world_size(inside.forward)
    count = _share(config, nodes * places)
    process_E = torch.arange(config.n_routed_experts, device=device) // count
    hops = [Hop(across, process_E // places), Hop(inside, process_E % places)]
    process = dist.get_rank(across.forward) * places + dist.get_rank(inside.forward)
    return Place(hops, process * count, count)


def spread_experts(model: Transformer, place: Place) -> None:
    """Keep this process's part of every layer's experts only."""
    for module in model.modules():
        if isinstance(module, MoE):
            module.experts = SpreadExperts(module.experts, model.config, place)


def _share(config: ModelConfig, processes: int) -> int:
    share, left = divmod(config.n_routed_experts, processes)
    if left:
        raise ValueError(
            f"{config.n_routed_experts} experts cannot be divided evenly among {processes} processes"
        )
    return share
