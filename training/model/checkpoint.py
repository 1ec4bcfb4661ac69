"""Checkpoints in Hugging Face's `DeepseekV3ForCausalLM` layout: `config.json` and safetensors.

transformers and vLLM load what is written here, and what they publish is read here. On disk every expert
has tensors of its own; in memory the experts of a layer are stacked, gate above up. The head is written
even if it is the embedding: vLLM's DeepSeek ties nothing, and without a head it answers uniformly, silently.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from training.model.config import ModelConfig
from training.model.transformer import Transformer

ARCHITECTURE = "DeepseekV3ForCausalLM"
WEIGHTS = "model.safetensors"
TEXT_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "prover.json",
)
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
STORED = (torch.bfloat16, torch.float16, torch.float32, torch.float64)
"""Types of numbers that weights may have; of narrower ones the scales would be missing."""


class CheckpointError(ValueError):
    """A checkpoint that cannot be loaded: one line that names it and says why."""


def save_checkpoint(model: Transformer, path: Path | str, tokenizer_path: Path | str | None = None) -> None:
    """Write `model` to the directory `path`, with the tokenizer found in the directory `tokenizer_path`.

    Each file is replaced at once, so what lay there before stays whole if writing fails.
    """
    save_state(model.state_dict(), model.config, path, tokenizer_path)


def save_state(
    state: Mapping[str, Tensor],
    config: ModelConfig,
    path: Path | str,
    tokenizer_path: Path | str | None = None,
) -> None:
    """As `save_checkpoint`, for a model whose state dict was put together from many devices."""
    path = Path(path)
    path.mkdir(parents=True, exist_ok=True)
    tensors = to_disk(state, config)
    partial = path / f"{WEIGHTS}.partial"
    save_file(tensors, partial, metadata={"format": "pt"})
    os.replace(partial, path / WEIGHTS)
    save_description(config, path, tokenizer_path, tensors["model.embed_tokens.weight"].dtype)


def save_description(
    config: ModelConfig, path: Path, tokenizer_path: Path | str | None, dtype: torch.dtype
) -> None:
    """Write what a checkpoint has beside its weights."""
    partial = path / "config.json.partial"
    told = config_to_json(config, str(dtype).removeprefix("torch."))
    partial.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    os.replace(partial, path / "config.json")
    if tokenizer_path is not None and Path(tokenizer_path).resolve() != path.resolve():
        for name in TEXT_FILES:
            if (Path(tokenizer_path) / name).is_file():
                shutil.copy(Path(tokenizer_path) / name, path / name)


def load_checkpoint(
    path: Path | str, device: torch.device | str = "cpu", dtype: torch.dtype | None = None
) -> Transformer:
    """The model in the directory `path`, its parameters of type `dtype` (None: as stored) on `device`.

    Raises `CheckpointError` for a checkpoint that is missing, damaged, or of another architecture.
    """
    path = Path(path)
    config = read_config(path)
    tensors = _read_tensors(path)
    if (last := f"model.layers.{config.num_hidden_layers - 1}.input_layernorm.weight") not in tensors:
        raise CheckpointError(f"{path}: the weights lack {last}, which config.json asks for")
    if f"model.layers.{config.num_hidden_layers}.eh_proj.weight" not in tensors:
        config = _without_mtp(config)
    with torch.device("meta"):
        model = Transformer(config)
    try:
        state = from_disk(tensors, config)
    except KeyError as error:
        raise CheckpointError(
            f"{path}: the weights lack {error.args[0]}, which config.json asks for"
        ) from None
    except RuntimeError as error:  # Experts of different shapes.
        raise CheckpointError(f"{path}: the experts' weights do not fit together: {error}") from None
    wanted = model.state_dict()
    for name, tensor in state.items():
        if name not in wanted:
            raise CheckpointError(f"{path}: the weights hold {name}, for which config.json has no place")
        if tensor.shape != wanted[name].shape:
            raise CheckpointError(
                f"{path}: {name} has the shape {tuple(tensor.shape)}, but config.json asks for "
                f"{tuple(wanted[name].shape)}"
            )
        if tensor.dtype not in STORED or not bool(tensor.isfinite().all()):
            raise CheckpointError(f"{path}: {name} ({tensor.dtype}) holds what are no finite numbers")
        kept = torch.float32 if name.endswith("e_score_correction_bias") else dtype
        state[name] = tensor.to(device=device, dtype=kept)
    model.load_state_dict(state, assign=True)
    if config.tie_word_embeddings:
        model.lm_head.weight = model.embed_tokens.weight
    return model.requires_grad_()


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


def _without_mtp(config: ModelConfig) -> ModelConfig:
    """transformers says that there is a module for multi-token prediction, but does not save it."""
    return ModelConfig(**{**asdict(config), "num_nextn_predict_layers": 0})


def to_disk(state: Mapping[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    """Our parameters under Hugging Face's names: experts apart, the head always there; copies, on the CPU."""
    # safetensors refuses tensors that share memory, such as a head that is the embedding.
    return {name: tensor.detach().cpu().clone().contiguous() for name, tensor in disk_tensors(state, config)}


def disk_tensors(state: Mapping[str, Tensor], config: ModelConfig) -> Iterator[tuple[str, Tensor]]:
    """What `to_disk` gives, one after another, where they are: views of our parameters."""
    for name, tensor in state.items():
        disk = _disk_name(name, config)
        if name.endswith("experts.gate_up_proj"):
            stem = disk.removesuffix("gate_up_proj")
            for expert, both in enumerate(tensor):
                for part, weight in zip(("gate_proj", "up_proj"), both.chunk(2), strict=True):
                    yield f"{stem}{expert}.{part}.weight", weight
        elif name.endswith("experts.down_proj"):
            stem = disk.removesuffix("down_proj")
            for expert, weight in enumerate(tensor):
                yield f"{stem}{expert}.down_proj.weight", weight
        else:
            yield disk, tensor


def from_disk(tensors: Mapping[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    """What `to_disk` makes, back; raises `KeyError` with the name of a tensor that is not there.

    Anything that has no place in our model comes back under its own name.
    """
    left = dict(tensors)
    if config.tie_word_embeddings:
        left["lm_head.weight"] = left["model.embed_tokens.weight"]
    for shared in ("embed_tokens.weight", "shared_head.head.weight"):  # DeepSeek stores them once more.
        left.pop(f"model.layers.{config.num_hidden_layers}.{shared}", None)
    with torch.device("meta"):
        names = list(Transformer(config).state_dict())
    state: dict[str, Tensor] = {}
    for name in names:
        disk = _disk_name(name, config)
        if name.endswith(("experts.gate_up_proj", "experts.down_proj")):
            stem = disk.rpartition(".")[0]
            parts = ("gate_proj", "up_proj") if name.endswith("gate_up_proj") else ("down_proj",)
            state[name] = torch.stack(
                [
                    torch.cat([left.pop(f"{stem}.{expert}.{part}.weight") for part in parts])
                    for expert in range(config.n_routed_experts)
                ]
            )
        else:
            state[name] = left.pop(disk)
    return state | left


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


def _read_tensors(path: Path) -> dict[str, Tensor]:
    """All tensors of all weight files in the directory, under their names on disk."""
    whole = path / WEIGHTS
    files = [whole] if whole.exists() else sorted(path.glob("model-*.safetensors"))
    if not files:
        raise CheckpointError(f"{path} has a config.json but no weights (*.safetensors)")
    tensors: dict[str, Tensor] = {}
    for file in files:
        try:
            with safe_open(file, framework="pt") as opened:
                tensors |= {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            raise CheckpointError(f"{file} is damaged or cut off: {error}") from None
    return tensors
