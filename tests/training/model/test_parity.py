"""The same weights give the same numbers as transformers, both ways and backwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import DeepseekV3Config, DeepseekV3ForCausalLM
from transformers.modeling_layers import MtpLayer
from transformers.models.deepseek_v3.modeling_deepseek_v3 import DeepseekV3DecoderLayer, DeepseekV3RMSNorm

from tests.training.model.tiny import TINY, tiny_model, tokens
from training.model import load_checkpoint, save_checkpoint

SHAPES: dict[str, dict[str, Any]] = {
    "plain": {},
    "latent queries": {"q_lora_rank": 12},
    "tied": {"tie_word_embeddings": True},
    "one group": {"n_group": 1, "topk_group": 1, "norm_topk_prob": False, "n_shared_experts": 2},
    "dense": {"first_k_dense_replace": 3},
}


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize("shape", SHAPES)
def test_transformers_reads_ours(shape: str, tmp_path: Path) -> None:
    model = tiny_model(**SHAPES[shape])
    save_checkpoint(model, tmp_path)
    oracle, info = DeepseekV3ForCausalLM.from_pretrained(tmp_path, output_loading_info=True)
    assert not any(info[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    assert (tmp_path / "model.safetensors").stat().st_mode == (tmp_path / "config.json").stat().st_mode
    batch = tokens(3, 40)
    logits = model.logits(model(batch).hidden_BLD)
    assert logits.std() > 0.5
    torch.testing.assert_close(logits, oracle(batch).logits, rtol=0, atol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_we_read_theirs(shape: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    save_checkpoint(tiny_model(**SHAPES[shape]), tmp_path)
    oracle = DeepseekV3ForCausalLM(DeepseekV3Config.from_pretrained(tmp_path))
    for layer in oracle.model.layers:
        if hasattr(layer.mlp, "gate"):
            layer.mlp.gate.e_score_correction_bias.normal_(std=0.1)
    oracle.save_pretrained(tmp_path / "theirs")
    model = load_checkpoint(tmp_path / "theirs")
    batch = tokens(3, 40)
    torch.testing.assert_close(model.logits(model(batch).hidden_BLD), oracle(batch).logits, rtol=0, atol=1e-4)


def test_weights_in_several_files_are_read(tmp_path: Path) -> None:
    save_checkpoint(tiny_model(), tmp_path)
    oracle = DeepseekV3ForCausalLM.from_pretrained(tmp_path)
    oracle.save_pretrained(tmp_path / "parts", max_shard_size="100KB")
    assert len(list((tmp_path / "parts").glob("*.safetensors"))) > 1
    batch = tokens(1, 10)
    found = load_checkpoint(tmp_path / "parts")(batch).hidden_BLD
    torch.testing.assert_close(found, oracle.model(batch).last_hidden_state, rtol=0, atol=1e-4)


def test_gradients_agree(tmp_path: Path) -> None:
    model = tiny_model(q_lora_rank=12)
    save_checkpoint(model, tmp_path)
    oracle = DeepseekV3ForCausalLM.from_pretrained(tmp_path)
    batch = tokens(2, 30)
    for logits in (model.logits(model(batch).hidden_BLD), oracle(batch).logits):
        torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), batch[:, 1:].flatten()).backward()
    theirs = dict(oracle.named_parameters())
    for name, parameter in model.named_parameters():
        other = theirs[name if name == "lm_head.weight" else f"model.{name}"]
        assert other.grad is not None
        torch.testing.assert_close(parameter.grad, other.grad, rtol=1e-3, atol=1e-5, msg=name)


def test_positions_and_padding_agree() -> None:
    """A row that begins later, as in a batch padded on the left."""
    model = tiny_model()
    batch = tokens(1, 20)
    late = model(batch, positions_BL=torch.arange(100, 120)[None]).hidden_BLD
    torch.testing.assert_close(late, model(batch).hidden_BLD, rtol=0, atol=1e-4)


def test_multi_token_prediction_agrees(tmp_path: Path) -> None:
    model = tiny_model(num_nextn_predict_layers=1)
    save_checkpoint(model, tmp_path)
    model = load_checkpoint(tmp_path)
    assert model.mtp is not None
    oracle: Any = DeepseekV3ForCausalLM.from_pretrained(tmp_path)
    layer: Any = MtpLayer(oracle.config, DeepseekV3DecoderLayer, DeepseekV3RMSNorm, TINY.num_hidden_layers)
    ours = {name.replace("block.", "mtp_block."): value for name, value in model.mtp.state_dict().items()}
    ours["post_norm.weight"] = ours.pop("norm.weight")
    layer.load_state_dict(ours)
    batch = tokens(2, 24)
    positions = torch.arange(24)[None]
    first = oracle.model(batch).last_hidden_state
    mask = torch.full((24, 24), float("-inf")).triu(1)[None, None]
    wanted = layer(
        oracle.model.embed_tokens(batch.roll(-1, dims=1)),
        first,
        oracle.model.rotary_emb(first, positions),
        mask,
        positions,
        None,
    )
    found = model(batch)
    torch.testing.assert_close(found.mtp_hidden_BLD, wanted, rtol=0, atol=1e-4)
    assert len(found.routing) == 3


def test_bf16_on_disk_is_read_as_asked(tmp_path: Path) -> None:
    model = tiny_model().to(torch.bfloat16)
    assert model.routers()[0].e_score_correction_bias.dtype == torch.float32
    save_checkpoint(model, tmp_path)
    oracle = DeepseekV3ForCausalLM.from_pretrained(tmp_path, dtype=torch.float32)
    again = load_checkpoint(tmp_path, dtype=torch.float32)
    batch = tokens(2, 20)
    torch.testing.assert_close(again.logits(again(batch).hidden_BLD), oracle(batch).logits, rtol=0, atol=1e-4)
    assert load_checkpoint(tmp_path).embed_tokens.weight.dtype == torch.bfloat16
