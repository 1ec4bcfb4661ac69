"""Multi-head latent attention (arXiv 2412.19437, section 2.1.1).

Keys and values are made of one narrow latent a token, and one rotated key is shared by all heads: those
two, C + R numbers a token, are all that generation must remember. Training expands the latent into keys
and values; generation can instead draw the expansion into the query (`absorb`) and attend to the
latents themselves, which reads C + R numbers for each earlier token instead of H · (N + R + V).

Shapes: B sequences, L queries, S keys, D hidden, H heads, N and R width of a head's plain and rotated
query, V of its value, C of the latent.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.model.config import ModelConfig
from training.model.layers import RMSNorm, Rope, rotate

LATENT_EPS = 1e-6
"""Of the norms of the latents: DeepSeek's code and transformers use this whatever `rms_norm_eps` says."""


class Compressed(NamedTuple):
    """What the cache keeps of each token."""

    latent_BLC: Tensor
    """After its norm."""
    key_BLR: Tensor
    """The shared key, rotated by its position."""


class Attention(nn.Module):
    """MLA; parameters are named as in Hugging Face's layout."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        heads, hidden = config.num_attention_heads, config.hidden_size
        self.scale = config.qk_head_dim**-0.5
        if config.q_lora_rank is None:
            self.q_proj = nn.Linear(hidden, heads * config.qk_head_dim, bias=False)
        else:
            self.q_a_proj = nn.Linear(hidden, config.q_lora_rank, bias=False)
            self.q_a_layernorm = RMSNorm(config.q_lora_rank, LATENT_EPS)
            self.q_b_proj = nn.Linear(config.q_lora_rank, heads * config.qk_head_dim, bias=False)
        latent = config.kv_lora_rank
        self.kv_a_proj_with_mqa = nn.Linear(hidden, latent + config.qk_rope_head_dim, bias=False)
        self.kv_a_layernorm = RMSNorm(latent, LATENT_EPS)
        self.kv_b_proj = nn.Linear(latent, heads * (config.qk_nope_head_dim + config.v_head_dim), bias=False)
        self.o_proj = nn.Linear(heads * config.v_head_dim, hidden, bias=False)

    def forward(self, x_BLD: Tensor, rope: Rope, mask_BLL: Tensor | None) -> Tensor:
        """Attention over the whole of each sequence, (B, L, D).

        `mask_BLL` says which keys (last) a query sees; None means all earlier ones and itself.
        """
        q_BHLE = torch.cat(self.queries(x_BLD, rope), dim=-1)
        k_BHLE, v_BHLV = self.expand(self.compress(x_BLD, rope))
        out_BHLV = F.scaled_dot_product_attention(
            q_BHLE,
            k_BHLE,
            v_BHLV,
            attn_mask=None if mask_BLL is None else mask_BLL[:, None],
            is_causal=mask_BLL is None,
            scale=self.scale,
        )
        return self.project(out_BHLV)

    def queries(self, x_BLD: Tensor, rope: Rope) -> tuple[Tensor, Tensor]:
        """Plain and rotated queries, (B, H, L, N) and (B, H, L, R)."""
        config = self.config
        if config.q_lora_rank is None:
            q_BLE = self.q_proj(x_BLD)
        else:
            q_BLE = self.q_b_proj(self.q_a_layernorm(self.q_a_proj(x_BLD)))
        q_BHLE = q_BLE.unflatten(-1, (config.num_attention_heads, -1)).transpose(1, 2)
        plain_BHLN, turned_BHLR = q_BHLE.split([config.qk_nope_head_dim, config.qk_rope_head_dim], dim=-1)
        cos, sin = rope
        return plain_BHLN, rotate(turned_BHLR, (cos[..., None, :, :], sin[..., None, :, :]))

    def compress(self, x_BLD: Tensor, rope: Rope) -> Compressed:
        """What each token leaves for later ones to attend to."""
        latent_BLC, key_BLR = self.kv_a_proj_with_mqa(x_BLD).split(
            [self.config.kv_lora_rank, self.config.qk_rope_head_dim], dim=-1
        )
        return Compressed(self.kv_a_layernorm(latent_BLC), rotate(key_BLR, rope))

    def expand(self, kept: Compressed) -> tuple[Tensor, Tensor]:
        """Keys (B, H, S, N + R) and values (B, H, S, V)."""
        heads = self.config.num_attention_heads
        kv_BHSE = self.kv_b_proj(kept.latent_BLC).unflatten(-1, (heads, -1)).transpose(1, 2)
        plain_BHSN, v_BHSV = kv_BHSE.split([self.config.qk_nope_head_dim, self.config.v_head_dim], dim=-1)
        turned_BHSR = kept.key_BLR[:, None].expand(-1, heads, -1, -1)
        return torch.cat([plain_BHSN, turned_BHSR], dim=-1), v_BHSV

    def absorb(self) -> tuple[Tensor, Tensor]:
        """The expansion's key part (H, N, C) and value part (H, C, V), to be drawn into query and output:
        q · (K c) = (qᵀ K) · c, and Σ p (V c) = V Σ p c."""
        config = self.config
        weight_HEC = self.kv_b_proj.weight.view(config.num_attention_heads, -1, config.kv_lora_rank)
        plain = config.qk_nope_head_dim
        return weight_HEC[:, :plain], weight_HEC[:, plain:].transpose(1, 2)

    def project(self, out_BHLV: Tensor) -> Tensor:
        """The heads' outputs, mixed: (B, L, D)."""
        out_BLD: Tensor = self.o_proj(out_BHLV.transpose(1, 2).flatten(2))
        return out_BLD
