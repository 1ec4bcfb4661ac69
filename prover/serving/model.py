"""What serving needs to know of a model: tensors by what they are for, heads, experts, and KV cache."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from prover.serving import ServeError
from prover.serving.published import PUBLISHED
from prover.serving.tensors import ARCHITECTURES, BYTES, Config, Part, Tensors

K = TypeVar("K")
WRITERS = ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")
"""How the names of architectures end that write text; the last one also reads pictures, or is no causal one
and says so (`is_encoder_decoder`)."""


@dataclass(frozen=True, slots=True)
class Experts:
    """The routing of a mixture of experts."""

    count: int
    """Routed experts of a layer."""
    per_token: int
    groups: int
    """Groups of equally many consecutive experts; 1 if routing knows none."""
    top_groups: int
    """How many groups a token's experts may come from."""


@dataclass(frozen=True, slots=True)
class Latent:
    """Widths of multi-head latent attention."""

    rank: int
    """Of the latent that is cached instead of keys and values (`kv_lora_rank`)."""
    rope: int
    """Of the rotated key that all heads share, cached beside it (`qk_rope_head_dim`)."""
    nope: int
    value: int

    @property
    def cached(self) -> int:
        """Numbers that a layer caches for a token."""
        return self.rank + self.rope


@dataclass(frozen=True)
class Model:
    """A causal language model, as its configuration describes it."""

    name: str
    """What a server calls it."""
    target: str
    """What vLLM loads: a directory, or a name on the Hugging Face hub."""
    architecture: str
    dtype: str
    """Of activations and KV cache, as safetensors call it."""
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    """With MLA, width of a query's head."""
    max_context: int
    tensors: tuple[Tensors, ...]
    experts: Experts | None = None
    latent: Latent | None = None

    @cached_property
    def parameters(self) -> Mapping[Part, int]:
        """Numbers of each part, scales not counted."""
        return _summed((tensors.part, tensors.parameters) for tensors in self.tensors)

    @cached_property
    def bytes(self) -> Mapping[Part, int]:
        """Bytes of each part, scales counted."""
        return _summed((tensors.part, tensors.bytes) for tensors in self.tensors)

    @property
    def numbers(self) -> Mapping[str, int]:
        """How many numbers of each safetensors dtype the checkpoint holds, scales among F32's."""
        return _summed(
            pair
            for tensors in self.tensors
            for pair in ((tensors.dtype, tensors.parameters), ("F32", tensors.scales))
        )

    @property
    def is_fp8(self) -> bool:
        """Whether weights are FP8."""
        return any(tensors.block for tensors in self.tensors)

    @property
    def active(self) -> int:
        """Parameters that a token meets: without the experts it is not routed to, and without MTP."""
        counted = self.parameters
        total = sum(counted.values()) - counted.get(Part.MTP, 0)
        if self.experts is None:
            return total
        routed = counted[Part.ROUTED]
        return total - routed + routed * self.experts.per_token // self.experts.count

    def served(self, dtype: str = "") -> Model:
        """The model as vLLM holds it: without MTP, and in `dtype`; by default its own, or BF16 for FP32."""
        dtype = dtype or ("BF16" if self.dtype == "F32" else self.dtype)
        return replace(
            self,
            dtype=dtype,
            tensors=tuple(
                replace(one, dtype=dtype) if one.dtype == self.dtype else one
                for one in self.tensors
                if one.part is not Part.MTP
            ),
        )

    def kv_bytes(self, tensor_parallel: int = 1, latent: bool = True) -> int:
        """Bytes that a token takes in the KV cache of one GPU, all layers together.

        Keys and values are divided among GPUs by heads, and repeated where there are more GPUs than heads;
        MLA's latent belongs to all heads, so each GPU has all of it. `latent=False`: MLA switched off,
        keys and values (padded to the key's width) of every head.
        """
        if self.latent and latent:
            numbers = self.latent.cached
        else:
            heads = self.heads if self.latent else self.kv_heads
            numbers = 2 * max(1, heads // tensor_parallel) * self.head_dim
        return self.layers * numbers * BYTES[self.dtype]


def known_models() -> tuple[str, ...]:
    """Names that need no files: the shipped model and the published ones."""
    return ("default", *PUBLISHED)


def find_model(spec: str) -> Model:
    """The model that the user names: `default`, a directory, or a published one by its full or last name.

    Raises `ServeError`.
    """
    if spec == "default":
        from data import MODEL

        return read_model(MODEL, name="default")
    for name, values in PUBLISHED.items():
        if spec.lower() in (name.lower(), name.lower().rpartition("/")[2]) and not Path(spec).is_dir():
            return make_model(values, name, name, name)
    if not Path(spec).is_dir():
        raise ServeError(
            f"{spec} is no directory, nor a model known here ({', '.join(known_models())}): "
            "download the model and give its directory"
        )
    return read_model(Path(spec))


def read_model(folder: Path, name: str = "") -> Model:
    """The model in a directory with a `config.json`. Raises `ServeError`."""
    values = read_config(folder)
    folder = Path(os.path.abspath(folder))  # Not resolved: links of a download cache lead to hashes.
    return make_model(values, name or folder.name, str(folder), str(folder / "config.json"))


def read_config(folder: Path) -> dict[str, Any]:
    """What the `config.json` in a directory says. Raises `ServeError`."""
    path = folder / "config.json"
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ServeError(
            f"{path} cannot be read ({error.strerror}): give a directory in Hugging Face layout"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ServeError(f"{path} is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise ServeError(f"{path} is not a model's configuration")
    return values


def make_model(values: Mapping[str, Any], name: str, target: str, where: str) -> Model:
    """The model of a configuration. Raises `ServeError`; `where` is named in it."""
    architecture = causal_architecture(values, where)
    if architecture not in ARCHITECTURES:
        raise ServeError(
            f"{where}: the sizes of a {architecture} are not known here, only those of "
            f"{', '.join(ARCHITECTURES)}; start vLLM by hand"
        )
    config = Config(values, where)
    heads = config.whole("num_attention_heads")
    latent = experts = None
    if architecture.startswith("Deepseek"):
        widths = ("kv_lora_rank", "qk_rope_head_dim", "qk_nope_head_dim", "v_head_dim")
        latent = Latent(*map(config.whole, widths))
    tensors = tuple(ARCHITECTURES[architecture](config))
    if any(one.part is Part.ROUTED for one in tensors):
        experts = _experts(config)
    return Model(
        name=name,
        target=target,
        architecture=architecture,
        dtype=config.dtype,
        layers=config.whole("num_hidden_layers"),
        heads=heads,
        kv_heads=heads if latent else config.whole("num_key_value_heads", heads),
        head_dim=latent.nope + latent.rope if latent else config.head_dim,
        max_context=config.whole("max_position_embeddings"),
        tensors=tensors,
        experts=experts,
        latent=latent,
    )


def causal_architecture(values: Mapping[str, Any], where: str) -> str:
    """The architecture of a configuration. Raises `ServeError`, where `where` is named, if it is none that
    writes text from left to right."""
    named = values.get("architectures")
    if not isinstance(named, list) or not named or not isinstance(named[0], str):
        raise ServeError(f"{where} names no architecture: it is not the configuration of a language model")
    if values.get("is_encoder_decoder") or not named[0].endswith(WRITERS):
        raise ServeError(
            f"{where}: {named[0]} is no causal language model, which writes text from left to right"
        )
    return named[0]


def _experts(config: Config) -> Experts:
    """The routing. Raises `ServeError` if its numbers contradict each other."""
    count = config.whole("n_routed_experts", 0) or config.whole("num_experts")
    found = Experts(
        count,
        config.whole("num_experts_per_tok"),
        groups := config.whole("n_group", 1),
        config.whole("topk_group", groups),
    )
    if count % groups or found.top_groups > groups or found.per_token > count // groups * found.top_groups:
        raise ServeError(
            f"{config.where}: {count} experts in {groups} groups, {found.top_groups} groups and "
            f"{found.per_token} experts a token, is no routing"
        )
    return found


def _summed(pairs: Iterable[tuple[K, int]]) -> Mapping[K, int]:
    """Sums by key, in the order of first appearance, without those that are zero."""
    sums: Counter[K] = Counter()
    for key, number in pairs:
        sums[key] += number
    return {key: number for key, number in sums.items() if number}
