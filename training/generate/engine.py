"""The model as generation runs it: one short pass over new tokens, with the latents of all earlier ones.

The weights are laid out anew, once, so that a step is few operations: on a CPU a step of a small model
costs as much in calls as in arithmetic. Attention is absorbed: queries and outputs are moved into the
space of the latents (`Attention.absorb`), so the cache is read as it is. Few experts are computed as one
wide MLP whose unchosen parts have weight zero, which is cheaper than picking; many run as in training.

Shapes: B rows, L new tokens, S cached tokens with the new ones, D hidden, H heads, N and R a query's plain
and rotated width, C the latent's, E = C + R what the cache keeps of a token, X experts, V vocabulary.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from training.model.attention import LATENT_EPS, Attention
from training.model.config import ModelConfig
from training.model.experts import MoE
from training.model.layers import MLP, rope_frequencies
from training.model.transformer import Block, Transformer

DENSE_EXPERTS = 16
"""Up to so many routed experts are computed for every token."""


class Engine:
    """A model's weights, packed; holds no state of what is being written."""

    def __init__(
        self, model: Transformer, device: torch.device | str = "cpu", dtype: torch.dtype | None = None
    ) -> None:
        """`dtype` is the arithmetic's; by default FP32 on a CPU and BF16 elsewhere."""
        self.device = torch.device(device)
        self.dtype = dtype or (torch.float32 if self.device.type == "cpu" else torch.bfloat16)
        self.config: ModelConfig = model.config
        self.width = model.config.kv_lora_rank + model.config.qk_rope_head_dim
        with torch.inference_mode():
            model = model.to(device=self.device, dtype=self.dtype)
            self._embedding = model.embed_tokens.weight
            self._head = model.lm_head.weight
            self._norm = model.norm
            self._frequencies = rope_frequencies(
                self.config.qk_rope_head_dim, self.config.rope_theta, self.device
            )
            self._layers = [_Layer(block) for block in model.layers if isinstance(block, Block)]

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
        end = start + tokens_BL.shape[1]
        angles = positions_BL[..., None].float() * self._frequencies
        turn_BL1R = torch.polar(torch.ones_like(angles), angles)[:, :, None]
        x_BLD = F.embedding(tokens_BL, self._embedding)
        for layer, kept in zip(self._layers, cache, strict=True):
            query_BLHE, new_BLE = layer.project(x_BLD, turn_BL1R)
            kept[:, start:end] = new_BLE
            kept_BSE = kept[:, :end]
            x_BLD = layer.finish(x_BLD, _attend(query_BLHE, kept_BSE, bias_BLS, self.config.kv_lora_rank))
        return F.linear(self._norm(x_BLD[:, -1]), self._head).float()


def _attend(query_BLHE: Tensor, kept_BSE: Tensor, bias_BLS: Tensor | None, latent: int) -> Tensor:
    """The mean latent that each head sees, (B, L, H, C)."""
    rows, length, heads, _ = query_BLHE.shape
    query_BQE = query_BLHE.flatten(1, 2)
    if bias_BLS is None:
        scores_BQS = torch.bmm(query_BQE, kept_BSE.transpose(1, 2))
    else:
        if bias_BLS.shape[1] > 1:  # Each token's own, for all of its heads.
            bias_BLS = bias_BLS[:, :, None].expand(-1, -1, heads, -1).flatten(1, 2)
        scores_BQS = torch.baddbmm(bias_BLS, query_BQE, kept_BSE.transpose(1, 2))
    mean_BQC = torch.bmm(scores_BQS.softmax(-1), kept_BSE[..., :latent])
    return mean_BQC.view(rows, length, heads, latent)


class _Layer:
    """One block's weights, packed."""

    def __init__(self, block: Block) -> None:
        attention: Attention = block.self_attn
        config = attention.config
        self._config = config
        self._norm = block.input_layernorm
        self._after = block.post_attention_layernorm
        self._latent_norm = attention.kv_a_layernorm.weight
        self._out = attention.o_proj.weight
        key_HNC, value_HCV = attention.absorb()
        self._value_HCV = value_HCV.contiguous()
        # The scores' factor goes into the queries' weights.
        self._key_HNC = (key_HNC * attention.scale).contiguous()
        self._query_norm = None
        last = attention.q_proj if config.q_lora_rank is None else attention.q_b_proj
        query_HE = last.weight.view(config.num_attention_heads, config.qk_head_dim, -1)
        plain, turned = query_HE[:, : config.qk_nope_head_dim], query_HE[:, config.qk_nope_head_dim :]
        query = torch.cat([plain.flatten(0, 1), (turned * attention.scale).flatten(0, 1)])
        kept = attention.kv_a_proj_with_mqa.weight
        if config.q_lora_rank is None:
            self._first = torch.cat([query, kept])
        else:
            self._first = torch.cat([attention.q_a_proj.weight, kept])
            self._query_norm = attention.q_a_layernorm
            self._query = query
        self._mlp = _pack_mlp(block.mlp)

    def project(self, x_BLD: Tensor, turn_BL1R: Tensor) -> tuple[Tensor, Tensor]:
        """Queries in the latents' space (B, L, H, E), and what the cache keeps (B, L, E)."""
        config = self._config
        heads, plain, turned = config.num_attention_heads, config.qk_nope_head_dim, config.qk_rope_head_dim
        both = F.linear(self._norm(x_BLD), self._first)
        sizes = [both.shape[-1] - config.kv_lora_rank - turned, config.kv_lora_rank, turned]
        query, latent_BLC, key_BLR = torch.split(both, sizes, dim=-1)
        if self._query_norm is not None:
            query = F.linear(self._query_norm(query), self._query)
        rows, length = x_BLD.shape[:2]
        plain_QHN = query[..., : heads * plain].reshape(rows * length, heads, plain)
        turned_BLHR = query[..., heads * plain :].view(rows, length, heads, turned)
        latent_HQC = torch.bmm(plain_QHN.transpose(0, 1), self._key_HNC)
        query_BLHE = torch.cat(
            [latent_HQC.transpose(0, 1).view(rows, length, heads, -1), _turn(turned_BLHR, turn_BL1R)], dim=-1
        )
        latent_BLC = F.rms_norm(latent_BLC, self._latent_norm.shape, self._latent_norm, LATENT_EPS)
        return query_BLHE, torch.cat([latent_BLC, _turn(key_BLR, turn_BL1R[:, :, 0])], dim=-1)

    def finish(self, x_BLD: Tensor, mean_BLHC: Tensor) -> Tensor:
        """The rest of the block: values of the mean latents, and the MLP."""
        out_HQV = torch.bmm(mean_BLHC.flatten(0, 1).transpose(0, 1), self._value_HCV)
        out = out_HQV.transpose(0, 1).reshape(*x_BLD.shape[:2], -1)
        x_BLD = x_BLD + F.linear(out, self._out)
        return x_BLD + self._mlp(self._after(x_BLD))


def _turn(x: Tensor, turn: Tensor) -> Tensor:
    """Neighbouring pairs of the last dimension rotated: as complex numbers, one multiplication."""
    pairs = torch.view_as_complex(x.float().view(*x.shape[:-1], -1, 2))
    return torch.view_as_real(pairs * turn).flatten(-2).to(x.dtype)


def _pack_mlp(mlp: MLP | MoE) -> _Dense | _Moe | _Sparse:
    if isinstance(mlp, MLP):
        return _Dense(mlp)
    return _Moe(mlp) if mlp.gate.config.n_routed_experts <= DENSE_EXPERTS else _Sparse(mlp)


class _Dense:
    """A dense MLP, gate and up in one matrix."""

    def __init__(self, mlp: MLP) -> None:
        self._first = torch.cat([mlp.gate_proj.weight, mlp.up_proj.weight])
        self._last = mlp.down_proj.weight

    def __call__(self, x_BLD: Tensor) -> Tensor:
        gate, up = F.linear(x_BLD, self._first).chunk(2, dim=-1)
        return F.linear(F.silu(gate) * up, self._last)


class _Moe:
    """All experts, shared ones last, as one MLP of width X · I; each expert's part has the token's weight
    for it, which is 0 for those not chosen and 1 for shared ones."""

    def __init__(self, moe: MoE) -> None:
        experts, shared = moe.experts, moe.shared_experts
        self._gate = moe.gate
        gate, up = experts.gate_up_proj.chunk(2, dim=1)
        gates = torch.cat([gate.flatten(0, 1), shared.gate_proj.weight])
        ups = torch.cat([up.flatten(0, 1), shared.up_proj.weight])
        self._first = torch.cat([gates, ups])
        down = experts.down_proj.transpose(0, 1).flatten(1)
        self._last = torch.cat([down, shared.down_proj.weight], dim=1).contiguous()
        self._routed, self._shared = moe.gate.config.n_routed_experts, moe.gate.config.n_shared_experts

    def __call__(self, x_BLD: Tensor) -> Tensor:
        scores_BLX = self._gate.scores(x_BLD)
        chosen_BLK = self._gate.choose(scores_BLX)
        weights_BLX = scores_BLX.new_zeros(*scores_BLX.shape[:-1], self._routed + self._shared)
        weights_BLX[..., self._routed :] = 1.0
        weights_BLX.scatter_(-1, chosen_BLK, self._gate.weights(scores_BLX, chosen_BLK))
        gate, up = F.linear(x_BLD, self._first).chunk(2, dim=-1)
        hidden = F.silu(gate) * up
        hidden_BLXI = hidden.view(*weights_BLX.shape, -1) * weights_BLX[..., None].to(hidden.dtype)
        return F.linear(hidden_BLXI.flatten(-2), self._last)


class _Sparse:
    """Many experts: only those that are chosen are computed."""

    def __init__(self, moe: MoE) -> None:
        self._moe, self._shared = moe, _Dense(moe.shared_experts)

    def __call__(self, x_BLD: Tensor) -> Tensor:
        scores_BLX = self._moe.gate.scores(x_BLD)
        chosen_BLK = self._moe.gate.choose(scores_BLX)
        weights_BLK = self._moe.gate.weights(scores_BLX, chosen_BLK)
        routed: Tensor = self._moe.experts(
            x_BLD.flatten(0, 1), chosen_BLK.flatten(0, 1), weights_BLK.flatten(0, 1)
        )
        return routed.view_as(x_BLD) + self._shared(x_BLD)
