"""The whole model: embedding, blocks, final norm, head, and the module for multi-token prediction.

Shapes: B sequences, L tokens, D hidden, V vocabulary, E experts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from training.model.attention import Attention
from training.model.config import ModelConfig
from training.model.experts import MoE
from training.model.layers import MLP, RMSNorm, Rope, rope_angles, rope_frequencies
from training.model.parts import Drawn, Origin, parts_of
from training.model.router import Router, Routing


@dataclass(frozen=True, slots=True)
class Hidden:
    """What `Transformer.forward` gives."""

    hidden_BLD: Tensor
    """After the final norm; `Transformer.logits` makes logits of it. Position l predicts token l + 1."""
    mtp_hidden_BLD: Tensor | None
    """The same from the module for multi-token prediction, where position l predicts token l + 2; the last
    position's is made of a token that is not there and means nothing."""
    routing: tuple[Routing, ...]
    """One for each mixture-of-experts layer, first layer first; with multi-token prediction its own last."""


class Context(NamedTuple):
    """What all blocks need to know about the batch."""

    rope: Rope
    mask_BLL: Tensor | None
    """Which keys a query sees; None means causal."""
    real_BL: Tensor | None
    """False at padding; None means none."""


class Block(nn.Module):
    """Attention and an MLP or experts, each behind a norm and beside a residual."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.self_attn = Attention(config)
        self.post_attention_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.mlp: MLP | MoE = (
            MLP(config.hidden_size, config.intermediate_size) if config.is_dense(layer) else MoE(config)
        )

    def forward(
        self, x_BLD: Tensor, context: Context, chosen_BLK: Tensor | None = None
    ) -> tuple[Tensor, Routing | None]:
        """(B, L, D), and the routing unless the layer is dense; `chosen_BLK` replays one."""
        x_BLD = x_BLD + self.self_attn(self.input_layernorm(x_BLD), context.rope, context.mask_BLL)
        normed_BLD = self.post_attention_layernorm(x_BLD)
        if isinstance(self.mlp, MLP):
            return x_BLD + self.mlp(normed_BLD), None
        out_BLD, routing = self.mlp(normed_BLD, context.real_BL, chosen_BLK)
        return x_BLD + out_BLD, routing


class NextToken(nn.Module):
    """Multi-token prediction (section 2.2, eq. 21-23): from the hidden state at a token and the next token,
    the hidden state that predicts the one after. Embedding and head are the model's own."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.enorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.hnorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.eh_proj = nn.Linear(2 * config.hidden_size, config.hidden_size, bias=False)
        self.block = Block(config, config.num_hidden_layers)
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)

    def forward(
        self, hidden_BLD: Tensor, next_BLD: Tensor, context: Context, chosen_BLK: Tensor | None = None
    ) -> tuple[Tensor, Routing | None]:
        """`hidden_BLD` after the final norm, `next_BLD` the embedding of each position's next token."""
        x_BLD = self.eh_proj(torch.cat([self.enorm(next_BLD), self.hnorm(hidden_BLD)], dim=-1))
        x_BLD, routing = self.block(x_BLD, context, chosen_BLK)
        return self.norm(x_BLD), routing


class Transformer(nn.Module):
    """A DeepSeek-V3 language model. Weights are uninitialised until something fills them, as `build` does."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(Block(config, layer) for layer in range(config.num_hidden_layers))
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.mtp = NextToken(config) if config.num_nextn_predict_layers else None
        self.tie()

    @classmethod
    def build(
        cls,
        config: ModelConfig,
        origin: Origin,
        device: torch.device | str = "cpu",
        dtype: torch.dtype | Callable[[str], torch.dtype] = torch.float32,
    ) -> Transformer:
        """A model with values from `origin`. `dtype`: of all parameters, or of the one of this name; buffers
        are FP32. Raises `ValueError` as `Origin.fill` does."""
        with torch.device("meta"):
            model = cls(config)
        for name, parameter in model.named_parameters():
            parameter.data = parameter.data.to(dtype if isinstance(dtype, torch.dtype) else dtype(name))
        model.allocate(device)
        origin.fill(parts_of(model))
        return model

    @classmethod
    def drawn(cls, config: ModelConfig, seed: int) -> Transformer:
        """A model to begin with, on the CPU."""
        return cls.build(config, Drawn(config, seed))

    def allocate(self, device: torch.device | str) -> None:
        """Give a model that was made on no device, or what is left of it, memory on one; uninitialised."""
        self.to_empty(device=device)
        self.tie()

    def tie(self) -> None:
        """Make head and embedding one weight, if the model wants that and both are here."""
        head, embedding = getattr(self, "lm_head", None), getattr(self, "embed_tokens", None)
        if self.config.tie_word_embeddings and head is not None and embedding is not None:
            head.weight = embedding.weight

    def forward(
        self,
        tokens_BL: Tensor,
        *,
        segments_BL: Tensor | None = None,
        positions_BL: Tensor | None = None,
        parents_BL: Tensor | None = None,
        routing: Sequence[Tensor] | None = None,
    ) -> Hidden:
        """Hidden states for every position.

        `segments_BL` numbers the document of each token, in one run each: attention stays inside a document.
        A negative number is padding, which counts in no statistics. None means one document a row.
        `positions_BL` are counted from each document's start if not given. `parents_BL` is for each token the
        document, earlier in its row, that its own goes on from: attention sees that one too, so several may
        go on from one; without a parent it is a number that no token has. `routing` replays the choice of
        experts of an earlier pass over the same tokens: the `chosen_BLK` of its `Hidden.routing`, in order.
        """
        context = self.context(tokens_BL, segments_BL, positions_BL, parents_BL)
        taken: list[Routing] = []
        x_BLD = self.embed_tokens(tokens_BL)
        for layer, block in enumerate(self.layers):
            chosen_BLK = None if routing is None or self.config.is_dense(layer) else routing[len(taken)]
            x_BLD, routed = block(x_BLD, context, chosen_BLK)
            taken += [] if routed is None else [routed]
        chosen_BLK = None if routing is None or self.mtp is None else routing[len(taken)]
        hidden_BLD, mtp_BLD, last = self.finish(x_BLD, tokens_BL, context, chosen_BLK)
        return Hidden(hidden_BLD, mtp_BLD, (*taken, *last))

    def finish(
        self, x_BLD: Tensor, tokens_BL: Tensor, context: Context, chosen_BLK: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None, tuple[Routing, ...]]:
        """What comes behind the layers: both hidden states of `Hidden`, and the routing of multi-token
        prediction, if there is any."""
        hidden_BLD = self.norm(x_BLD)
        if self.mtp is None:
            return hidden_BLD, None, ()
        next_BLD = self.embed_tokens(tokens_BL.roll(-1, dims=1))
        mtp_BLD, routed = self.mtp(hidden_BLD, next_BLD, context, chosen_BLK)
        assert routed is not None, "the module for multi-token prediction has experts"
        return hidden_BLD, mtp_BLD, (routed,)

    def context(
        self,
        tokens_BL: Tensor,
        segments_BL: Tensor | None = None,
        positions_BL: Tensor | None = None,
        parents_BL: Tensor | None = None,
    ) -> Context:
        """Positions, mask and padding of a batch, computed once for all blocks."""
        length = tokens_BL.shape[1]
        index_L = torch.arange(length, device=tokens_BL.device)
        # Not a buffer: a cast of the model to BF16 would take it along.
        frequencies = rope_frequencies(self.config.qk_rope_head_dim, self.config.rope_theta, tokens_BL.device)
        if segments_BL is None:
            positions = index_L[None] if positions_BL is None else positions_BL
            return Context(rope_angles(positions, frequencies), None, None)
        if positions_BL is None:
            positions_BL = index_L - document_starts(segments_BL)
        mask_BLL = segments_BL[:, :, None] == segments_BL[:, None, :]
        if parents_BL is not None:
            mask_BLL = mask_BLL | (parents_BL[:, :, None] == segments_BL[:, None, :])
        mask_BLL = mask_BLL & (index_L[:, None] >= index_L)
        return Context(rope_angles(positions_BL, frequencies), mask_BLL, segments_BL >= 0)

    def logits(self, hidden: Tensor) -> Tensor:
        """(..., D) to (..., V)."""
        logits: Tensor = self.lm_head(hidden)
        return logits

    def routers(self) -> list[Router]:
        """The routers, in the order of `Hidden.routing`."""
        return [module for module in self.modules() if isinstance(module, Router)]

    def update_balance_bias(self, counts: list[Tensor], rate: float = 1e-3) -> None:
        """Move every router's bias against its load, the counts of one step (all devices and micro-batches
        added), in the order of `Hidden.routing`."""
        for router, counts_E in zip(self.routers(), counts, strict=True):
            router.update_bias(counts_E, rate)


def document_starts(segments_BL: Tensor) -> Tensor:
    """The index at which each token's document begins, (B, L)."""
    index_L = torch.arange(segments_BL.shape[1], device=segments_BL.device)
    begins_BL = torch.ones_like(segments_BL, dtype=torch.bool)
    begins_BL[:, 1:] = segments_BL[:, 1:] != segments_BL[:, :-1]
    return (index_L * begins_BL).cummax(dim=1).values
