"""The model as generation runs it: one short pass over new tokens, with the latents of all earlier ones.

The weights are laid out anew, once, so that a step is few operations: on a CPU a step of a small model
costs as much in calls as in arithmetic. Attention is absorbed: queries and outputs are moved into the
space of the latents (`Attention.absorb`), so the cache is read as it is.

Shapes: B rows, L new tokens of each, Q = B · L of all, S cached tokens with the new ones, D hidden, H heads,
N and R a query's plain and rotated width, C the latent's, E = C + R what the cache keeps of a token,
V vocabulary.
"""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import Tensor

from training.generate.mlp import pack_mlp
from training.model.attention import LATENT_EPS
from training.model.layers import RMSNorm, rope_frequencies
from training.model.transformer import Block, Transformer


class Engine:
    """A model's weights, packed; holds no state of what is being written."""

    def __init__(
        self, model: Transformer, device: torch.device | str = "cpu", dtype: torch.dtype | None = None
    ) -> None:
        """`dtype` is the arithmetic's; by default FP32 on a CPU and BF16 elsewhere. `model` is used up: its
        parameters take this type and move to `device`."""
        self.device = torch.device(device)
        self.dtype = dtype or (torch.float32 if self.device.type == "cpu" else torch.bfloat16)
        config = model.config
        self.width = config.kv_lora_rank + config.qk_rope_head_dim
        with torch.inference_mode():
            model = model.to(device=self.device, dtype=self.dtype)
            self._embedding = model.embed_tokens.weight
            self._head_DV = model.lm_head.weight.t()
            self._norm = model.norm
            self._frequencies = rope_frequencies(config.qk_rope_head_dim, config.rope_theta, self.device)
            self._layers = [_Layer(block) for block in model.layers if isinstance(block, Block)]
        self.token_bytes = len(self._layers) * self.width * self._embedding.element_size()
        """What the cache keeps of one token, in bytes."""
        self.capturable = all(layer.capturable for layer in self._layers)
        """Whether a step is the same operations whatever the tokens are, without a look at them."""

    @torch.inference_mode()
    def update(self, model: Transformer) -> None:
        """The weights of another model of the same shapes, into the tensors that hold the present ones: what
        was captured with them goes on with the new ones. `model` stays as it is."""
        self._embedding.copy_(model.embed_tokens.weight)
        self._head_DV.copy_(model.lm_head.weight.t())
        self._norm.weight.copy_(model.norm.weight)
        for layer, block in zip(self._layers, model.layers, strict=True):
            assert isinstance(block, Block)
            fresh = _Layer(copy.deepcopy(block).to(device=self.device, dtype=self.dtype))
            for mine, theirs in zip(layer.tensors(), fresh.tensors(), strict=True):
                mine.copy_(theirs)

    def new_cache(self, rows: int, columns: int) -> Tensor:
        """Room for the latents of so many tokens, (layers, rows, columns, E)."""
        return torch.zeros(len(self._layers), rows, columns, self.width, dtype=self.dtype, device=self.device)

    @torch.inference_mode()
    def advance(
        self, tokens_BL: Tensor, positions_BL: Tensor, cache: Tensor, start: int, bias_BLS: Tensor | None
    ) -> Tensor:
        """Logits behind the last of the new tokens, FP32 (B, V); their latents go into columns
        start … start + L of `cache`.

        `bias_BLS` is added to the scores of the first S = start + L columns: 0 for those that a token sees
        and -inf for the others; (B, 1, S) if all new tokens see the same, None if they see all.
        """
        kept = cache[:, :, : start + tokens_BL.shape[1]]
        return self._run(tokens_BL, positions_BL, kept, None, bias_BLS)

    @torch.inference_mode()
    def step(
        self, tokens_B1: Tensor, positions_B1: Tensor, cache: Tensor, column: Tensor, bias_B1S: Tensor
    ) -> Tensor:
        """As `advance`, for one token a row, in shapes that do not tell how far the text has come: its
        latents go into the column that `column` (int64, (1)) names, and all columns of `cache` are attended
        to; the bias must hide those without meaning."""
        return self._run(tokens_B1, positions_B1, cache, column, bias_B1S)

    def _run(
        self,
        tokens_BL: Tensor,
        positions_BL: Tensor,
        cache: Tensor,
        column: Tensor | None,
        bias_BLS: Tensor | None,
    ) -> Tensor:
        rows, length = tokens_BL.shape
        angles_QR = positions_BL.reshape(-1, 1).float() * self._frequencies
        turn_Q1R = torch.polar(torch.ones_like(angles_QR), angles_QR)[:, None]
        x_QD = F.embedding(tokens_BL.reshape(-1), self._embedding)
        for layer, kept_BSE in zip(self._layers, cache, strict=True):
            x_QD = layer(x_QD, turn_Q1R, kept_BSE, length, column, bias_BLS)
        last_BD = x_QD.view(rows, length, -1)[:, -1]
        return torch.mm(_rms_norm(last_BD, self._norm.weight, self._norm.eps), self._head_DV).float()


class _Layer:
    """One block's weights, packed."""

    def __init__(self, block: Block) -> None:
        attention = block.self_attn
        config = attention.config
        self._config = config
        self._norm, self._after = block.input_layernorm, block.post_attention_layernorm
        self._latent_norm = attention.kv_a_layernorm.weight
        key_HNC, value_HCV = attention.absorb()
        # The scores' factor goes into the queries' weights.
        self._key_HNC = (key_HNC * attention.scale).contiguous()
        self._value_HCV = value_HCV.contiguous()
        last = attention.q_proj if config.q_lora_rank is None else attention.q_b_proj
        query_HE = last.weight.view(config.num_attention_heads, config.qk_head_dim, -1)
        plain, turned = query_HE[:, : config.qk_nope_head_dim], query_HE[:, config.qk_nope_head_dim :]
        query = torch.cat([plain.flatten(0, 1), (turned * attention.scale).flatten(0, 1)])
        latent, key = attention.kv_a_proj_with_mqa.weight.tensor_split([config.kv_lora_rank])
        self._query: Tensor | None = None
        if config.q_lora_rank is not None:
            self._query = query.t().contiguous()
            self._query_norm: RMSNorm = attention.q_a_layernorm
            query = attention.q_a_proj.weight
        # The keys stand beside the queries' rotated part, to be turned together with it.
        self._first = torch.cat([query, key, latent]).t().contiguous()
        self._out = attention.o_proj.weight.t().contiguous()
        self._mlp = pack_mlp(block.mlp)
        self.capturable = self._mlp.capturable

    def tensors(self) -> list[Tensor]:
        """All that comes from the block's weights."""
        norms: list[Tensor] = [self._norm.weight, self._after.weight, self._latent_norm]
        if self._query is not None:
            norms += [self._query, self._query_norm.weight]
        return [*norms, self._key_HNC, self._value_HCV, self._first, self._out, *self._mlp.tensors()]

    def __call__(
        self,
        x_QD: Tensor,
        turn_Q1R: Tensor,
        kept_BSE: Tensor,
        length: int,
        column: Tensor | None,
        bias_BLS: Tensor | None,
    ) -> Tensor:
        """The block's output; what the new tokens leave goes into the last `length` columns of `kept_BSE`, or
        into the one that `column` names."""
        config = self._config
        heads, latent = config.num_attention_heads, config.kv_lora_rank
        plain, turned = heads * config.qk_nope_head_dim, config.qk_rope_head_dim
        first = torch.mm(_rms_norm(x_QD, self._norm.weight, self._norm.eps), self._first)
        if self._query is None:
            query = first[:, : plain + heads * turned]
        else:
            low = first[:, : -(turned + latent)]
            query = torch.mm(_rms_norm(low, self._query_norm.weight, LATENT_EPS), self._query)
            first = torch.cat([query, first[:, -(turned + latent) :]], dim=1)
        turned_QHR = first[:, plain:-latent].view(len(first), heads + 1, turned)
        turned_QHR = _turn(turned_QHR, turn_Q1R)

        shape = len(kept_BSE), length
        new_BLC = _rms_norm(first[:, -latent:], self._latent_norm, LATENT_EPS).view(*shape, -1)
        new_BLR = turned_QHR[:, heads].view(*shape, -1)
        if column is None:
            kept_BSE[:, -length:, :latent] = new_BLC
            kept_BSE[:, -length:, latent:] = new_BLR
        else:
            kept_BSE.index_copy_(1, column, torch.cat([new_BLC, new_BLR], dim=-1))

        plain_HQN = query[:, :plain].view(len(first), heads, -1).transpose(0, 1)
        latent_QHC = torch.bmm(plain_HQN, self._key_HNC).transpose(0, 1)
        query_QHE = torch.cat([latent_QHC, turned_QHR[:, :heads]], dim=-1)
        mean_QHC = _attend(query_QHE.view(shape[0], length * heads, -1), kept_BSE, bias_BLS, heads, latent)
        value_HQV = torch.bmm(mean_QHC.view(len(first), heads, latent).transpose(0, 1), self._value_HCV)
        x_QD = torch.addmm(x_QD, value_HQV.transpose(0, 1).reshape(len(first), -1), self._out)
        return self._mlp(_rms_norm(x_QD, self._after.weight, self._after.eps), x_QD)


def _attend(query_BKE: Tensor, kept_BSE: Tensor, bias_BLS: Tensor | None, heads: int, latent: int) -> Tensor:
    """The mean latent that each head of each token sees; K = L · H of them."""
    if bias_BLS is None:
        scores_BKS = torch.bmm(query_BKE, kept_BSE.transpose(1, 2))
    else:
        if bias_BLS.shape[1] > 1:  # Each token's own, for all of its heads.
            bias_BLS = bias_BLS.repeat_interleave(heads, dim=1)
        scores_BKS = torch.baddbmm(bias_BLS, query_BKE, kept_BSE.transpose(1, 2))
    return torch.bmm(scores_BKS.softmax(-1), kept_BSE[..., :latent])


def _turn(x: Tensor, turn: Tensor) -> Tensor:
    """Neighbouring pairs of the last dimension rotated: as complex numbers, one multiplication."""
    pairs = torch.view_as_complex(x.float().view(*x.shape[:-1], -1, 2))
    return torch.view_as_real(pairs * turn).flatten(-2).to(x.dtype)


def _rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """As `RMSNorm`, in fewer calls than a CPU's own needs; a GPU has one kernel for it."""
    if x.is_cuda:
        return F.rms_norm(x, weight.shape, weight, eps)
    wide = x.float()
    inverse = (wide.square().mean(-1, keepdim=True) + eps).rsqrt_()
    return (wide * inverse).to(x.dtype) * weight
