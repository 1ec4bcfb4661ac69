"""Products without groups through cuBLAS, where torch's `scaled_mm` has them for tiles and blocks.

What it wants, beyond what cuBLAS 12.9 and Hopper need: scales of tiles with stride 1 along the rows; scales
of blocks as (K / 128, O / 128) with stride 1 along K and columns a multiple of 4 apart. Sizes for which
versions of torch differ in this are left to the kernels of `kernels`, with one group.

Shapes: P rows, K inputs, O outputs.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from training.parallel.fp8.tiles import TILE, Quantised

_STEP = 16
"""Rows and columns of an operand are a multiple of this."""


def takes_blocks(rows: int, inner: int, columns: int, device: torch.device, dtype: torch.dtype) -> bool:
    """Whether `multiply` can be asked for (rows, inner) times (inner, columns)."""
    sizes = rows > 0 and not (rows % _STEP or columns % TILE or inner % (4 * TILE))
    return sizes and _available(device, dtype)


def takes_columns(rows: int, columns: int, tokens: int, device: torch.device, dtype: torch.dtype) -> bool:
    """Whether `of_weight` can be asked for (rows, tokens) times (tokens, columns)."""
    return tokens > 0 and not (rows % _STEP or columns % _STEP) and _available(device, dtype)


def multiply(x: Quantised, weight: Quantised) -> Tensor:
    """Tiles (P, K) times blocks (O, K), BF16 (P, O)."""
    recipes = F.ScalingType.BlockWise1x128, F.ScalingType.BlockWise128x128
    scales_TB = weight.scales.contiguous().t()
    return _scaled(x, weight, scales_TB, recipes)


def of_weight(grad: Quantised, x: Quantised) -> Tensor:
    """Columns (O, 128 · T) and (K, 128 · T) of one group, BF16 (O, K)."""
    recipes = F.ScalingType.BlockWise1x128, F.ScalingType.BlockWise1x128
    return _scaled(grad, x, _rows_first(x.scales), recipes)


def _scaled(
    a: Quantised, b: Quantised, b_scales: Tensor, recipes: tuple[F.ScalingType, F.ScalingType]
) -> Tensor:
    return F.scaled_mm(
        a.values,
        b.values.t(),
        _rows_first(a.scales),
        recipes[0],
        b_scales,
        recipes[1],
        output_dtype=torch.bfloat16,
        use_fast_accum=False,
    )


def _rows_first(scales_NT: Tensor) -> Tensor:
    """With stride 1 along the rows."""
    return scales_NT.t().contiguous().t()


def _available(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether torch was built with a cuBLAS that knows blocks, and the device is one that it has them for."""
    if device.type != "cuda" or dtype != torch.bfloat16 or not hasattr(F, "scaled_mm"):
        return False
    version = tuple(map(int, (torch.version.cuda or "0.0").split(".")[:2]))
    return version >= (12, 9) and torch.cuda.get_device_capability(device)[0] == 9
