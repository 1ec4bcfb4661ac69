"""The products of `reference` on Hopper, by warps that have one duty each.

A program is three partitions. One warp loads: it asks the tensor memory accelerator for the next 128 terms,
into a ring of stages in shared memory. Two warpgroups multiply: each has half of a tile of 128 × 256, in two
parts of 64 × 128, and adds the tensor core's sums over 128 terms to the others in ordinary registers, while
the tensor core works for the other warpgroup (section 3.3.2, arXiv 2412.19437).

There are as many programs as multiprocessors, and each takes one tile after the other, so that loading goes
on while a tile is stored. All partitions take the same turns of the same loops (`schedule`); a tile that is
nobody's or has no terms has no turns of the inner one, and no warp leaves early.

Descriptors cover whole tensors: a tile that reaches into the next group's rows is multiplied with them, and
what belongs to nobody is not stored.

The GPU refuses a load of scales from between 16-byte boundaries, and groups begin anywhere: `lines` has four
copies of them, in one of which any place is at such a boundary.

Importing this needs Triton 3.6 with Gluon.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor
from triton import cdiv
from triton.experimental import gluon
from triton.experimental.gluon import language as gl
from triton.experimental.gluon.language.nvidia.hopper import (
    fence_async_shared,
    mbarrier,
    tma,
    warpgroup_mma,
    warpgroup_mma_wait,
)
from triton.experimental.gluon.nvidia.hopper import TensorDescriptor

from training.parallel.fp8.casts import aligned
from training.parallel.fp8.lines import lines
from training.parallel.fp8.schedule import first_group, in_lines, place_in, walk
from training.parallel.fp8.tiles import TILE, Quantised, most_tiles

STAGES = 3
"""Of the ring: so many loads of 128 terms are under way or wait to be multiplied."""
BAND = 16
"""So many tiles of rows share the weights that they read, while these are in the L2 cache."""
CONSUMER_REGISTERS, PRODUCER_REGISTERS, REGISTERS = 240, 24, 168
"""Of a thread: three warpgroups begin with the last number; two go on with the first, one with the second."""

_TILE = gl.constexpr(TILE)
_PART = gl.constexpr(64)
"""Rows of one instruction of the tensor core."""
_VALUES = gl.NVMMASharedLayout(swizzle_byte_width=128, element_bitwidth=8, rank=2)
_SCALES = gl.NVMMASharedLayout(swizzle_byte_width=0, element_bitwidth=32, rank=1)
_PRODUCT = gl.constexpr(gl.NVMMADistributedLayout([3, 0], [4, 1], [16, 128, 32]))
_STORED = gl.constexpr(
    gl.DistributedLinearLayout(
        reg_bases=[[0, 1], [0, 2], [0, 4], [8, 0], [0, 32], [0, 64]],
        lane_bases=[[0, 8], [0, 16], [1, 0], [2, 0], [4, 0]],
        warp_bases=[[16, 0], [32, 0]],
        block_bases=[],
        shape=[64, 128],
    )
)
"""Eight neighbouring columns in a thread, so that it stores 16 bytes; otherwise as in `_PRODUCT`."""


def multiply(x: Quantised, weight: Quantised, ends_E: Tensor, out_PO: Tensor) -> None:
    """`reference.multiply` to where its result is to be."""
    rows, outputs = out_PO.shape
    tiles = most_tiles(rows, len(ends_E)) * cdiv(outputs, 2 * TILE)
    weight_ROK = aligned(weight.values).flatten(0, 1)
    scales = weight.scales.contiguous()
    _launch(x, weight_ROK, scales, 0, ends_E, out_PO, tiles, of_weight=False)


def of_weight(grad: Quantised, x: Quantised, ends_E: Tensor, out_EOK: Tensor) -> None:
    """`reference.of_weight` to where its result is to be."""
    experts, outputs, inputs = out_EOK.shape
    tiles = experts * cdiv(outputs, TILE) * cdiv(inputs, 2 * TILE)
    _launch(grad, x.values, *_lines(x.scales, TILE), ends_E, out_EOK, tiles, of_weight=True)


def _launch(
    left: Quantised,
    right: Tensor,
    right_scales: Any,
    right_length: int,
    ends_E: Tensor,
    out: Tensor,
    tiles: int,
    *,
    of_weight: bool,
) -> None:
    """`out` in at most so many tiles, from what has its rows and what has its columns."""
    left_line, left_length = _lines(left.scales, _PART.value)
    _kernel[(min(_multiprocessors(out.device), tiles),)](
        _described(left.values, _PART.value),
        left_line,
        _described(right, TILE),
        right_scales,
        ends_E,
        out,
        tiles,
        *out.shape[-2:],
        left.scales.shape[1],
        len(left.scales),
        left_length,
        right_length,
        len(ends_E),
        of_weight,
        BAND,
        STAGES,
        CONSUMER_REGISTERS,
        PRODUCER_REGISTERS,
        num_warps=4,
        maxnreg=REGISTERS,
    )


@cache
def _multiprocessors(device: torch.device) -> int:
    return torch.cuda.get_device_properties(device).multi_processor_count


def _described(values: Tensor, rows: int) -> Any:
    return TensorDescriptor.from_tensor(aligned(values), [rows, TILE], _VALUES)


def _lines(scales_MT: Tensor, count: int) -> tuple[Any, int]:
    """Lines of which any `count` neighbours can be loaded, and the length of one."""
    four = lines(scales_MT)
    return TensorDescriptor.from_tensor(four.flatten(), [count], _SCALES), four.shape[1]


@gluon.jit
def _kernel(
    left,
    left_scales,
    right,
    right_scales,
    ends,
    out,
    tiles,
    rows,
    columns,
    steps,
    left_step,
    left_length,
    right_length,
    experts,
    OF_WEIGHT: gl.constexpr,
    BAND: gl.constexpr,
    STAGES: gl.constexpr,
    CONSUMER_REGISTERS: gl.constexpr,
    PRODUCER_REGISTERS: gl.constexpr,
):
    """Tiles of 128 rows and 256 columns of one group."""
    left_ring = gl.allocate_shared_memory(gl.float8e4nv, [2 * STAGES, _PART, _TILE], left.layout)
    right_ring = gl.allocate_shared_memory(gl.float8e4nv, [2 * STAGES, _TILE, _TILE], right.layout)
    left_scale_ring = gl.allocate_shared_memory(gl.float32, [2 * STAGES, _PART], left_scales.layout)
    right_scale_ring = gl.allocate_shared_memory(gl.float32, [2 * STAGES, _TILE], left_scales.layout)
    filled = gl.allocate_shared_memory(gl.int64, [STAGES, 1], mbarrier.MBarrierLayout())
    emptied = gl.allocate_shared_memory(gl.int64, [STAGES, 1], mbarrier.MBarrierLayout())
    for stage in gl.static_range(STAGES):
        mbarrier.init(filled.index(stage), count=1)
        mbarrier.init(emptied.index(stage), count=2)
    fence_async_shared()
    rings = (left_ring, right_ring, left_scale_ring, right_scale_ring, filled, emptied)
    sizes = (ends, tiles, rows, columns, steps, experts)
    lines = (left_step, left_length, right_length)
    gl.warp_specialize(
        [
            (_consume, (0, out, right_scales, rings, sizes, OF_WEIGHT, BAND, STAGES)),
            (_consume, (1, out, right_scales, rings, sizes, OF_WEIGHT, BAND, STAGES)),
            (
                _produce,
                (left, left_scales, right, right_scales, lines, rings, sizes, OF_WEIGHT, BAND, STAGES),
            ),
        ],
        [4, 1],
        [CONSUMER_REGISTERS, PRODUCER_REGISTERS],
    )


@gluon.jit
def _produce(
    left,
    left_scales,
    right,
    right_scales,
    lines,
    rings,
    sizes,
    OF_WEIGHT: gl.constexpr,
    BAND: gl.constexpr,
    STAGES: gl.constexpr,
):
    """Load what the consumers multiply."""
    left_step, left_length, right_length = lines
    left_ring, right_ring, left_scale_ring, right_scale_ring, filled, emptied = rings
    ends, tiles, rows, columns, steps, experts = sizes
    expert, start, end, before = first_group(ends)
    load = 0
    for tile in range(gl.program_id(0), tiles, gl.num_programs(0)):
        expert, start, end, before = walk(
            ends, tile, expert, start, end, before, rows, columns, experts, OF_WEIGHT
        )
        row, column, first, last = place_in(
            tile, expert, start, end, before, rows, columns, steps, OF_WEIGHT, BAND
        )
        left_row = row if OF_WEIGHT else start + row
        right_row = column if OF_WEIGHT else expert * columns + column
        for step in range(first, last):
            stage = load % STAGES
            mbarrier.wait(emptied.index(stage), load // STAGES & 1 ^ 1)
            ready = filled.index(stage)
            bytes_of_scales: gl.constexpr = 4 * 2 * _PART + (4 * 2 * _TILE if OF_WEIGHT else 0)
            mbarrier.expect(ready, 2 * (_PART + _TILE) * _TILE + bytes_of_scales)
            for half in gl.static_range(2):
                place = 2 * stage + half
                at = left_row + half * _PART
                tma.async_copy_global_to_shared(left, [at, step * _TILE], ready, left_ring.index(place))
                tma.async_copy_global_to_shared(
                    left_scales,
                    [in_lines(step * left_step + at, left_length)],
                    ready,
                    left_scale_ring.index(place),
                )
                at = right_row + half * _TILE
                tma.async_copy_global_to_shared(right, [at, step * _TILE], ready, right_ring.index(place))
                if OF_WEIGHT:
                    tma.async_copy_global_to_shared(
                        right_scales,
                        [in_lines(step * columns + at, right_length)],
                        ready,
                        right_scale_ring.index(place),
                    )
            load += 1


@gluon.jit
def _consume(
    HALF, out, right_scales, rings, sizes, OF_WEIGHT: gl.constexpr, BAND: gl.constexpr, STAGES: gl.constexpr
):
    """Multiply for one half of the columns, and store it."""
    left_ring, right_ring, left_scale_ring, right_scale_ring, filled, emptied = rings
    ends, tiles, rows, columns, steps, experts = sizes
    expert, start, end, before = first_group(ends)
    blocks = (columns + _TILE - 1) // _TILE
    load = 0
    part = gl.zeros([_PART, _TILE], gl.float32, _PRODUCT)
    # Never, but not known to the compiler: so both parts' products are made in the same registers.
    add_to_part = columns < 0
    for tile in range(gl.program_id(0), tiles, gl.num_programs(0)):
        expert, start, end, before = walk(
            ends, tile, expert, start, end, before, rows, columns, experts, OF_WEIGHT
        )
        row, column, first, last = place_in(
            tile, expert, start, end, before, rows, columns, steps, OF_WEIGHT, BAND
        )
        column += HALF * _TILE
        block = expert * blocks + gl.minimum(column // _TILE, blocks - 1)
        top = gl.zeros([_PART, _TILE], gl.float32, _PRODUCT)
        bottom = gl.zeros([_PART, _TILE], gl.float32, _PRODUCT)
        for step in range(first, last):
            if not OF_WEIGHT:
                block_scale = gl.load(right_scales + block * steps + step)
            stage = load % STAGES
            mbarrier.wait(filled.index(stage), load // STAGES & 1)
            other = right_ring.index(2 * stage + HALF).permute((1, 0))
            for half in gl.static_range(2):
                # Loaded before the product, so that they are here when it ends.
                row_scale = left_scale_ring.index(2 * stage + half).load(gl.SliceLayout(1, _PRODUCT))
                if OF_WEIGHT:
                    column_scale = right_scale_ring.index(2 * stage + HALF).load(gl.SliceLayout(0, _PRODUCT))
                rows_of_half = left_ring.index(2 * stage + half)
                part = warpgroup_mma(rows_of_half, other, part, use_acc=add_to_part, is_async=True)
                part = warpgroup_mma_wait(0, deps=[part])
                if OF_WEIGHT:
                    scaled = part * (row_scale[:, None] * column_scale[None, :])
                else:
                    scaled = part * (row_scale * block_scale)[:, None]
                if half == 0:
                    top = _in_order(top + scaled)
                else:
                    bottom = _in_order(bottom + scaled)
            mbarrier.arrive(emptied.index(stage))
            load += 1
        if OF_WEIGHT:
            mine = out + expert.to(gl.int64) * rows * columns
            _store(mine, top, row, rows, column, columns)
            _store(mine, bottom, row + _PART, rows, column, columns)
        else:
            _store(out, top, start + row, end, column, columns)
            _store(out, bottom, start + row + _PART, end, column, columns)


@gluon.jit
def _in_order(total):
    """No instruction, but nothing is moved over it: else additions would wait for the second product, and two
    do not fit into the registers."""
    return gl.inline_asm_elementwise("", "=f,0", [total], dtype=gl.float32, is_pure=False, pack=1)


@gluon.jit
def _store(out, total, row, rows, column, columns):
    """A part of a contiguous matrix, where it has rows and columns."""
    value = gl.convert_layout(total.to(out.dtype.element_ty), _STORED)
    row += gl.arange(0, _PART, gl.SliceLayout(1, _STORED))
    column += gl.arange(0, _TILE, gl.SliceLayout(0, _STORED))
    real = (row < rows)[:, None] & (column < columns)[None, :]
    gl.store(out + row.to(gl.int64)[:, None] * columns + column[None, :], value, mask=real)
