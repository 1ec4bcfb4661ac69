"""Reinforcement learning from proof-assistant feedback: a policy learns from what Lean says of proofs."""

from __future__ import annotations

from training.errors import TrainError
from training.rlpaf.config import RlpafConfig, load_config

__all__ = ["RlpafConfig", "TrainError", "load_config"]
