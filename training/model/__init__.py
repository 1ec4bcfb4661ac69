"""The DeepSeek-V3 architecture in plain PyTorch, and its checkpoints in Hugging Face's layout."""

from __future__ import annotations

from training.model.checkpoint import load_checkpoint, save_checkpoint
from training.model.config import ModelConfig
from training.model.disk import CheckpointError
from training.model.parts import Drawn, Origin
from training.model.router import Routing
from training.model.transformer import Hidden, Transformer

__all__ = [
    "CheckpointError",
    "Drawn",
    "Hidden",
    "ModelConfig",
    "Origin",
    "Routing",
    "Transformer",
    "load_checkpoint",
    "save_checkpoint",
]
