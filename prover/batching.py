"""One caller's prompt, many callers' batch: prompts from all trees reach the policy together.

While the policy writes, whoever asks waits; when it is done, all who wait are served by one call. So
batches form by themselves, as large as there is demand, and nothing polls. A policy that batches by
itself, such as a server, gets each prompt at once, in a call of its own: there, nobody waits for the
slowest of a batch.

A policy may be anybody's program, so nothing that it does is trusted: whatever it raises, and an answer
of the wrong shape, ends as a `PolicyError` at those who asked, never at anybody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from prover.policies import Completion, Policy, PolicyError, Prompt, Sampling

BATCH = 64
"""Prompts in one call, at most."""


@dataclass(eq=False, slots=True)
class _Request:
    prompt: Prompt
    seed: int
    future: asyncio.Future[tuple[Completion, float]]


class Batcher:
    """Asks `policy` for one completion a prompt, for at most `size` prompts in a call, or for one prompt a
    call if the policy takes several calls at once (`Policy.concurrency`).

    An asynchronous context manager; leaving it gives up what is under way.
    """

    def __init__(self, policy: Policy, sampling: Sampling, size: int = BATCH) -> None:
        self._policy = policy
        self._sampling = sampling
        self._size = size if policy.concurrency == 1 else 1
        self._waiting: list[_Request] = []
        self._servers: set[asyncio.Task[None]] = set()
        self._calls = 0
        self._busy_since = 0.0
        self.busy_seconds = 0.0
        """Wall-clock seconds during which the policy was writing."""

    async def __aenter__(self) -> Batcher:
        return self

    async def __aexit__(self, *_: object) -> None:
        servers = list(self._servers)
        for server in servers:
            server.cancel()
        if servers:
            await asyncio.wait(servers)
        for request in self._waiting:
            request.future.cancel()

    async def complete(self, prompt: Prompt, seed: int) -> Completion:
        """One completion. Raises `PolicyError` if the policy cannot answer at all.

        A batch is drawn with the seed of its first prompt, so only what is asked for one by one is
        reproducible.
        """
        completion, _ = await self.complete_timed(prompt, seed)
        return completion

    async def complete_timed(self, prompt: Prompt, seed: int) -> tuple[Completion, float]:
        """As `complete`, with the prompt's share of the seconds that the policy's call took."""
        request = _Request(prompt, seed, asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        if len(self._servers) < self._policy.concurrency:
            self._servers.add(asyncio.create_task(self._serve()))
        return await request.future

    async def _serve(self) -> None:
        """Answer requests until none waits."""
        await asyncio.sleep(0)  # Whoever is about to ask in this turn of the loop joins the batch.
        try:
            while batch := self._next():
                try:
                    await self._answer(batch)
                finally:
                    for request in batch:  # Of a call that was given up with the batcher.
                        request.future.cancel()
        finally:
            task = asyncio.current_task()
            assert task is not None
            self._servers.discard(task)  # At once: whoever asks from now on needs another one.

    def _next(self) -> list[_Request]:
        """Remove and return the next batch; empty if nobody waits."""
        waiting = [request for request in self._waiting if not request.future.done()]
        self._waiting = waiting[self._size :]
        return waiting[: self._size]

    async def _answer(self, batch: Sequence[_Request]) -> None:
        """Resolve the requests. If the policy fails on several theorems at once, each is asked about
        alone, so that a prompt that breaks it harms its own theorem only."""
        try:
            completions, seconds = await self._ask(batch)
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
                request.future.set_result((completion, seconds / len(batch)))

    async def _ask(self, batch: Sequence[_Request]) -> tuple[list[Completion], float]:
        """The policy's answers, in order, and the seconds that they took; none if everybody has gone.
        Raises `PolicyError`, and nothing else."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        if not self._calls:
            self._busy_since = loop.time()
        self._calls += 1
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
            self._calls -= 1
            if not self._calls:
                self.busy_seconds += loop.time() - self._busy_since
            for request in batch:
                request.future.remove_done_callback(one_less)
        if not call.cancelled():
            return call.result(), loop.time() - started
        if gone.done():
            return [], 0.0
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
