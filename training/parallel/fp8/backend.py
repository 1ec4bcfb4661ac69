"""Who computes: the kernels on a GPU, the references elsewhere."""

from __future__ import annotations

from types import ModuleType

import torch

from training.parallel.fp8 import reference


def products(device: torch.device) -> ModuleType:
    """`gpu` or `reference`; both have the functions that `reference.__all__` names.

    Raises `RuntimeError` for a GPU without Triton.
    """
    return on_gpu() if device.type == "cuda" else reference


def check_device(device: torch.device) -> None:
    """Raise `ValueError` for a GPU that cannot multiply in FP8, or one without Triton."""
    if device.type != "cuda":
        return
    if torch.cuda.get_device_capability(device) < (9, 0):
        raise ValueError(f"run.fp8 needs a GPU of Hopper's kind, not {torch.cuda.get_device_name(device)}")
    try:
        on_gpu()
    except RuntimeError as error:
        raise ValueError(str(error)) from error


def on_gpu() -> ModuleType:
    """The module `gpu`. Raises `RuntimeError` if Triton is not installed."""
    try:
        from training.parallel.fp8 import gpu as found
    except ModuleNotFoundError as error:
        raise RuntimeError("the kernels for FP8 need Triton 3.4 or newer: pip install triton") from error
    return found
