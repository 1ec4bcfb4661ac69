"""One caller's prompt, many callers' batch: prompts from all trees reach the policy together.

While the policy writes, whoever asks waits; when it is done, all who wait are served by one call. So
batches form by themselves, as large as there is demand, and nothing polls.

A policy may be anybody's program, so nothing that it does is trusted: whatever it raises, and an answer
of the wrong shape, ends as a `PolicyError` at those who asked, never at anybody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from prover.policies import Completion, Policy, PolicyError, Prompt, Sampling


@dataclass(eq=False, slots=True)
class _Request:
    prompt: Prompt
    seed: int
    future: asyncio.Future[Completion]


class Batcher:
    """Asks `policy` for one completion a prompt, for at most `size` prompts in a call.

    An asynchronous context manager; leaving it gives up what is under way.
    """

    def __init__(self, policy: Policy, sampling: Sampling, size: int = 64) -> None:
        self._policy = policy
        self._sampling = sampling
        self._size = size
        self._waiting: list[_Request] = []
        self._task: asyncio.Task[None] | None = None
        self.busy_seconds = 0.0
        """Wall-clock seconds during which the policy was writing."""

    async def __aenter__(self) -> Batcher:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        for request in self._waiting:
            request.future.cancel()

    async def complete(self, prompt: Prompt, seed: int) -> Completion:
        """One completion. Raises `PolicyError` if the policy cannot answer at all.

        A batch is drawn with the seed of its first prompt, so only what is asked for one by one is
        reproducible.
        """
        request = _Request(prompt, seed, asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._serve())
        return await request.future

    async def _serve(self) -> None:
        await asyncio.sleep(0)  # Whoever is about to ask in this turn of the loop joins the batch.
        while True:
            self._waiting = [request for request in self._waiting if not request.future.done()]
            if not self._waiting:
                return
            batch = self._waiting[: self._size]
            del self._waiting[: self._size]
            try:
                await self._answer(batch)
            finally:
                for request in batch:  # Of a call that was given up with the batcher.
                    request.future.cancel()

    async def _answer(self, batch: Sequence[_Request]) -> None:
        """Resolve the requests. If the policy fails on several theorems at once, each is asked about
        alone, so that a prompt that breaks it harms its own theorem only."""
        try:
            completions = await self._ask(batch)
        except PolicyError as error:
            groups: dict[str, list[_Request]] = {}
            for request in batch:
                if not request.future.done():
                    groups.setdefault(request.prompt.theorem.digest, []).append(request)
            for group in groups.values():
                if len(groups) > 1:
                    await self._answer(group)
                    continue
                for request in group:
                    request.future.set_exception(PolicyError(str(error)))
            return
        for request, completion in zip(batch, completions, strict=False):
            if not request.future.done():
                request.future.set_result(completion)

    async def _ask(self, batch: Sequence[_Request]) -> list[Completion]:
        """The policy's answers, in order; empty if everybody has gone. Raises `PolicyError`, and nothing
        else."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        gone: asyncio.Future[None] = loop.create_future()

        def one_less(_: object) -> None:
            if not gone.done() and all(request.future.done() for request in batch):
                gone.set_result(None)

        for request in batch:
            request.future.add_done_callback(one_less)
        call = asyncio.create_task(self._generate(batch))
        try:
            await asyncio.wait((call, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            call.cancel()
            await asyncio.wait({call})
            self.busy_seconds += loop.time() - started
            for request in batch:
                request.future.remove_done_callback(one_less)
        if not call.cancelled():
            return call.result()
        if gone.done():
            return []
        raise PolicyError(f"{self._policy.name}: the policy gave its answer up")

    async def _generate(self, batch: Sequence[_Request]) -> list[Completion]:
        sampling = replace(self._sampling, seed=batch[0].seed)
        try:
            answers = await self._policy.generate([request.prompt for request in batch], 1, sampling)
            completions = [completion for (completion,) in answers]
        except PolicyError:
            raise
        except Exception as error:
            said = " ".join(str(error).split())
            raise PolicyError(
                f"{self._policy.name}: the policy failed: {type(error).__name__}: {said}"
            ) from error
        if len(completions) != len(batch) or not all(isinstance(c, Completion) for c in completions):
            raise PolicyError(
                f"{self._policy.name}: the policy's answer does not fit the {len(batch)} prompts"
            )
        return completions
