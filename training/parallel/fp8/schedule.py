"""Which tile of the output is whose: what the partitions of `hopper` find out, each for itself.

Tiles of 128 × 256 are numbered through all groups, and a program's numbers only grow: it keeps the group that
it is at and walks on. No size is waited for: the host knows how many tiles there are at most, however the
rows are divided, and those behind the last one have no terms.

Of a group `start` and `end` are its rows among the rows of all, and `before` is the number of tiles before
its own: tiles of the output, or, for the gradient of the weights, of the terms that are summed.

Importing this needs Triton 3.6 with Gluon.
"""

from __future__ import annotations

from triton.experimental import gluon
from triton.experimental.gluon import language as gl

from training.parallel.fp8.tiles import TILE

_TILE = gl.constexpr(TILE)


@gluon.jit
def first_group(ends):
    """The expert, `start`, `end` and `before` with which `walk` begins."""
    return 0, 0, gl.load(ends).to(gl.int32), 0


@gluon.jit
def walk(ends, tile, expert, start, end, before, rows, columns, experts, OF_WEIGHT: gl.constexpr):
    """From one group to that of a later tile, or to the last one: as `first_group`."""
    across = (columns + 2 * _TILE - 1) // (2 * _TILE)
    if OF_WEIGHT:
        area = (rows + _TILE - 1) // _TILE * across
        while (tile >= (expert + 1) * area) & (expert + 1 < experts):
            before += (end - start + _TILE - 1) // _TILE
            expert += 1
            start = end
            end = gl.load(ends + expert).to(gl.int32)
    else:
        area = (end - start + _TILE - 1) // _TILE * across
        while (tile >= before + area) & (expert + 1 < experts):
            before += area
            expert += 1
            start = end
            end = gl.load(ends + expert).to(gl.int32)
            area = (end - start + _TILE - 1) // _TILE * across
    return expert, start, end, before


@gluon.jit
def place_in(
    tile, expert, start, end, before, rows, columns, steps, OF_WEIGHT: gl.constexpr, BAND: gl.constexpr
):
    """A tile's first row and column inside its group's output, and the tiles of terms that it sums."""
    across = (columns + 2 * _TILE - 1) // (2 * _TILE)
    tall = (end - start + _TILE - 1) // _TILE
    if OF_WEIGHT:
        first, last = before, before + tall
        tall = (rows + _TILE - 1) // _TILE
        inside = tile - expert * tall * across
    else:
        inside = tile - before
        first, last = 0, gl.where(inside < tall * across, steps, 0)
    band = inside // (BAND * across) * BAND
    inside -= band * across
    height = gl.maximum(gl.minimum(tall - band, BAND), 1)
    return (band + inside % height) * _TILE, inside // height * (2 * _TILE), first, last


@gluon.jit
def in_lines(place, length):
    """Where what begins at a place of a line begins in four of this length, each from the next place on."""
    return place % 4 * length + place // 4 * 4
