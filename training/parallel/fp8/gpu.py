"""The products of `reference` on GPUs, by the kernels that are the fastest for their size.

Where warps have one duty each (`hopper`) large products take two thirds of the time, and small ones up to
twice as long: there the host has more to prepare. Importing this needs Triton.
"""

from __future__ import annotations

from functools import cache
from threading import Lock
from types import ModuleType

import torch
from torch import Tensor

from training.parallel.fp8 import kernels
from training.parallel.fp8.casts import to_blocks, to_columns, to_tiles
from training.parallel.fp8.tiles import Quantised

__all__ = ["multiply", "of_weight", "to_blocks", "to_columns", "to_tiles"]

LARGE = 0.3e12
"""Operations: about as long as the host takes to launch a product of `hopper`, and some more."""

_LAUNCH = Lock()
"""Triton's choice of a way is not for two threads, and a forward pass and a backward pass may run in two."""


def multiply(x: Quantised, weight: Quantised, ends_E: Tensor, dtype: torch.dtype) -> Tensor:
    """As `reference.multiply`."""
    rows, inputs = x.values.shape
    outputs = weight.values.shape[1]
    out_PO = torch.empty(rows, outputs, device=x.values.device, dtype=dtype)
    if rows:
        with _LAUNCH:
            _way(out_PO.device, 2 * rows * inputs * outputs).multiply(x, weight, ends_E, out_PO)
    return out_PO


def of_weight(grad: Quantised, x: Quantised, ends_E: Tensor, dtype: torch.dtype) -> Tensor:
    """As `reference.of_weight`."""
    (outputs, terms), inputs = grad.values.shape, len(x.values)
    out_EOK = torch.empty(len(ends_E), outputs, inputs, device=x.values.device, dtype=dtype)
    if not terms:
        return out_EOK.zero_()
    with _LAUNCH:
        _way(out_EOK.device, 2 * terms * inputs * outputs).of_weight(grad, x, ends_E, out_EOK)
    return out_EOK


def _way(device: torch.device, operations: int) -> ModuleType:
    """Who computes a product of so many operations."""
    return (operations >= LARGE and _hopper(device)) or kernels


@cache
def _hopper(device: torch.device) -> ModuleType | None:
    """The module `hopper`; None on other GPUs, and for a Triton that is older than 3.6."""
    if device.type != "cuda" or torch.cuda.get_device_capability(device) != (9, 0):
        return None
    try:
        from training.parallel.fp8 import hopper
    except ImportError:
        return None
    return hopper
