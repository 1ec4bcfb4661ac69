"""A policy that is shown which library lemmas may help: for models that were trained with such hints."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from prover.policies.base import Completion, Policy, Prompt, Sampling
from prover.policies.tactics.hints import VERSION, hints
from prover.policies.tactics.lemmas import core_library
from prover.prompts import with_hints


class HintedPolicy:
    """Another policy, each of whose prompts gets hints."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.name = policy.name

    @property
    def version(self) -> str:
        """Of the policy and of the hints."""
        return f"{self._policy.version}+{VERSION}"

    @property
    def concurrency(self) -> int:
        """The policy's own."""
        return self._policy.concurrency

    async def __aenter__(self) -> Self:
        """Open the policy, and read the library meanwhile. Raises `PolicyError`."""
        library = asyncio.create_task(asyncio.to_thread(core_library))
        try:
            await self._policy.__aenter__()
        finally:
            await library
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._policy.__aexit__(kind, error, trace)

    async def generate(self, prompts: Sequence[Prompt], n: int, sampling: Sampling) -> list[list[Completion]]:
        """What the policy writes when it sees the hints."""
        shown: list[Prompt] = []
        for prompt in prompts:
            shown.append(with_hints(prompt, hints(prompt)))
            await asyncio.sleep(0)  # Looking up takes milliseconds; others may run, or cancel this.
        return await self._policy.generate(shown, n, sampling)
