"""Triton kernels for quantisation: what `tiles` does, bit by bit.

Importing this needs Triton.

Shapes: N rows, K columns, T tiles of 128, C channels, P rows of E groups one after the other, O outputs.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from training.parallel.fp8 import tiles as reference
from training.parallel.fp8.tiles import LARGEST, SMALLEST, TILE, Quantised, most_tiles

_TILE = tl.constexpr(TILE)
_LARGEST = tl.constexpr(LARGEST)
_SMALLEST = tl.constexpr(SMALLEST)
_ROWS = 32
"""Of one program that makes tiles."""
ALIGNED = 16
"""Bytes that the rows of values are a multiple of: the descriptors of the products ask for it."""


def to_tiles(x_NK: Tensor, *, power_of_two: bool = False, square: bool = False) -> Quantised:
    """As `tiles.to_tiles`; `square`, kept for comparison only, has no kernel."""
    if square or not x_NK.numel():
        return reference.to_tiles(x_NK, power_of_two=power_of_two, square=square)
    rows, columns = x_NK.shape
    values_NK = empty_values((rows, columns), x_NK.device)
    scales_TN = torch.empty(triton.cdiv(columns, TILE), rows, device=x_NK.device)
    grid = (triton.cdiv(rows, _ROWS), len(scales_TN))
    _tiles_kernel[grid](
        x_NK, values_NK, scales_TN, rows, columns, *x_NK.stride(), values_NK.stride(0), power_of_two, _ROWS
    )
    return Quantised(values_NK, scales_TN.t())


def to_blocks(weight: Tensor) -> Quantised:
    """As `tiles.to_blocks`, of (O, K) or (E, O, K); transposed weights cost no copy."""
    weight_EOK = weight if weight.dim() == 3 else weight[None]
    experts, rows, columns = weight_EOK.shape
    values_EOK = empty_values((experts, rows, columns), weight.device)
    scales_EBT = torch.empty(
        experts, triton.cdiv(rows, TILE), triton.cdiv(columns, TILE), device=weight.device
    )
    grid = (scales_EBT.shape[2], scales_EBT.shape[1], experts)
    _blocks_kernel[grid](
        weight_EOK,
        values_EOK,
        scales_EBT,
        rows,
        columns,
        *weight_EOK.stride(),
        *values_EOK.stride()[:2],
        num_warps=8,
    )
    if weight.dim() == 2:
        return Quantised(values_EOK[0], scales_EBT[0])
    return Quantised(values_EOK, scales_EBT)


def to_columns(
    x_PC: Tensor | Quantised, ends_E: Tensor, *, power_of_two: bool = False, square: bool = False
) -> Quantised:
    """As `tiles.to_columns`."""
    x, x_scales = x_PC if isinstance(x_PC, Quantised) else (x_PC, None)
    if square or not len(x):
        return reference.to_columns(x_PC, ends_E, power_of_two=power_of_two, square=square)
    tiles, channels = most_tiles(len(x), len(ends_E)), x.shape[1]
    values_CQ = torch.empty(channels, tiles * TILE, device=x.device, dtype=torch.float8_e4m3fn)
    scales_TC = torch.empty(tiles, channels, device=x.device)
    _columns_kernel[(tiles, triton.cdiv(channels, TILE))](
        x,
        x_scales,
        values_CQ,
        scales_TC,
        ends_E,
        channels,
        *x.stride(),
        *(x_scales.stride() if x_scales is not None else (0, 0)),
        values_CQ.stride(0),
        len(ends_E),
        power_of_two,
        triton.next_power_of_2(len(ends_E)),
        num_warps=8,
    )
    return Quantised(values_CQ, scales_TC.t())


def empty_values(shape: tuple[int, ...], device: torch.device) -> Tensor:
    """Room for values with rows that a descriptor takes."""
    width = triton.cdiv(shape[-1], ALIGNED) * ALIGNED
    return torch.empty(*shape[:-1], width, device=device, dtype=torch.float8_e4m3fn)[..., : shape[-1]]


def aligned(values: Tensor) -> Tensor:
    """The values where a descriptor takes them: as they are, if they were made here."""
    if values.stride(-1) == 1 and values.stride(-2) % ALIGNED == 0 and values.data_ptr() % ALIGNED == 0:
        return values
    room = empty_values(tuple(values.shape), values.device)
    room.view(torch.uint8).copy_(values.view(torch.uint8))
    return room


@triton.jit
def _scale_of(top, finite, POWER_OF_TWO: tl.constexpr):
    """The scale of tiles with these largest magnitudes."""
    scale = tl.where(top < _SMALLEST, 1.0, tl.div_rn(top, _LARGEST))
    if POWER_OF_TWO:
        scale = ((scale.to(tl.int32, bitcast=True) + 0x7FFFFF) & 0x7F800000).to(tl.float32, bitcast=True)
    return tl.where(finite > 0, scale, float("nan"))


@triton.jit
def place_of(ends, tile, experts, BLOCK_E: tl.constexpr):
    """The expert of a tile of rows, its first row and its group's end; no row if it is behind the last."""
    expert_E = tl.arange(0, BLOCK_E)
    end_E = tl.load(ends + expert_E, mask=expert_E < experts, other=0)
    start_E = tl.load(ends + expert_E - 1, mask=(expert_E > 0) & (expert_E < experts), other=0)
    tiles_E = tl.where(expert_E < experts, (end_E - start_E + _TILE - 1) // _TILE, 0)
    last_E = tl.cumsum(tiles_E)
    here_E = (tile >= last_E - tiles_E) & (tile < last_E)
    expert = tl.sum(tl.where(here_E, expert_E, 0))
    first = tl.sum(tl.where(here_E, start_E + (tile - last_E + tiles_E) * _TILE, 0))
    return expert, first, tl.sum(tl.where(here_E, end_E, 0))


@triton.jit
def _tiles_kernel(
    x,
    values,
    scales,
    rows,
    columns,
    x_row,
    x_column,
    values_row,
    POWER_OF_TWO: tl.constexpr,
    ROWS: tl.constexpr,
):
    """A tile of each of some rows."""
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    column = tl.program_id(1) * _TILE + tl.arange(0, _TILE)
    real = (row < rows)[:, None] & (column < columns)[None, :]
    wide = row.to(tl.int64)[:, None]
    part = tl.load(x + wide * x_row + column[None, :] * x_column, mask=real, other=0).to(tl.float32)
    finite = tl.abs(part) < float("inf")
    top = tl.max(tl.where(finite, tl.abs(part), 0.0), 1)
    scale = _scale_of(top, tl.min(finite.to(tl.int32), 1), POWER_OF_TWO)
    quantised = (part * tl.div_rn(1.0, scale)[:, None]).to(tl.float8e4nv)
    tl.store(values + wide * values_row + column[None, :], quantised, mask=real)
    tl.store(scales + tl.program_id(1).to(tl.int64) * rows + row, scale, mask=row < rows)


@triton.jit
def _blocks_kernel(
    weight,
    values,
    scales,
    rows,
    columns,
    weight_expert,
    weight_row,
    weight_column,
    values_expert,
    values_row,
):
    """One block of one expert."""
    expert = tl.program_id(2).to(tl.int64)
    row = (tl.program_id(1) * _TILE + tl.arange(0, _TILE))[:, None]
    column = (tl.program_id(0) * _TILE + tl.arange(0, _TILE))[None, :]
    real = (row < rows) & (column < columns)
    start = weight + expert * weight_expert
    part = tl.load(start + row * weight_row + column * weight_column, mask=real, other=0).to(tl.float32)
    finite = tl.abs(part) < float("inf")
    top = tl.max(tl.max(tl.where(finite, tl.abs(part), 0.0), 1), 0)
    scale = _scale_of(top, tl.min(tl.min(finite.to(tl.int32), 1), 0), False)
    quantised = (part * tl.div_rn(1.0, scale)).to(tl.float8e4nv)
    tl.store(values + expert * values_expert + row * values_row + column, quantised, mask=real)
    block = (expert * tl.num_programs(1) + tl.program_id(1)) * tl.num_programs(0) + tl.program_id(0)
    tl.store(scales + block, scale)


@triton.jit
def _columns_kernel(
    x,
    x_scales,
    values,
    scales,
    ends,
    channels,
    x_row,
    x_channel,
    x_scales_row,
    x_scales_tile,
    values_channel,
    experts,
    POWER_OF_TWO: tl.constexpr,
    BLOCK_E: tl.constexpr,
):
    """A tile of each of 128 channels, along the rows of one group. `x_scales`: of tiles along x's rows."""
    tile = tl.program_id(0)
    _, first, end = place_of(ends, tile, experts, BLOCK_E)
    lane = tl.arange(0, _TILE)
    row = first + lane
    channel = tl.program_id(1) * _TILE + lane
    real = (row < end)[:, None] & (channel < channels)[None, :]
    wide = row.to(tl.int64)[:, None]
    part = tl.load(x + wide * x_row + channel[None, :] * x_channel, mask=real, other=0.0).to(tl.float32)
    if x_scales is not None:
        theirs = x_scales + row.to(tl.int64) * x_scales_row + tl.program_id(1) * x_scales_tile
        part *= tl.load(theirs, mask=row < end, other=0)[:, None]
    finite = tl.abs(part) < float("inf")
    top = tl.max(tl.where(finite, tl.abs(part), 0.0), 0)
    scale = _scale_of(top, tl.min(finite.to(tl.int32), 0), POWER_OF_TWO)
    quantised = tl.trans((part * tl.div_rn(1.0, scale)[None, :]).to(tl.float8e4nv))
    place = channel.to(tl.int64)[:, None] * values_channel + (tile * _TILE + lane)[None, :]
    tl.store(values + place, quantised, mask=(channel < channels)[:, None])
    tl.store(scales + tile.to(tl.int64) * channels + channel, scale, mask=channel < channels)
