"""Why a layout is as it is, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from prover.serving.hardware import Hardware
from prover.serving.model import Model
from prover.serving.vllm import MLA_GPU

ENOUGH = 4
"""Full-length requests that one replica should hold; with fewer, tensor parallelism is raised."""


def reasons(
    model: Model, hardware: Hardware, tensor: int, pipeline: int, data: int, expert: int, latent: bool
) -> Iterator[str]:
    """A sentence for each choice that is not obvious, for a layout on GPUs."""
    gpu = hardware.gpu
    assert gpu is not None
    if tensor == pipeline == data == 1:
        yield "One GPU holds it."
    if tensor > 1:
        yield (
            f"Tensor parallel {tensor}: the least that divides {model.heads} heads, stays in a node, and "
            f"leaves room for {ENOUGH} full-length requests where memory allows."
        )
        if gpu.nvlink == 0:
            yield f"{gpu.name} has no NVLink: tensor parallelism goes over PCIe, and costs more."
    if pipeline > 1:
        yield f"No node holds the model: {pipeline} pipeline stages, one a node."
    if data > 1 and expert == 1:
        yield f"{data} replicas (data parallel): each serves its own requests."
    if expert > 1:
        if tensor == 1 and latent:
            yield (
                "Attention is data parallel: every tensor parallel rank would cache the whole latent again, "
                "so each GPU attends to its own requests."
            )
        elif latent:
            yield "Each tensor parallel GPU caches the whole latent: only weights get smaller by it."
        assert model.experts is not None
        yield (
            f"Experts are spread over all {expert} GPUs, {model.experts.count // expert} of each layer on "
            "each, in order (vLLM's linear placement)."
        )
        if hardware.nodes > 1 and not hardware.has_deepep:
            yield (
                "DeepEP's kernels between nodes want eight Hopper GPUs a node with NVLink: the default "
                "all-to-all is used, which sends each token to every GPU."
            )
        elif hardware.nodes > 1:
            yield (
                "DeepEP's high-throughput kernels send a token once to each node that it visits; they run "
                "without CUDA graphs. For a few requests only, deepep_low_latency answers sooner."
            )
        else:
            yield "Inside one node the default all-to-all needs no further library."
    if model.latent and not latent:
        yield no_kernel(model, MLA_GPU)
    if gpu.nvlink is None and tensor > 1:
        yield "Whether these GPUs have NVLink is not known; without it tensor parallelism is slower."


def no_kernel(model: Model, known: frozenset[int]) -> str:
    """Why MLA is switched off, where there are kernels for these numbers only."""
    assert model.latent is not None
    return (
        f"vLLM has no MLA kernel here for {model.latent.rank} + {model.latent.rope} cached numbers (only for "
        f"{', '.join(map(str, sorted(known)))}): MLA is switched off, each head's keys and values are cached."
    )
