"""What computes for a sampler: our own generator in a thread, or a vLLM engine; and how weights reach it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Protocol, TypeVar

from prover.policies.base import Completion, Prompt, Sampling
from prover.policies.vllm_engine import VllmPolicy
from training.generate import Generator, load_generator
from training.model import Transformer
from training.transfer import CheckpointReload, Control, EngineControl, Means, TransferError

T = TypeVar("T")


class Writer(Protocol):
    """Completes prompts. An asynchronous context manager that tells how to reach its weights."""

    async def generate(self, prompts: Sequence[Prompt], n: int, sampling: Sampling) -> list[list[Completion]]:
        """`n` completions a prompt. Raises `PromptError` if one of them leaves no room for an answer, and
        `PolicyError`."""
        ...

    async def __aenter__(self) -> tuple[Control, Means]: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class GeneratorWriter:
    """Our own generator, in a thread of its own, where its weights are overwritten too."""

    def __init__(self, checkpoint: Path, device: str) -> None:
        self._checkpoint, self._device = checkpoint, device
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")

    async def __aenter__(self) -> tuple[Control, Means]:
        """Load the model. Raises `CheckpointError`."""
        self._generator: Generator = await self._run(
            lambda: load_generator(self._checkpoint, "0", device=self._device)
        )
        return self, self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=True)

    async def generate(self, prompts: Sequence[Prompt], n: int, sampling: Sampling) -> list[list[Completion]]:
        """`n` completions a prompt; cancelling ends them within a few tokens. Raises `PromptError`."""
        stop = threading.Event()
        texts = [prompt.text for prompt in prompts]
        try:
            return await self._run(lambda: self._generator.generate(texts, n, sampling, stop))
        except asyncio.CancelledError:
            stop.set()
            raise

    async def open(self, control: Control) -> None:
        """Nothing lies between (`Means`)."""

    async def send(self, control: Control, model: Transformer) -> None:
        """Overwrite the generator's weights (`Means`)."""
        await self._run(lambda: self._generator.update(model, "updated"))

    async def world(self) -> tuple[int, int]:
        """One worker, one replica (`Control`, as everything below)."""
        return 1, 1

    async def rpc(self, method: str, **arguments: object) -> None:
        """There are no workers to call."""
        raise TransferError(f"our generator has no workers to call {method} of")

    async def pause(self) -> None:
        """Whatever is being written ends first: it has the thread."""

    async def resume(self) -> None:
        """`update` has forgotten what the old weights had read."""

    async def logprobs(self, rows: Sequence[Sequence[int]], replica: int) -> list[list[float]]:
        """Log-probs of all tokens but the first of each row."""
        return await self._run(lambda: self._generator.score(rows))

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


class VllmWriter:
    """A vLLM engine in this process. Its weights are reloaded from a checkpoint of each update."""

    def __init__(self, checkpoint: Path, memory: float) -> None:
        """`memory`: the share of a GPU's that vLLM may fill."""
        self._policy = VllmPolicy(str(checkpoint), settings={"gpu_memory_utilization": memory})

    async def __aenter__(self) -> tuple[Control, Means]:
        """Start the engine. Raises `PolicyError`."""
        await self._policy.__aenter__()
        assert self._policy.started is not None, "the policy is open"
        return EngineControl(self._policy.started.engine), CheckpointReload()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._policy.__aexit__(kind, error, trace)

    async def generate(self, prompts: Sequence[Prompt], n: int, sampling: Sampling) -> list[list[Completion]]:
        """`n` completions a prompt. Raises `PolicyError`."""
        return await self._policy.generate(prompts, n, sampling)
