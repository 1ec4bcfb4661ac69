"""The fast path of a hop inside one host: Triton kernels write straight into the peers' memory.

`FastHop` does what `Hop` does, in fewer steps. One kernel finds where the rows go and tells the peers how
many; one sends each row from where it lies to its place with the peer, choices and weights along with it, and
what arrives is copied out, or added up, chunk by chunk while the rest is still on its way. A dispatch waits
for the host once, while it sends already: the outputs' size must be known.

Peers write into a *stage* in symmetric memory (`stage`). Operations must follow each other on one stream, in
the same order on all processes.

Letters as in spread.py. Published counterpart: DeepEP's kernels inside a node, with NVLink only.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from types import ModuleType

import torch
import torch.distributed as dist
from torch import Tensor

from training.parallel import stage
from training.parallel.spread import Arrived, Groups, Hop, Moved, Plan, Route
from training.parallel.stage import ALIGNED_ROW, FastRoute, Stage

MOST_PEERS = 32
BLOCK_ROWS, TILE_WORDS = 1024, 1024
"""Rows that a program plans for; 32-bit words of a row at a time."""
CHOICE_BYTES = 4
"""Of an expert's number as it travels."""


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
        self.stage = self._make_stage(capacity)

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
        self.stage.begin(self.stage.layout.rows, x_ND, chosen_NK.shape[1])
        rows_S, slots_NC, counts_2WW = self._plan(told[1])
        read, counts_WW = self._read(counts_2WW), counts_2WW[0]
        self._dispatch(told, None, rows_S, counts_WW, receivers=False)
        table, choices = read()
        sent, received = table[self.me], [row[self.me] for row in table]
        most = max(*map(sum, table), *map(sum, zip(*table, strict=True)))
        out = (
            x_ND.new_empty(sum(received), x_ND.shape[1]),
            chosen_NK.new_empty(sum(received), chosen_NK.shape[1]),
            weights_NK.new_empty(sum(received), weights_NK.shape[1]),
        )
        if most > self.stage.layout.rows:
            self.stage.begin(most, x_ND, chosen_NK.shape[1])
            self._dispatch(told, out, rows_S, counts_WW)
        else:
            # Beside the sending, which may be under way still.
            with self._aside():
                self._dispatch(told, out, rows_S, counts_WW, senders=False)
        each = CHOICE_BYTES + weights_NK.element_size()
        self.count(sent, x_ND.shape[1] * x_ND.element_size() + chosen_NK.shape[1] * each)
        route = FastRoute(rows_S[: sum(sent)], slots_NC, sent, received, counts_WW, most)
        return Moved(*out, route, sum(row[self.me] for row in choices))

    def again(self, x_ND: Tensor, route: Route) -> Tensor:
        """As `Hop.again`."""
        assert isinstance(route, FastRoute), "it was made here"
        self.stage.begin(route.most, x_ND, 0)
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
        self.stage.begin(route.most, y_RD, choices)
        marks_at, rows_at, _, weights_at = self.stage.offsets
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
            self.stage.addresses_W,
            rows,
            senders,
            self.me,
            self.stage.epoch,
            self.stage.layout.rows,
            marks_at,
            rows_at,
            weights_at,
            self.stage.layout.chunks,
            W=self.peers,
            WP=_power(self.peers),
            C=width,
            CP=_power(width),
            K=choices,
            KP=_power(choices),
            D=y_RD.shape[1],
            ROW=words.shape[1],
            BR=stage.CHUNK_ROWS,
            BW=min(TILE_WORDS, _power(y_RD.shape[1])),
            WEIGHTS=weights_RK is not None,
            num_warps=8,
        )
        return out_ND, weights_NK

    def _plan(self, chosen_NK: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """`rows_S` (with room behind the end), `slots_NC`, and the counts of rows and choices."""
        rows, width = chosen_NK.shape
        capacity = min(width, self.peers)
        blocks = max(1, -(-rows // BLOCK_ROWS))
        rows_S, slots_NC, counts_2WW, blocks_B2W = (
            torch.empty(shape, dtype=torch.int32, device=chosen_NK.device)
            for shape in (
                (rows * capacity,),
                (rows, capacity),
                (2, self.peers, self.peers),
                (blocks, 2 * self.peers),
            )
        )
        sizes = {"W": self.peers, "K": width, "KP": _power(width), "BN": BLOCK_ROWS, "num_warps": 16}
        if blocks > 1:
            self.routing.count[(blocks,)](chosen_NK, self.owner32_E, blocks_B2W, rows, **sizes)
        self.routing.plan[(blocks,)](
            chosen_NK,
            self.owner32_E,
            blocks_B2W,
            rows_S,
            slots_NC,
            counts_2WW,
            self.stage.addresses_W,
            rows,
            blocks,
            self.me,
            self.stage.epoch,
            WP=_power(self.peers),
            C=capacity,
            BP=_power(blocks),
            **sizes,
        )
        return rows_S, slots_NC, counts_2WW

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
            self.stage.addresses_W,
            sending,
            self.me,
            self.stage.epoch,
            self.stage.layout.rows,
            *self.stage.offsets,
            self.stage.layout.chunks,
            W=self.peers,
            WP=_power(self.peers),
            K=choices,
            KP=_power(choices),
            ROW=words.shape[1],
            BR=stage.CHUNK_ROWS,
            BW=min(TILE_WORDS, _power(words.shape[1])),
            TOLD=chosen_NK is not None,
            num_warps=8,
        )

    def _share(self, rows: int, ways: int) -> int:
        """Programs for at most so many rows to each of some peers: as many to each; at least one."""
        return ways * max(1, min(-(-rows // stage.CHUNK_ROWS), self.programs // max(1, ways)))

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
        self._table_2WW = torch.empty(2, self.peers, self.peers, dtype=torch.int32, pin_memory=True)
        return route_kernels, move_kernels

    def _make_stage(self, capacity: int) -> Stage:
        return Stage(self.group, self.owner_E.device, capacity)

    def _read(self, counts_2WW: Tensor) -> Callable[[], list[list[list[int]]]]:
        """Begin to bring the counts to the host; what waits for them."""
        self._table_2WW.copy_(counts_2WW, non_blocking=True)
        self._arrived.record()

        def wait() -> list[list[list[int]]]:
            self._arrived.synchronize()
            tables: list[list[list[int]]] = self._table_2WW.tolist()
            return tables

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
