"""Models of some thousand parameters, with every part that a large one has."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from training.model import ModelConfig, Transformer, save_checkpoint

TINY = ModelConfig(
    vocab_size=257,
    hidden_size=32,
    num_hidden_layers=3,
    num_attention_heads=2,
    qk_nope_head_dim=8,
    qk_rope_head_dim=8,
    v_head_dim=12,
    kv_lora_rank=16,
    intermediate_size=48,
    first_k_dense_replace=1,
    moe_intermediate_size=16,
    n_routed_experts=8,
    num_experts_per_tok=3,
    n_group=4,
    topk_group=2,
    routed_scaling_factor=2.5,
    max_position_embeddings=512,
    # Large enough that attention and routing matter: a wrong rotation hides behind small weights.
    initializer_range=0.15,
    eos_token_id=256,
)


def tiny_model(seed: int = 0, **changes: Any) -> Transformer:
    """A random model in FP32, with biases that change the routing."""
    model = Transformer.drawn(replace(TINY, **changes), seed)
    generator = torch.Generator().manual_seed(seed)
    for router in model.routers():
        router.e_score_correction_bias.normal_(std=0.1, generator=generator)
    return model


def stepped(model: Transformer, size: float = 0.01, biases: float = 0.0, seed: int = 3) -> Transformer:
    """The model after a step of training, so to speak, which moves its routers' biases by about so much."""
    model = copy.deepcopy(model)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += size * torch.randn(parameter.shape, generator=generator)
        for router in model.routers():
            bias_E = router.e_score_correction_bias
            bias_E += biases * torch.randn(bias_E.shape, generator=generator)
    return model


def tokens(rows: int, length: int, seed: int = 0) -> torch.Tensor:
    """Random token numbers, (rows, length)."""
    return torch.randint(0, TINY.vocab_size, (rows, length), generator=torch.Generator().manual_seed(seed))


def tiny_tokenizer(path: Path) -> None:
    """A tokenizer of 256 bytes and an end token, written to the directory `path`."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {character: index for index, character in enumerate(alphabet)} | {"</s>": len(alphabet)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["</s>"])
    tokenizer.save(str(path / "tokenizer.json"))


def tiny_checkpoint(path: Path, seed: int = 0, **changes: Any) -> Path:
    """A random model with its tokenizer in the directory `path`, and that path."""
    path.mkdir(parents=True, exist_ok=True)
    tiny_tokenizer(path)
    save_checkpoint(tiny_model(seed, **changes), path)
    return path
