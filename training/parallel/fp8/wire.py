"""Rows for dispatch in FP8: a row's values and scales in one run of bytes, 1.03 for each number, not 2.

Dispatch in FP8 and combine in BF16 is DeepSeek-V3's way (arXiv 2412.19437, section 3.3.3): what arrives is
quantised as the experts' product wants it, with scales that are powers of two. The rows are tokens, and in
the backward pass the gradients of what was combined (`experts`). What comes back of either is in BF16.

Shapes: N rows, D hidden, T tiles of 128, B bytes: D + 4 · T, and zeros up to a multiple of 16.
"""

from __future__ import annotations

import torch
from torch import Tensor

from training.parallel.fp8.backend import products
from training.parallel.fp8.tiles import TILE, Quantised

ALIGNED = 16
"""Bytes that a packed row is a multiple of: the fast path and the products take no others. There are zeros
behind a row only if `hidden_size` is no multiple of 512."""
SCALE_BYTES = 4


def row_bytes(width: int) -> int:
    """Of a packed row of so many numbers: B."""
    used = width + SCALE_BYTES * -(-width // TILE)
    return -(-used // ALIGNED) * ALIGNED


def pack(x_ND: Tensor) -> Tensor:
    """Tiles as bytes, uint8 (N, B): a row's values, then its scales."""
    with torch.no_grad():
        tiles: Quantised = products(x_ND.device).to_tiles(x_ND, power_of_two=True)
        scales_NS = tiles.scales.clone(memory_format=torch.contiguous_format).view(torch.uint8)
        parts = [tiles.values.view(torch.uint8), scales_NS]
        if behind := row_bytes(x_ND.shape[1]) - sum(part.shape[1] for part in parts):
            parts.append(scales_NS.new_zeros(len(x_ND), behind))
        return torch.cat(parts, dim=1)


def unpack(packed_NB: Tensor, width: int) -> Quantised:
    """The tiles (N, D) of packed rows; `width` is D. Raises `ValueError` for rows of another width."""
    if packed_NB.shape[1] != row_bytes(width):
        raise ValueError(
            f"{width} numbers are packed into {row_bytes(width)} bytes, not {packed_NB.shape[1]}"
        )
    end = width + SCALE_BYTES * -(-width // TILE)
    scales_NS = packed_NB[:, width:end].clone(memory_format=torch.contiguous_format)
    return Quantised(packed_NB[:, :width].view(torch.float8_e4m3fn), scales_NS.view(torch.float32))
