"""How a model is told on disk: Hugging Face's `config.json`, and its names for our parts.

On disk every expert has tensors of its own; in memory the experts of a layer are stacked, gate above up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from torch import Tensor

from training.model.config import ModelConfig
from training.model.parts import parts

ARCHITECTURE = "DeepseekV3ForCausalLM"
EXPECTED = {
    "hidden_act": "silu",
    "attention_bias": False,
    "rope_interleave": True,
    "scoring_func": "sigmoid",
    "topk_method": "noaux_tc",
    "moe_layer_freq": 1,
    "quantization_config": None,
}
"""What our model is built for; a checkpoint that says something else computes something else."""


class CheckpointError(ValueError):
    """A checkpoint that cannot be loaded: one line that names it and says why."""


def read_config(path: Path) -> ModelConfig:
    """The configuration of the checkpoint in the directory `path`. Raises `CheckpointError`."""
    try:
        found = json.loads((path / "config.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise CheckpointError(f"{path} is no checkpoint: config.json: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: config.json is not JSON: {error}") from None
    if not isinstance(found, dict) or found.get("model_type") != "deepseek_v3":
        said = found.get("model_type") if isinstance(found, dict) else None
        raise CheckpointError(f"{path}: the model type is {said!r}, this program needs 'deepseek_v3'")
    for name, value in EXPECTED.items():
        if found.get(name, value) != value:
            raise CheckpointError(f"{path}: {name} is {found[name]!r}, this program has only {value!r}")
    try:
        return _config_from_json(found)
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"{path}: config.json: {error}") from None


def config_to_json(config: ModelConfig, dtype: str) -> dict[str, Any]:
    """What `config.json` says. transformers does not write the routing method, and vLLM routes differently
    without it."""
    return {
        "architectures": [ARCHITECTURE],
        "model_type": "deepseek_v3",
        "dtype": dtype,
        **asdict(config),
        "num_key_value_heads": config.num_attention_heads,
        "rope_parameters": {"rope_type": "default", "rope_theta": config.rope_theta},
        **{name: value for name, value in EXPECTED.items() if value is not None},
    }


def _config_from_json(found: dict[str, Any]) -> ModelConfig:
    """Raises `ValueError` and `TypeError` for what cannot be right."""
    rope = found.get("rope_parameters") or found.get("rope_scaling") or {}
    if not isinstance(rope, dict):
        raise ValueError(f"rope_parameters must be an object: {rope!r}")
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind != "default":
        raise ValueError(f"rotary positions of type {kind!r} are not supported, only 'default'")
    values = {field.name: found[field.name] for field in fields(ModelConfig) if field.name in found}
    values["rope_theta"] = rope.get("rope_theta", found.get("rope_theta", 10_000.0))
    if isinstance(ends := values.get("eos_token_id"), list):
        values["eos_token_id"] = ends[0] if ends else None
    missing = [name for name in ("vocab_size", "hidden_size", "kv_lora_rank") if name not in values]
    if missing:
        raise ValueError(f"it lacks {', '.join(missing)}")
    return ModelConfig(**values)


def disk_tensors(state: Mapping[str, Tensor], config: ModelConfig) -> Iterator[tuple[str, Tensor]]:
    """A state dict under Hugging Face's names, one tensor after another: views of our parameters."""
    for name, value in state.items():
        for part, tensor in parts(name, value):
            yield from on_disk(part, tensor, config)


def on_disk(part: str, value: Tensor, config: ModelConfig) -> Iterator[tuple[str, Tensor]]:
    """The tensors that a part is on disk, views of it; of an expert's gate and up it is two."""
    name, _, expert = part.partition("/")
    disk = _disk_name(name, config)
    if not expert:
        yield disk, value
        return
    stem, _, kind = disk.rpartition(".")
    names = ("gate_proj", "up_proj") if kind == "gate_up_proj" else ("down_proj",)
    for own, tensor in zip(names, value.chunk(len(names)), strict=True):
        yield f"{stem}.{expert}.{own}.weight", tensor


def _disk_name(name: str, config: ModelConfig) -> str:
    """Hugging Face's name for a parameter of ours; of stacked experts, the name that they share."""
    if name == "lm_head.weight":
        return name
    if not name.startswith("mtp."):
        return f"model.{name}"
    name = name.removeprefix("mtp.")
    name = name.removeprefix("block.") if name.startswith("block.") else name
    name = "shared_head.norm.weight" if name == "norm.weight" else name
    return f"model.layers.{config.num_hidden_layers}.{name}"
