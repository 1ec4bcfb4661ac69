"""What a policy is asked, and what it answers.

A policy writes the rest of a proof. Everything that can do so, a language model in this process,
one behind a server, or a symbolic program, answers through the same values, so that search, the
driver and training do not know which one they talk to.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

from lean_env.values import Check, Theorem

LOGPROB_DIGITS = 9
"""Behind the point. What lies beyond depends on the order in which somebody added, not on the policy."""


class PolicyError(Exception):
    """A policy that cannot be used, or no longer: one line that says what to do."""


class PromptError(PolicyError):
    """One of the prompts leaves no room for an answer; without it, the others would have got theirs."""


class Finish(StrEnum):
    """Why a completion ends where it does."""

    STOP = "stop"
    """The policy was done, or wrote a stop string."""
    LENGTH = "length"
    """It used up its tokens; the last line may be cut off."""
    ERROR = "error"
    """The policy failed in the middle; `Completion.reason` says how."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation with a model."""

    role: str
    """`system`, `user` or `assistant`."""
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """One place in a search at which a proof is to be continued; `prover.prompts` makes them."""

    text: str
    """What a language model completes; it ends where the rest of the proof begins, at a line's start."""
    theorem: Theorem
    prefix: str = ""
    """The proof's beginning, each line indented as in `text`; empty, or ends in a line end."""
    goals: tuple[str, ...] = ()
    """The goals behind `prefix` as Lean prints them, main goal first. Without a prefix it may be empty,
    which means that nobody asked Lean, not that nothing is left to prove."""
    revises: Check | None = None
    """What Lean said about an earlier proof that this one is to correct; None: there is none."""
    turns: tuple[Turn, ...] = ()
    """The prompt as a conversation, for a model that is asked in one; `text` is not sent then."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to draw completions; the defaults are DeepSeek-Prover-V1.5's (section 4.1 of the paper)."""

    temperature: float = 1.0
    """0 means the most likely token, always."""
    top_p: float = 0.95
    """Nucleus: the smallest set of tokens that has this probability; 1 means all of them."""
    max_tokens: int = 2048
    stop: tuple[str, ...] = ("```",)
    """The completion ends before the first of these."""
    distinct: bool = False
    """Whether a prompt should get no completion twice, as long as the policy is open; a policy that cannot do
    so may ignore it. For a search; completions to learn from are drawn independently."""
    seed: int = 0
    """The same seed, prompts and number of samples give the same completions, as far as the policy's
    arithmetic allows; completions of one call differ from each other."""

    def __post_init__(self) -> None:
        """Raise `ValueError` for what no policy can do."""
        if self.temperature < 0:
            raise ValueError(f"the temperature must not be negative: {self.temperature}")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p must lie in (0, 1]: {self.top_p}")
        if self.max_tokens < 1:
            raise ValueError(f"max_tokens must be at least 1: {self.max_tokens}")
        if any(not stop for stop in self.stop):
            raise ValueError("a stop string must not be empty")


@dataclass(frozen=True, slots=True)
class Completion:
    """One continuation of a prompt, as the policy wrote it; `prover.replies` makes a proof of it."""

    text: str
    """Without the stop string that ended it."""
    finish: Finish
    version: str
    """The policy's version when it began to write."""
    tokens: int
    """How many tokens were generated; for a symbolic policy, how many steps."""
    token_ids: tuple[int, ...] = ()
    """Empty if the policy does not tell."""
    logprobs: tuple[float, ...] = ()
    """Natural logarithm of each token's probability under the distribution of temperature 1 without
    nucleus (a symbolic policy: under the one it drew from); empty if the policy does not tell."""
    offsets: tuple[int, ...] = ()
    """For each of `logprobs`, where its token starts in `text`, in characters; a stop or end token starts
    at the text's end. It lets best-first search price a proof step by step."""
    reason: str = ""
    """For `Finish.ERROR`, one line that says what happened; for a completion without text, why what the
    policy wrote is no proof."""

    def logprob(self, start: int = 0, end: int | None = None) -> tuple[float, int]:
        """Sum of the log-probs of the tokens that start in `text[start:end]`, and their number.

        `end=None` takes the end token in as well.
        """
        chosen = [
            logprob
            for logprob, offset in zip(self.logprobs, self.offsets, strict=True)
            if start <= offset and (end is None or offset < end)
        ]
        return sum(chosen), len(chosen)

    def told_logprob(self, written: int | None = None) -> float:
        """Log-probability of the text, or of its first `written` characters; 0 if the policy does not tell,
        or tells what cannot be."""
        try:
            if written is None:
                total = sum(self.logprobs)
            else:
                total = self.logprob(0, written)[0] if self.offsets else 0.0
        except (ValueError, TypeError):
            return 0.0
        return round(total, LOGPROB_DIGITS) if math.isfinite(total) else 0.0


class Policy(Protocol):
    """Writes proofs. An asynchronous context manager that holds what it needs: connections, weights."""

    @property
    def name(self) -> str:
        """What the user asked for, such as `tactics` or `hf:models/prover`."""
        ...

    @property
    def version(self) -> str:
        """What exactly answers: changes when weights or rules do."""
        ...

    @property
    def concurrency(self) -> int:
        """How many calls of `generate` may usefully be under way at once: 1 for a program that works off
        one batch after another, more for a server, which batches what it gets by itself."""
        ...

    async def generate(self, prompts: Sequence[Prompt], n: int, sampling: Sampling) -> list[list[Completion]]:
        """`n` completions for each prompt, in order.

        Cancelling the call gives up its requests at once. Raises `PolicyError` if the policy cannot
        answer at all; a single completion that went wrong is one with `Finish.ERROR`.
        """
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def cut_at_stop(text: str, stops: Sequence[str]) -> tuple[str, bool]:
    """`text` up to the first of the stop strings, and whether there was one."""
    places = [place for stop in stops if (place := text.find(stop)) >= 0]
    return (text[: min(places)], True) if places else (text, False)
