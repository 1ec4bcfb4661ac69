"""Several servers with one model: theorems stay with one of them, and move when it dies."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from lean_env.values import Theorem
from prover.policies import Finish, PolicyError, Prompt, Sampling, open_policy
from prover.policies.affinity import preferred
from prover.policies.openai import OpenAIPolicy
from prover.policies.replicas import Replica, engines, in_order
from prover.prompts import make_prompt
from tests.prover.policies.server import Script, Server, Wire, chunk, hangs_up, refuses, streams
from tests.prover.policies.test_openai import DONE, WHOLE, closed_port, run

THEOREMS = [Theorem(f"t{index}", f"theorem t{index} : True := by") for index in range(24)]
PROMPTS = [make_prompt(theorem) for theorem in THEOREMS]
VLLM = {"data": [{"id": "m", "owned_by": "vllm", "max_model_len": 2048}]}
DEAD = "EngineCore encountered an issue. See stack trace (above) for the root cause."


def policy_of(*servers: Server, **options: Any) -> OpenAIPolicy:
    options.setdefault("backoff_seconds", 0.001)
    return OpenAIPolicy(f"{','.join(server.url for server in servers)}#m", **options)


def asked(server: Server) -> set[str]:
    """The prompts that it got."""
    return {request.body["prompt"] for request in server.requests}


def test_only_the_theorems_of_a_lost_replica_move() -> None:
    before = {theorem.digest: preferred(theorem.digest, ["a", "b", "c"]) for theorem in THEOREMS}
    after = {theorem.digest: preferred(theorem.digest, ["a", "b"]) for theorem in THEOREMS}
    moved = {digest for digest in before if before[digest] != after[digest]}
    assert moved == {digest for digest, replica in before.items() if replica == "c"}
    assert set(Counter(before.values())) == {"a", "b", "c"}
    assert {after[digest] for digest in moved} == {"a", "b"}


def test_all_requests_of_a_theorem_go_to_one_server() -> None:
    async def work() -> None:
        async with Server(WHOLE) as one, Server(WHOLE) as two, policy_of(one, two) as policy:
            for _ in range(2):
                await policy.generate(PROMPTS, 1, Sampling())
            assert len(one.requests) + len(two.requests) == 2 * len(PROMPTS)
            assert asked(one)
            assert asked(two)
            assert not asked(one) & asked(two)
            assert policy.concurrency == 512

    run(work)


def test_the_theorems_of_a_dead_server_move_to_the_others() -> None:
    async def work() -> None:
        async with Server(WHOLE) as one, Server(WHOLE) as two, policy_of(one, two) as policy:
            two._server.close()
            await two._server.wait_closed()
            rows = await policy.generate(PROMPTS, 1, Sampling())
            assert [row[0].finish for row in rows] == [Finish.STOP] * len(PROMPTS)
            assert asked(one) == {prompt.text for prompt in PROMPTS}
            one._server.close()
            await one._server.wait_closed()
            with pytest.raises(PolicyError, match="none of the 2 servers answers") as caught:
                await policy.generate(PROMPTS[:1], 1, Sampling())
            assert "\n" not in str(caught.value)

    run(work)


def test_a_server_dies_while_it_streams() -> None:
    dies = streams(chunk("intro"))  # and closes

    async def breaks(wire: Wire) -> None:
        await wire.head(200, "text/event-stream", "transfer-encoding: chunked")
        await wire.send("5\r\nda")

    async def work(script: Script) -> Any:
        async with Server(script) as one, Server(script) as two, policy_of(one, two, attempts=2) as policy:
            return await policy.generate(PROMPTS[:1], 1, Sampling())

    ((completion,),) = run(lambda: work(dies))
    assert (completion.finish, completion.text) == (Finish.ERROR, "intro")
    for script in (breaks, hangs_up):
        with pytest.raises(PolicyError, match="none of the 2 servers answers"):
            run(lambda script=script: work(script))  # type: ignore[misc]


@pytest.mark.parametrize("status", [500, 503])
def test_an_engine_that_is_dead_is_not_asked_again(status: int) -> None:
    async def work() -> None:
        async with Server(refuses(status, DEAD)) as bad, policy_of(bad) as policy:
            with pytest.raises(PolicyError, match=rf"^the engine of {bad.url} has died \({status}\): start"):
                await policy.generate(PROMPTS[:1], 1, Sampling())
            assert len(bad.requests) == 1
        async with (
            Server(refuses(status, DEAD)) as bad,
            Server(WHOLE) as good,
            policy_of(bad, good) as policy,
        ):
            rows = await policy.generate(PROMPTS, 1, Sampling())
            assert all(row[0].finish is Finish.STOP for row in rows)
            seen = len(bad.requests)
            await policy.generate(PROMPTS, 1, Sampling())
            assert len(bad.requests) == seen

    run(work)


def test_a_server_that_has_rested_is_asked_again() -> None:
    replicas = [Replica("a"), Replica("b"), Replica("c")]
    first, *others = in_order(replicas, THEOREMS[0], 0.0)
    first.rests_until = 60.0
    assert in_order(replicas, THEOREMS[0], 59.0) == [*others, first]
    assert in_order(replicas, THEOREMS[0], 61.0) == [first, *others]


def test_every_server_must_be_there_and_have_the_model_at_first() -> None:
    async def work() -> None:
        async with Server(WHOLE) as one, Server(WHOLE, models=("other",)) as two:
            with pytest.raises(PolicyError, match=f"^{two.url} has no model 'm'; it has other$"):
                async with policy_of(one, two):
                    pass
            nowhere = f"http://127.0.0.1:{closed_port()}"
            with pytest.raises(PolicyError, match=f"no server answers at {nowhere}"):
                async with OpenAIPolicy(f"{one.url},{nowhere}#m", attempts=1):
                    pass

    run(work)


def test_one_url_of_several_is_wrong() -> None:
    with pytest.raises(PolicyError, match="needs a URL such as"):
        open_policy("openai:http://localhost:8000,localhost:8001#m")


METRICS = "".join(f'vllm:num_requests_running{{engine="{rank}",model_name="m"}} 0.0\n' for rank in range(4))


def test_the_engines_of_one_server_are_told_apart() -> None:
    assert engines(METRICS) == 4
    assert engines("# nothing") == 1

    ranks: dict[str, set[str]] = {}

    async def listing(wire: Wire) -> None:
        await wire.json(VLLM)

    async def serve(wire: Wire) -> None:
        if wire.request.path == "/metrics":
            await wire.head(200, "text/plain")
            await wire.send(METRICS)
            return
        ranks.setdefault(wire.request.body["prompt"], set()).add(wire.request.headers["x-data-parallel-rank"])
        await WHOLE(wire)

    async def work() -> None:
        async with Server(serve, listing=listing) as server, policy_of(server) as policy:
            for _ in range(2):
                await policy.generate(PROMPTS, 1, Sampling())
            assert server.requests[-1].body["return_token_ids"] is True
            assert server.requests[-1].body["max_tokens"] is None  # The context has 2,048 tokens, too.
            await policy.generate(PROMPTS[:1], 1, Sampling(max_tokens=2047))
            assert server.requests[-1].body["max_tokens"] == 2047

    run(work)
    assert all(len(seen) == 1 for seen in ranks.values())
    assert set.union(*ranks.values()) == {"0", "1", "2", "3"}


def test_token_ids_come_back_from_vllm() -> None:
    async def listing(wire: Wire) -> None:
        await wire.json(VLLM)

    told = (
        'data: {"choices": [{"index": 0, "text": "rfl", "token_ids": [7, 8], "finish_reason": "stop", '
        '"logprobs": {"tokens": ["r", "fl"], "token_logprobs": [-0.5, -0.25]}}]}\n\n'
    )

    async def work() -> Any:
        # It has no metrics, so the first script answers the question for them.
        server = Server(refuses(404), streams(told, DONE), listing=listing)
        async with server, policy_of(server) as policy:
            return await policy.generate(PROMPTS[:1], 1, Sampling())

    ((completion,),) = run(work)
    assert completion.token_ids == (7, 8)
    assert completion.offsets == (0, 1)


def test_prompts_of_a_theorem_share_its_server_whatever_they_say() -> None:
    async def work() -> None:
        async with Server(WHOLE) as one, Server(WHOLE) as two, policy_of(one, two) as policy:
            deeper = [make_prompt(THEOREMS[0], "  skip\n" * depth, ["⊢ True"]) for depth in range(1, 6)]
            await policy.generate([Prompt(p.text, THEOREMS[0]) for p in deeper], 1, Sampling())
            assert sorted((len(one.requests), len(two.requests))) == [0, 5]

    run(work)
