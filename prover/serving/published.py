"""Published prover models: the facts of their architectures, in the words of their `config.json`.

So that a layout can be worked out before a hundred files are downloaded; for a downloaded model its own
configuration counts. Sources: the models' configurations (Goedel-Prover-V2 has Qwen3's, Kimina-Prover
Qwen2.5's, DeepSeek-Prover-V2-671B DeepSeek-V3's). Kimina's context is Qwen2.5's own, 32,768.
"""

from __future__ import annotations

from typing import Any

_QWEN3 = {
    "architectures": ["Qwen3ForCausalLM"],
    "dtype": "bfloat16",
    "head_dim": 128,
    "num_key_value_heads": 8,
    "vocab_size": 151936,
    "max_position_embeddings": 40960,
}
_QWEN25 = {
    "architectures": ["Qwen2ForCausalLM"],
    "dtype": "bfloat16",
    "vocab_size": 152064,
    "max_position_embeddings": 32768,
}
_DEEPSEEK_7B = {
    "architectures": ["LlamaForCausalLM"],
    "dtype": "bfloat16",
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "num_hidden_layers": 30,
    "num_attention_heads": 32,
    "num_key_value_heads": 32,
    "vocab_size": 102400,
}
_DEEPSEEK_V3 = {
    "architectures": ["DeepseekV3ForCausalLM"],
    "dtype": "bfloat16",
    "quantization_config": {"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [128, 128]},
    "vocab_size": 129280,
    "hidden_size": 7168,
    "intermediate_size": 18432,
    "moe_intermediate_size": 2048,
    "num_hidden_layers": 61,
    "num_attention_heads": 128,
    "num_key_value_heads": 128,
    "q_lora_rank": 1536,
    "kv_lora_rank": 512,
    "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64,
    "v_head_dim": 128,
    "first_k_dense_replace": 3,
    "n_routed_experts": 256,
    "n_shared_experts": 1,
    "num_experts_per_tok": 8,
    "n_group": 8,
    "topk_group": 4,
    "num_nextn_predict_layers": 1,
    "max_position_embeddings": 163840,
}

PUBLISHED: dict[str, dict[str, Any]] = {
    "deepseek-ai/DeepSeek-Prover-V1.5-RL": {**_DEEPSEEK_7B, "max_position_embeddings": 4096},
    "deepseek-ai/DeepSeek-Prover-V2-7B": {**_DEEPSEEK_7B, "max_position_embeddings": 65536},
    "deepseek-ai/DeepSeek-Prover-V2-671B": _DEEPSEEK_V3,
    "Goedel-LM/Goedel-Prover-V2-8B": {
        **_QWEN3,
        "hidden_size": 4096,
        "intermediate_size": 12288,
        "num_hidden_layers": 36,
        "num_attention_heads": 32,
    },
    "Goedel-LM/Goedel-Prover-V2-32B": {
        **_QWEN3,
        "hidden_size": 5120,
        "intermediate_size": 25600,
        "num_hidden_layers": 64,
        "num_attention_heads": 64,
    },
    "AI-MO/Kimina-Prover-Preview-Distill-7B": {
        **_QWEN25,
        "hidden_size": 3584,
        "intermediate_size": 18944,
        "num_hidden_layers": 28,
        "num_attention_heads": 28,
        "num_key_value_heads": 4,
    },
    "AI-MO/Kimina-Prover-72B": {
        **_QWEN25,
        "hidden_size": 8192,
        "intermediate_size": 29568,
        "num_hidden_layers": 80,
        "num_attention_heads": 64,
        "num_key_value_heads": 8,
    },
}
"""By name on the Hugging Face hub."""
