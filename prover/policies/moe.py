"""`moe:PATH`: a mixture-of-experts model of our own training, in this process.

`training.generate` writes, in a thread, so the event loop stays free; cancelling stops it at the next
token. One call at a time: a second would only share the same processor.

torch is imported when the policy is entered, never before.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from prover.policies.base import Completion, PolicyError, Prompt, Sampling

THREADS = 4
"""More threads than this make a small model slower."""


class MoePolicy:
    """A checkpoint in `DeepseekV3ForCausalLM` layout."""

    concurrency = 1

    def __init__(self, path: str, *, name: str | None = None) -> None:
        """Raises `PolicyError` if there is no checkpoint at `path`."""
        self.name = f"moe:{path}" if name is None else name
        self._path = Path(path).expanduser()
        _require_checkpoint(self.name, path, self._path)
        self.version = _version(self._path)
        self._generator: Any = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="moe-policy")
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Load the weights. Raises `PolicyError`."""
        self._generator = await asyncio.get_running_loop().run_in_executor(self._thread, self._load)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._generator = None
        self._thread.shutdown(wait=True)

    async def generate(self, prompts: Sequence[Prompt], n: int, sampling: Sampling) -> list[list[Completion]]:
        """`n` completions a prompt. Raises `PolicyError` if a prompt leaves no room for an answer."""
        assert self._generator is not None, "use the policy as a context manager"
        stop = threading.Event()
        async with self._turn:
            work = asyncio.get_running_loop().run_in_executor(
                self._thread, self._generator.generate, [prompt.text for prompt in prompts], n, sampling, stop
            )
            try:
                found: list[list[Completion]] = await asyncio.shield(work)
            except asyncio.CancelledError:
                stop.set()
                raise
            except ValueError as error:
                raise PolicyError(f"{self.name}: {error}") from None
        return found

    def _load(self) -> Any:
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


def _processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _require_checkpoint(name: str, shown: str, path: Path) -> None:
    if not shown or not path.exists():
        raise PolicyError(f"{name}: there is no such directory; give one that holds a checkpoint")
    if not path.is_dir() or not (path / "config.json").is_file():
        raise PolicyError(f"{name} is no checkpoint: a directory with config.json and weights is needed")
    if not any(found.stat().st_size for found in path.glob("*.safetensors")):
        raise PolicyError(f"{name} has a config.json but no weights (*.safetensors)")
    if not (path / "tokenizer.json").is_file():
        raise PolicyError(f"{name} has no tokenizer.json; copy the one that it was trained with")


def _version(path: Path) -> str:
    """The directory's name and the newest weight file's time: changes when weights are replaced."""
    newest = max(found.stat().st_mtime_ns for found in path.glob("*.safetensors"))
    return f"{path.resolve().name}@{newest:x}"
