"""What is minimised, as a file says it: the table `[algorithm]`, and the presets that fill it up.

`preset` gives what the file leaves out: `paper` is RLPAF as published (arXiv 2408.08152, section 2.3: GRPO of
arXiv 2402.03300 with Lean's verdict as the reward); `modern` is what was learnt about GRPO since (`PRESETS`
names the source of each value). `training.rlpaf.objective` has the equations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from training.settings import require

Normaliser = Literal["sequence", "token", "constant"]


@dataclass(frozen=True, slots=True)
class AlgorithmConfig:
    """The objective of a run."""

    preset: Literal["paper", "modern"]
    kl: float
    """Factor of the k3 estimate of the KL divergence from the reference; 0: none is computed."""
    clip_low: float
    clip_high: float
    """The probability ratio is held within [1 - clip_low, 1 + clip_high]."""
    scale_rewards: bool
    """Whether a group's advantages are divided by the standard deviation of its rewards."""
    normaliser: Normaliser
    """What the sum over tokens is divided by: each sequence's own length, then the number of sequences
    (GRPO); all tokens of a step (DAPO); the largest possible number of tokens (Dr. GRPO)."""
    drop_uninformative: bool
    """Whether groups without variance are left out of a step, and others sampled instead."""
    tis_cap: float
    """Largest weight by which a token is corrected for the sampler's arithmetic and its age; 0: none is."""
    routing: Literal["free", "frozen", "replay"]
    """Of tokens to experts while learning: as it comes; with routers that do not learn; or as the weights
    that a batch was first scored with routed them."""
    unlikeliness: float = 0.0
    """Bonus for proofs to which the policy gave a low rank in their group (arXiv 2506.02355); 0: none."""
    pass_at: int = 1
    """The k of the pass@k that is to rise: with more than 1, hard theorems weigh more (arXiv 2505.15201)."""
    minibatches: int = 1
    """Parts of a batch, with each of which one optimiser step is taken."""
    epochs: int = 1
    """Passes over a batch: more where proofs are dearer than steps (arXiv 1707.06347, algorithm 1)."""

    def __post_init__(self) -> None:
        for name in ("kl", "clip_low", "clip_high", "tis_cap", "unlikeliness"):
            value = getattr(self, name)
            require(value >= 0, f"{name} must not be negative, but is {value:g}")
        for name in ("clip_low", "unlikeliness"):
            require(getattr(self, name) < 1, f"{name} must be less than 1, not {getattr(self, name):g}")
        for name in ("pass_at", "minibatches", "epochs"):
            value = getattr(self, name)
            require(value > 0, f"{name} must be positive, not {value}")


PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        # arXiv 2408.08152, section 2.3, and equation 3 of arXiv 2402.03300.
        "paper": {
            "kl": 0.02,
            "clip_low": 0.2,
            "clip_high": 0.2,
            "scale_rewards": True,
            "normaliser": "sequence",
            "drop_uninformative": False,
            "tis_cap": 0.0,
            "routing": "free",
        },
        # arXiv 2503.14476 (clip-higher, dynamic sampling, no KL), arXiv 2503.20783 (no division by the
        # deviation or the length), truncated importance sampling, arXiv 2507.18071 (routing replay).
        "modern": {
            "kl": 0.0,
            "clip_low": 0.2,
            "clip_high": 0.28,
            "scale_rewards": False,
            "normaliser": "constant",
            "drop_uninformative": True,
            "tis_cap": 2.0,
            "routing": "replay",
        },
    }
)


def with_preset(table: dict[str, Any]) -> dict[str, Any]:
    """The file's table, its `[algorithm]` filled up from the preset that it names (`modern` without one)."""
    told = table.get("algorithm", {})
    if not isinstance(told, dict):
        return table
    preset = told.get("preset", "modern")
    defaults = PRESETS.get(preset, {}) if isinstance(preset, str) else {}
    if not defaults:
        known = ", ".join(PRESETS)
        raise ValueError(f"algorithm.preset must be one of {known}, not {preset!r}")
    return {**table, "algorithm": {**defaults, "preset": preset, **told}}
