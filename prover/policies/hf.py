"""`hf:PATH`: a causal language model in this process, with transformers.

Prompts of one call are batched, padded on the left, and continued together with a key-value cache.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from prover.policies.base import Completion, PolicyError, Prompt, Sampling
from prover.policies.checkpoint import CheckpointPolicy

if TYPE_CHECKING:
    from prover.policies.hf_model import Model

BATCH_TOKENS = 65_536
"""Prompt and new tokens of one batch together: what its key-value cache must hold."""


class HuggingFacePolicy(CheckpointPolicy["Model"]):
    """A checkpoint directory in Hugging Face layout."""

    weights = ("*.safetensors", "*.safetensors.index.json", "pytorch_model*.bin")

    def __init__(self, path: str, *, batch_tokens: int = BATCH_TOKENS) -> None:
        """Raises `PolicyError` if there are no weights at `path`."""
        super().__init__(f"hf:{path}", path)
        self._batch_tokens = batch_tokens

    def _load(self) -> Model:
        try:
            from prover.policies.hf_model import load
        except ImportError as error:
            raise PolicyError(
                f"{self.name} needs torch and transformers: pip install 'rmax-prover[hf]' ({error})"
            ) from None
        return load(self._path, self.version, self._batch_tokens)

    def _write(
        self, model: Model, prompts: Sequence[Prompt], n: int, sampling: Sampling, stop: threading.Event
    ) -> list[list[Completion]]:
        return model.generate(prompts, n, sampling, stop)
