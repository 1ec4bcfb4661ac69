"""Supervised training: from verified proofs to a policy, on one device or many."""

from __future__ import annotations

from training.sft.config import SftConfig, load_config
from training.sft.errors import TrainError

__all__ = ["SftConfig", "TrainError", "load_config"]
