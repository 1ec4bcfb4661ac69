"""Batched sampling from a DeepSeek-V3 model, made for small models on a CPU."""

from __future__ import annotations

from training.generate.generator import Generator, load_generator

__all__ = ["Generator", "load_generator"]
