"""`hf:PATH`: a causal language model in this process, with transformers.

Prompts of one call are batched, padded on the left, and continued together with a key-value cache.
Generation runs in a thread, so the event loop stays free; cancelling stops it at the next token. One
call at a time: a second would only share the same processor.

torch and transformers are imported when the policy is entered, never before.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from prover.policies.base import Completion, PolicyError, Prompt, Sampling

WEIGHTS = ("*.safetensors", "*.safetensors.index.json", "pytorch_model*.bin")
BATCH_TOKENS = 65_536
"""Prompt and new tokens of one batch together: what its key-value cache must hold."""


class HuggingFacePolicy:
    """A checkpoint directory in Hugging Face layout."""

    concurrency = 1

    def __init__(self, path: str, *, batch_tokens: int = BATCH_TOKENS) -> None:
        """Raises `PolicyError` if there are no weights at `path`, or transformers is not installed."""
        self.name = f"hf:{path}"
        self._path = Path(path).expanduser()
        self._batch_tokens = batch_tokens
        _require_checkpoint(path, self._path)
        self.version = _version(self._path)
        self._model: Any = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="hf-policy")
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Load the weights. Raises `PolicyError`."""
        self._model = await asyncio.get_running_loop().run_in_executor(self._thread, self._load)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._model = None
        self._thread.shutdown(wait=True)

    async def generate(self, prompts: Sequence[Prompt], n: int, sampling: Sampling) -> list[list[Completion]]:
        """`n` completions a prompt. Raises `PolicyError` if a prompt leaves no room for an answer."""
        assert self._model is not None, "use the policy as a context manager"
        stop = threading.Event()
        async with self._turn:
            work = asyncio.get_running_loop().run_in_executor(
                self._thread, self._model.generate, [prompt.text for prompt in prompts], n, sampling, stop
            )
            try:
                found: list[list[Completion]] = await asyncio.shield(work)
            except asyncio.CancelledError:
                stop.set()
                raise
        return found

    def _load(self) -> Any:
        try:
            from prover.policies.hf_model import load
        except ImportError as error:
            raise PolicyError(
                f"{self.name} needs torch and transformers: pip install 'rmax-prover[hf]' ({error})"
            ) from None
        return load(self._path, self.version, self._batch_tokens)


def _require_checkpoint(shown: str, path: Path) -> None:
    if not shown or not path.exists():
        raise PolicyError(f"hf:{shown}: there is no such directory; give one that holds a checkpoint")
    if not path.is_dir() or not (path / "config.json").is_file():
        raise PolicyError(f"hf:{shown} is no checkpoint: a directory with config.json and weights is needed")
    if not any(found.stat().st_size for pattern in WEIGHTS for found in path.glob(pattern)):
        raise PolicyError(f"hf:{shown} has a config.json but no weights (*.safetensors)")


def _version(path: Path) -> str:
    """The directory's name and the newest weight file's time: changes when weights are replaced."""
    newest = max(found.stat().st_mtime_ns for pattern in WEIGHTS for found in path.glob(pattern))
    return f"{path.resolve().name}@{newest:x}"
