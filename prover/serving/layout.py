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
from prover.serving.model import Model
from prover.serving.placement import Spread, expert_nodes, groups_are_whole, node_spread
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
CONTEXTS = (40960, 32768, 16384, 8192, 4096)
"""Tokens, if none are asked for: as long as reasoning provers write (Goedel-Prover-V2), else what fits."""
ENOUGH = 4
"""Full-length requests that one replica should hold; with fewer, tensor parallelism is raised."""
MLA_GPU, MLA_CPU = frozenset({320, 512, 576}), frozenset({576})
"""Cached numbers a token and layer for which vLLM has MLA kernels."""
MOST_NODES = 64
"""How far to look for hardware that would do."""


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
    deepep = spread and hardware.nodes > 1 and _has_deepep(hardware)
    reserve = RESERVE + (DEEPEP_RESERVE if deepep else 0)
    shares = tuple(_shares(model, tensor, pipeline, expert, latent))
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
        notes=tuple(_notes(model, hardware, tensor, pipeline, data, expert, latent)),
    )


def _has_deepep(hardware: Hardware) -> bool:
    """Whether DeepEP's kernels between nodes run: eight GPUs a node, NVLink, Hopper or newer."""
    gpu = hardware.gpu
    return gpu is not None and hardware.gpus == 8 and bool(gpu.nvlink) and gpu.fp8 is True


def _on_cpu(model: Model, hardware: Hardware, context: int) -> Layout:
    latent = model.latent is not None and model.latent.cached in MLA_CPU
    shares = tuple(_shares(model, 1, 1, 1, latent))
    token = model.kv_bytes(1, latent)
    free = hardware.memory - sum(share.bytes for share in shares) - CPU_RESERVE
    # vLLM takes whole GiB.
    cache = min(-(-CPU_REQUESTS * context * token // GIB), free // 2 // GIB) * GIB
    notes = [
        "On a CPU vLLM is for trying things out."
        + (" It computes in FP32, as there is room for it." if model.dtype == "F32" else "")
    ]
    if model.latent and not latent:
        notes.append(_no_kernel(model, MLA_CPU))
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


def _shares(model: Model, tensor: int, pipeline: int, expert: int, latent: bool) -> Iterator[Share]:
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


def _notes(
    model: Model, hardware: Hardware, tensor: int, pipeline: int, data: int, expert: int, latent: bool
) -> Iterator[str]:
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
        if hardware.nodes > 1 and not _has_deepep(hardware):
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
        yield _no_kernel(model, MLA_GPU)
    if gpu.nvlink is None and tensor > 1:
        yield "Whether these GPUs have NVLink is not known; without it tensor parallelism is slower."


def _no_kernel(model: Model, known: frozenset[int]) -> str:
    assert model.latent is not None
    return (
        f"vLLM has no MLA kernel here for {model.latent.rank} + {model.latent.rope} cached numbers (only for "
        f"{', '.join(map(str, sorted(known)))}): MLA is switched off, each head's keys and values are cached."
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
