"""The stage of the fast path: symmetric memory that peers write to, what lies where in it, whose turn it is.

A stage has two halves that operations use in turn. An operation ends once all peers have begun it, so that
whoever begins the next but one knows that all peers are through with the half that it is to write to. It has
room for a number of rows; if a dispatch needs more, all processes know from the table of counts, throw away
what was sent, and make a larger one together.

Letters as in spread.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from training.errors import TrainError
from training.parallel.spread import Route

ALIGNED = 128
"""Bytes: every part of a stage begins at a multiple of this."""
ALIGNED_ROW = 16
"""Bytes that a row is a multiple of."""
CHUNK_ROWS = 4
"""Rows that are sent before their arrival is marked."""


@dataclass(frozen=True, slots=True)
class FastRoute(Route):
    """A route, and what the peers send each other: `rows_S` and `slots_NC` are of 32 bits."""

    counts_WW: Tensor
    """Rows from each peer to each, on the device."""
    most: int
    """Rows that any process sends or receives, itself included: what a stage must have room for."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Of a process's symmetric memory: a header, and two halves that are alike."""

    peers: int
    rows: int
    row_bytes: int
    choices: int

    @property
    def chunks(self) -> int:
        """The most that one peer can send."""
        return -(-self.rows // CHUNK_ROWS)

    @property
    def parts(self) -> tuple[int, ...]:
        """Bytes of a half's marks (a word for each chunk of each peer), rows, choices and weights."""
        few = self.rows * self.choices * 4
        return tuple(map(_up, (self.peers * self.chunks * 4, self.rows * self.row_bytes, few, few)))

    @property
    def header(self) -> int:
        """Bytes: a word for each peer, and for even and odd operations the counts of rows and of choices."""
        return ALIGNED + _up(2 * 2 * self.peers**2 * 4)

    @property
    def size(self) -> int:
        """Bytes of all."""
        return self.header + 2 * sum(self.parts)

    def offsets(self, half: int) -> list[int]:
        """Of a half's parts, in bytes."""
        start = self.header + half * sum(self.parts)
        return [start + sum(self.parts[:part]) for part in range(len(self.parts))]


class Stage:
    """A process's stage, and the way to those of its peers."""

    def __init__(self, group: dist.ProcessGroup, device: torch.device, capacity: int) -> None:
        """`capacity`: rows that it has room for at first."""
        self.layout = Layout(dist.get_world_size(group), capacity, 0, 0)
        self.epoch = 0
        """The number of the operation that has begun."""
        self.addresses_W = torch.empty(0, dtype=torch.int64, device=device)
        """Where each peer's begins, as seen from here."""
        self._group, self._device = group, device
        self._memory: Any = None
        """What keeps the stages of all peers alive; none before the first operation."""
        self._offsets: list[list[int]] = []
        """Of the parts of the half for even operations, and for odd ones."""

    @property
    def offsets(self) -> list[int]:
        """Of the parts of the half that this operation uses."""
        return self._offsets[self.epoch % 2]

    def begin(self, rows: int, x: Tensor, choices: int) -> None:
        """The next operation: all processes make a larger stage if its rows or choices exceed this one."""
        row_bytes = x.shape[1] * x.element_size()
        assert row_bytes % ALIGNED_ROW == 0, f"rows of {row_bytes} bytes"
        self.epoch += 1
        old = self.layout
        if rows > old.rows:
            # A quarter more: loads that grow slowly shall not need this each time.
            rows += rows // 4
        wanted = Layout(
            old.peers, max(rows, old.rows), max(row_bytes, old.row_bytes), max(choices, old.choices)
        )
        if wanted != old:
            self._quiet()
            self.layout, self._memory = wanted, None
            self.addresses_W, self._memory = self._allocate(wanted.size)
            self._offsets = [wanted.offsets(half) for half in range(2)]
            self._quiet()

    # What a test puts something else in the place of.

    def _quiet(self) -> None:
        """Until no process does anything with a stage."""
        torch.cuda.synchronize(self._device)
        dist.barrier(self._group)
        torch.cuda.synchronize(self._device)

    def _allocate(self, size: int) -> tuple[Tensor, Any]:
        """Symmetric memory of zeros: the peers' addresses, and what keeps it alive."""
        from torch.distributed import _symmetric_memory as symmetric

        mine = symmetric.empty(size, dtype=torch.uint8, device=self._device)
        try:
            shared = symmetric.rendezvous(mine, self._group)
        except RuntimeError as error:
            why = str(error).splitlines()[0]
            raise TrainError(f"the fast path needs GPUs that reach each other's memory: {why}") from error
        mine.zero_()
        views = [shared.get_buffer(peer, (size,), torch.uint8) for peer in range(self.layout.peers)]
        addresses = [view.data_ptr() for view in views]
        return torch.tensor(addresses, dtype=torch.int64, device=self._device), (mine, shared, views)


def _up(size: int) -> int:
    return -(-size // ALIGNED) * ALIGNED
