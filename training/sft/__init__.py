"""Supervised training: from verified proofs to a policy, on one device or many."""

from __future__ import annotations

from training.errors import TrainError
from training.sft.config import SftConfig, load_config

__all__ = ["SftConfig", "TrainError", "load_config"]
