"""`moe:PATH`: a mixture-of-experts model of our own training, in this process; `training.generate` writes."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from prover.policies.base import Completion, PolicyError, Prompt, PromptError, Sampling
from prover.policies.checkpoint import CheckpointPolicy

if TYPE_CHECKING:
    from training.generate import Generator

THREADS = 4
"""More threads than this make a small model slower."""


class MoePolicy(CheckpointPolicy["Generator"]):
    """A checkpoint in `DeepseekV3ForCausalLM` layout."""

    def __init__(self, path: str, *, name: str | None = None) -> None:
        """Raises `PolicyError` if there is no checkpoint at `path`."""
        super().__init__(f"moe:{path}" if name is None else name, path)
        if not (self._path / "tokenizer.json").is_file():
            raise PolicyError(f"{self.name} has no tokenizer.json; copy the one that it was trained with")

    def _load(self) -> Generator:
        try:
            import torch

            from training.generate import load_generator
            from training.model import CheckpointError
        except ImportError as error:
            raise PolicyError(
                f"{self.name} needs torch: pip install 'rmax-prover[model]' ({error})"
            ) from None
        # For this thread alone. Half of the processors, since Lean checks proofs on the others meanwhile.
        torch.set_num_threads(max(1, min(THREADS, _processors() // 2)))
        try:
            return load_generator(
                self._path, self.version, device="cuda" if torch.cuda.is_available() else "cpu"
            )
        except CheckpointError as error:
            raise PolicyError(f"{self.name} cannot be loaded: {error}") from None

    def _write(
        self, model: Generator, prompts: Sequence[Prompt], n: int, sampling: Sampling, stop: threading.Event
    ) -> list[list[Completion]]:
        if any(prompt.turns for prompt in prompts):
            raise PolicyError(f"{self.name} holds no conversations: name a format such as `completion`")
        try:
            return model.generate([prompt.text for prompt in prompts], n, sampling, stop)
        except PromptError as error:
            raise PromptError(f"{self.name}: {error}") from None


def _processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
