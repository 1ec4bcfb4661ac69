"""Scales for `hopper`: in lines from which the tensor memory accelerator can load from any place on.

Importing this needs Triton.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

SHIFTS = 4
"""A load begins at a multiple of 16 bytes, which are so many scales."""
_BLOCK = 1024


def lines(scales_MT: Tensor) -> Tensor:
    """The scales of tile after tile, (T · M), once from the first, second, third and fourth of them on, each
    with zeros up to a multiple of four: (4, L). What begins at place p of the line begins at a multiple of
    four in one of them (`schedule.in_lines`)."""
    rows, tiles = scales_MT.shape
    length = triton.cdiv(rows * tiles, SHIFTS) * SHIFTS
    out_4L = torch.empty(SHIFTS, length, device=scales_MT.device)
    if length:
        grid = triton.cdiv(length, _BLOCK), SHIFTS
        _shift[grid](scales_MT, out_4L, rows, rows * tiles, *scales_MT.stride(), length, BLOCK=_BLOCK)
    return out_4L


@triton.jit
def _shift(scales, out, rows, count, row_stride, tile_stride, length, BLOCK: tl.constexpr):
    place = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    shift = tl.program_id(1)
    there = place + shift
    at = (there % rows) * row_stride + (there // rows) * tile_stride
    value = tl.load(scales + at, mask=there < count, other=0.0)
    tl.store(out + shift * length + place, value, mask=place < length)
