"""Reinforcement learning from proof-assistant feedback: the policy learns from what Lean said to its proofs."""

from __future__ import annotations

from training.errors import TrainError
from training.rlpaf.config import RlpafConfig, load_config

__all__ = ["RlpafConfig", "TrainError", "load_config"]
