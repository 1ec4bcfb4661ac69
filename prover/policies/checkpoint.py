"""What policies that hold a model in this process share: a checkpoint's folder, and a thread to write in.

Loading and writing take seconds, so both happen in a thread of the policy's own and the event loop stays
free; cancelling a call stops the writing at the next token. One call at a time: a second would only share
the same processor.

A policy says how its model is loaded and how it writes. Neither knows of threads; what is heavy is
imported when the model is loaded, never before.
"""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Generic, Self, TypeVar

from prover.policies.base import Completion, PolicyError, Prompt, Sampling

Model = TypeVar("Model")
"""What a policy loads, and writes with."""


class CheckpointPolicy(ABC, Generic[Model]):
    """A policy whose model lies in a directory: `config.json`, weights, a tokenizer."""

    concurrency = 1
    weights: ClassVar[Sequence[str]] = ("*.safetensors",)
    """Names of the files that may hold weights."""

    def __init__(self, name: str, path: str) -> None:
        """Raises `PolicyError` if there is no checkpoint at `path`."""
        self.name = name
        try:
            self._path = Path(path).expanduser()
            require_checkpoint(name, path, self._path, self.weights)
            self.version = newest(self._path, self.weights)
        except (OSError, RuntimeError) as error:  # RuntimeError: the `~` of a user that there is not.
            raise PolicyError(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}") from None
        self._model: Model | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=type(self).__name__)
        self._turn = asyncio.Lock()

    @abstractmethod
    def _load(self) -> Model:
        """Read the model from `_path`; called in the thread. Raises `PolicyError`."""

    @abstractmethod
    def _write(
        self, model: Model, prompts: Sequence[Prompt], n: int, sampling: Sampling, stop: threading.Event
    ) -> list[list[Completion]]:
        """`n` completions a prompt; called in the thread. Setting `stop` ends all of them at the next
        token. Raises `PolicyError` if a prompt leaves no room for an answer."""

    async def __aenter__(self) -> Self:
        """Load the model. Raises `PolicyError`."""
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
                self._thread, self._write, self._model, prompts, n, sampling, stop
            )
            try:
                return await asyncio.shield(work)
            except asyncio.CancelledError:
                stop.set()
                raise


def require_checkpoint(name: str, shown: str, path: Path, weights: Sequence[str]) -> None:
    """Raise `PolicyError` unless a checkpoint lies at `path`, which the user wrote as `shown`."""
    if not shown or not path.exists():
        raise PolicyError(f"{name}: there is no such directory; give one that holds a checkpoint")
    if not path.is_dir() or not (path / "config.json").is_file():
        raise PolicyError(f"{name} is no checkpoint: a directory with config.json and weights is needed")
    if not any(found.stat().st_size for found in weight_files(path, weights)):
        raise PolicyError(f"{name} has a config.json but no weights (*.safetensors)")


def newest(path: Path, weights: Sequence[str]) -> str:
    """The directory's name and the newest weight file's time: changes when weights are replaced."""
    time = max(found.stat().st_mtime_ns for found in weight_files(path, weights))
    return f"{path.resolve().name}@{time:x}"


def weight_files(path: Path, weights: Sequence[str]) -> list[Path]:
    """The files that may hold weights. A link into a cache that was cleared is none."""
    return [found for pattern in weights for found in path.glob(pattern) if found.is_file()]
