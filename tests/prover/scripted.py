"""A policy that does what a test tells it to, and remembers what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from lean_env.values import Theorem
from prover.policies import Completion, Finish, Prompt, Sampling

STALL = "stall"
"""As an answer: never comes."""

Answer = Callable[[Prompt], Any]


def theorem(name: str, proposition: str) -> Theorem:
    """A theorem without header."""
    return Theorem(name, f"theorem {name} : {proposition} := by")


def completion(text: str, tokens: int = 1, finish: Finish = Finish.STOP, reason: str = "") -> Completion:
    """A completion of the scripted policy."""
    return Completion(text, finish, "scripted-1", tokens, reason=reason)


class Scripted:
    """Answers each prompt with what `answer` returns: a text, a `Completion`, an exception, or `STALL`."""

    name = "scripted"
    version = "scripted-1"

    def __init__(self, answer: Answer, concurrency: int = 1) -> None:
        self.concurrency = concurrency
        self._answer = answer
        self.calls: list[tuple[Prompt, ...]] = []
        self.given_up = 0
        """Calls that were cancelled."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def generate(self, prompts: Sequence[Prompt], n: int, sampling: Sampling) -> list[list[Completion]]:
        self.calls.append(tuple(prompts))
        answers = [self._answer(prompt) for prompt in prompts]
        try:
            await asyncio.sleep(0)
            if STALL in answers:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return [[completion(answer) if isinstance(answer, str) else answer] for answer in answers]
