"""The parts of a model, and where their values come from.

A part is a parameter or a buffer; of experts, which are stacked, it is one expert's. Its name is theirs in
the whole model, with `/NUMBER` behind it for an expert. So what parts a model has does not depend on how many
processes it is spread over, and a process asks for its own only: no one needs to have room for all.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Protocol

import torch
from torch import Tensor, nn

from training.model.config import ModelConfig

_STACKED = re.compile(r"\.experts\.\w+$")


class Origin(Protocol):
    """Where a model's values come from."""

    def fill(self, wanted: Mapping[str, Tensor]) -> None:
        """Give tensors, on any device, the values of the parts that they are named for. Raises `ValueError`
        with one line for a part that is not there, or has another shape."""
        ...


class Drawn:
    """Values to begin with: normal weights, norms of one, balance biases of zero.

    Each part is drawn by itself, from seed and name: the same on every device, wherever it lies.
    """

    def __init__(self, config: ModelConfig, seed: int) -> None:
        self._deviation, self._seed = config.initializer_range, seed

    @torch.no_grad()
    def fill(self, wanted: Mapping[str, Tensor]) -> None:
        """As `Origin`."""
        for part, tensor in wanted.items():
            if tensor.dim() > 1:
                digest = hashlib.sha256(f"{self._seed} {part}".encode()).digest()
                generator = torch.Generator().manual_seed(int.from_bytes(digest[:8], "big"))
                tensor.copy_(torch.randn(tensor.shape, generator=generator) * self._deviation)
            else:
                tensor.fill_(0.0 if part.endswith("e_score_correction_bias") else 1.0)


def parts(name: str, value: Tensor, first: int = 0) -> Iterator[tuple[str, Tensor]]:
    """A parameter's or buffer's parts, views of it; `first`: which expert its first one is."""
    if not _STACKED.search(name):
        yield name, value
        return
    for number, part in enumerate(value, first):
        yield f"{name}/{number}", part


def parts_of(module: nn.Module, first: int = 0) -> dict[str, Tensor]:
    """All parts that a module has, which is a model or what is left of one; what is tied is there once."""
    found: dict[str, Tensor] = {}
    for name, value in (*module.named_parameters(), *module.named_buffers()):
        found.update(parts(name, value.detach(), first))
    return found
