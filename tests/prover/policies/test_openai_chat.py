"""`openai:` in conversations: against a scripted server over real sockets."""

from __future__ import annotations

from typing import Any

import pytest

from lean_env.values import Theorem
from prover.formats.policy import FormattedPolicy
from prover.policies import Completion, Finish, PolicyError, Prompt, Sampling, Turn, open_policy
from prover.policies.openai import OpenAIPolicy
from prover.prompts import make_prompt
from tests.prover.policies.server import Script, Server, Wire, chunk, delta, refuses, streams
from tests.prover.policies.test_openai import DONE, run

THEOREM = Theorem("t", "theorem t : True := by")
TALK = Prompt("unused", THEOREM, turns=(Turn("system", "Be brief."), Turn("user", "Prove ⊤.")))
PROOF = "```lean4\ntheorem t : True := by\n  trivial\n```"


def talk(*scripts: Script, **options: Any) -> tuple[Completion, Server]:
    """The completion of a conversation with a server that follows these scripts."""

    async def work() -> tuple[Completion, Server]:
        async with (
            Server(*scripts) as server,
            OpenAIPolicy(f"{server.url}#m", backoff_seconds=0.001, **options) as policy,
        ):
            ((found,),) = await policy.generate([TALK], 1, Sampling(stop=()))
            return found, server

    found: tuple[Completion, Server] = run(work)
    return found


def test_a_conversation_goes_to_its_own_address_and_comes_back_with_log_probs() -> None:
    script = streams(
        delta(role="assistant", content=""),
        delta(content="sim", logprobs=[("s", -0.1), ("im", -0.2)]),
        delta("stop", [("p", -0.3), ("<|end|>", -0.4)], content="p"),
        DONE,
    )
    found, server = talk(script)
    assert (found.text, found.finish, found.tokens) == ("simp", Finish.STOP, 4)
    assert (found.logprobs, found.offsets) == ((-0.1, -0.2, -0.3, -0.4), (0, 1, 3, 4))
    (request,) = server.requests
    assert request.path == "/v1/chat/completions"
    assert request.body == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Prove ⊤."}],
        "n": 1,
        "temperature": 1.0,
        "top_p": 0.95,
        "max_tokens": 2048,
        "seed": 0,
        "logprobs": True,
        "stream": True,
    }


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_that_comes_apart_is_put_back_before_the_answer(field: str) -> None:
    thought = {field: "Let me ⟨see⟩."}
    script = streams(
        delta(logprobs=[("Let me", -1.0)], **thought), delta("stop", [("x", -0.5)], content=PROOF), DONE
    )
    found, _ = talk(script)
    assert found.text == f"<think>Let me ⟨see⟩.</think>{PROOF}"
    assert (found.logprobs, found.offsets, found.tokens) == ((), (), 2)


@pytest.mark.parametrize("stream", [True, False])
def test_a_server_that_does_not_stream(stream: bool) -> None:
    async def script(wire: Wire) -> None:
        message = {"role": "assistant", "content": "ok", "reasoning_content": None}
        choice = {"index": 0, "message": message, "finish_reason": "length", "token_ids": [5, 6]}
        await wire.json({"choices": [choice]})

    found, _ = talk(script, stream=stream)
    assert (found.text, found.finish, found.token_ids, found.tokens) == ("ok", Finish.LENGTH, (5, 6), 2)


@pytest.mark.parametrize(
    "event",
    [
        'data: {"choices": [{"delta": {"content": 3}}]}\n\n',
        'data: {"choices": [{"delta": null}]}\n\n',
        'data: {"choices": [{"delta": {"content": "x"}, "logprobs": {"content": [{"token": "x"}]}}]}\n\n',
        'data: {"choices": [{}]}\n\n',
    ],
)
def test_a_malformed_delta_is_an_error_of_this_sample(event: str) -> None:
    found, _ = talk(streams(delta(content="si"), event, DONE))
    assert (found.text[:2], found.finish) == ("si", Finish.ERROR)
    assert "malformed" in found.reason


def test_a_stream_that_breaks_off_in_a_character_is_marked() -> None:
    data = delta(content="⟨h").encode()
    found, _ = talk(streams(data, delta(content="∀").encode()[:-12]))
    assert (found.text, found.finish) == ("⟨h", Finish.ERROR)


def test_a_passing_refusal_is_tried_again_and_another_one_told() -> None:
    whole = streams(delta("stop", content="x"), DONE)
    assert talk(refuses(429), refuses(503), whole)[0].text == "x"
    with pytest.raises(PolicyError, match="no chat template"):
        talk(refuses(400, "the model has no chat template"))


def test_a_prover_by_its_name_is_asked_in_its_format_and_its_block_read() -> None:
    """From the URL to the proof: the server says which model it has, and that decides how it is asked."""
    useless = streams(delta("stop", [("hm", -1.0)], content="hm"), DONE)
    useful = streams(
        delta(reasoning_content="..."), delta("stop", [("a", -1.0), ("b", -1.0)], content=PROOF), DONE
    )

    async def work() -> tuple[Completion, Server, str]:
        async with (
            Server(useless, useful, models=["AI-MO/Kimina-Prover-Distill-8B"]) as server,
            open_policy(f"openai:{server.url}") as policy,
        ):
            ((found,),) = await policy.generate([make_prompt(THEOREM)], 1, Sampling())
            return found, server, policy.version

    found, server, version = run(work)
    assert (found.text.strip(), found.tokens) == ("trivial", 3)
    assert version == "AI-MO/Kimina-Prover-Distill-8B+kimina"
    assert [request.path for request in server.requests] == ["/v1/chat/completions"] * 2
    first, second = (request.body for request in server.requests)
    assert first["messages"] == second["messages"]
    assert first["seed"] != second["seed"]
    assert first["max_tokens"] == 8096


def test_other_models_are_asked_for_completions() -> None:
    async def work() -> tuple[Server, object]:
        async with (
            Server(streams(chunk("trivial", finish="stop"), DONE), models=["mine"]) as server,
            open_policy(f"openai:{server.url}") as policy,
        ):
            await policy.generate([make_prompt(THEOREM)], 1, Sampling())
            assert isinstance(policy, FormattedPolicy)
            assert policy.version == "mine"
            return server, policy

    server, _ = run(work)
    assert [request.path for request in server.requests] == ["/v1/completions"]
