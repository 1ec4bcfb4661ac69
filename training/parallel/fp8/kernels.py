"""Triton kernels: the products of `reference`, group by group.

No size is waited for: the grids are as large as any division of the rows among the groups could need, and
each program finds its group and tile from `ends_E` on the device; those without one return. Operands come
through the tensor memory accelerator, whose descriptors cover whole tensors: a tile that reaches into the
next group's rows is multiplied with them, and what belongs to nobody is not stored.

A program's tile is 128 × 128, or 128 × 256 in two halves: the tensor core's sums over 128 terms are added to
the others in ordinary registers, which two halves at once would not fit into.

Importing this needs Triton.
"""

from __future__ import annotations

from typing import Any

import triton
import triton.language as tl
from torch import Tensor
from triton.tools.tensor_descriptor import TensorDescriptor

from training.parallel.fp8.casts import aligned, place_of
from training.parallel.fp8.tiles import TILE, Quantised, most_tiles

_TILE = tl.constexpr(TILE)
_BAND = tl.constexpr(16)
"""So many tiles of rows share the weights that they read, while these are in the L2 cache."""

WAYS = [
    triton.Config({"WIDE": 1}, num_warps=8, num_stages=4),
    triton.Config({"WIDE": 1}, num_warps=8, num_stages=3, maxnreg=128),
    triton.Config({"WIDE": 1}, num_warps=4, num_stages=3),
    triton.Config({"WIDE": 2}, num_warps=8, num_stages=3),
    triton.Config({"WIDE": 2}, num_warps=8, num_stages=4),
]
"""The ways of running a product, the fastest of which is found out once for each shape of weights."""


def multiply(x: Quantised, weight: Quantised, ends_E: Tensor, out_PO: Tensor) -> None:
    """`reference.multiply` to where its result is to be."""
    rows, inputs = x.values.shape
    experts, outputs, _ = weight.values.shape
    row_tiles = most_tiles(rows, experts)
    _multiply_kernel[lambda way: (row_tiles * triton.cdiv(outputs, TILE * way["WIDE"]),)](
        _described(aligned(x.values)),
        x.scales,
        _described(aligned(weight.values).flatten(0, 1)),
        weight.scales.contiguous(),
        ends_E,
        out_PO,
        row_tiles,
        outputs,
        inputs,
        *x.scales.stride(),
        experts,
        triton.next_power_of_2(experts),
    )


def of_weight(grad: Quantised, x: Quantised, ends_E: Tensor, out_EOK: Tensor) -> None:
    """`reference.of_weight` to where its result is to be."""
    experts, outputs, inputs = out_EOK.shape
    _of_weight_kernel[
        lambda way: (experts * triton.cdiv(outputs, TILE) * triton.cdiv(inputs, TILE * way["WIDE"]),)
    ](
        _described(grad.values),
        grad.scales,
        _described(x.values),
        x.scales,
        ends_E,
        out_EOK,
        outputs,
        inputs,
        *grad.scales.stride(),
        *x.scales.stride(),
        experts,
        triton.next_power_of_2(experts),
    )


def _described(values: Tensor) -> Any:
    return TensorDescriptor.from_tensor(values, [TILE, TILE])


@triton.autotune(WAYS, key=["outputs", "inputs", "experts"])
@triton.jit
def _multiply_kernel(
    x,
    x_scales,
    weight,
    weight_scales,
    ends,
    out,
    row_tiles,
    outputs,
    inputs,
    x_scales_row,
    x_scales_tile,
    experts,
    BLOCK_E: tl.constexpr,
    WIDE: tl.constexpr,
):
    """128 rows of one group times 128 · WIDE outputs of its weights."""
    column_tiles = tl.cdiv(outputs, _TILE * WIDE)
    band = tl.program_id(0) // (_BAND * column_tiles) * _BAND
    inside = tl.program_id(0) % (_BAND * column_tiles)
    height = tl.minimum(row_tiles - band, _BAND)
    column = inside // height * _TILE * WIDE
    expert, first, end = place_of(ends, band + inside % height, experts, BLOCK_E)
    if first >= end:
        return
    lane = tl.arange(0, _TILE)
    row = first + lane
    tiles = tl.cdiv(inputs, _TILE)
    blocks = tl.cdiv(outputs, _TILE)
    block = column // _TILE
    x_scale = x_scales + row.to(tl.int64) * x_scales_row
    left_scale = weight_scales + (expert * blocks + block) * tiles
    right_scale = weight_scales + (expert * blocks + tl.minimum(block + 1, blocks - 1)) * tiles
    left = tl.zeros((_TILE, _TILE), tl.float32)
    right = tl.zeros((_TILE, _TILE), tl.float32)
    for tile in tl.range(0, tiles):
        # Asked for before the product, so that they are here when it ends.
        scale = tl.load(x_scale + tile * x_scales_tile, mask=row < end, other=0.0)
        of_left = tl.load(left_scale + tile)
        of_right = tl.load(right_scale + tile)
        mine = x.load([first, tile * _TILE])
        other = weight.load([expert * outputs + column, tile * _TILE])
        left += tl.dot(mine, other.T) * (scale * of_left)[:, None]
        if WIDE == 2:
            other = weight.load([expert * outputs + column + _TILE, tile * _TILE])
            right += tl.dot(mine, other.T) * (scale * of_right)[:, None]
    _store(out, left, row, end, column + lane, outputs)
    if WIDE == 2:
        _store(out, right, row, end, column + _TILE + lane, outputs)


@triton.autotune(WAYS, key=["outputs", "inputs", "experts"])
@triton.jit
def _of_weight_kernel(
    grad,
    grad_scales,
    x,
    x_scales,
    ends,
    out,
    outputs,
    inputs,
    grad_scales_row,
    grad_scales_tile,
    x_scales_row,
    x_scales_tile,
    experts,
    BLOCK_E: tl.constexpr,
    WIDE: tl.constexpr,
):
    """128 × 128 · WIDE of one expert's gradient: the sum over its group's tiles."""
    row_tiles = tl.cdiv(outputs, _TILE)
    column_tiles = tl.cdiv(inputs, _TILE * WIDE)
    expert = tl.program_id(0) // (row_tiles * column_tiles)
    inside = tl.program_id(0) % (row_tiles * column_tiles)
    first_row = inside % row_tiles * _TILE
    first_column = inside // row_tiles * _TILE * WIDE
    expert_E = tl.arange(0, BLOCK_E)
    end_E = tl.load(ends + expert_E, mask=expert_E < experts, other=0)
    start_E = tl.load(ends + expert_E - 1, mask=(expert_E > 0) & (expert_E < experts), other=0)
    tiles_E = tl.where(expert_E < experts, (end_E - start_E + _TILE - 1) // _TILE, 0)
    first_tile = tl.sum(tl.where(expert_E < expert, tiles_E, 0))
    last_tile = tl.sum(tl.where(expert_E <= expert, tiles_E, 0))
    lane = tl.arange(0, _TILE)
    row = first_row + lane
    column = first_column + lane
    left = tl.zeros((_TILE, _TILE), tl.float32)
    right = tl.zeros((_TILE, _TILE), tl.float32)
    for tile in tl.range(first_tile, last_tile):
        grad_scale = tl.load(
            grad_scales + row * grad_scales_row + tile * grad_scales_tile, mask=row < outputs, other=0.0
        )
        at = x_scales + column * x_scales_row + tile * x_scales_tile
        scale = tl.load(at, mask=column < inputs, other=0.0)
        mine = grad.load([first_row, tile * _TILE])
        other = x.load([first_column, tile * _TILE])
        left += tl.dot(mine, other.T) * (grad_scale[:, None] * scale[None, :])
        if WIDE == 2:
            at += _TILE * x_scales_row
            scale = tl.load(at, mask=column + _TILE < inputs, other=0.0)
            other = x.load([first_column + _TILE, tile * _TILE])
            right += tl.dot(mine, other.T) * (grad_scale[:, None] * scale[None, :])
    start = out + expert.to(tl.int64) * outputs * inputs
    _store(start, left, row, outputs, column, inputs)
    if WIDE == 2:
        _store(start, right, row, outputs, column + _TILE, inputs)


@triton.jit
def _store(out, total, row, rows, column, columns):
    """A tile of a contiguous matrix, where it has rows and columns."""
    real = (row < rows)[:, None] & (column < columns)[None, :]
    place = row.to(tl.int64)[:, None] * columns + column[None, :]
    tl.store(out + place, total.to(out.dtype.element_ty), mask=real)
