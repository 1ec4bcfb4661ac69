"""The role that writes proofs: a policy whose weights follow the learner's.

Who computes is a `Writer`: our own generator, or a vLLM engine. New weights go over while nothing is being
written, and nothing goes on unless the probe agrees (`training.transfer`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Protocol, Self

import torch
from torch import Tensor

from prover.formats.chat import Chat
from prover.formats.registry import choose_format
from prover.policies.base import Completion, Finish, PolicyError, Prompt, PromptError, Sampling
from training.errors import TrainError
from training.model import CheckpointError, load_checkpoint
from training.rlpaf.config import SamplingConfig
from training.rlpaf.writers import GeneratorWriter, VllmWriter, Writer
from training.transfer import TransferError, WeightLink

STOP = ("```",)
KEPT_PROMPTS = 16_384
"""Rendered prompts that are kept: hints are looked up once a theorem."""


class Written(NamedTuple):
    """One completion, and what was asked."""

    prompt: Prompt
    """As the policy read it."""
    completion: Completion
    version: int
    """Updates that the weights had seen."""


class Writing(Protocol):
    """Writes proofs."""

    async def write(self, prompts: Sequence[Prompt], n: int, seed: int) -> list[list[Written]]:
        """`n` independent completions of each prompt, drawn without nucleus; those of a prompt that leaves no
        room for an answer are empty, and end with `Finish.ERROR`. Raises `PolicyError`."""
        ...


class Sampler(Writing, Protocol):
    """Writes proofs with the weights that it was given last. An asynchronous context manager."""

    async def load(self, state: Mapping[str, Tensor], version: int) -> float:
        """Write with these weights from now on; the mean disagreement of the probe's log-probs, in nats.
        Raises `TransferError` if they did not arrive."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class ModelSampler:
    """The sampler of a checkpoint, in this process."""

    def __init__(self, checkpoint: Path, config: SamplingConfig, device: str) -> None:
        """`checkpoint` is what it begins with, and says in which format it is asked."""
        self._checkpoint, self._config, self._device = checkpoint, config, device
        self._writer: Writer = (
            VllmWriter(checkpoint, config.gpu_memory_utilization)
            if config.policy == "vllm"
            else GeneratorWriter(checkpoint, device)
        )
        self._turn = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._rendered: dict[tuple[str, str, tuple[str, ...]], Prompt] = {}
        self.version = 0

    async def __aenter__(self) -> Self:
        """Load. Raises `TrainError`."""
        try:
            self._format = choose_format(str(self._checkpoint))
            if isinstance(self._format, Chat):
                raise TrainError(
                    "model.checkpoint is asked in a chat, of whose replies the proof is only a part: RLPAF "
                    "learns from completions, so name another format in its prover.json"
                )
            await asyncio.to_thread(self._format.prepare)
            # In the type that writers compute in, so that rounding is all that the probe can find.
            kind = torch.float32 if self._device == "cpu" else torch.bfloat16
            self._shadow = await asyncio.to_thread(load_checkpoint, self._checkpoint, self._device, kind)
            control, means = await self._stack.enter_async_context(self._writer)
            self._link = await self._stack.enter_async_context(WeightLink(control, self._shadow, means))
        except BaseException as error:
            await self._stack.aclose()
            if isinstance(error, CheckpointError | PolicyError | TransferError):
                raise TrainError(f"the sampler cannot begin: {error}") from error
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def write(self, prompts: Sequence[Prompt], n: int, seed: int) -> list[list[Written]]:
        """`n` independent completions of each prompt, as `Sampler` says. Raises `PolicyError`."""
        sampling = Sampling(
            temperature=1.0, top_p=1.0, max_tokens=self._config.max_tokens, stop=STOP, seed=seed
        )
        shown = [await self._render(prompt) for prompt in prompts]
        async with self._turn:
            version = self.version
            answers = await self._answers(shown, n, self._format.sampling(sampling))
        return [
            [Written(seen, self._format.read(prompt, one), version) for one in answer]
            for prompt, seen, answer in zip(prompts, shown, answers, strict=True)
        ]

    async def load(self, state: Mapping[str, Tensor], version: int) -> float:
        """Take new weights, between two calls of `write`, and prove it. Raises `TransferError`."""
        async with self._turn:
            await asyncio.to_thread(self._shadow.load_state_dict, dict(state))
            found = await self._link.send(self._shadow, str(version))
            self.version = version
        return found.mean

    async def _answers(self, prompts: Sequence[Prompt], n: int, sampling: Sampling) -> list[list[Completion]]:
        """The writer's. It refuses all prompts if one leaves no room; which one does is found by halving."""
        if not prompts:
            return []
        try:
            return await self._writer.generate(prompts, n, sampling)
        except PromptError as error:
            if len(prompts) == 1:
                return [[Completion("", Finish.ERROR, "", 0, reason=str(error))] * n]
        half = len(prompts) // 2
        first = await self._answers(prompts[:half], n, sampling)
        return [*first, *await self._answers(prompts[half:], n, sampling)]

    async def _render(self, prompt: Prompt) -> Prompt:
        key = (prompt.theorem.digest, prompt.prefix, prompt.goals)
        found = self._rendered.get(key)
        if found is None:
            await asyncio.sleep(0)  # Looking up hints takes milliseconds; others may run.
            found = self._format.render(prompt)
            if len(self._rendered) >= KEPT_PROMPTS:
                del self._rendered[next(iter(self._rendered))]
            self._rendered[key] = found
        return replace(found, theorem=prompt.theorem)
