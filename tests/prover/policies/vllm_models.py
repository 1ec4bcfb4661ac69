"""Checkpoints for vLLM, and what our own forward pass says of what was written with them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from data import MODEL
from lean_env.values import Theorem
from prover.policies import Completion, Prompt
from prover.prompts import make_prompt
from tests.training.model.tiny import TINY, tiny_model, tiny_tokenizer
from training.model import load_checkpoint, save_checkpoint

SHIPPED = MODEL
STATEMENTS = (
    "(p q : Prop) : p ∧ q → q ∧ p",
    "(p q r : Prop) : (p ∧ q) ∨ r → q ∨ r",
    "(a b : Nat) : a + b = b + a",
    "(xs : List Nat) : xs ++ [] = xs",
    "(α : Type) (P : α → Prop) : (¬∃ x, P x) ↔ ∀ x, ¬P x",
)


def prompts(count: int) -> list[Prompt]:
    """Different prompts, as a search asks them first."""
    return [
        make_prompt(Theorem(f"t{index}", f"theorem t{index} {STATEMENTS[index % len(STATEMENTS)]} := by"))
        for index in range(count)
    ]


def random_checkpoint(path: Path, **changes: Any) -> Path:
    """A random model of DeepSeek-V3's architecture with large weights, and tokens of one byte each."""
    path.mkdir(parents=True)
    tiny_tokenizer(path)
    (path / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "</s>"})
    )
    sizes: dict[str, Any] = {
        "hidden_size": 128,
        "num_attention_heads": 4,
        "qk_nope_head_dim": 64,
        "qk_rope_head_dim": 64,
        "v_head_dim": 64,
        "kv_lora_rank": 256,
        "intermediate_size": 256,
        "moe_intermediate_size": 48,
        "max_position_embeddings": 1024,
    }
    assert replace(TINY, **sizes).initializer_range == 0.15
    save_checkpoint(tiny_model(**(sizes | changes)), path)
    return path


def largest_difference(path: Path, asked: Sequence[Prompt], rows: Sequence[Sequence[Completion]]) -> float:
    """Between the log-probs of the completions and those of our own forward pass in FP32."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
    return difference_after(path, [tokenizer.encode(prompt.text).ids for prompt in asked], rows)


def difference_after(
    path: Path, befores: Sequence[Sequence[int]], rows: Sequence[Sequence[Completion]]
) -> float:
    """The same, where the prompts are given as tokens."""
    model = load_checkpoint(path, "cpu", torch.float32)
    worst = 0.0
    for before, row in zip(befores, rows, strict=True):
        for completion in row:
            ids = torch.tensor([[*before, *completion.token_ids]])
            with torch.inference_mode():
                ours = torch.log_softmax(model.logits(model(ids).hidden_BLD)[0].float(), -1)
            for place, (token, theirs) in enumerate(
                zip(completion.token_ids, completion.logprobs, strict=True)
            ):
                worst = max(worst, abs(float(ours[len(before) + place - 1, token]) - theirs))
    return worst
