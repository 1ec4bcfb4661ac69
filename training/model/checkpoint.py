"""Checkpoints in Hugging Face's `DeepseekV3ForCausalLM` layout: `config.json` and safetensors.

transformers and vLLM load what is written here, and what they publish is read here. A model is written whole,
to one file, or by many processes, each its parts to a file of its own; either way each tensor is read when it
is asked for, so that a process that needs some has room for some. The head is written even if it is the
embedding: vLLM's DeepSeek ties nothing, and without a head it answers uniformly, silently.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from training.model.config import ModelConfig
from training.model.disk import CheckpointError, config_to_json, disk_tensors, on_disk, read_config
from training.model.transformer import Transformer

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
TEXT_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "prover.json",
)
STORED = {
    "BF16": torch.bfloat16,
    "F16": torch.float16,
    "F32": torch.float32,
    "F64": torch.float64,
}
"""Types of numbers that weights may have; of narrower ones the scales would be missing."""


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
    partial = path / f"{WEIGHTS}.partial"
    _write(dict(disk_tensors(state, config)), partial)
    os.replace(partial, path / WEIGHTS)
    save_description(config, path, tokenizer_path, state["embed_tokens.weight"].dtype)


def save_share(found: Mapping[str, Tensor], config: ModelConfig, file: Path) -> dict[str, int]:
    """Write the parts that a process gives to a file of its own; what tensors that makes, and their bytes."""
    tensors: dict[str, Tensor] = {}
    for part, value in found.items():
        tensors.update(on_disk(part, value, config))
        if part == "embed_tokens.weight" and config.tie_word_embeddings:
            tensors["lm_head.weight"] = value
    if tensors:
        _write(tensors, file)
    return {name: tensor.numel() * tensor.element_size() for name, tensor in tensors.items()}


def save_index(shares: Mapping[str, Mapping[str, int]], path: Path) -> None:
    """Write which tensor is in which of the files, from what `save_share` returned for each."""
    places = {name: file for file, tensors in shares.items() for name in tensors}
    size = sum(sum(tensors.values()) for tensors in shares.values())
    told = {"metadata": {"total_size": size}, "weight_map": dict(sorted(places.items()))}
    (path / INDEX).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def _write(tensors: Mapping[str, Tensor], file: Path) -> None:
    # safetensors refuses tensors that share memory, such as a head that is the embedding.
    apart = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    file.touch()
    mode = file.stat().st_mode
    save_file(apart, file, metadata={"format": "pt"})
    file.chmod(mode)  # safetensors lets nobody else read what it writes.


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
    stored = StoredModel(Path(path))
    return Transformer.build(stored.config, stored, device, dtype or stored.dtype)


class StoredModel:
    """A checkpoint on disk, as an `Origin`."""

    def __init__(self, path: Path) -> None:
        """Raises `CheckpointError` for one that is missing, cut off, or of another architecture."""
        self._path, self.config = path, read_config(path)
        self._files: dict[str, Any] = {}
        whole = path / WEIGHTS
        for file in [whole] if whole.exists() else sorted(path.glob("model-*.safetensors")):
            try:
                opened: Any = safe_open(file, framework="pt")
                self._files |= dict.fromkeys(opened.keys(), opened)
            except (SafetensorError, OSError) as error:
                raise CheckpointError(f"{file} is damaged or cut off: {error}") from None
        if not self._files:
            raise CheckpointError(f"{path} has a config.json but no weights (*.safetensors)")
        layers = self.config.num_hidden_layers
        self._require([f"model.layers.{layers - 1}.input_layernorm.weight"])
        if f"model.layers.{layers}.eh_proj.weight" not in self._files:
            # transformers says that there is a module for multi-token prediction, but does not save it.
            self.config = replace(self.config, num_nextn_predict_layers=0)
        self._shapes: dict[str, torch.Size] = {}
        self._first: dict[str, str] = {}
        """Under which name a parameter, or its first part, is on disk."""
        with torch.device("meta"):
            state = Transformer(self.config).state_dict()
        for name, value in state.items():
            shapes = {disk: tensor.shape for disk, tensor in disk_tensors({name: value}, self.config)}
            self._shapes |= shapes
            self._first[name] = next(iter(shapes))
        tied = {"lm_head.weight"} if self.config.tie_word_embeddings else set()
        self._require(name for name in self._shapes if name not in tied)
        # DeepSeek stores these once more.
        again = {f"model.layers.{layers}.{name}.weight" for name in ("embed_tokens", "shared_head.head")}
        if unknown := self._files.keys() - self._shapes.keys() - again:
            raise CheckpointError(
                f"{path}: the weights hold {min(unknown)}, for which config.json has no place"
            )

    def fill(self, wanted: Mapping[str, Tensor]) -> None:
        """As `Origin`. Raises `CheckpointError`."""
        for part, tensor in wanted.items():
            for name, place in on_disk(part, tensor, self.config):
                place.copy_(self._read(name))

    def dtype(self, name: str) -> torch.dtype:
        """As what a parameter is stored. Raises `CheckpointError`."""
        return self._type(self._first[name])

    def _require(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self._files:
                raise CheckpointError(f"{self._path}: the weights lack {name}, which config.json asks for")

    def _type(self, name: str) -> torch.dtype:
        said = self._files[name].get_slice(name).get_dtype()
        if said not in STORED:
            raise CheckpointError(f"{self._path}: {name} ({said}) holds what are no finite numbers")
        return STORED[said]

    def _read(self, name: str) -> Tensor:
        kind, wanted = self._type(name), self._shapes[name]
        found: Tensor = self._files[name].get_tensor(name)
        if found.shape != wanted:
            raise CheckpointError(
                f"{self._path}: {name} has the shape {tuple(found.shape)}, but config.json asks for "
                f"{tuple(wanted)}"
            )
        if not bool(found.isfinite().all()):
            raise CheckpointError(f"{self._path}: {name} ({kind}) holds what are no finite numbers")
        return found
