"""Counts of tensors, against published checkpoints, the shipped file, and transformers' own models."""

from __future__ import annotations

import json
import random
import struct
from collections import Counter
from math import prod
from pathlib import Path
from typing import Any

import pytest

from data import MODEL
from prover.serving import ServeError
from prover.serving.hardware import GPUS, Hardware
from prover.serving.layout import plan
from prover.serving.model import find_model, known_models, make_model, read_model
from prover.serving.published import PUBLISHED
from prover.serving.tensors import ARCHITECTURES, BYTES, Part

# `metadata.total_size` of model.safetensors.index.json of the models that these were made from:
# Qwen/Qwen3-8B and -32B, Qwen/Qwen2.5-7B-Instruct and -72B-Instruct; for DeepSeek's 7B two bytes for each of
# the 6,910,365,696 parameters that are reported of models made from deepseek-math-7b.
TOTAL_SIZES = {
    "DeepSeek-Prover-V1.5-RL": 2 * 6_910_365_696,
    "DeepSeek-Prover-V2-7B": 2 * 6_910_365_696,
    "Goedel-Prover-V2-8B": 16_381_470_720,
    "Goedel-Prover-V2-32B": 65_524_246_528,
    "Kimina-Prover-Preview-Distill-7B": 15_231_233_024,
    "Kimina-Prover-72B": 145_412_407_296,
}
# The Hugging Face hub's count of deepseek-ai/DeepSeek-V3 (`safetensors.parameters`); its files have
# 688,586,727,753 bytes, and the headers of 163 files account for what is more than these numbers.
DEEPSEEK_V3 = {"BF16": 3_918_786_560, "F8_E4M3": 680_571_043_840, "F32": 41_555_600}
DEEPSEEK_V3_FILES = 688_586_727_753


@pytest.mark.parametrize(("name", "size"), TOTAL_SIZES.items())
def test_counts_are_those_of_published_checkpoints(name: str, size: int) -> None:
    assert sum(find_model(name).bytes.values()) == size


# The same of Qwen/Qwen3-30B-A3B and deepseek-ai/DeepSeek-V2-Lite: no provers, but the only published
# figures for their architectures that are checked here.
OTHERS: dict[int, dict[str, Any]] = {
    61_064_245_248: {
        "architectures": ["Qwen3MoeForCausalLM"],
        "dtype": "bfloat16",
        "vocab_size": 151936,
        "hidden_size": 2048,
        "num_hidden_layers": 48,
        "num_attention_heads": 32,
        "num_key_value_heads": 4,
        "head_dim": 128,
        "num_experts": 128,
        "num_experts_per_tok": 8,
        "moe_intermediate_size": 768,
        "max_position_embeddings": 40960,
    },
    31_412_968_448: {
        "architectures": ["DeepseekV2ForCausalLM"],
        "dtype": "bfloat16",
        "vocab_size": 102400,
        "hidden_size": 2048,
        "intermediate_size": 10944,
        "moe_intermediate_size": 1408,
        "num_hidden_layers": 27,
        "num_attention_heads": 16,
        "num_key_value_heads": 16,
        "q_lora_rank": None,
        "kv_lora_rank": 512,
        "qk_rope_head_dim": 64,
        "qk_nope_head_dim": 128,
        "v_head_dim": 128,
        "first_k_dense_replace": 1,
        "n_routed_experts": 64,
        "n_shared_experts": 2,
        "num_experts_per_tok": 6,
        "n_group": 1,
        "topk_group": 1,
        "max_position_embeddings": 163840,
    },
}


@pytest.mark.parametrize("size", OTHERS)
def test_counts_are_those_of_other_published_checkpoints(size: int) -> None:
    assert sum(make_model(OTHERS[size], "other", "other", "config.json").bytes.values()) == size


def test_a_mixture_without_mla_is_spread_too() -> None:
    model = make_model(OTHERS[61_064_245_248], "other", "other", "config.json")
    layout = plan(model, Hardware(GPUS["a100-40"], 8, 1, GPUS["a100-40"].memory))
    assert (layout.tensor, layout.data, layout.expert) == (1, 8, 8)
    assert not layout.latent
    assert layout.kv_token == 48 * 2 * 4 * 128 * 2


def test_deepseek_v3_is_counted_to_the_last_scale() -> None:
    model = find_model("DeepSeek-Prover-V2-671B")
    assert dict(model.numbers) == DEEPSEEK_V3
    size = sum(model.bytes.values())
    assert size == sum(BYTES[dtype] * number for dtype, number in DEEPSEEK_V3.items())
    assert 0 < DEEPSEEK_V3_FILES - size < 163 * 100_000
    # The paper, section 1: 671B parameters, 37B of them activated for a token.
    assert (sum(model.parameters.values()) - model.parameters[Part.MTP]) // 10**9 == 671
    assert model.active // 10**9 == 37
    assert model.is_fp8
    assert Part.MTP not in model.served().parameters


def test_kv_cache_is_grouped_or_latent() -> None:
    qwen, deepseek = find_model("Goedel-Prover-V2-32B"), find_model("DeepSeek-Prover-V2-671B")
    assert qwen.kv_bytes() == 64 * 2 * 8 * 128 * 2
    assert qwen.kv_bytes(4) == qwen.kv_bytes() // 4
    assert qwen.kv_bytes(16) == qwen.kv_bytes(8)
    assert deepseek.kv_bytes() == deepseek.kv_bytes(8) == 61 * (512 + 64) * 2
    assert deepseek.kv_bytes(latent=False) == 61 * 2 * 128 * 192 * 2


def test_the_shipped_model_is_counted_as_it_lies_in_its_file() -> None:
    with (MODEL / "model.safetensors").open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    # The head is the embedding, and lies in the file once more.
    assert read_model(MODEL).parameters.get(Part.HEAD) is None
    stored: Counter[str] = Counter()
    for name, tensor in header.items():
        if name not in ("__metadata__", "lm_head.weight"):
            stored[tensor["dtype"]] += prod(tensor["shape"])
    assert dict(find_model("default").numbers) == stored


def _random_config(architecture: str, draw: random.Random) -> dict[str, Any]:
    """A small configuration, in which no two widths agree by design."""
    kv_heads = draw.choice([1, 2, 3])
    common = {
        "architectures": [architecture],
        "dtype": "bfloat16",
        "vocab_size": draw.randint(50, 90),
        "hidden_size": 8 * (heads := kv_heads * draw.choice([1, 2, 4])),
        "num_hidden_layers": draw.randint(3, 5),
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "intermediate_size": draw.randint(20, 40),
        "max_position_embeddings": 64,
        "tie_word_embeddings": draw.random() < 0.5,
        "attention_bias": draw.random() < 0.5,
    }
    if architecture == "Qwen2ForCausalLM":
        return common
    if architecture == "LlamaForCausalLM":
        return common | {"head_dim": draw.choice([4, 8, 10]), "mlp_bias": draw.random() < 0.5}
    if architecture == "Qwen3ForCausalLM":
        return common | {"head_dim": draw.choice([4, 8, 10])}
    routed = {"moe_intermediate_size": draw.randint(5, 9), "num_experts_per_tok": 2}
    if architecture == "Qwen3MoeForCausalLM":
        return (
            common
            | routed
            | {
                "head_dim": draw.choice([4, 8, 10]),
                "num_experts": draw.randint(4, 7),
                "decoder_sparse_step": draw.choice([1, 2]),
                "mlp_only_layers": draw.choice([[], [1]]),
            }
        )
    return (
        common
        | routed
        | {
            "num_key_value_heads": heads,
            "q_lora_rank": draw.choice([None, 11]),
            "kv_lora_rank": 12,
            "qk_rope_head_dim": draw.choice([4, 6]),
            "qk_nope_head_dim": 10,
            "v_head_dim": draw.choice([5, 7]),
            "n_routed_experts": 8,
            "n_shared_experts": draw.choice([1, 2]),
            "first_k_dense_replace": draw.choice([0, 1, 2]),
            "n_group": 4,
            "topk_group": 2,
        }
    )


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("seed", range(6))
def test_counts_are_transformers_own(architecture: str, seed: int) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    values = _random_config(architecture, random.Random(f"{architecture} {seed}"))
    options = {key: value for key, value in values.items() if key not in ("architectures", "dtype")}
    config = getattr(transformers, architecture.replace("ForCausalLM", "Config"))(**options)
    with torch.device("meta"):
        theirs = getattr(transformers, architecture)(config)
    expected = sum(tensor.numel() for tensor in theirs.parameters())
    expected += sum(
        tensor.numel() for name, tensor in theirs.named_buffers() if name.endswith("score_correction_bias")
    )
    ours = make_model(values, "random", "random", "config.json")
    assert sum(ours.parameters.values()) == expected
    assert ours.parameters[Part.EMBEDDING] == theirs.get_input_embeddings().weight.numel()
    assert (Part.HEAD in ours.parameters) is not values["tie_word_embeddings"]


def test_every_name_is_known_by_its_last_part_too() -> None:
    for name in known_models():
        assert find_model(name).architecture in ARCHITECTURES
        assert find_model(name.lower().rpartition("/")[2]).name == name


BAD = {
    "no JSON": ("{", "is not JSON"),
    "a list": ("[]", "is not a model's configuration"),
    "no architecture": ("{}", "names no architecture"),
    "an encoder": ('{"architectures": ["BertModel"]}', "no causal language model"),
    "a masked model": ('{"architectures": ["BertForMaskedLM"]}', "no causal language model"),
    "an encoder and decoder": (
        '{"architectures": ["T5ForConditionalGeneration"], "is_encoder_decoder": true}',
        "no causal language model",
    ),
    "an unknown one": ('{"architectures": ["NovelForCausalLM"]}', "not known here"),
    "no sizes": ('{"architectures": ["LlamaForCausalLM"]}', "has no num_attention_heads"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_causal_model_is_said_in_one_line(kind: str, tmp_path: Path) -> None:
    text, said = BAD[kind]
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(ServeError, match=said) as error:
        find_model(str(tmp_path))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"hidden_size": "wide"}, "hidden_size must be a positive whole number"),
        ({"num_hidden_layers": 0}, "num_hidden_layers must be a positive"),
        ({"dtype": "int3"}, "'int3' is none of"),
        ({"quantization_config": {"quant_method": "awq", "bits": 4}}, "quantised as 'awq'"),
        ({"quantization_config": "fp8"}, "quantised as 'fp8'"),
        (
            {"quantization_config": {"quant_method": "fp8", "weight_block_size": [0, 128]}},
            "quantised as 'fp8'",
        ),
        ({"dtype": ["bfloat16"]}, r"\['bfloat16'\] is none of"),
        ({"num_hidden_layers": 10**9}, "num_hidden_layers is larger than 16,777,216"),
        ({"num_attention_heads": 5000, "head_dim": None}, "5000 heads are more than hidden_size, 4096"),
    ],
)
def test_bad_fields_are_named(change: dict[str, Any], said: str) -> None:
    values = PUBLISHED["Goedel-LM/Goedel-Prover-V2-8B"] | change
    with pytest.raises(ServeError, match=said):
        make_model(values, "bad", "bad", "config.json")


MOE = next(values for values in OTHERS.values() if "num_experts" in values)


@pytest.mark.parametrize("layers", [3, "abc", {"0": 1}])
def test_layers_without_experts_must_be_listed(layers: object) -> None:
    with pytest.raises(ServeError, match="mlp_only_layers must be a list of layers"):
        make_model(MOE | {"mlp_only_layers": layers}, "bad", "bad", "config.json")


def test_a_mixture_without_a_layer_of_experts_is_dense() -> None:
    values = MOE | {"decoder_sparse_step": 99, "intermediate_size": 64}
    dense = make_model(values, "odd", "odd", "config.json")
    assert dense.experts is None
    assert dense.active == sum(dense.parameters.values())


def test_a_configuration_that_nests_too_deep_is_said(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("[" * 200_000)
    with pytest.raises(ServeError, match="is not JSON"):
        read_model(tmp_path)


def test_a_missing_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(ServeError, match=r"Prover-V9 is no directory, nor a model known here \(default, "):
        find_model("deepseek-ai/DeepSeek-Prover-V9")
    with pytest.raises(ServeError, match=r"config\.json cannot be read"):
        find_model(str(tmp_path))


def test_a_directory_gives_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(PUBLISHED["Goedel-LM/Goedel-Prover-V2-8B"]))
    monkeypatch.chdir(folder)
    assert find_model(".").name == find_model("../mine/").name == "mine"
    assert find_model(".").target == str(folder)
