"""Sizes of model that are trained or measured here, by name."""

from __future__ import annotations

from typing import Any

from training.errors import TrainError
from training.model import ModelConfig
from training.sft.config import ModelTable
from training.tokenizer import BOS, EOS, PAD, SPECIAL

PRESETS: dict[str, dict[str, Any]] = {
    "tiny": {  # For tests and a first look: learns a few proofs by heart on a CPU.
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "qk_nope_head_dim": 16,
        "qk_rope_head_dim": 16,
        "v_head_dim": 16,
        "kv_lora_rank": 32,
        "intermediate_size": 192,
        "first_k_dense_replace": 1,
        "moe_intermediate_size": 32,
        "n_routed_experts": 8,
        "num_experts_per_tok": 2,
        "n_group": 4,
        "topk_group": 2,
        "tie_word_embeddings": True,
        "max_position_embeddings": 2048,
    },
    "shipped": {  # The `default` policy: under 16 MB in BF16; MLA of a size that GPU kernels accept.
        "hidden_size": 256,
        "num_hidden_layers": 6,
        "num_attention_heads": 4,
        "qk_nope_head_dim": 64,
        "qk_rope_head_dim": 64,
        "v_head_dim": 64,
        "kv_lora_rank": 256,
        "intermediate_size": 768,
        "first_k_dense_replace": 1,
        "moe_intermediate_size": 64,
        "n_routed_experts": 12,
        "num_experts_per_tok": 4,
        "n_group": 4,
        "topk_group": 2,
        "routed_scaling_factor": 1.0,
        "tie_word_embeddings": True,
        "max_position_embeddings": 2048,
    },
    "1b": {  # About 1B parameters, 0.25B of them active without the head; for measurements.
        "hidden_size": 1536,
        "num_hidden_layers": 12,
        "num_attention_heads": 16,
        "qk_nope_head_dim": 64,
        "qk_rope_head_dim": 64,
        "v_head_dim": 128,
        "kv_lora_rank": 512,
        "intermediate_size": 4096,
        "first_k_dense_replace": 1,
        "moe_intermediate_size": 512,
        "n_routed_experts": 32,
        "num_experts_per_tok": 4,
        "n_group": 4,
        "topk_group": 2,
        "routed_scaling_factor": 1.0,
        "tie_word_embeddings": True,
        "max_position_embeddings": 4096,
    },
}


VOCABULARY_MULTIPLE = 64
"""The embedding is padded to a multiple of this, which matrix units like."""


def model_config(table: ModelTable, vocabulary: int) -> ModelConfig:
    """The size of a new model for one of our tokenizers, of `vocabulary` tokens. Raises `TrainError`."""
    fields: dict[str, Any] = {
        "bos_token_id": SPECIAL.index(BOS),
        "eos_token_id": SPECIAL.index(EOS),
        "pad_token_id": SPECIAL.index(PAD),
    }
    fields["vocab_size"] = -(-vocabulary // VOCABULARY_MULTIPLE) * VOCABULARY_MULTIPLE
    if table.preset and table.preset not in PRESETS:
        raise TrainError(f"model.preset must be one of {', '.join(PRESETS)}, not {table.preset!r}")
    fields |= PRESETS.get(table.preset, {}) | dict(table.sizes)
    if fields["vocab_size"] < vocabulary:
        raise TrainError(
            f"model.sizes.vocab_size is {fields['vocab_size']}, but the tokenizer has {vocabulary} tokens: "
            "leave the key out, or make it as large"
        )
    try:
        return ModelConfig(**fields)
    except ValueError as error:
        raise TrainError(f"model.sizes: {error}") from error
    except TypeError as error:
        words = str(error).replace("ModelConfig.__init__() ", "")
        raise TrainError(f"model.sizes: {words}; give a preset, or all sizes of ModelConfig") from error
