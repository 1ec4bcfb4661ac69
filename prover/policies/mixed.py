"""Two policies by turns: what one of them cannot write, the other may.

A symbolic policy finds the library's lemmas, a model has seen how proofs go on; a search uses whatever
either contributes to the tree. Which of them answers is drawn anew for each completion.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from prover.policies.base import Completion, Policy, Prompt, Sampling


class MixedPolicy:
    """Each completion comes from the one or from the other policy, with equal probability.

    Log-probs are those of the policy that wrote, as if it had been asked alone.
    """

    concurrency = 1

    def __init__(self, name: str, first: Policy, second: Policy) -> None:
        self.name = name
        self._policies = first, second
        self._stack = AsyncExitStack()

    @property
    def version(self) -> str:
        """Both policies' versions."""
        first, second = self._policies
        return f"{first.version}+{second.version}"

    async def __aenter__(self) -> Self:
        """Open both. Raises `PolicyError`."""
        async with AsyncExitStack() as stack:
            for policy in self._policies:
                await stack.enter_async_context(policy)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def generate(self, prompts: Sequence[Prompt], n: int, sampling: Sampling) -> list[list[Completion]]:
        """`n` completions a prompt; both policies work at once. Raises `PolicyError` if one of them does."""
        dice = random.Random(f"{sampling.seed} {len(prompts)} {n}")
        turns = [[dice.randrange(2) for _ in range(n)] for _ in prompts]
        answers: list[dict[int, list[Completion]]] = [{} for _ in prompts]

        async def ask(which: int) -> None:
            counts = [row.count(which) for row in turns]
            for count in sorted(set(counts) - {0}):
                places = [place for place, wanted in enumerate(counts) if wanted == count]
                found = await self._policies[which].generate([prompts[p] for p in places], count, sampling)
                for place, completions in zip(places, found, strict=True):
                    answers[place][which] = completions

        both = [asyncio.create_task(ask(which)) for which in (0, 1)]
        try:
            await asyncio.gather(*both)
        finally:
            for task in both:
                task.cancel()
            await asyncio.wait(both)
        return [[answer[which].pop(0) for which in row] for row, answer in zip(turns, answers, strict=True)]
