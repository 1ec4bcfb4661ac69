"""What is wrong with a checkpoint or a configuration is said in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.training.model.tiny import TINY, tiny_model
from training.model import CheckpointError, load_checkpoint, save_checkpoint
from training.model.disk import config_to_json


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    save_checkpoint(tiny_model(), tmp_path)
    return tmp_path


def set_config(**changes: Any) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        found = json.loads((path / "config.json").read_text())
        (path / "config.json").write_text(json.dumps(found | changes))

    return change


def drop_a_tensor(path: Path) -> None:
    tensors = load_file(path / "model.safetensors")
    del tensors["model.layers.1.mlp.experts.4.up_proj.weight"]
    save_file(tensors, path / "model.safetensors")


def add_a_tensor(path: Path) -> None:
    tensors = load_file(path / "model.safetensors")
    save_file(tensors | {"model.layers.7.bias": torch.zeros(2)}, path / "model.safetensors")


def change_a_tensor(change: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[Path], None]:
    def changed(path: Path) -> None:
        tensors = load_file(path / "model.safetensors")
        tensors["model.norm.weight"] = change(tensors["model.norm.weight"])
        save_file(tensors, path / "model.safetensors")

    return changed


def cut(share: float) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        file = path / "model.safetensors"
        file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])

    return change


BROKEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "another architecture": (set_config(model_type="llama"), "'llama'"),
    "another vocabulary": (set_config(vocab_size=300), "model.embed_tokens.weight|embed_tokens.weight"),
    "another width": (set_config(hidden_size=64), "has the shape"),
    "more experts": (set_config(n_routed_experts=12), "lack model.layers.1.mlp.experts.8"),
    "fewer layers": (set_config(num_hidden_layers=2), "no place"),
    "a billion layers": (set_config(num_hidden_layers=10**9), "lack model.layers.999999999.input_layernorm"),
    "softmax scores": (set_config(scoring_func="softmax"), "scoring_func is 'softmax'"),
    "long rope": (set_config(rope_parameters={"rope_type": "yarn", "factor": 4.0}), "'yarn'"),
    "quantised": (set_config(quantization_config={"bits": 8}), "quantization_config"),
    "impossible groups": (set_config(n_group=3), "8 experts cannot form n_group = 3"),
    "a word for a number": (set_config(hidden_size="wide"), "hidden_size must be a whole number: 'wide'"),
    "a fraction": (set_config(num_hidden_layers=2.5), "num_hidden_layers must be a whole number: 2.5"),
    "a number for a flag": (set_config(norm_topk_prob=1), "norm_topk_prob must be true or false: 1"),
    "no finite number": (set_config(routed_scaling_factor=float("nan")), "must be a finite number: nan"),
    "no rotation": (set_config(rope_parameters="default"), "rope_parameters must be an object: 'default'"),
    "a deep config": (lambda path: set_text(path / "config.json", "[" * 100_000), "not JSON"),
    "not a number": (
        change_a_tensor(lambda tensor: tensor * float("nan")),
        "norm.weight .* no finite numbers",
    ),
    "whole numbers": (change_a_tensor(lambda tensor: tensor.long()), r"norm.weight \(I64\)"),
    "narrow numbers": (
        change_a_tensor(lambda tensor: tensor.to(torch.float8_e4m3fn)),
        r"norm.weight \(F8_E4M3\)",
    ),
    "cut off": (cut(0.7), "damaged or cut off"),
    "cut off in the header": (cut(0.01), "damaged or cut off"),
    "empty": (cut(0.0), "damaged or cut off"),
    "a tensor missing": (drop_a_tensor, "lack model.layers.1.mlp.experts.4.up_proj.weight"),
    "a tensor too many": (add_a_tensor, "model.layers.7.bias"),
    "no weights": (lambda path: (path / "model.safetensors").unlink(), "no weights"),
    "no config": (lambda path: (path / "config.json").unlink(), "no checkpoint"),
    "broken config": (lambda path: set_text(path / "config.json", "{"), "not JSON"),
    "a list": (lambda path: set_text(path / "config.json", "[]"), "model type"),
}


def set_text(file: Path, text: str) -> None:
    file.write_text(text)


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_checkpoints(kind: str, checkpoint: Path) -> None:
    damage, said = BROKEN[kind]
    damage(checkpoint)
    with pytest.raises(CheckpointError, match=said) as caught:
        load_checkpoint(checkpoint)
    assert "\n" not in str(caught.value)
    assert str(checkpoint) in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n_group": 3}, "cannot form n_group = 3 equal groups"),
        ({"n_group": 8}, "a group needs two experts"),
        ({"topk_group": 5}, "topk_group must lie between 1 and n_group = 4"),
        ({"num_experts_per_tok": 5}, "groups of 2 experts hold 4"),
        ({"num_experts_per_tok": 0}, "num_experts_per_tok = 0"),
        ({"n_shared_experts": 0}, "n_shared_experts must be positive"),
        ({"qk_rope_head_dim": 7}, "even"),
        ({"first_k_dense_replace": 4}, "first_k_dense_replace"),
        ({"intermediate_size": 0}, "intermediate_size"),
        ({"num_nextn_predict_layers": 2}, "num_nextn_predict_layers"),
        ({"vocab_size": 0}, "vocab_size"),
        ({"eos_token_id": 257}, "eos_token_id 257 lies outside the vocabulary of 257"),
        ({"q_lora_rank": 0}, "q_lora_rank"),
        ({"q_lora_rank": 1.5}, "q_lora_rank must be a whole number, or none: 1.5"),
        ({"n_group": True}, "n_group must be a whole number: True"),
    ],
)
def test_impossible_sizes(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        replace(TINY, **change)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_may_name_several_end_tokens_or_none(checkpoint: Path) -> None:
    for named, taken in (([7, 8], 7), ([], None), (None, None)):
        set_config(eos_token_id=named)(checkpoint)
        assert load_checkpoint(checkpoint).config.eos_token_id == taken


def test_a_failed_write_leaves_the_old_checkpoint(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = load_checkpoint(checkpoint).norm.weight

    def full_disk(tensors: object, file: Path, metadata: object) -> None:
        file.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr("training.model.checkpoint.save_file", full_disk)
    with pytest.raises(OSError, match="No space"):
        save_checkpoint(tiny_model(seed=1), checkpoint)
    torch.testing.assert_close(load_checkpoint(checkpoint).norm.weight, before)


def test_vllm_finds_what_it_routes_by() -> None:
    said = config_to_json(TINY, "bfloat16")
    assert said["architectures"] == ["DeepseekV3ForCausalLM"]
    assert (said["topk_method"], said["scoring_func"]) == ("noaux_tc", "sigmoid")
    assert (said["num_nextn_predict_layers"], said["q_lora_rank"]) == (0, None)
    assert said["num_key_value_heads"] == TINY.num_attention_heads


def test_vllm_finds_a_head_even_if_it_is_the_embedding(tmp_path: Path) -> None:
    save_checkpoint(tiny_model(tie_word_embeddings=True), tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    torch.testing.assert_close(tensors["lm_head.weight"], tensors["model.embed_tokens.weight"])
