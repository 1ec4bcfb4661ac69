"""Dispatch and combine: each token goes to the processes that have its experts, and their sums come back.

A hop sends every row of a process once to each peer of a group that owns one of its choices, with the
choices and their weights, and afterwards brings back one row from each of them, whose sum is the answer. One
hop over all processes is plain expert parallelism. Two are DeepSeek's way between machines: across the nodes
to the GPU of the same index, once a token and node, and inside the node to the experts' GPUs (arXiv
2412.19437, section 3.2.2). Each of the two directions is the other's gradient. No row is dropped, whatever
the imbalance, and a peer may get none.

Rows may travel in another form, as bytes that somebody has packed (`training.parallel.fp8.wire`) and that
nothing here looks into. Their gradients come back as rows. In a backward pass bytes can go the same way once
more (`send_again`).

Shapes: N rows here, R rows received, S rows sent, W peers, K choices a row (negative ones are none), C peers
that a row goes to at most, D hidden, B bytes of a packed row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor

from training.parallel.gradients import stand_in


@dataclass(frozen=True, slots=True)
class Route:
    """Where the rows of one hop go; what is needed to bring back their answers."""

    rows_S: Tensor
    """Which row is sent, peer after peer."""
    slots_NC: Tensor
    """Where in that order each row stands; S where it goes to fewer than C peers."""
    sent_W: list[int]
    received_W: list[int]


class Arrived(NamedTuple):
    """What a hop has brought here."""

    x_RD: Tensor
    chosen_RK: Tensor
    """Those of each row's choices that this process is to see to; the others are -1."""
    weights_RK: Tensor
    route: Route
    packed_RB: Tensor | None
    """What has travelled in place of rows, if something has: `x_RD` then carries their gradient alone."""


class Groups(NamedTuple):
    """The same processes twice: a forward and a backward pass may be under way at the same time, and their
    messages must not meet."""

    forward: dist.ProcessGroup
    backward: dist.ProcessGroup


class Hop:
    """One exchange among the peers of a group; a group is made of the same processes on each of them."""

    def __init__(self, groups: Groups, owner_E: Tensor) -> None:
        """`owner_E`: for each expert the peer, by its place in the group, that rows go to for it."""
        self.groups, self.owner_E = groups, owner_E
        group = groups.forward
        self.peers, self.me = dist.get_world_size(group), dist.get_rank(group)
        self.sent_W = torch.zeros(self.peers, dtype=torch.int64)
        """Rows sent to each peer by `go` so far, itself included."""
        self.bytes_W = torch.zeros(self.peers, dtype=torch.int64)
        """Their bytes, with those of choices and weights. Neither answers nor anything of a backward pass is
        counted."""

    def go(
        self, x_ND: Tensor, chosen_NK: Tensor, weights_NK: Tensor, packed_NB: Tensor | None = None
    ) -> Arrived:
        """Send rows, choices and weights; rows and weights have gradients where they had some. `packed_NB`
        travels in place of the rows."""
        route, peers_S, owner_NK = self._route(chosen_NK)
        sizes = route.sent_W, route.received_W
        weights_SK = _Copy.apply(weights_NK, route.rows_S, route.slots_NC)  # type: ignore[no-untyped-call]
        mine_SK = owner_NK[route.rows_S] == peers_S[:, None]
        chosen_SK = chosen_NK[route.rows_S].masked_fill(~mine_SK, -1)
        packed_RB = None
        if packed_NB is None:
            sent = _Copy.apply(x_ND, route.rows_S, route.slots_NC)  # type: ignore[no-untyped-call]
            x_RD = exchange(sent, *sizes, self.groups)
        else:
            sent = packed_NB[route.rows_S]
            packed_RB = exchange(sent, *sizes, self.groups)
            x_RD = stand_in(x_ND, sum(route.received_W), lambda grad_RD: self._gradient(grad_RD, route))
        self.count(
            route.sent_W, sum(part.shape[1] * part.element_size() for part in (sent, chosen_SK, weights_SK))
        )
        return Arrived(
            x_RD,
            exchange(chosen_SK, *sizes, self.groups),
            exchange(weights_SK, *sizes, self.groups),
            route,
            packed_RB,
        )

    def count(self, sent: list[int], row_bytes: int) -> None:
        """Add up what goes to the peers, so many rows to each, choices and weights among their bytes."""
        sent_W = torch.tensor(sent)
        self.sent_W += sent_W
        self.bytes_W += sent_W * row_bytes

    def back(self, y_RD: Tensor, route: Route) -> Tensor:
        """The sum of what the peers answered to each row, (N, D), added in FP32."""
        y_SD = exchange(y_RD, route.received_W, route.sent_W, self.groups)
        out: Tensor = _Sum.apply(y_SD, route.rows_S, route.slots_NC)  # type: ignore[no-untyped-call]
        return out

    def again(self, x_ND: Tensor, route: Route) -> Tensor:
        """In a backward pass: other rows, of any type, to where a route has led. They have no gradients."""
        groups = Groups(self.groups.backward, self.groups.backward)
        return exchange(x_ND[route.rows_S], route.sent_W, route.received_W, groups)

    def _gradient(self, grad_RD: Tensor, route: Route) -> Tensor:
        """Of rows that were sent, from that of what has arrived."""
        groups = Groups(self.groups.backward, self.groups.backward)
        return _add(exchange(grad_RD, route.received_W, route.sent_W, groups), route.slots_NC)

    def _route(self, chosen_NK: Tensor) -> tuple[Route, Tensor, Tensor]:
        """Where the rows go, to whom each, and each choice's peer (-1: none). Waits for the device: the
        sizes of messages must be known."""
        rows, width = chosen_NK.shape
        owner_NK = self.owner_E[chosen_NK.clamp(min=0)].masked_fill(chosen_NK < 0, -1)
        peers_W = torch.arange(self.peers, device=chosen_NK.device)
        goes_NW = (owner_NK[:, :, None] == peers_W).any(1)
        counts_W = goes_NW.sum(0)
        received_W = torch.empty_like(counts_W)
        dist.all_to_all_single(received_W, counts_W, group=self.groups.forward)
        sent, received = torch.stack([counts_W, received_W]).tolist()
        peer_and_row_S2 = goes_NW.t().nonzero()
        place_NW = (goes_NW.t().flatten().cumsum(0) - 1).view(self.peers, rows).t()
        # A row's peers come first, in order: where it goes to fewer, what is left points behind the end.
        capacity = min(width, self.peers)
        place_NW = place_NW.masked_fill(~goes_NW, len(peer_and_row_S2))
        slots_NC = place_NW.sort(dim=1).values[:, :capacity]
        peers_S, rows_S = peer_and_row_S2.unbind(1)
        return Route(rows_S, slots_NC, sent, received), peers_S, owner_NK


class Leg(NamedTuple):
    """A hop that rows have taken, and where it has led them."""

    hop: Hop
    route: Route


def bring_back(y_RD: Tensor, legs: Sequence[Leg]) -> Tensor:
    """The sums of what was answered, over all hops in reverse."""
    for hop, route in reversed(legs):
        y_RD = hop.back(y_RD, route)
    return y_RD


def send_again(x_ND: Tensor, legs: Sequence[Leg]) -> Tensor:
    """`Hop.again` over all hops."""
    for hop, route in legs:
        x_ND = hop.again(x_ND, route)
    return x_ND


def exchange(x: Tensor, sent_W: list[int], received_W: list[int], groups: Groups) -> Tensor:
    """Rows to the peers, peer after peer, and what they sent here; its gradient goes back the same way."""
    out: Tensor = _Exchange.apply(x, sent_W, received_W, groups)  # type: ignore[no-untyped-call]
    return out


class _Exchange(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, sent_W: list[int], received_W: list[int], groups: Groups) -> Tensor:
        ctx.back = received_W, sent_W, Groups(groups.backward, groups.backward)
        out = x.new_empty(sum(received_W), *x.shape[1:])
        dist.all_to_all_single(out, x.contiguous(), received_W, sent_W, group=groups.forward)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        return exchange(grad, *ctx.back), None, None, None


class _Copy(torch.autograd.Function):
    """Rows in the order in which they are sent; `_Sum` is its gradient, and the other way round. Autograd's
    own gradient of a gather adds atomically on a GPU, each run in another order."""

    @staticmethod
    def forward(ctx: Any, x_ND: Tensor, rows_S: Tensor, slots_NC: Tensor) -> Tensor:
        ctx.save_for_backward(rows_S, slots_NC)
        return x_ND[rows_S]

    @staticmethod
    def backward(ctx: Any, grad_SD: Tensor) -> tuple[Tensor, None, None]:
        return _add(grad_SD, ctx.saved_tensors[1]), None, None


class _Sum(torch.autograd.Function):
    """For each row the sum of its places, in FP32."""

    @staticmethod
    def forward(ctx: Any, y_SD: Tensor, rows_S: Tensor, slots_NC: Tensor) -> Tensor:
        ctx.save_for_backward(rows_S)
        return _add(y_SD, slots_NC)

    @staticmethod
    def backward(ctx: Any, grad_ND: Tensor) -> tuple[Tensor, None, None]:
        (rows_S,) = ctx.saved_tensors
        return grad_ND[rows_S], None, None


def _add(y_SD: Tensor, slots_NC: Tensor) -> Tensor:
    padded = torch.cat([y_SD, y_SD.new_zeros(1, y_SD.shape[1])])
    return padded[slots_NC].float().sum(1).to(y_SD.dtype)
