"""What each rank of a pipeline keeps in memory, at most.

Weights are BF16, with a copy in FP8 where products are; gradients have accumulators of full size, master
weights (FP32) and moments are shared among a parameter's holders (ZeRO-1). Activations are those that
backward needs, of as many micro-batches as the schedule holds at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from training.flops import attention_parameters
from training.model import ModelConfig
from training.parallel.mesh import Mesh
from training.parallel.plan.config import PlanConfig
from training.parallel.plan.links import BF16_BYTES, FP8_BYTES, Exchange, Sent, shared
from training.parallel.schedule import Schedule
from training.parallel.simulate import held
from training.parallel.stages import embeds_again
from training.sft.objective import CHUNK

GIB = 2**30
FP32_BYTES = 4
E5M6_BYTES = 1.5
"""As which attention's output is kept for the product behind it (arXiv 2412.19437, section 3.3.3)."""
RESERVE = 3 * GIB
"""Assumed for the driver, NCCL and the allocator's gaps."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Numbers of parameters with the same holders."""

    count: float
    holders: int
    in_node: int
    """Holders that share a node."""
    linear: bool = True
    """Whether they are multiplied with in `precision.matmul`: embedding and head are not."""

    @property
    def share(self) -> float:
        """Whose master weights and moments one holder has."""
        return self.count / self.holders


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes on one rank."""

    weights: float
    gradients: float
    optimizer: float
    activations: float
    buffers: float
    """What is sent and received, and what a single layer or head works with."""
    reserve: float = RESERVE

    @property
    def total(self) -> float:
        """Of everything."""
        return self.weights + self.gradients + self.optimizer + self.activations + self.buffers + self.reserve


def rank_weights(
    config: ModelConfig, mesh: Mesh, layers: Sequence[range], stages_of: Sequence[tuple[int, ...]], rank: int
) -> list[Weights]:
    """What a rank of a pipeline holds: experts, the rest of its layers, and what is at the model's ends.
    `stages_of`: the stages of each rank."""
    mine, last = stages_of[rank], len(layers) - 1
    attention = attention_parameters(config)
    expert = 3 * config.hidden_size * config.moe_intermediate_size
    plain = attention + config.hidden_size * config.n_routed_experts + expert * config.n_shared_experts
    dense = attention + 3 * config.hidden_size * config.intermediate_size
    found = []

    def add(count: float, ranks: int, *, apart: int = 1, linear: bool = True) -> None:
        """Held by so many ranks of a pipeline, in each pipeline, or in every `apart`-th."""
        holders = ranks * (mesh.ways // apart)
        in_node = holders if mesh.processes <= mesh.node else max(1, min(mesh.node, mesh.ways) // apart)
        if count:
            found.append(Weights(count, holders, in_node, linear))

    for stage in mine:
        holders = sum(stage in others for others in stages_of)
        sparse = sum(not config.is_dense(layer) for layer in layers[stage])
        rest = sparse * plain + (len(layers[stage]) - sparse) * dense
        if stage == last and config.num_nextn_predict_layers:
            sparse, rest = sparse + 1, rest + plain + 2 * config.hidden_size**2
        add(rest, holders)
        add(sparse * expert * config.n_routed_experts / mesh.experts, holders, apart=mesh.experts)

    matrix = config.vocab_size * config.hidden_size
    embedding = {0, last} if embeds_again(config) else {0}
    head = set() if config.tie_word_embeddings else {last}
    for stages in (embedding, head):
        if stages & set(mine):
            add(matrix, sum(bool(stages & set(others)) for others in stages_of), linear=False)
    return found


def kept(told: PlanConfig, config: ModelConfig, dense: bool) -> float:
    """Bytes of activations that backward needs of one token and layer."""
    precision, heads, hidden = told.precision, config.num_attention_heads, config.hidden_size
    saved = FP8_BYTES if precision.matmul == "fp8" else BF16_BYTES
    latents = (config.q_lora_rank or 0) + config.kv_lora_rank + config.qk_rope_head_dim
    out = E5M6_BYTES if precision.matmul == "fp8" else BF16_BYTES
    # Both norms' inputs, the latents, attention's output and the logarithms of its sums.
    size = BF16_BYTES * (2 * hidden + latents) + heads * (config.v_head_dim * out + FP32_BYTES)
    if config.q_lora_rank is None and precision.recompute:
        size += BF16_BYTES * heads * config.qk_head_dim
    if not precision.recompute:
        size += 2 * saved * hidden + BF16_BYTES * heads * (2 * config.qk_head_dim + config.v_head_dim)
    # The gate and up products; their SwiGLU too if it is not computed again.
    widths = 2 if precision.recompute else 3
    if dense:
        return size + saved * widths * config.intermediate_size
    choices = config.num_experts_per_tok
    width = config.moe_intermediate_size * (choices + config.n_shared_experts)
    scores = FP32_BYTES * config.n_routed_experts
    return size + scores + saved * (choices * hidden + widths * width)


def rank_memory(
    told: PlanConfig,
    config: ModelConfig,
    schedule: Schedule,
    layers: Sequence[range],
    sent: Exchange | None,
    rank: int,
    weights: Sequence[Weights],
) -> Memory:
    """Of one rank of a pipeline, which holds these weights."""
    precision = told.precision
    last = schedule.stages - 1
    layer = {dense: told.tokens * kept(told, config, dense) for dense in (False, True)}

    def stage_size(stage: int) -> float:
        size = sum(layer[config.is_dense(place)] for place in layers[stage])
        if stage == last:
            # The head's input, and that of multi-token prediction's.
            modules = config.num_nextn_predict_layers
            size += modules * layer[False]
            size += told.tokens * config.hidden_size * BF16_BYTES * (1 + 2 * modules)
        return size

    count = sum(group.count for group in weights)
    linear = sum(group.count for group in weights if group.linear)
    share = sum(group.share for group in weights)
    gradient = FP32_BYTES if precision.gradients == "fp32" else BF16_BYTES
    moment = FP32_BYTES if precision.moments == "fp32" else BF16_BYTES
    return Memory(
        weights=count * BF16_BYTES + (linear * FP8_BYTES if precision.matmul == "fp8" else 0.0),
        gradients=count * gradient,
        optimizer=share * (FP32_BYTES + 2 * moment),
        activations=held(schedule, rank, stage_size),
        buffers=_buffers(told, config, sent, last in schedule.stages_of(rank)),
    )


def _buffers(told: PlanConfig, config: ModelConfig, sent: Exchange | None, ends: bool) -> float:
    """Rows on their way, of a forward and a backward at once; messages of the pipeline, both ways in and
    out; and the larger of one layer's heads with their gradients, and of the trainer's logits with theirs."""
    tokens = told.tokens
    row = config.hidden_size * BF16_BYTES
    size = 4.0 * tokens * row if told.mesh.pipeline > 1 else 0.0
    if sent is not None:
        size += 2 * 2 * tokens * (sent.nodes + sent.gpus) * row
    width = config.num_attention_heads * 2 * (config.qk_head_dim + config.v_head_dim)
    heads = 2 * BF16_BYTES * tokens * width
    logits = min(tokens, CHUNK) * config.vocab_size * (BF16_BYTES + 2 * FP32_BYTES) if ends else 0
    return size + max(heads, logits)


def exchanged(told: PlanConfig, weights: Sequence[Weights]) -> list[Sent]:
    """What the optimiser's step sends for each group, one after the other: gradients to their shares'
    holders, and weights back."""
    gradient = FP32_BYTES if told.precision.gradients == "fp32" else BF16_BYTES
    return [shared(group.count * (gradient + BF16_BYTES), group.holders, group.in_node) for group in weights]


def moved(told: PlanConfig, weights: Sequence[Weights]) -> float:
    """Bytes that the optimiser reads and writes: share, moments and gradient, and the weights it makes; each
    once, as a kernel would that turns moments in BF16 to FP32 itself."""
    moment = FP32_BYTES if told.precision.moments == "fp32" else BF16_BYTES
    share = sum(group.share for group in weights)
    return share * (2 * FP32_BYTES + 4 * moment + FP32_BYTES + BF16_BYTES)
