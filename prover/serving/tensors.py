"""The tensors of a causal language model, counted from its configuration: exact, without a single weight.

Each architecture is written down as its published code builds it; the counts are compared with published
checkpoints and with transformers in the tests. Equal tensors are one entry with a multiplicity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, prod
from typing import Any

from prover.serving import ServeError

BYTES = {"F32": 4, "BF16": 2, "F16": 2, "F8_E4M3": 1}
"""Bytes of a number, by its name in safetensors files."""
MOST = 2**24
"""No number of a published configuration is larger: the longest contexts have ten million tokens."""
DTYPES = {"float32": "F32", "bfloat16": "BF16", "float16": "F16"}


class Part(StrEnum):
    """What a tensor is for, which decides how it is spread over GPUs."""

    EMBEDDING = "embedding"
    ATTENTION = "attention"
    """Split by heads."""
    LATENT = "attention, latent"
    """MLA's projections into the latent space, which all heads share: on every GPU, whole."""
    DENSE = "dense MLP"
    ROUTED = "routed experts"
    SHARED = "shared experts"
    ROUTER = "router"
    NORM = "norms"
    HEAD = "head"
    MTP = "multi-token prediction"
    """DeepSeek-V3's extra layer; in the checkpoint, not loaded unless it speculates."""


@dataclass(frozen=True, slots=True)
class Tensors:
    """`count` tensors of one shape."""

    part: Part
    shape: tuple[int, ...]
    dtype: str
    """As safetensors call it."""
    count: int = 1
    block: tuple[int, int] | None = None
    """For FP8: rows and columns that share a scale of four bytes; None: the tensors have no scales."""

    @property
    def parameters(self) -> int:
        """Numbers, scales not counted."""
        return self.count * prod(self.shape)

    @property
    def scales(self) -> int:
        """Scales of FP8 blocks, F32 each."""
        if self.block is None:
            return 0
        rows, columns = self.shape
        return self.count * ceil(rows / self.block[0]) * ceil(columns / self.block[1])

    @property
    def bytes(self) -> int:
        """What they take, scales counted."""
        return self.parameters * BYTES[self.dtype] + self.scales * BYTES["F32"]


@dataclass(frozen=True, slots=True)
class Config:
    """A `config.json`, read field by field."""

    values: Mapping[str, Any]
    where: str
    """Named in errors."""

    def whole(self, key: str, default: int | None = None) -> int:
        """A positive whole number of at most `MOST`, or zero if that is the default. Raises `ServeError`."""
        value = self.values.get(key)
        if value is None and default is not None:
            return default
        if value is None:
            raise ServeError(f"{self.where} has no {key}: it is not the configuration of such a model")
        if isinstance(value, bool) or not isinstance(value, int) or value < (0 if default == 0 else 1):
            raise ServeError(f"{self.where}: {key} must be a positive whole number, not {value!r}")
        if value > MOST:
            raise ServeError(f"{self.where}: {key} is larger than {MOST:,}, which no model has")
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """A truth value."""
        value = self.values.get(key)
        return default if value is None else bool(value)

    @property
    def head_dim(self) -> int:
        """Width of a head (not for MLA). Raises `ServeError`."""
        heads, hidden = self.whole("num_attention_heads"), self.whole("hidden_size")
        width = self.whole("head_dim", hidden // heads)
        if not width:
            raise ServeError(f"{self.where}: {heads} heads are more than hidden_size, {hidden}")
        return width

    @property
    def dtype(self) -> str:
        """The checkpoint's own, before quantisation. Raises `ServeError`."""
        name = self.values.get("dtype") or self.values.get("torch_dtype") or "float32"
        if not isinstance(name, str) or name not in DTYPES:
            raise ServeError(f"{self.where}: dtype {name!r} is none of {', '.join(DTYPES)}")
        return DTYPES[name]

    @property
    def block(self) -> tuple[int, int] | None:
        """Rows and columns of an FP8 block; None: not quantised. Raises `ServeError` for other methods."""
        quantisation = self.values.get("quantization_config")
        if quantisation is None:
            return None
        try:
            method = quantisation["quant_method"]
            if method != "fp8":
                raise ValueError(method)
            rows, columns = quantisation["weight_block_size"]
            if not all(type(size) is int and 0 < size <= MOST for size in (rows, columns)):
                raise ValueError(method)
        except (AttributeError, KeyError, TypeError, ValueError):
            named = quantisation.get("quant_method", "?") if isinstance(quantisation, dict) else quantisation
            raise ServeError(
                f"{self.where}: quantised as {named!r}, and only FP8 in blocks (DeepSeek-V3's) is worked "
                "out here: take the checkpoint in BF16, or start vLLM by hand"
            ) from None
        return rows, columns


class _Writer:
    """Writes down tensors of one checkpoint."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.dtype = config.dtype
        self.block = config.block
        self.hidden = config.whole("hidden_size")

    def plain(self, part: Part, *shape: int, count: int = 1, dtype: str = "") -> Tensors:
        """Tensors that quantisation leaves alone."""
        return Tensors(part, shape, dtype or self.dtype, count)

    def matrix(self, part: Part, rows: int, columns: int, count: int = 1) -> Tensors:
        """Weights of linear layers, which are quantised if the checkpoint is."""
        dtype = "F8_E4M3" if self.block else self.dtype
        return Tensors(part, (rows, columns), dtype, count, self.block)

    def mlp(self, part: Part, width: int, count: int = 1) -> Iterator[Tensors]:
        """`count` gated MLPs: gate, up and down."""
        yield self.matrix(part, width, self.hidden, 2 * count)
        yield self.matrix(part, self.hidden, width, count)

    def ends(self) -> Iterator[Tensors]:
        """Embedding, last norm, and the head unless it is the embedding."""
        vocabulary = self.config.whole("vocab_size")
        yield self.plain(Part.EMBEDDING, vocabulary, self.hidden)
        yield self.plain(Part.NORM, self.hidden)
        if not self.config.flag("tie_word_embeddings"):
            yield self.plain(Part.HEAD, vocabulary, self.hidden)

    def grouped_attention(self, layers: int, biases: str, head_norms: bool) -> Iterator[Tensors]:
        """Attention with keys and values shared by groups of heads; `biases`: projections that have one."""
        heads = self.config.whole("num_attention_heads")
        kv_heads = self.config.whole("num_key_value_heads", heads)
        width = self.config.head_dim
        outputs = {"q": heads * width, "k": kv_heads * width, "v": kv_heads * width, "o": self.hidden}
        for name, rows in outputs.items():
            columns = heads * width if name == "o" else self.hidden
            yield self.matrix(Part.ATTENTION, rows, columns, layers)
            if name in biases:
                yield self.plain(Part.ATTENTION, rows, count=layers)
        if head_norms:
            yield self.plain(Part.NORM, width, count=2 * layers)
        yield self.plain(Part.NORM, self.hidden, count=2 * layers)

    def latent_attention(self, layers: int) -> Iterator[Tensors]:
        """MLA (DeepSeek-V2, section 2.1): keys and values from a latent of `kv_lora_rank` numbers."""
        config, hidden = self.config, self.hidden
        heads, rope = config.whole("num_attention_heads"), config.whole("qk_rope_head_dim")
        nope, value = config.whole("qk_nope_head_dim"), config.whole("v_head_dim")
        kv_rank, q_rank = config.whole("kv_lora_rank"), config.whole("q_lora_rank", 0)
        biased = config.flag("attention_bias")
        if q_rank:
            yield self.matrix(Part.LATENT, q_rank, hidden, layers)
            yield self.plain(Part.NORM, q_rank, count=layers)
            if biased:
                yield self.plain(Part.LATENT, q_rank, count=layers)
        yield self.matrix(Part.ATTENTION, heads * (nope + rope), q_rank or hidden, layers)
        yield self.matrix(Part.LATENT, kv_rank + rope, hidden, layers)
        yield self.plain(Part.NORM, kv_rank, count=layers)
        yield self.matrix(Part.ATTENTION, heads * (nope + value), kv_rank, layers)
        yield self.matrix(Part.ATTENTION, hidden, heads * value, layers)
        if biased:
            yield self.plain(Part.LATENT, kv_rank + rope, count=layers)
            yield self.plain(Part.ATTENTION, hidden, count=layers)
        yield self.plain(Part.NORM, hidden, count=2 * layers)

    def deepseek_experts(self, layers: int, corrected: bool) -> Iterator[Tensors]:
        """DeepSeekMoE: routed and shared experts, the router, and its bias if the router is `corrected`."""
        config = self.config
        experts, width = config.whole("n_routed_experts"), config.whole("moe_intermediate_size")
        yield from self.mlp(Part.ROUTED, width, experts * layers)
        if shared := config.whole("n_shared_experts", 0):
            yield from self.mlp(Part.SHARED, shared * width, layers)
        yield self.plain(Part.ROUTER, experts, self.hidden, count=layers)
        if corrected:
            yield self.plain(Part.ROUTER, experts, count=layers, dtype="F32")


def _llama(config: Config) -> Iterator[Tensors]:
    layers, write = config.whole("num_hidden_layers"), _Writer(config)
    yield from write.ends()
    yield from write.grouped_attention(layers, "qkvo" if config.flag("attention_bias") else "", False)
    width = config.whole("intermediate_size")
    yield from write.mlp(Part.DENSE, width, layers)
    if config.flag("mlp_bias"):
        yield write.plain(Part.DENSE, width, count=2 * layers)
        yield write.plain(Part.DENSE, write.hidden, count=layers)


def _qwen2(config: Config) -> Iterator[Tensors]:
    layers, write = config.whole("num_hidden_layers"), _Writer(config)
    yield from write.ends()
    yield from write.grouped_attention(layers, "qkv", False)
    yield from write.mlp(Part.DENSE, config.whole("intermediate_size"), layers)


def _qwen3(config: Config) -> Iterator[Tensors]:
    layers, write = config.whole("num_hidden_layers"), _Writer(config)
    yield from write.ends()
    yield from write.grouped_attention(layers, "qkvo" if config.flag("attention_bias") else "", True)
    yield from write.mlp(Part.DENSE, config.whole("intermediate_size"), layers)


def _qwen3_moe(config: Config) -> Iterator[Tensors]:
    layers, write = config.whole("num_hidden_layers"), _Writer(config)
    step, left_out = config.whole("decoder_sparse_step", 1), config.values.get("mlp_only_layers") or []
    if not isinstance(left_out, list):
        raise ServeError(f"{config.where}: mlp_only_layers must be a list of layers, not {left_out!r}")
    sparse = sum(layer not in left_out and (layer + 1) % step == 0 for layer in range(layers))
    experts = config.whole("num_experts")
    yield from write.ends()
    yield from write.grouped_attention(layers, "qkvo" if config.flag("attention_bias") else "", True)
    if sparse < layers:
        yield from write.mlp(Part.DENSE, config.whole("intermediate_size"), layers - sparse)
    if sparse:
        yield from write.mlp(Part.ROUTED, config.whole("moe_intermediate_size"), experts * sparse)
        yield write.plain(Part.ROUTER, experts, write.hidden, count=sparse)


def _deepseek(config: Config, corrected: bool) -> Iterator[Tensors]:
    layers, write = config.whole("num_hidden_layers"), _Writer(config)
    dense = min(layers, config.whole("first_k_dense_replace", 0))
    if config.whole("moe_layer_freq", 1) != 1:
        raise ServeError(f"{config.where}: moe_layer_freq must be 1, as in every published model")
    yield from write.ends()
    yield from write.latent_attention(layers)
    if dense:
        yield from write.mlp(Part.DENSE, config.whole("intermediate_size"), dense)
    if sparse := layers - dense:
        yield from write.deepseek_experts(sparse, corrected)


def _deepseek_v3(config: Config) -> Iterator[Tensors]:
    yield from _deepseek(config, corrected=True)
    extra, write = config.whole("num_nextn_predict_layers", 0), _Writer(config)
    if not extra:
        return
    # DeepSeek-V3, section 2.2: a layer more, two norms and a projection from both into it; on disk it
    # has its own copies of embedding, norm and head.
    for tensors in (*write.latent_attention(extra), *write.deepseek_experts(extra, True)):
        yield Tensors(Part.MTP, tensors.shape, tensors.dtype, tensors.count, tensors.block)
    yield write.plain(Part.MTP, config.whole("vocab_size"), write.hidden, count=2 * extra)
    yield write.plain(Part.MTP, write.hidden, 2 * write.hidden, count=extra)
    yield write.plain(Part.MTP, write.hidden, count=3 * extra)


ARCHITECTURES: dict[str, Callable[[Config], Iterator[Tensors]]] = {
    "LlamaForCausalLM": _llama,
    "Qwen2ForCausalLM": _qwen2,
    "Qwen3ForCausalLM": _qwen3,
    "Qwen3MoeForCausalLM": _qwen3_moe,
    "DeepseekV2ForCausalLM": lambda config: _deepseek(config, corrected=False),
    "DeepseekV3ForCausalLM": _deepseek_v3,
}
"""What is known, by the name in `config.json`."""
