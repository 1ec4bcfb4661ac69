"""Quantisation to E4M3 with a scale for each tile of 128 numbers, or each block of 128 × 128.

A scale is the tile's largest magnitude over 448, E4M3's largest number, so nothing overflows; that is what
fine-grained scales are for (arXiv 2412.19437, section 3.3.2). A number that is not finite makes the scale of
its tile NaN, and so everything that is made of the tile: it shows in the loss, which the trainer checks.
A last tile may be short.

Plain PyTorch: the reference for the kernels, and the way on a CPU.

Shapes: N rows, K columns, T tiles of 128, C channels, P rows of E groups one after the other.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

TILE = 128
LARGEST = 448.0
SMALLEST = 2.0**-117
"""A tile whose largest magnitude is below this counts as zeros: its scale has no reciprocal in FP32."""


class Quantised(NamedTuple):
    """A tensor in FP8. Products of values and scales are what it stands for."""

    values: Tensor
    """`torch.float8_e4m3fn`."""
    scales: Tensor
    """FP32: (…, K) values have (…, T) scales as tiles, and (…, O, K) values (…, O / 128, T) as blocks."""


def to_tiles(x_NK: Tensor, *, power_of_two: bool = False, square: bool = False) -> Quantised:
    """A scale for each row and 128 columns, (N, T).

    `power_of_two` rounds scales up to one, which makes quantising again along the other dimension exact more
    often (section 3.3.3). `square` takes the scale of a whole block of 128 × 128 for each of its rows: what
    diverges for gradients (appendix B.2).
    """
    if not square:
        return _quantise(x_NK, 1, power_of_two)
    values_NK, scales_BT = _quantise(x_NK, TILE, power_of_two)
    return Quantised(values_NK, scales_BT.repeat_interleave(TILE, 0)[: len(x_NK)])


def to_blocks(weight: Tensor) -> Quantised:
    """A scale for each 128 × 128 of the last two dimensions: (…, O, K) has (…, ⌈O / 128⌉, ⌈K / 128⌉)."""
    return _quantise(weight, TILE, False)


def to_columns(
    x_PC: Tensor | Quantised, ends_E: Tensor, *, power_of_two: bool = False, square: bool = False
) -> Quantised:
    """Rows become columns, and tiles run along them: what the gradient of a weight sums over.

    No tile has rows of two groups: each group, whose rows end at `ends_E[e]`, begins a tile of its own, and
    its last one is filled up with zeros. Values (C, 128 · T) and scales (C, T), where T = `most_tiles(P, E)`
    is enough for any groups; tiles behind the last group are zeros. Rows that are quantised already are taken
    for what they stand for.
    """
    if isinstance(x_PC, Quantised):
        x_PC = from_tiles(x_PC)
    tiles = most_tiles(len(x_PC), len(ends_E))
    if not len(x_PC):
        return to_tiles(x_PC.new_zeros(x_PC.shape[1], tiles * TILE))
    ends_E = ends_E.long()
    starts_E = F.pad(ends_E[:-1], (1, 0))
    tile_ends_E = group_tiles(ends_E)
    first_E = F.pad(tile_ends_E[:-1], (1, 0))
    tile_T = torch.arange(tiles, device=x_PC.device)
    expert_T = torch.searchsorted(tile_ends_E, tile_T, right=True)
    beyond_T = expert_T == len(ends_E)
    expert_T = expert_T.masked_fill(beyond_T, 0)
    lane_I = torch.arange(TILE, device=x_PC.device)
    row_TI = (starts_E[expert_T] + (tile_T - first_E[expert_T]) * TILE)[:, None] + lane_I
    real_TI = (row_TI < ends_E[expert_T][:, None]) & ~beyond_T[:, None]
    rows = row_TI.clamp(max=len(x_PC) - 1).flatten()
    x_CQ = torch.where(real_TI.flatten()[:, None], x_PC[rows], 0).t()
    return to_tiles(x_CQ, power_of_two=power_of_two, square=square)


def group_tiles(ends_E: Tensor) -> Tensor:
    """Where each group's tiles end (E), if every group begins with a new tile."""
    counts_E = ends_E - F.pad(ends_E[:-1], (1, 0))
    return ((counts_E + TILE - 1) // TILE).cumsum(0)


def most_tiles(rows: int, groups: int) -> int:
    """How many tiles the groups have at most, however the rows are divided among them."""
    return (rows + (TILE - 1) * groups) // TILE


def from_tiles(tiles: Quantised) -> Tensor:
    """What tiles (N, K), or columns, stand for, in FP32."""
    scales_NK = tiles.scales.repeat_interleave(TILE, -1)[..., : tiles.values.shape[-1]]
    return tiles.values.float() * scales_NK


def from_blocks(blocks: Quantised) -> Tensor:
    """What blocks (…, O, K) stand for, in FP32."""
    rows = blocks.scales.repeat_interleave(TILE, -2)[..., : blocks.values.shape[-2], :]
    return from_tiles(Quantised(blocks.values, rows))


def _quantise(x: Tensor, height: int, power_of_two: bool) -> Quantised:
    """Scales of tiles of `height` rows and 128 columns."""
    rows, columns = x.shape[-2:]
    padded = F.pad(x.float().contiguous(), (0, -columns % TILE, 0, -rows % height))
    bands, tiles = padded.shape[-2] // height, padded.shape[-1] // TILE
    tiled = padded.view(*x.shape[:-2], bands, height, tiles, TILE)
    top = tiled.abs().amax((-3, -1))
    # Not by a number, which a GPU would multiply by its rounded reciprocal instead.
    scales = torch.where(top < SMALLEST, 1.0, top / torch.full_like(top, LARGEST))
    if power_of_two:
        scales = ((scales.view(torch.int32) + 0x7FFFFF) & 0x7F800000).view(torch.float32)
    scales = torch.where(top.isfinite(), scales, torch.nan)
    # The reciprocal, as the kernels have it: a division for each number would round differently.
    values = (tiled * scales.reciprocal()[..., None, :, None]).view(padded.shape)[..., :rows, :columns]
    return Quantised(values.to(torch.float8_e4m3fn).contiguous(), scales)
