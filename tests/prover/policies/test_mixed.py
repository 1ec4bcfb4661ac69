"""Two policies by turns."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from prover.policies import Completion, PolicyError, Prompt, Sampling
from prover.policies.mixed import MixedPolicy
from prover.prompts import make_prompt
from tests.prover.scripted import STALL, Scripted, completion, theorem

PROMPTS = [make_prompt(theorem(f"t{number}", "True")) for number in range(40)]


class Repeating(Scripted):
    """As many completions a prompt as are asked for."""

    async def generate(self, prompts: Sequence[Prompt], n: int, sampling: Sampling) -> list[list[Completion]]:
        rows = await super().generate(prompts, 1, sampling)
        return [row * n for row in rows]


def pair() -> tuple[Repeating, Repeating, MixedPolicy]:
    one = Repeating(lambda prompt: completion(f"one {prompt.theorem.name}"))
    two = Repeating(lambda prompt: completion(f"two {prompt.theorem.name}"))
    return one, two, MixedPolicy("both", one, two)


def texts(policy: MixedPolicy, n: int, seed: int) -> list[list[str]]:
    async def ask() -> list[list[Completion]]:
        async with policy:
            return await policy.generate(PROMPTS, n, Sampling(seed=seed))

    return [[one.text for one in row] for row in asyncio.run(ask())]


@pytest.mark.parametrize("n", [1, 5])
def test_each_completion_comes_from_one_of_them_and_belongs_to_its_prompt(n: int) -> None:
    _, _, policy = pair()
    rows = texts(policy, n, 3)
    assert [len(row) for row in rows] == [n] * len(PROMPTS)
    for prompt, row in zip(PROMPTS, rows, strict=True):
        assert {text.split()[1] for text in row} == {prompt.theorem.name}
    who = [text.split()[0] for row in rows for text in row]
    assert 0.25 < who.count("one") / len(who) < 0.75
    assert texts(policy, n, 3) == rows
    assert texts(policy, n, 4) != rows
    assert policy.version == "scripted-1+scripted-1"


def test_what_breaks_one_of_them_is_the_pairs_error() -> None:
    broken = Scripted(lambda _: PolicyError("no weights"))
    with pytest.raises(PolicyError, match="no weights"):
        texts(MixedPolicy("both", pair()[0], broken), 1, 0)


def test_who_cancels_cancels_both() -> None:
    stalled = [Scripted(lambda _: STALL), Scripted(lambda _: STALL)]

    async def scenario() -> None:
        async with asyncio.timeout(30), MixedPolicy("both", *stalled) as policy:
            task = asyncio.create_task(policy.generate(PROMPTS, 1, Sampling()))
            for _ in range(20):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait({task})

    asyncio.run(scenario())
    assert [one.given_up for one in stalled] == [1, 1]
