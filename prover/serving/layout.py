"""The parallel layout for a model on given hardware: sizes, memory and KV cache, or why there is none.

The rules, in the order of their weight. Tensor parallelism stays inside a node, divides the heads, and is
as small as memory allows: it costs two all-reduces a layer. What GPUs are left are data parallel replicas.
A mixture of experts spreads its experts over all GPUs (expert parallel), and with MLA prefers data
parallel attention, because each tensor parallel rank would hold the whole latent cache again. A dense
model that no node holds goes over nodes in pipeline stages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from prover.serving import ServeError
from prover.serving.hardware import GIB, Hardware
from prover.serving.memory import (
    CPU_REQUESTS,
    CPU_RESERVE,
    DEEPEP_RESERVE,
    RESERVE,
    UTILISATION,
    Share,
    gpu_shares,
)
from prover.serving.model import Model
from prover.serving.placement import Spread, expert_nodes, groups_are_whole, node_spread
from prover.serving.reasons import ENOUGH, no_kernel, reasons
from prover.serving.tensors import Part
from prover.serving.vllm import MLA_CPU, MLA_GPU

CONTEXTS = (40960, 32768, 16384, 8192, 4096)
"""Tokens, if none are asked for: as long as reasoning provers write (Goedel-Prover-V2), else what fits."""
MOST_NODES = 64
"""How far to look for hardware that would do."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a model is served on some hardware."""

    model: Model
    """As vLLM holds it."""
    hardware: Hardware
    context: int
    """Most tokens of a request, prompt and reply."""
    tensor: int
    pipeline: int
    data: int
    expert: int
    """Expert parallel size; 1: experts are not spread."""
    all2all: str
    """vLLM's backend for exchanging tokens among experts; empty without expert parallelism."""
    latent: bool
    """Whether MLA caches its latent; else it is switched off."""
    shares: tuple[Share, ...]
    kv_token: int
    """Bytes of a token's cache on one GPU."""
    reserve: int
    cache: int
    """Bytes left for the KV cache on one GPU."""
    notes: tuple[str, ...]
    """Why it is so, a sentence each."""

    @property
    def weights(self) -> int:
        """Bytes of weights on the fullest GPU."""
        return sum(share.bytes for share in self.shares)

    @property
    def tokens(self) -> int:
        """Tokens that the KV cache of one replica holds."""
        return max(0, self.cache) // self.kv_token

    @property
    def requests(self) -> float:
        """Full-length requests that all replicas hold at once."""
        return self.data * self.tokens / self.context

    @property
    def used(self) -> int:
        """GPUs in use."""
        return self.tensor * self.pipeline * self.data if self.hardware.gpu else 0

    @property
    def nodes(self) -> int:
        """Nodes in use."""
        return -(-self.used // self.gpus_a_node) if self.hardware.gpu else 1

    @property
    def gpus_a_node(self) -> int:
        """GPUs in use on each node."""
        return self.tensor if self.pipeline > 1 else self.hardware.gpus

    @property
    def spread(self) -> Spread | None:
        """On how many nodes a token's experts are; None: all experts are on one node."""
        if self.expert == 1 or self.hardware.nodes == 1 or self.model.experts is None:
            return None
        return node_spread(self.model.experts, self.hardware.gpus, self.hardware.nodes)


def plan(model: Model, hardware: Hardware, context: int | None = None) -> Layout:
    """The layout for a model. Raises `ServeError` with the reason if there is none, and what would do."""
    model = model.served()
    if context and context > model.max_context:
        raise ServeError(
            f"{model.name} takes at most {model.max_context:,} tokens, not {context:,}: "
            f"--context {model.max_context}"
        )
    _check(model, hardware)
    wanted = [context] if context else sorted({min(one, model.max_context) for one in CONTEXTS}, reverse=True)
    for tokens in wanted:
        fitting = [one for one in _candidates(model, hardware, tokens) if one.tokens >= tokens]
        if fitting:
            enough = [one for one in fitting if one.tokens >= ENOUGH * tokens]
            best = enough[0] if enough else max(fitting, key=lambda one: one.requests)
            if tokens < wanted[0]:
                short = (
                    f"The context is {tokens:,} tokens because no more fits; {wanted[0]:,} would be better."
                )
                best = replace(best, notes=(*best.notes, short))
            return best
    raise ServeError(_too_small(model, hardware, wanted[-1]))


def _check(model: Model, hardware: Hardware) -> None:
    """Raise `ServeError` for what no layout helps against."""
    gpu = hardware.gpu
    if model.is_fp8 and (gpu is None or gpu.fp8 is not True):
        where = (
            "a CPU" if gpu is None else gpu.name if gpu.fp8 is False else "a GPU of which --gpu tells nothing"
        )
        raise ServeError(
            f"{model.name} has FP8 weights, and {where} does not multiply FP8: it needs an Ada, Hopper or "
            "newer GPU (--gpu h100, h200, h800, ...), or a checkpoint in BF16"
        )
    experts, nodes = model.experts, hardware.nodes
    if experts is None or hardware.total <= 1:
        return
    if experts.count % hardware.total:
        raise ServeError(
            f"{experts.count} experts cannot be divided evenly over {hardware.total} GPUs: take "
            f"{_even(experts.count, hardware)}"
        )
    whole = groups_are_whole(experts, expert_nodes(experts, hardware.gpus, nodes))
    if nodes > 1 and experts.groups > 1 and not whole:
        usable = [str(size) for size in range(1, nodes) if experts.groups % size == 0]
        raise ServeError(
            f"{experts.groups} expert groups cannot lie whole on {nodes} nodes, so that a token would visit "
            f"more than {experts.top_groups} nodes: take --nodes {' or '.join(usable)}, and other servers on "
            "the rest"
        )


def _even(experts: int, hardware: Hardware) -> str:
    """Fewer GPUs a node, or fewer nodes, over which experts divide evenly."""
    gpus = [str(size) for size in range(1, hardware.gpus) if experts % (size * hardware.nodes) == 0]
    nodes = [str(size) for size in range(1, hardware.nodes) if experts % (size * hardware.gpus) == 0]
    advice = [f"--gpus {' or '.join(gpus)}"] if gpus else []
    advice += [f"--nodes {' or '.join(nodes)}"] if nodes else []
    return ", or ".join(advice) or "one GPU"


def _candidates(model: Model, hardware: Hardware, context: int) -> Iterator[Layout]:
    """Layouts in the order of preference, whether they fit or not."""
    if hardware.gpu is None:
        yield _on_cpu(model.served("F32"), hardware, context)
        yield _on_cpu(model, hardware, context)
        return
    sizes = [size for size in _divisors(hardware.gpus) if _divides(model, size)]
    spread = model.experts is not None and hardware.total > 1
    for tensor in sizes:
        yield _on_gpus(model, hardware, context, tensor, 1, spread)
    if hardware.nodes > 1 and not spread:
        yield _on_gpus(model, hardware, context, sizes[-1], hardware.nodes, False)


def _divides(model: Model, tensor: int) -> bool:
    """Whether so many GPUs can share heads and MLPs; FP8 blocks cannot be cut."""
    if model.heads % tensor or (model.kv_heads % tensor and tensor % model.kv_heads):
        return False
    for one in model.tensors:
        if one.part in (Part.DENSE, Part.SHARED) and len(one.shape) == 2:
            step = one.block[0] if one.block else 1
            if one.shape[0] % tensor or one.shape[0] // tensor % step:
                return False
            break
    return True


def _on_gpus(
    model: Model, hardware: Hardware, context: int, tensor: int, pipeline: int, spread: bool
) -> Layout:
    assert hardware.gpu is not None
    latent = model.latent is not None and model.latent.cached in MLA_GPU
    data = 1 if pipeline > 1 else hardware.total // tensor
    expert = hardware.total if spread else 1
    deepep = spread and hardware.nodes > 1 and hardware.has_deepep
    reserve = RESERVE + (DEEPEP_RESERVE if deepep else 0)
    shares = tuple(gpu_shares(model, tensor, pipeline, expert, latent))
    room = int(UTILISATION * hardware.memory) - sum(share.bytes for share in shares) - reserve
    return Layout(
        model=model,
        hardware=hardware,
        context=context,
        tensor=tensor,
        pipeline=pipeline,
        data=data,
        expert=expert,
        all2all=("deepep_high_throughput" if deepep else "allgather_reducescatter") if spread else "",
        latent=latent,
        shares=shares,
        kv_token=model.kv_bytes(tensor, latent) // model.layers * -(-model.layers // pipeline),
        reserve=reserve,
        cache=room,
        notes=tuple(reasons(model, hardware, tensor, pipeline, data, expert, latent)),
    )


def _on_cpu(model: Model, hardware: Hardware, context: int) -> Layout:
    latent = model.latent is not None and model.latent.cached in MLA_CPU
    shares = tuple(gpu_shares(model, 1, 1, 1, latent))
    token = model.kv_bytes(1, latent)
    free = hardware.memory - sum(share.bytes for share in shares) - CPU_RESERVE
    # vLLM takes whole GiB.
    cache = min(-(-CPU_REQUESTS * context * token // GIB), free // 2 // GIB) * GIB
    notes = [
        "On a CPU vLLM is for trying things out."
        + (" It computes in FP32, as there is room for it." if model.dtype == "F32" else "")
    ]
    if model.latent and not latent:
        notes.append(no_kernel(model, MLA_CPU))
    return Layout(
        model=model,
        hardware=hardware,
        context=context,
        tensor=1,
        pipeline=1,
        data=1,
        expert=1,
        all2all="",
        latent=latent,
        shares=shares,
        kv_token=token,
        reserve=CPU_RESERVE,
        cache=cache,
        notes=tuple(notes),
    )


def _divisors(number: int) -> list[int]:
    return [size for size in range(1, number + 1) if number % size == 0]


def _too_small(model: Model, hardware: Hardware, context: int) -> str:
    """Why no candidate fits, and what would do."""
    best = max(_candidates(model, hardware, context), key=lambda one: one.cache)
    weights, need = best.weights / GIB, context * best.kv_token / GIB
    if hardware.gpu is None:
        return (
            f"{model.name} does not fit: {weights:.1f} GiB of weights, {best.reserve / GIB:.0f} GiB for vLLM "
            f"and {need:.1f} GiB of KV cache for one request of {context:,} tokens (half of what is left), "
            f"and {hardware.memory / GIB:.1f} GiB are free"
        )
    said = (
        f"{model.name} does not fit on {hardware.describe()}: a GPU would hold {weights:.1f} GiB of weights, "
        f"{best.reserve / GIB:.0f} GiB for activations and {need:.1f} GiB of KV cache for one request of "
        f"{context:,} tokens, and has {UTILISATION * hardware.memory / GIB:.1f} GiB to fill"
    )
    advice = [f"--context {best.tokens // 256 * 256}"] if best.tokens >= 1024 else []
    if bigger := _enough(model, hardware, context):
        advice.append(bigger)
    return f"{said}; {', or '.join(advice)} would do" if advice else said


def _enough(model: Model, hardware: Hardware, context: int) -> str:
    """The least more of the same GPUs that holds the model, in words; empty if there is none."""
    tried = [(gpus, hardware.nodes) for gpus in (1, 2, 4, 8, 16) if hardware.gpus < gpus <= 8]
    tried += [(max(8, hardware.gpus), nodes) for nodes in range(hardware.nodes + 1, MOST_NODES + 1)]
    for gpus, nodes in tried:
        more = replace(hardware, gpus=gpus, nodes=nodes)
        try:
            _check(model, more)
        except ServeError:
            continue
        if any(one.tokens >= context for one in _candidates(model, more, context)):
            return f"{nodes} nodes of {gpus} such GPUs" if nodes > 1 else f"{gpus} such GPUs"
    return ""
