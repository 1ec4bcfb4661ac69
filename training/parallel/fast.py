"""The fast path of a hop inside one host: Triton kernels write straight into the peers' memory.

`FastHop` does what `Hop` does, in fewer steps. One kernel finds where the rows go and tells the peers how
many; one sends each row from where it lies to its place with the peer, choices and weights along with it, and
what arrives is copied out, or added up, chunk by chunk while the rest is still on its way. A dispatch waits
for the host once, while it sends already: the outputs' size must be known.

Peers write into a *stage* in symmetric memory, of two halves that operations use in turn. An operation ends
once all peers have begun it, so that whoever begins the next but one knows that all peers are through with
the half that it is to write to. Operations must therefore follow each other on one stream, in the same order
on all processes. The stage has room for a number of rows; if a dispatch needs more, all processes know from
the table of counts, throw away what was sent, and make a larger one together.

Letters as in spread.py. Published counterpart: DeepEP's kernels inside a node, with NVLink only.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from training.errors import TrainError
from training.parallel import stage_layout
from training.parallel.spread import Arrived, Groups, Hop, Moved, Plan, Route
from training.parallel.stage_layout import FastRoute, Layout

MOST_PEERS = 32
BLOCK_ROWS, TILE_WORDS = 1024, 1024
"""Rows that a program plans for; 32-bit words of a row at a time."""
ALIGNED_ROW, CHOICE_BYTES = 16, 4
"""Bytes that a row is a multiple of, and those of an expert's number as it travels."""


class FastHop(Hop):
    """A `Hop` among GPUs of one host that reach each other's memory.

    Rows must be a multiple of `ALIGNED_ROW` bytes, as `check_rows` says. All processes must have rows of the
    same type and width, and the same number of choices.
    """

    programs = 128
    """That send, and as many that receive; both kinds must find room on the device at once."""

    def __init__(self, group: dist.ProcessGroup, owner_E: Tensor, capacity: int) -> None:
        """`capacity`: rows that the stage has room for at first. Raises `ValueError` if something is missing
        that this needs."""
        super().__init__(Groups(group, group), owner_E)
        self.group = group
        self.routing, self.moving = self._kernels()
        if capacity < 1:
            raise ValueError(f"the capacity must be positive, not {capacity}")
        if self.peers > MOST_PEERS:
            raise ValueError(f"the fast path serves at most {MOST_PEERS} peers, not {self.peers}")
        self.owner32_E = owner_E.to(torch.int32)
        self.layout = Layout(self.peers, capacity, 0, 0)
        self._memory: Any = None
        """What keeps the stages of all peers alive; none before the first dispatch."""
        self._addresses_W = owner_E.new_empty(0)
        """Where each peer's begins, as seen from here."""
        self._offsets: list[list[int]] = []
        """Of the parts of the half for even operations, and for odd ones."""
        self._epoch = 0

    def plan(self, chosen_NK: Tensor) -> None:
        """None: `go` waits while it sends already."""

    def go(
        self,
        x_ND: Tensor,
        chosen_NK: Tensor,
        weights_NK: Tensor,
        packed_NB: Tensor | None = None,
        plan: Plan | None = None,
    ) -> Arrived:
        """As `Hop.go`."""
        assert plan is None, "none is made"
        sent = x_ND.detach() if packed_NB is None else packed_NB
        moved = self._move(sent, chosen_NK, weights_NK.detach().float())
        return self.arrived(moved, x_ND, weights_NK, packed=packed_NB is not None)

    def _move(self, x_ND: Tensor, chosen_NK: Tensor, weights_NK: Tensor) -> Moved:
        """Rows, choices and weights to where the choices say."""
        told = x_ND.contiguous(), chosen_NK.contiguous(), weights_NK.contiguous()
        self._begin(self.layout.rows, x_ND, chosen_NK.shape[1])
        rows_S, slots_NC, counts_WW = self._plan(told[1])
        read = self._read(counts_WW)
        self._dispatch(told, None, rows_S, counts_WW, receivers=False)
        table = read()
        sent, received = table[self.me], [row[self.me] for row in table]
        most = max(*map(sum, table), *map(sum, zip(*table, strict=True)))
        out = (
            x_ND.new_empty(sum(received), x_ND.shape[1]),
            chosen_NK.new_empty(sum(received), chosen_NK.shape[1]),
            weights_NK.new_empty(sum(received), weights_NK.shape[1]),
        )
        if most > self.layout.rows:
            self._begin(most, x_ND, chosen_NK.shape[1])
            self._dispatch(told, out, rows_S, counts_WW)
        else:
            # Beside the sending, which may be under way still.
            with self._aside():
                self._dispatch(told, out, rows_S, counts_WW, senders=False)
        each = CHOICE_BYTES + weights_NK.element_size()
        self.count(sent, x_ND.shape[1] * x_ND.element_size() + chosen_NK.shape[1] * each)
        route = FastRoute(rows_S[: sum(sent)], slots_NC, sent, received, counts_WW, most)
        return Moved(*out, route, None)

    def again(self, x_ND: Tensor, route: Route) -> Tensor:
        """As `Hop.again`."""
        assert isinstance(route, FastRoute), "it was made here"
        self._begin(route.most, x_ND, 0)
        out_RD = x_ND.new_empty(sum(route.received_W), x_ND.shape[1])
        told = x_ND.contiguous(), None, None
        self._dispatch(told, (out_RD, None, None), route.rows_S, route.counts_WW)
        return out_RD

    def combine(
        self, y_RD: Tensor, weights_RK: Tensor | None, route: Route, *, backward: bool
    ) -> tuple[Tensor, Tensor | None]:
        """As `Hop.combine`."""
        assert isinstance(route, FastRoute), "it was made here"
        rows, width = route.slots_NC.shape
        y_RD = y_RD.contiguous()
        choices = 0 if weights_RK is None else weights_RK.shape[1]
        self._begin(route.most, y_RD, choices)
        marks_at, rows_at, _, weights_at = self._offsets[self._epoch % 2]
        out_ND, weights_NK = y_RD.new_empty(rows, y_RD.shape[1]), None
        if weights_RK is not None:
            weights_RK = weights_RK.contiguous()
            weights_NK = weights_RK.new_empty(rows, choices)
        senders = self._share(max(route.received_W), self.peers - 1)
        words = y_RD.view(torch.int32)
        self.moving.combine[(senders + self._share(rows, 1),)](
            words,
            y_RD,
            out_ND,
            route.slots_NC,
            weights_RK,
            weights_NK,
            route.counts_WW,
            self._addresses_W,
            rows,
            senders,
            self.me,
            self._epoch,
            self.layout.rows,
            marks_at,
            rows_at,
            weights_at,
            self.layout.chunks,
            W=self.peers,
            WP=_power(self.peers),
            C=width,
            CP=_power(width),
            K=choices,
            KP=_power(choices),
            D=y_RD.shape[1],
            ROW=words.shape[1],
            BR=stage_layout.CHUNK_ROWS,
            BW=min(TILE_WORDS, _power(y_RD.shape[1])),
            WEIGHTS=weights_RK is not None,
            num_warps=8,
        )
        return out_ND, weights_NK

    def _plan(self, chosen_NK: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """`rows_S` (with room behind the end), `slots_NC` and the counts."""
        rows, width = chosen_NK.shape
        capacity = min(width, self.peers)
        blocks = max(1, -(-rows // BLOCK_ROWS))
        rows_S, slots_NC, counts_WW, blocks_BW = (
            torch.empty(shape, dtype=torch.int32, device=chosen_NK.device)
            for shape in (
                (rows * capacity,),
                (rows, capacity),
                (self.peers, self.peers),
                (blocks, self.peers),
            )
        )
        sizes = {"W": self.peers, "K": width, "KP": _power(width), "BN": BLOCK_ROWS, "num_warps": 16}
        if blocks > 1:
            self.routing.count[(blocks,)](chosen_NK, self.owner32_E, blocks_BW, rows, **sizes)
        self.routing.plan[(blocks,)](
            chosen_NK,
            self.owner32_E,
            blocks_BW,
            rows_S,
            slots_NC,
            counts_WW,
            self._addresses_W,
            rows,
            blocks,
            self.me,
            self._epoch,
            WP=_power(self.peers),
            C=capacity,
            BP=_power(blocks),
            **sizes,
        )
        return rows_S, slots_NC, counts_WW

    def _dispatch(
        self,
        told: tuple[Tensor, Tensor | None, Tensor | None],
        out: tuple[Tensor, Tensor | None, Tensor | None] | None,
        rows_S: Tensor,
        counts_WW: Tensor,
        senders: bool = True,
        receivers: bool = True,
    ) -> None:
        x_ND, chosen_NK, weights_NK = told
        out_RD, chosen_RK, weights_RK = out or told
        words = x_ND.view(torch.int32)
        choices = 0 if chosen_NK is None else chosen_NK.shape[1]
        sending = self._share(len(x_ND), self.peers - 1) if senders else 0
        receiving = self._share(len(out_RD), self.peers) if receivers else 0
        if not sending + receiving:
            return
        self.moving.dispatch[(sending + receiving,)](
            words,
            out_RD.view(torch.int32),
            rows_S,
            chosen_NK,
            chosen_RK,
            self.owner32_E,
            weights_NK,
            weights_RK,
            counts_WW,
            self._addresses_W,
            sending,
            self.me,
            self._epoch,
            self.layout.rows,
            *self._offsets[self._epoch % 2],
            self.layout.chunks,
            W=self.peers,
            WP=_power(self.peers),
            K=choices,
            KP=_power(choices),
            ROW=words.shape[1],
            BR=stage_layout.CHUNK_ROWS,
            BW=min(TILE_WORDS, _power(words.shape[1])),
            TOLD=chosen_NK is not None,
            num_warps=8,
        )

    def _share(self, rows: int, ways: int) -> int:
        """Programs for at most so many rows to each of some peers: as many to each; at least one."""
        return ways * max(1, min(-(-rows // stage_layout.CHUNK_ROWS), self.programs // max(1, ways)))

    def _begin(self, rows: int, x: Tensor, choices: int) -> None:
        """The next operation: all processes make a larger stage if its rows or choices exceed this one."""
        row_bytes = x.shape[1] * x.element_size()
        assert row_bytes % ALIGNED_ROW == 0, f"rows of {row_bytes} bytes"
        self._epoch += 1
        old = self.layout
        if rows > old.rows:
            # A quarter more: loads that grow slowly shall not need this each time.
            rows += rows // 4
        wanted = Layout(
            self.peers, max(rows, old.rows), max(row_bytes, old.row_bytes), max(choices, old.choices)
        )
        if wanted != old:
            self._quiet()
            self.layout, self._memory = wanted, None
            self._addresses_W, self._memory = self._allocate(wanted.size)
            self._offsets = [wanted.offsets(half) for half in range(2)]
            self._quiet()

    # What a test puts something else in the place of.

    def _kernels(self) -> tuple[ModuleType, ModuleType]:
        """Those that find where rows go, and those that move them. Raises `ValueError` if something is
        missing."""
        device = self.owner_E.device
        if device.type != "cuda":
            raise ValueError(f"the fast path needs CUDA, and the experts' owners are on the {device.type}")
        try:
            from training.parallel import move_kernels, route_kernels
        except ImportError as missing:
            raise ValueError("the fast path needs Triton, which is not installed") from missing
        self._second = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
        self._table_WW = torch.empty(self.peers, self.peers, dtype=torch.int32, pin_memory=True)
        return route_kernels, move_kernels

    def _quiet(self) -> None:
        """Until no process does anything with a stage."""
        torch.cuda.synchronize(self.owner_E.device)
        dist.barrier(self.group)
        torch.cuda.synchronize(self.owner_E.device)

    def _allocate(self, size: int) -> tuple[Tensor, Any]:
        """Symmetric memory of zeros: the peers' addresses, and what keeps it alive."""
        from torch.distributed import _symmetric_memory as symmetric

        mine = symmetric.empty(size, dtype=torch.uint8, device=self.owner_E.device)
        try:
            shared = symmetric.rendezvous(mine, self.group)
        except RuntimeError as error:
            why = str(error).splitlines()[0]
            raise TrainError(f"the fast path needs GPUs that reach each other's memory: {why}") from error
        mine.zero_()
        views = [shared.get_buffer(peer, (size,), torch.uint8) for peer in range(self.peers)]
        return self.owner_E.new_tensor([view.data_ptr() for view in views]), (mine, shared, views)

    def _read(self, counts_WW: Tensor) -> Callable[[], list[list[int]]]:
        """Begin to bring the table to the host; what waits for it."""
        self._table_WW.copy_(counts_WW, non_blocking=True)
        self._arrived.record()

        def wait() -> list[list[int]]:
            self._arrived.synchronize()
            table: list[list[int]] = self._table_WW.tolist()
            return table

        return wait

    def _aside(self) -> AbstractContextManager[None]:
        """A second stream, which the first waits for at the end. It does not wait for the first: what it is
        to read is there since the host has seen the table."""
        return _Aside(self._second)


class _Aside(AbstractContextManager[None]):
    def __init__(self, second: torch.cuda.Stream) -> None:
        self.first, self.second = torch.cuda.current_stream(), second

    def __enter__(self) -> None:
        torch.cuda.set_stream(self.second)

    def __exit__(self, *_: object) -> None:
        torch.cuda.set_stream(self.first)
        self.first.wait_stream(self.second)


def check_rows(hidden: int, dtype: torch.dtype) -> None:
    """Raise `ValueError`, in one line, for rows that the fast path does not move."""
    row_bytes = hidden * dtype.itemsize
    if row_bytes % ALIGNED_ROW:
        raise ValueError(
            f"mesh.fast needs rows of a multiple of {ALIGNED_ROW} bytes: hidden_size = {hidden} makes "
            f"{row_bytes} of them"
        )


def _power(number: int) -> int:
    """The least power of two that is not smaller."""
    return 1 << max(0, number - 1).bit_length()
