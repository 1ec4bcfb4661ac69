"""One caller's prompt, many callers' batch: prompts from all trees reach the policy together.

While the policy writes, whoever asks waits; when it is done, all who wait are served by one call. So
batches form by themselves, as large as there is demand, and nothing polls.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from prover.policies import Completion, Policy, Prompt, Sampling


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
        while batch := [one for one in self._waiting[: self._size] if not one.future.done()]:
            del self._waiting[: self._size]
            await self._answer(batch)
        self._waiting.clear()

    async def _answer(self, batch: list[_Request]) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        sampling = replace(self._sampling, seed=batch[0].seed)
        call = asyncio.ensure_future(self._policy.generate([one.prompt for one in batch], 1, sampling))
        gone: asyncio.Future[None] = loop.create_future()

        def one_less(_: object) -> None:
            if not gone.done() and all(one.future.done() for one in batch):
                gone.set_result(None)

        for one in batch:
            one.future.add_done_callback(one_less)
        try:
            either: set[asyncio.Future[Any]] = {call, gone}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            call.cancel()
            await asyncio.wait({call})
            self.busy_seconds += loop.time() - started
        if call.cancelled():
            return
        error = call.exception()
        for index, one in enumerate(batch):
            if one.future.done():
                continue
            if error is None:
                one.future.set_result(call.result()[index][0])
            else:
                one.future.set_exception(error)
