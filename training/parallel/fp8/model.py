"""A model whose layers multiply in FP8."""

from __future__ import annotations

from torch import nn

from training.model.attention import Attention
from training.model.experts import Experts
from training.model.layers import MLP
from training.model.transformer import Transformer
from training.parallel.experts import SpreadExperts
from training.parallel.fp8.experts import Fp8Experts, Fp8SpreadExperts
from training.parallel.fp8.linear import Fp8Linear, Recipe
from training.parallel.split import SplitExperts, SplitLinear

_IN_FP8: dict[type[nn.Module], type[nn.Module]] = {
    nn.Linear: Fp8Linear,
    SplitLinear: Fp8Linear,
    Experts: Fp8Experts,
    SplitExperts: Fp8Experts,
    SpreadExperts: Fp8SpreadExperts,
}


def use_fp8(model: Transformer, recipe: Recipe = Fp8Linear.recipe) -> None:
    """Let a model's MLPs, experts and projections of attention multiply in FP8, in place.

    Embedding, head, routers, norms, the core of attention and the projection of multi-token prediction stay
    as they are. Experts must be spread before (`spread_experts`).
    """
    for module in model.modules():
        parts: list[nn.Module] = []
        if isinstance(module, Experts):
            parts = [module]
        elif isinstance(module, (Attention, MLP)):
            parts = [part for part in module.children() if isinstance(part, nn.Linear)]
        for part in parts:
            part.__class__ = _IN_FP8.get(type(part), type(part))
            assert isinstance(part, (Fp8Linear, Fp8Experts)), f"{type(part).__name__} has no form in FP8"
            part.recipe = recipe
