"""Rows for dispatch in FP8: a row's values and scales in one run of bytes, 1.03 for each number, not 2.

Dispatch in FP8 and combine in BF16 is DeepSeek-V3's way (arXiv 2412.19437, section 3.3.3): what arrives is
quantised as the experts' product wants it. Its gradient is that of the rows, in BF16.

Shapes: N rows, D hidden, T tiles of 128.
"""

from __future__ import annotations

import torch
from torch import Tensor

from training.parallel.fp8.backend import products
from training.parallel.fp8.tiles import TILE, Quantised


def pack(x_ND: Tensor, *, power_of_two: bool = True) -> Tensor:
    """Tiles as bytes, uint8 (N, D + 4 · T): a row's values, then its scales."""
    tiles: Quantised = products(x_ND.device).to_tiles(x_ND, power_of_two=power_of_two)
    scales_NS = tiles.scales.contiguous().view(torch.uint8)
    return torch.cat([tiles.values.view(torch.uint8), scales_NS], dim=1)


def unpack(bytes_NW: Tensor, width: int) -> Quantised:
    """The tiles (N, D) of packed rows; `width` is D. Raises `ValueError` for rows of another width."""
    packed = width + 4 * -(-width // TILE)
    if bytes_NW.shape[1] != packed:
        raise ValueError(f"{width} numbers are packed into {packed} bytes, not {bytes_NW.shape[1]}")
    scales_NS = bytes_NW[:, width:].clone(memory_format=torch.contiguous_format)
    return Quantised(bytes_NW[:, :width].view(torch.float8_e4m3fn), scales_NS.view(torch.float32))
