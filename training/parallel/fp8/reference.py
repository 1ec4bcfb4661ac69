"""Products of quantised matrices in plain PyTorch: what the kernels must compute, in the same order.

Each tile of 128 terms is multiplied, multiplied by the scales of both sides, and added in FP32: the
promotion of section 3.3.2 (arXiv 2412.19437). One product serves forward and backward: the gradient of the
inputs is that of the outputs times the transposed weights, whose blocks are transposed with them.

Shapes: P rows of E groups one after the other, K inputs, O outputs, T tiles of 128.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from training.parallel.fp8.tiles import TILE, Quantised, group_tiles, to_blocks, to_columns, to_tiles

__all__ = ["multiply", "of_weight", "to_blocks", "to_columns", "to_tiles"]


def multiply(x: Quantised, weight: Quantised, ends_E: Tensor, dtype: torch.dtype) -> Tensor:
    """Each group's rows, which end at `ends_E[e]`, times its weights, (P, O).

    `x` are tiles (P, K), `weight` blocks (E, O, K). The last group must end with the last row.
    """
    outputs = weight.values.shape[1]
    scales_EOT = weight.scales.repeat_interleave(TILE, 1)[:, :outputs]
    out_PO = torch.zeros(len(x.values), outputs, device=x.values.device)
    start = 0
    for expert, end in enumerate(ends_E.tolist()):
        here = Quantised(x.values[start:end], x.scales[start:end])
        out_PO[start:end] = _product(here, Quantised(weight.values[expert], scales_EOT[expert]))
        start = end
    return out_PO.to(dtype)


def of_weight(grad: Quantised, x: Quantised, ends_E: Tensor, dtype: torch.dtype) -> Tensor:
    """The weights' gradients, (E, O, K): each group's sum over its rows.

    `grad` are columns (O, 128 · T) and `x` (K, 128 · T) of the same groups.
    """
    grads, first = [], 0
    for last in group_tiles(ends_E).tolist():
        values, scales = slice(first * TILE, last * TILE), slice(first, last)
        mine, other = (Quantised(each.values[:, values], each.scales[:, scales]) for each in (grad, x))
        grads.append(_product(mine, other))
        first = last
    return torch.stack(grads).to(dtype)


def _product(a: Quantised, b: Quantised) -> Tensor:
    """a bᵀ of tiles (N, K) and (M, K), FP32 (N, M)."""
    total_NM = torch.zeros(len(a.values), len(b.values), device=a.values.device)
    for tile in range(a.scales.shape[1]):
        columns = slice(tile * TILE, (tile + 1) * TILE)
        part_NM = F.linear(a.values[:, columns].float(), b.values[:, columns].float())
        total_NM += part_NM * (a.scales[:, tile, None] * b.scales[:, tile])
    return total_NM
