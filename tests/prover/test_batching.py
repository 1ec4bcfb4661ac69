"""Prompts of many callers in one call, and what a policy that misbehaves does to whom."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from prover.batching import Batcher
from prover.policies import Completion, PolicyError, Prompt, Sampling
from prover.prompts import make_prompt
from tests.prover.scripted import STALL, Scripted, theorem

A, B = (make_prompt(theorem(name, "True")) for name in "ab")


async def gather(batcher: Batcher, prompts: Sequence[Prompt]) -> list[Any]:
    """What each prompt's caller gets."""
    calls = (batcher.complete(prompt, seed) for seed, prompt in enumerate(prompts))
    return await asyncio.gather(*calls, return_exceptions=True)


def texts(found: Sequence[Any]) -> list[str]:
    return [one.text if isinstance(one, Completion) else f"{type(one).__name__}: {one}" for one in found]


def test_who_asks_while_the_policy_writes_is_served_by_the_next_call() -> None:
    async def scenario() -> None:
        policy = Scripted(lambda prompt: prompt.theorem.name)
        async with asyncio.timeout(30), Batcher(policy, Sampling(), size=3) as batcher:
            assert texts(await gather(batcher, [A, B, A, B, A])) == ["a", "b", "a", "b", "a"]
            assert [len(call) for call in policy.calls] == [3, 2]
            assert texts(await gather(batcher, [B])) == ["b"]
            assert batcher.busy_seconds > 0

    asyncio.run(scenario())


def test_a_policy_that_takes_several_calls_gets_each_prompt_at_once() -> None:
    async def scenario() -> None:
        policy = Scripted(lambda prompt: STALL if prompt.theorem.name == "a" else "fine", concurrency=2)
        async with asyncio.timeout(30), Batcher(policy, Sampling()) as batcher:
            slow = asyncio.create_task(batcher.complete(A, 0))
            assert texts(await gather(batcher, [B, B, B])) == ["fine"] * 3  # Past the one that stalls.
            assert [len(call) for call in policy.calls] == [1, 1, 1, 1]
            also_slow = asyncio.create_task(batcher.complete(A, 0))
            waiting = asyncio.create_task(batcher.complete(B, 0))
            await asyncio.sleep(0.01)
            assert not waiting.done()  # Both calls are taken.
            slow.cancel()
            assert (await waiting).text == "fine"
            assert not also_slow.done()
            also_slow.cancel()

    asyncio.run(scenario())


def test_a_prompt_that_breaks_the_policy_harms_its_own_theorem_only() -> None:
    async def scenario(error: Exception, said: str) -> None:
        policy = Scripted(lambda prompt: error if prompt.theorem.name == "a" else "fine")
        async with asyncio.timeout(30), Batcher(policy, Sampling()) as batcher:
            assert texts(await gather(batcher, [A, B, A, B])) == [said, "fine", said, "fine"]

    asyncio.run(scenario(PolicyError("no"), "PolicyError: no"))
    said = "PolicyError: scripted: the policy failed: KeyError: 'line one line two'"
    asyncio.run(scenario(KeyError("line one line two"), said))


@pytest.mark.parametrize("answer", [[], [[]], [[None]], None, 3, [["text"]], "x"])
def test_an_answer_of_the_wrong_shape_is_a_policy_error(answer: Any) -> None:
    class Wrong(Scripted):
        async def generate(self, prompts: Sequence[Prompt], n: int, sampling: Sampling) -> Any:
            return answer

    async def scenario() -> None:
        async with asyncio.timeout(30), Batcher(Wrong(lambda _: ""), Sampling()) as batcher:
            for found in await gather(batcher, [A, B]):
                assert isinstance(found, PolicyError), found
                assert "\n" not in str(found)

    asyncio.run(scenario())


def test_a_policy_that_cancels_itself_is_an_error_not_a_hang() -> None:
    async def scenario() -> None:
        policy = Scripted(lambda _: asyncio.CancelledError())
        async with asyncio.timeout(30), Batcher(policy, Sampling()) as batcher:
            (found,) = await gather(batcher, [A])
            assert isinstance(found, PolicyError)

    asyncio.run(scenario())


def test_when_everybody_has_gone_the_call_is_given_up_and_the_next_is_made() -> None:
    async def scenario() -> None:
        policy = Scripted(lambda prompt: STALL if prompt.theorem.name == "a" else "fine")
        async with asyncio.timeout(30), Batcher(policy, Sampling()) as batcher:
            first = [asyncio.create_task(batcher.complete(A, 0)) for _ in range(3)]
            await asyncio.sleep(0.01)
            second = asyncio.create_task(batcher.complete(B, 0))
            await asyncio.sleep(0.01)
            assert [len(call) for call in policy.calls] == [3]
            for task in first:
                task.cancel()
            assert (await second).text == "fine"
            assert policy.given_up == 1

    asyncio.run(scenario())


def test_prompts_that_were_given_up_while_they_waited_are_not_asked_and_hold_nobody_up() -> None:
    async def scenario() -> None:
        policy = Scripted(lambda prompt: prompt.theorem.name)
        async with asyncio.timeout(30), Batcher(policy, Sampling(), size=2) as batcher:
            gone = [asyncio.create_task(batcher.complete(A, 0)) for _ in range(5)]
            stays = asyncio.create_task(batcher.complete(B, 0))
            await asyncio.sleep(0)
            for task in gone:
                task.cancel()
            assert (await stays).text == "b"
            assert [prompt.theorem.name for call in policy.calls for prompt in call].count("a") <= 2

    asyncio.run(scenario())


def test_leaving_the_batcher_ends_the_call_and_all_who_wait() -> None:
    async def scenario() -> None:
        policy = Scripted(lambda _: STALL)
        async with asyncio.timeout(30):
            async with Batcher(policy, Sampling(), size=1) as batcher:
                tasks = [asyncio.create_task(batcher.complete(A, 0)) for _ in range(3)]
                await asyncio.sleep(0.01)
            await asyncio.wait(tasks)
        assert all(task.cancelled() for task in tasks)
        assert (len(policy.calls), policy.given_up) == (1, 1)

    asyncio.run(scenario())
