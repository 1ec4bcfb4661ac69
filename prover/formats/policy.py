"""A policy that is asked in a format of its own: prompts are rendered, replies read, refusals asked again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from prover.formats.base import Format
from prover.formats.registry import choose_format
from prover.policies.base import Completion, Finish, Policy, Prompt, Sampling

RETRY_SEED = 0x5EED
"""Added to the seed of each further request, so that it is not the same one."""


class FormattedPolicy:
    """Another policy, spoken to in `form`; None: in the one that its model's name asks for, which a server
    tells when it is asked."""

    def __init__(self, policy: Policy, form: Format | None = None) -> None:
        self.policy = policy
        self.form = form
        self.name = policy.name

    @property
    def version(self) -> str:
        """Of the policy, and of the format unless that changes nothing."""
        added = self.form.version if self.form is not None else ""
        return f"{self.policy.version}+{added}" if added else self.policy.version

    @property
    def concurrency(self) -> int:
        """The policy's own."""
        return self.policy.concurrency

    async def __aenter__(self) -> Self:
        """Open the policy, and read meanwhile what the format needs. Raises `PolicyError`."""
        form = self.form
        ready = asyncio.create_task(asyncio.to_thread(form.prepare)) if form is not None else None
        try:
            await self.policy.__aenter__()
        finally:
            if ready is not None:
                await ready
        if form is None:
            self.form = choose_format(self.policy.version)
            await asyncio.to_thread(self.form.prepare)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.policy.__aexit__(kind, error, trace)

    async def generate(self, prompts: Sequence[Prompt], n: int, sampling: Sampling) -> list[list[Completion]]:
        """What the policy writes in its format, as answers to the prompts as they came.

        A reply without a proof is asked for again, `Format.retries` times at most; the completion counts the
        tokens of all requests. If none has a proof, the last reason stands. With temperature 0 nothing else
        would come, and nobody asks.
        """
        form = self.form
        assert form is not None, "use the policy as a context manager"
        shown: list[Prompt] = []
        for prompt in prompts:
            shown.append(form.render(prompt))
            await asyncio.sleep(0)  # Looking up hints takes milliseconds; others may run, or cancel this.
        drawn = form.sampling(sampling)
        answers = await self.policy.generate(shown, n, drawn)
        read = [
            [form.read(prompt, one) for one in answer]
            for prompt, answer in zip(prompts, answers, strict=True)
        ]
        for attempt in range(1, form.retries + 1 if sampling.temperature > 0 else 1):
            places = [
                (row, column)
                for row, answer in enumerate(read)
                for column, one in enumerate(answer)
                if _refused(one)
            ]
            if not places:
                break
            again = replace(drawn, seed=sampling.seed + attempt * RETRY_SEED)
            found = await self.policy.generate([shown[row] for row, _ in places], 1, again)
            for (row, column), (one,) in zip(places, found, strict=True):
                read[row][column] = _joined(read[row][column], form.read(prompts[row], one))
        return read


def _refused(completion: Completion) -> bool:
    """Whether the policy answered, with something that holds no proof."""
    return completion.finish is not Finish.ERROR and not completion.text and bool(completion.reason)


def _joined(first: Completion, second: Completion) -> Completion:
    """A further reply, with the tokens of both; one that broke off is no reply."""
    best = first if second.finish is Finish.ERROR else second
    return replace(best, tokens=max(0, first.tokens) + max(0, second.tokens))
