"""The small parts: normalisation, rotary positions, the dense MLP.

Shapes: B sequences, L tokens, H heads, R width of the rotated part (even), D hidden width, I the MLP's.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Rope = tuple[Tensor, Tensor]
"""Cosine and sine of every position's angles, FP32, each (..., L, R / 2)."""


class RMSNorm(nn.Module):
    """Root mean square normalisation with a learned scale, computed in FP32."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """The same shape and type as `x`; the last dimension is normalised."""
        return F.rms_norm(x, self.weight.shape, self.weight, self.eps)


class MLP(nn.Module):
    """SwiGLU: down(silu(gate(x)) · up(x))."""

    def __init__(self, hidden: int, intermediate: int) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(hidden, intermediate, bias=False)
        self.up_proj = nn.Linear(hidden, intermediate, bias=False)
        self.down_proj = nn.Linear(intermediate, hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(..., D) to (..., D)."""
        out: Tensor = self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))
        return out


def rope_frequencies(width: int, theta: float, device: torch.device) -> Tensor:
    """Angle per position of each pair, FP32 (R / 2)."""
    pairs = torch.arange(0, width, 2, dtype=torch.float32, device=device)
    return 1.0 / theta ** (pairs / width)


def rope_angles(positions_BL: Tensor, frequencies: Tensor) -> Rope:
    """Cosine and sine for `rotate`, each FP32 (B, L, R / 2)."""
    angles = positions_BL[..., None].float() * frequencies
    return angles.cos(), angles.sin()


def rotate(x: Tensor, rope: Rope) -> Tensor:
    """`x` (..., L, R) turned by its position's angles, which must broadcast against (..., L, R / 2).

    DeepSeek's layout: neighbours (x0, x1), (x2, x3), … are the pairs. The result keeps the pairs' first
    members before their second ones: queries and keys are laid out alike, so scores do not see it.
    """
    cos, sin = rope
    even, odd = x[..., 0::2].float(), x[..., 1::2].float()
    return torch.cat([even * cos - odd * sin, even * sin + odd * cos], dim=-1).to(x.dtype)
