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

Small steps are bound by what the host launches and waits for. So choices and weights share a message, their
gradients' way back is that of the rows, and a hop waits once, for all sizes, with work launched before.

Shapes: N rows here, R rows received, S rows sent, W peers, K choices a row (-1 is none), C peers that a row
goes to at most, D hidden, B bytes of a packed row, E experts, X = E + 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor

from training.parallel.gradients import without_numbers


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
    pairs: int
    """How many of `chosen_RK` are not -1."""


class Moved(NamedTuple):
    """What has come over a hop, without gradients."""

    x_RD: Tensor
    """Or what has travelled in place of rows."""
    chosen_RK: Tensor
    weights_RK: Tensor
    """FP32."""
    route: Route
    pairs: int


class Plan:
    """Where rows are to go, before it is known how many come. No tuple: `torch.compile` would look into it,
    and torch 2.11 does not survive an event in what it compiles."""

    def __init__(self, goes_WN: Tensor, slots_NC: Tensor, counts_2W2: Tensor) -> None:
        """`counts_2W2`: rows and choices, to each peer and from each."""
        self._goes_WN, self._slots_NC, self._counts_2W2 = goes_WN, slots_NC, counts_2W2
        self._on_host: torch.cuda.Event | None = None
        if counts_2W2.is_cuda:
            pinned = torch.empty(counts_2W2.shape, dtype=torch.int64, pin_memory=True)
            self._counts_2W2 = pinned.copy_(counts_2W2, non_blocking=True)
            self._on_host = torch.cuda.current_stream().record_event()

    def finish(self) -> tuple[Route, int]:
        """The route, and how many choices come here. Waits for the device."""
        if self._on_host is not None:
            self._on_host.synchronize()
        sent_W2, received_W2 = self._counts_2W2.tolist()
        sent_W, received_W = ([rows for rows, _ in counts] for counts in (sent_W2, received_W2))
        rows_S = torch.nonzero_static(self._goes_WN, size=sum(sent_W))[:, 1]
        pairs = sum(choices for _, choices in received_W2)
        return Route(rows_S, self._slots_NC, sent_W, received_W), pairs


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
        # Nobody has the choice -1; as an index it finds the end.
        self._owner_X = torch.cat([owner_E, owner_E.new_full((1,), -1)])
        experts_X = torch.arange(len(self._owner_X), device=owner_E.device)
        self._mine_X = torch.where(self._owner_X == self.me, experts_X, -1)
        self._peers_W = torch.arange(self.peers, device=owner_E.device)
        self.sent_W = torch.zeros(self.peers, dtype=torch.int64)
        """Rows sent to each peer by `go` so far, itself included."""
        self.bytes_W = torch.zeros(self.peers, dtype=torch.int64)
        """Their bytes, with those of choices and weights. Neither answers nor anything of a backward pass is
        counted."""

    def plan(self, chosen_NK: Tensor) -> Plan | None:
        """Find out where rows are to go, and tell the peers how many come. Nobody waits; what is launched
        between this and `go` is there for the device to do while the host waits for the sizes of messages.
        None: the hop does so by itself."""
        rows, width = chosen_NK.shape
        hits_WNK = self._owner_X[chosen_NK] == self._peers_W[:, None, None]
        goes_WN = hits_WNK.any(2)
        # Rows and choices: to each peer, and from each.
        counts_2W2 = torch.empty(2, self.peers, 2, dtype=torch.int64, device=chosen_NK.device)
        torch.sum(goes_WN, dim=1, out=counts_2W2[0, :, 0])
        torch.sum(hits_WNK, dim=(1, 2), out=counts_2W2[0, :, 1])
        dist.all_to_all_single(counts_2W2[1], counts_2W2[0], group=self.groups.forward)
        # Rows that go are numbered, peer after peer; the last number is S, and where a row does not go.
        numbers = goes_WN.flatten().cumsum(0)
        slots_WN = torch.where(goes_WN, numbers.view(self.peers, rows) - 1, numbers[-1:])
        slots_NC = slots_WN.t().sort(dim=1).values[:, : min(width, self.peers)]
        return Plan(goes_WN, slots_NC, counts_2W2)

    def go(
        self,
        x_ND: Tensor,
        chosen_NK: Tensor,
        weights_NK: Tensor,
        packed_NB: Tensor | None = None,
        plan: Plan | None = None,
    ) -> Arrived:
        """Send rows, choices and weights; rows and weights have gradients where they had some. `packed_NB`
        travels in place of the rows. `plan`: what was made of the choices, if it was made before."""
        plan = self.plan(chosen_NK) if plan is None else plan
        assert plan is not None, "a plain hop makes one"
        told_N2K = torch.cat([chosen_NK.int(), weights_NK.detach().float().view(torch.int32)], dim=1)
        route, pairs = plan.finish()
        sizes = route.sent_W, route.received_W, self.groups.forward
        sent = x_ND.detach() if packed_NB is None else packed_NB
        x_RD = _send(sent[route.rows_S], *sizes)
        chosen_RK, bits_RK = _send(told_N2K[route.rows_S], *sizes).chunk(2, dim=1)
        self.count(route.sent_W, sum(part.shape[1] * part.element_size() for part in (sent, told_N2K)))
        moved = Moved(x_RD, self._mine_X[chosen_RK], bits_RK.view(torch.float32), route, pairs)
        return self.arrived(moved, x_ND, weights_NK, packed=packed_NB is not None)

    def arrived(self, moved: Moved, x_ND: Tensor, weights_NK: Tensor, *, packed: bool) -> Arrived:
        """What has come, as a function of what has gone."""
        x_RD, weights_RK = _Sent.apply(  # type: ignore[no-untyped-call]
            x_ND,
            weights_NK.float(),
            without_numbers(x_ND, len(moved.x_RD)) if packed else moved.x_RD,
            moved.weights_RK,
            self,
            moved.route,
        )
        weights_RK = weights_RK.to(weights_NK.dtype)
        packed_RB = moved.x_RD if packed else None
        return Arrived(x_RD, moved.chosen_RK, weights_RK, moved.route, packed_RB, moved.pairs)

    def back(self, y_RD: Tensor, route: Route) -> Tensor:
        """The sum of what the peers answered to each row, (N, D), added in FP32."""
        out: Tensor = _Answered.apply(y_RD, self, route)  # type: ignore[no-untyped-call]
        return out

    def again(self, x_ND: Tensor, route: Route) -> Tensor:
        """In a backward pass: other rows, of any type, to where a route has led. They have no gradients."""
        return _send(x_ND[route.rows_S], route.sent_W, route.received_W, self.groups.backward)

    def combine(
        self, y_RD: Tensor, weights_RK: Tensor | None, route: Route, *, backward: bool
    ) -> tuple[Tensor, Tensor | None]:
        """For each row the sum of what its peers have for it, in FP32, and of the weights (FP32) likewise, in
        one message. They have no gradients."""
        group = self.groups.backward if backward else self.groups.forward
        dtype, hidden = y_RD.dtype, y_RD.shape[1]
        if weights_RK is not None:
            y_RD = torch.cat([y_RD, weights_RK.contiguous().view(dtype)], dim=1)
        # A row that goes to fewer than C peers has slots that point to the zeros behind.
        answers = _send(y_RD, route.received_W, route.sent_W, group, zeros=1)
        y_ND = answers[:, :hidden][route.slots_NC].sum(1, dtype=torch.float32).to(dtype)
        if weights_RK is None:
            return y_ND, None
        return y_ND, answers[:, hidden:][route.slots_NC].view(torch.float32).sum(1)

    def count(self, sent: list[int], row_bytes: int) -> None:
        """Add up what goes to the peers, so many rows to each, choices and weights among their bytes."""
        sent_W = torch.tensor(sent)
        self.sent_W += sent_W
        self.bytes_W += sent_W * row_bytes


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


class _Sent(torch.autograd.Function):
    """What has arrived, as a function of what was sent. The gradients of rows and weights come back in one
    message, and are added in a fixed order: autograd's own gradient of a gather adds atomically on a GPU,
    each run in another order."""

    @staticmethod
    def forward(
        ctx: Any, x_ND: Tensor, weights_NK: Tensor, x_RD: Tensor, weights_RK: Tensor, hop: Hop, route: Route
    ) -> tuple[Tensor, Tensor]:
        ctx.hop, ctx.route = hop, route
        return x_RD, weights_RK

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad_RD: Tensor, grad_RK: Tensor) -> tuple[Tensor | None, ...]:
        # Zeros where there is no gradient: all processes must send alike.
        return *ctx.hop.combine(grad_RD, grad_RK, ctx.route, backward=True), None, None, None, None


class _Answered(torch.autograd.Function):
    """What comes back, as a function of what was answered."""

    @staticmethod
    def forward(ctx: Any, y_RD: Tensor, hop: Hop, route: Route) -> Tensor:
        ctx.hop, ctx.route = hop, route
        return hop.combine(y_RD, None, route, backward=False)[0]

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad_ND: Tensor) -> tuple[Tensor, None, None]:
        return ctx.hop.again(grad_ND, ctx.route), None, None


def _send(
    x: Tensor, sent_W: list[int], received_W: list[int], group: dist.ProcessGroup, zeros: int = 0
) -> Tensor:
    """What the peers sent here, peer after peer, in exchange for `x`; and so many rows of zeros behind it."""
    received = sum(received_W)
    out = x.new_empty(received + zeros, *x.shape[1:])
    if zeros:
        out[received:].zero_()
    dist.all_to_all_single(out[:received], x.contiguous(), received_W, sent_W, group=group)
    return out
