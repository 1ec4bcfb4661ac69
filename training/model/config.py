"""The sizes of a DeepSeek-V3 model, named as in Hugging Face's `DeepseekV3Config`, and checked.

One flat dataclass: what a checkpoint's `config.json` says, no more. Sizes that cannot work together are
refused here, so the modules need no checks of their own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "int": ((int,), "a whole number"),
    "int | None": ((int, type(None)), "a whole number, or none"),
    "float": ((int, float), "a finite number"),
    "bool": ((bool,), "true or false"),
}
"""What a field of each type may hold, and how to say so."""


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """A DeepSeek-V3 architecture (arXiv 2412.19437, section 2.1)."""

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int

    qk_nope_head_dim: int
    """Width of a head's query and key without position."""
    qk_rope_head_dim: int
    """Width of the rotated part; all heads share its key."""
    v_head_dim: int
    kv_lora_rank: int
    """Width of the latent that keys and values are made of; with the rotated key it is the cache."""
    q_lora_rank: int | None = None
    """Width of the queries' latent; None makes queries of the hidden state directly."""

    intermediate_size: int = 0
    """Width of the dense layers' MLP."""
    first_k_dense_replace: int = 0
    """How many of the first layers have a dense MLP instead of experts."""
    moe_intermediate_size: int = 0
    """Width of one expert."""
    n_routed_experts: int = 1
    n_shared_experts: int = 1
    num_experts_per_tok: int = 1
    n_group: int = 1
    """Experts fall into so many groups, in order; in training on many nodes, one a node."""
    topk_group: int = 1
    """A token's experts come from so many groups at most."""
    routed_scaling_factor: float = 1.0
    norm_topk_prob: bool = True
    """Whether the weights of a token's experts add up to 1 (before the scaling factor)."""

    rope_theta: float = 10_000.0
    max_position_embeddings: int = 4096
    rms_norm_eps: float = 1e-6
    tie_word_embeddings: bool = False
    num_nextn_predict_layers: int = 0
    """Modules for multi-token prediction (section 2.2): none or one."""
    initializer_range: float = 0.02
    bos_token_id: int | None = None
    eos_token_id: int | None = None
    pad_token_id: int | None = None

    def __post_init__(self) -> None:
        """Raise `ValueError`, in one line, for sizes that are impossible or do not fit together."""
        self._check_kinds()
        self._check_positive()
        if self.qk_rope_head_dim % 2:
            raise ValueError(
                f"qk_rope_head_dim must be even, it is rotated in pairs: {self.qk_rope_head_dim}"
            )
        if self.num_nextn_predict_layers not in (0, 1):
            raise ValueError(f"num_nextn_predict_layers must be 0 or 1: {self.num_nextn_predict_layers}")
        if not 0 <= self.first_k_dense_replace <= self.num_hidden_layers:
            raise ValueError(
                f"first_k_dense_replace must lie between 0 and the {self.num_hidden_layers} layers: "
                f"{self.first_k_dense_replace}"
            )
        if self.first_k_dense_replace and self.intermediate_size < 1:
            raise ValueError("intermediate_size is needed for the dense layers")
        if self.has_experts:
            self._check_experts()
        for name in ("bos_token_id", "eos_token_id", "pad_token_id"):
            token = getattr(self, name)
            if token is not None and not 0 <= token < self.vocab_size:
                raise ValueError(f"{name} {token} lies outside the vocabulary of {self.vocab_size}")

    @property
    def has_experts(self) -> bool:
        """Whether any layer routes its tokens."""
        return self.first_k_dense_replace < self.num_hidden_layers or self.num_nextn_predict_layers > 0

    @property
    def qk_head_dim(self) -> int:
        """Width of a head's whole query and key."""
        return self.qk_nope_head_dim + self.qk_rope_head_dim

    @property
    def experts_per_group(self) -> int:
        """How many experts one group has."""
        return self.n_routed_experts // self.n_group

    def is_dense(self, layer: int) -> bool:
        """Whether the layer has a dense MLP; the module for multi-token prediction never has."""
        return layer < self.first_k_dense_replace

    def _check_kinds(self) -> None:
        """A file may hold anything; what is no whole number would be refused deep in the modules."""
        for field in fields(self):
            value = getattr(self, field.name)
            kinds, said = _KINDS[str(field.type)]
            if type(value) not in kinds or (type(value) is float and not math.isfinite(value)):
                raise ValueError(f"{field.name} must be {said}: {value!r}")

    def _check_positive(self) -> None:
        for name in (
            "vocab_size",
            "hidden_size",
            "num_hidden_layers",
            "num_attention_heads",
            "qk_nope_head_dim",
            "qk_rope_head_dim",
            "v_head_dim",
            "kv_lora_rank",
            "max_position_embeddings",
            "rope_theta",
            "rms_norm_eps",
            "initializer_range",
        ):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be positive: {getattr(self, name)}")
        if self.q_lora_rank is not None and self.q_lora_rank < 1:
            raise ValueError(f"q_lora_rank must be positive, or none: {self.q_lora_rank}")

    def _check_experts(self) -> None:
        """Group-limited routing needs groups of one size, with two experts at least: a group's score is
        the sum of its best two."""
        for name in ("moe_intermediate_size", "n_routed_experts", "n_shared_experts"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be positive: {getattr(self, name)}")
        if self.n_group < 1 or self.n_routed_experts % self.n_group:
            raise ValueError(
                f"{self.n_routed_experts} experts cannot form n_group = {self.n_group} equal groups"
            )
        if self.experts_per_group < 2:
            raise ValueError(
                f"a group needs two experts: {self.n_routed_experts} experts, n_group = {self.n_group}"
            )
        if not 1 <= self.topk_group <= self.n_group:
            raise ValueError(f"topk_group must lie between 1 and n_group = {self.n_group}: {self.topk_group}")
        reachable = self.topk_group * self.experts_per_group
        if not 1 <= self.num_experts_per_tok <= reachable:
            raise ValueError(
                f"num_experts_per_tok = {self.num_experts_per_tok}, but topk_group = {self.topk_group} "
                f"groups of {self.experts_per_group} experts hold {reachable}"
            )
