"""What vLLM keeps in memory beside the KV cache: weights by part, and what must be assumed of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from prover.serving.hardware import GIB
from prover.serving.model import Model
from prover.serving.tensors import BYTES, Part

UTILISATION = 0.90
"""Share of a GPU's memory that vLLM may fill: the rest is the driver's and NCCL's."""
RESERVE = 4 * GIB
"""Assumed for a GPU's activations and CUDA graphs; vLLM measures its own at the start."""
DEEPEP_RESERVE = 2 * GIB
"""Assumed for DeepEP's buffers on top, where experts span nodes."""
CPU_RESERVE = 3 * GIB
"""A vLLM process on a CPU without weights and cache: 2.3 GB measured."""
CPU_REQUESTS = 64
"""So many full-length requests get room on a CPU, if there is half the free memory for it."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one GPU holds of a part of the model."""

    name: str
    total: int
    """Bytes of the part."""
    divisor: int
    """Among how many GPUs it is divided; 1: each has all of it."""

    @property
    def bytes(self) -> int:
        """Bytes on one GPU."""
        return -(-self.total // self.divisor)


def gpu_shares(model: Model, tensor: int, pipeline: int, expert: int, latent: bool) -> Iterator[Share]:
    """What the fullest GPU holds: the first pipeline stage or the last, with the most layers."""
    sizes = dict(model.bytes)
    layers = -(-model.layers // pipeline)
    if pipeline > 1:
        ends = sizes.pop(Part.EMBEDDING), sizes.pop(Part.HEAD, 0)
        yield Share("embedding or head", max(ends), tensor)
    for part, size in sizes.items():
        if pipeline > 1:
            size = size * layers // model.layers
        if part in (Part.LATENT, Part.ROUTER, Part.NORM):
            divisor = 1
        elif part is Part.ROUTED:
            divisor = expert if expert > 1 else tensor
        else:
            divisor = tensor
        yield Share(part.value, size, divisor)
    if latent and model.latent:
        # vLLM keeps the up-projections twice: as they are for prefill, and unpacked, to absorb them into
        # query and output in decoding.
        per_head = (model.latent.nope + model.latent.value) * model.latent.rank
        size = layers * model.heads * per_head * BYTES[model.dtype]
        yield Share("attention, absorbed copy", size, tensor)
