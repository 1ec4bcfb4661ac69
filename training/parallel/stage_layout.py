"""What lies where in the symmetric memory of the fast path, and what a route of it says.

Letters as in spread.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from training.parallel.spread import Route

ALIGNED = 128
"""Bytes: every part of a stage begins at a multiple of this."""
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
        """Bytes: a word and two rows of words for each peer."""
        return ALIGNED + _up(2 * self.peers**2 * 4)

    @property
    def size(self) -> int:
        """Bytes of all."""
        return self.header + 2 * sum(self.parts)

    def offsets(self, half: int) -> list[int]:
        """Of a half's parts, in bytes."""
        start = self.header + half * sum(self.parts)
        return [start + sum(self.parts[:part]) for part in range(len(self.parts))]


def _up(size: int) -> int:
    return -(-size // ALIGNED) * ALIGNED
