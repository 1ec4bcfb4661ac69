"""How long a stage computes and communicates for one micro-batch, from operations and bytes.

Products of matrices are bound by arithmetic, everything between them by memory. Operations of a product are
2 × weights × tokens, forward, for the inputs' gradient and for the weights' alike; attention's are those of
the causal half, 2.5 times as many backward. What is computed again counts as time and not as use.
"""

from __future__ import annotations

from dataclasses import dataclass

from training.flops import attention_parameters
from training.model import ModelConfig
from training.parallel.plan.config import PlanConfig
from training.parallel.plan.links import BF16_BYTES, Exchange
from training.parallel.schedule import Action, Part

TERA, GIGA = 1e12, 1e9
ATTENTION_BACKWARD = 2.5
"""Products backward for each forward: five instead of two, one of them the scores again."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Seconds that one micro-batch takes."""

    forward: float = 0.0
    inputs: float = 0.0
    weights: float = 0.0
    wire: float = 0.0
    """Communication of the forward, and again that of the inputs' gradient."""

    def __add__(self, other: Chunk) -> Chunk:
        return Chunk(
            self.forward + other.forward,
            self.inputs + other.inputs,
            self.weights + other.weights,
            self.wire + other.wire,
        )

    def __mul__(self, times: float) -> Chunk:
        return Chunk(self.forward * times, self.inputs * times, self.weights * times, self.wire * times)

    def alone(self, part: Part) -> float:
        """A piece of work that hides no communication."""
        return {
            Part.FORWARD: self.forward + self.wire,
            Part.INPUT: self.inputs + self.wire,
            Part.WEIGHT: self.weights,
            Part.BACKWARD: self.inputs + self.wire + self.weights,
        }[part]


@dataclass(frozen=True, slots=True)
class Parts:
    """What stages are made of."""

    dense: Chunk
    """A layer without experts."""
    experts: Chunk
    """A layer with them."""
    end: Chunk
    """Head, loss and multi-token prediction."""
    first_dense: int
    """Layers without experts come first."""

    def stage(self, layers: range, last: bool) -> Chunk:
        """Of a stage with these layers."""
        plain = sum(layer < self.first_dense for layer in layers)
        whole = self.dense * plain + self.experts * (len(layers) - plain)
        return whole + self.end if last else whole


class Clock:
    """Seconds of operations and bytes on one GPU."""

    def __init__(self, told: PlanConfig) -> None:
        self._share = told.constants.values()
        cluster = told.cluster
        self._bf16 = cluster.bf16_tflops * TERA
        self._matmul = cluster.fp8_tflops * TERA if told.precision.matmul == "fp8" else self._bf16
        self._memory = cluster.memory_gbs * GIGA * self._share["memory"]
        self._tokens = told.tokens

    def product(self, weights: float, kind: str) -> float:
        """Of all tokens with so many weights; `kind` is "gemm", "grouped" or "gemm_bf16"."""
        peak = self._bf16 if kind == "gemm_bf16" else self._matmul
        return 2 * weights * self._tokens / (peak * self._share[kind])

    def attention(self, operations: float, kind: str) -> float:
        """`kind` is "attention" or "attention_backward"."""
        return operations / (self._bf16 * self._share[kind])

    def move(self, elements: float) -> float:
        """So many BF16 numbers a token, read or written."""
        return self.bytes(elements * BF16_BYTES * self._tokens)

    def bytes(self, count: float) -> float:
        """So many bytes, read or written."""
        return count / self._memory


def parts(told: PlanConfig, config: ModelConfig, sent: Exchange | None) -> Parts:
    """What stages of this model are made of; `sent` is None if each GPU has all experts."""
    clock = Clock(told)
    dense = _attention(clock, told, config) + _dense(clock, told, config)
    experts = _attention(clock, told, config) + _experts(clock, told, config) if config.has_experts else dense
    if sent is not None:
        experts += Chunk(wire=sent.seconds(told))
    head = _head(clock, config)
    end = head
    if config.num_nextn_predict_layers:
        joined = _linear(clock, told, 2 * config.hidden_size**2, held=2 * config.hidden_size**2)
        end = head * 2 + experts + joined
    return Parts(dense, experts, end, config.first_k_dense_replace)


def _linear(clock: Clock, told: PlanConfig, weights: float, held: float, kind: str = "gemm") -> Chunk:
    """Products with `weights` numbers a token, whose gradients are added to `held` accumulators."""
    once = clock.product(weights, kind)
    accumulator = 4 if told.precision.gradients == "fp32" else BF16_BYTES
    return Chunk(once, once, once + clock.bytes(2 * accumulator * held))


def _between(clock: Clock, told: PlanConfig, elements: float, again: float) -> Chunk:
    """Work between products, of `elements` reads and writes a token, twice as many backward; `again` of them
    are done once more there with recomputation."""
    repeated = again if told.precision.recompute else 0.0
    return Chunk(clock.move(elements), clock.move(2 * elements + repeated))


def _attention(clock: Clock, told: PlanConfig, config: ModelConfig) -> Chunk:
    """A layer's attention, with both norms and residual sums of the layer."""
    heads = config.num_attention_heads
    width = config.qk_head_dim + config.v_head_dim
    operations = told.tokens * told.batch.length * heads * width  # 2 each, over half of all pairs.
    weights = attention_parameters(config)
    whole = _linear(clock, told, weights, held=weights)
    whole += Chunk(
        clock.attention(operations, "attention"),
        clock.attention(ATTENTION_BACKWARD * operations, "attention_backward"),
    )
    # Two norms, each with a residual sum: both addends read, sum and norm written. Of the latents the norm.
    norms = 8 * config.hidden_size + 2 * ((config.q_lora_rank or 0) + config.kv_lora_rank)
    # Queries and keys are rotated and put together, values laid out; each read and written.
    assembled = 2 * heads * (2 * config.qk_head_dim + config.v_head_dim)
    out = 2 * heads * config.v_head_dim
    whole += _between(clock, told, norms + assembled + out, again=norms + assembled)
    if told.precision.recompute:
        up = config.kv_lora_rank * heads * (config.qk_nope_head_dim + config.v_head_dim)
        up += (config.q_lora_rank or 0) * heads * config.qk_head_dim
        whole += Chunk(inputs=clock.product(up, "gemm"))
    return whole


def _dense(clock: Clock, told: PlanConfig, config: ModelConfig) -> Chunk:
    weights = 3 * config.hidden_size * config.intermediate_size
    # SwiGLU: two read, one written.
    moved = 3 * config.intermediate_size
    return _linear(clock, told, weights, held=weights) + _between(clock, told, moved, again=moved)


def _experts(clock: Clock, told: PlanConfig, config: ModelConfig) -> Chunk:
    hidden, width, choices = config.hidden_size, config.moe_intermediate_size, config.num_experts_per_tok
    expert = 3 * hidden * width
    shared = expert * config.n_shared_experts
    router = hidden * config.n_routed_experts
    held = expert * config.n_routed_experts / told.mesh.experts
    moved = 3 * width * (choices + config.n_shared_experts)
    # Rows are sorted by expert (read, written), weighted and unsorted (the same), and added up (read).
    rows = 5 * choices * hidden
    return (
        _linear(clock, told, router, held=router, kind="gemm_bf16")
        + _linear(clock, told, shared, held=shared)
        + _linear(clock, told, expert * choices, held=held, kind="grouped")
        + _between(clock, told, moved + rows, again=moved)
    )


def _head(clock: Clock, config: ModelConfig) -> Chunk:
    once = clock.product(config.vocab_size * config.hidden_size, "gemm_bf16")
    held = clock.bytes(8 * config.vocab_size * config.hidden_size)
    # Logits are written in BF16, made FP32, and read for the loss; backward they are read once more, and
    # their gradient is written in FP32, and made BF16.
    return Chunk(
        once + clock.move((1 + 3 + 2) * config.vocab_size),
        once + clock.move((2 + 2 + 3) * config.vocab_size),
        once + held,
    )


def action_seconds(action: Action, chunks: list[Chunk], told: PlanConfig) -> float:
    """Of an action of a schedule, by the chunks of its stages.

    In an interleaved pair kernels are started for the multiprocessors that communication leaves (arXiv
    2412.19437, section 3.2.2), and what is hidden takes no time unless it is longer than the computation that
    hides it.
    """
    if len(action) == 1:
        return chunks[action[0].stage].alone(action[0].part)
    forward, backward = sorted(action, key=lambda work: work.part is Part.BACKWARD)
    return pair_seconds(chunks[forward.stage], chunks[backward.stage], told)


def pair_seconds(forward: Chunk, backward: Chunk, told: PlanConfig) -> float:
    """A forward of one chunk and a whole backward of another, interleaved."""
    computed = forward.forward + backward.inputs + backward.weights
    wire = forward.wire + backward.wire
    if not wire:
        return computed
    shares = told.constants.values()
    slower = 1 / (1 - shares["sm_share"])
    # What waits for a message cannot hide it: only the other chunk can, and gradients of weights.
    hidden = min(shares["overlap"] * forward.wire, (computed - forward.forward) * slower)
    hidden += min(shares["overlap"] * backward.wire, (computed - backward.inputs) * slower)
    return wire - hidden + max(hidden, computed * slower)
