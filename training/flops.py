"""How many floating-point operations a training step needs, and what share of a GPU's peak that is (MFU).

Convention, the same in every figure of this project: a multiplication and an addition are two operations.
Forward, a token costs two for each weight of the matrices it passes (of the routed experts only the
chosen ones), and attention two for each weight of its score and value products, over the causal half of
its own document only. Backward costs twice that. Embedding look-up, norms, softmax, routing, the
optimiser, recomputation and padding count nothing. The head counts where a loss is taken, and can be left
out, since figures without it are common too. The peak is the dense BF16 rate of the data sheet.
"""

from __future__ import annotations

from dataclasses import dataclass

from training.model import ModelConfig

PEAKS = {"H100": 989e12, "H200": 989e12, "H800": 989e12}
"""Dense BF16 operations a second, by a part of the device's name."""
FORWARD_AND_BACKWARD = 3


@dataclass(frozen=True, slots=True)
class Parameters:
    """Numbers of weights; norms and router biases are left out, they are none to speak of."""

    total: int
    active: int
    """Of the matrices that one token is multiplied with, without embedding and head."""
    head: int
    mtp: int
    """Active ones of the module for multi-token prediction, without the head; 0 without it."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a step is given."""

    tokens: int
    """Without padding."""
    pairs: int
    """Sum over the documents of the square of their length: what attention depends on."""
    targets: int
    """Positions at which the head is applied and a loss taken."""
    second_targets: int = 0
    """The same for multi-token prediction."""


def count_parameters(config: ModelConfig) -> Parameters:
    """The weights of a model of this size."""
    hidden, layers = config.hidden_size, config.num_hidden_layers
    expert = 3 * hidden * config.moe_intermediate_size
    router = hidden * config.n_routed_experts
    shared = expert * config.n_shared_experts
    attention = attention_parameters(config)
    moe_active = attention + router + shared + expert * config.num_experts_per_tok
    moe_total = attention + router + shared + expert * config.n_routed_experts
    dense = config.first_k_dense_replace
    dense_layer = attention + 3 * hidden * config.intermediate_size
    modules = config.num_nextn_predict_layers
    projection = 2 * hidden * hidden
    head = config.vocab_size * hidden
    embeddings = head if config.tie_word_embeddings else 2 * head
    return Parameters(
        total=dense * dense_layer
        + (layers - dense) * moe_total
        + modules * (moe_total + projection)
        + embeddings,
        active=dense * dense_layer + (layers - dense) * moe_active,
        head=head,
        mtp=modules * (moe_active + projection),
    )


def step_flops(config: ModelConfig, work: Work, *, head: bool = True) -> float:
    """Operations of one training step, forward and backward."""
    parameters = count_parameters(config)
    layers = config.num_hidden_layers + config.num_nextn_predict_layers
    width = config.num_attention_heads * (config.qk_head_dim + config.v_head_dim)
    forward = 2.0 * (parameters.active + parameters.mtp) * work.tokens
    forward += 2.0 * layers * width * work.pairs / 2
    if head:
        forward += 2.0 * parameters.head * (work.targets + work.second_targets)
    return FORWARD_AND_BACKWARD * forward


def peak_flops(device: str) -> float | None:
    """The peak of a device of this name, operations a second; None if it is not known, as on a CPU."""
    return next((peak for name, peak in PEAKS.items() if name in device), None)


def attention_parameters(config: ModelConfig) -> int:
    """Of one layer."""
    hidden, heads, latent = config.hidden_size, config.num_attention_heads, config.kv_lora_rank
    queries = heads * config.qk_head_dim
    query = (
        hidden * queries
        if config.q_lora_rank is None
        else hidden * config.q_lora_rank + config.q_lora_rank * queries
    )
    keys_and_values = latent * heads * (config.qk_nope_head_dim + config.v_head_dim)
    return (
        query
        + hidden * (latent + config.qk_rope_head_dim)
        + keys_and_values
        + heads * config.v_head_dim * hidden
    )
