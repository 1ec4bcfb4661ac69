"""`openai:`: against a scripted server over real sockets."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from lean_env.values import Theorem
from prover.policies import Finish, PolicyError, Sampling, open_policy
from prover.policies.openai import OpenAIPolicy
from prover.prompts import make_prompt
from tests.prover.policies.server import Script, Server, Wire, chunk, hangs_up, refuses, stalls, streams

PROMPT = make_prompt(Theorem("t", "theorem t : True := by"))
DONE = "data: [DONE]\n\n"
WHOLE = streams(chunk("  tri", logprobs=(-0.1,)), chunk("vial", finish="stop", logprobs=(-0.2, -0.3)), DONE)


def run(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run a test's coroutine, but not for ever."""

    async def limited() -> Any:
        return await asyncio.wait_for(work(), 30)

    return asyncio.run(limited())


async def ask(
    server: Server, n: int = 1, prompts: int = 1, sampling: Sampling | None = None, **options: Any
) -> Any:
    options.setdefault("backoff_seconds", 0.001)
    async with OpenAIPolicy(f"{server.url}#m", **options) as policy:
        return await policy.generate([PROMPT] * prompts, n, sampling or Sampling())


def answer(*scripts: Script, n: int = 1, **options: Any) -> tuple[Any, Server]:
    """What the policy makes of a server with these scripts, for one prompt."""

    async def work() -> Any:
        async with Server(*scripts) as server:
            return (await ask(server, n, **options))[0], server

    found: tuple[Any, Server] = run(work)
    return found


def test_a_stream_becomes_a_completion_with_its_log_probs() -> None:
    (completion,), server = answer(WHOLE)
    assert (completion.text, completion.finish) == ("  trivial", Finish.STOP)
    assert completion.logprobs == (-0.1, -0.2, -0.3)
    assert completion.offsets == (0, 5, 7)
    assert (completion.tokens, completion.version) == (3, "m")
    assert completion.logprob(5) == (pytest.approx(-0.5), 2)
    assert server.requests[0].body == {
        "model": "m",
        "prompt": PROMPT.text,
        "n": 1,
        "temperature": 1.0,
        "top_p": 0.95,
        "max_tokens": 2048,
        "stop": ["```"],
        "seed": 0,
        "logprobs": 1,
        "stream": True,
    }


def test_samples_of_one_request_are_told_apart_and_prompts_kept_in_order() -> None:
    async def script(wire: Wire) -> None:
        seed = wire.request.body["seed"]
        await wire.head()
        for index in (1, 0):
            await wire.send(chunk(f"{seed}-{index}", index, "stop"))
        await wire.send(DONE)

    async def work() -> Any:
        async with Server(script) as server:
            return await ask(server, n=2, prompts=3, sampling=Sampling(seed=7))

    assert [[c.text for c in row] for row in run(work)] == [["7-0", "7-1"], ["8-0", "8-1"], ["9-0", "9-1"]]


def test_bytes_may_be_cut_anywhere() -> None:
    data = (chunk("⟨h, ∀⟩", finish="stop") + DONE).encode()
    (completion,), _ = answer(streams(*(data[at : at + 1] for at in range(len(data)))))
    assert (completion.text, completion.finish) == ("⟨h, ∀⟩", Finish.STOP)


@pytest.mark.parametrize("stream", [True, False])
def test_a_server_that_does_not_stream(stream: bool) -> None:
    async def script(wire: Wire) -> None:
        await wire.json({"choices": [{"text": "simp", "finish_reason": "length", "index": 0}]})

    (completion,), _ = answer(script, stream=stream)
    assert (completion.text, completion.finish, completion.logprobs) == ("simp", Finish.LENGTH, ())


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    "failure", [refuses(429), refuses(503), refuses(429, "wait", "retry-after: 0"), hangs_up]
)
def test_what_may_pass_is_tried_again(failure: Script, stream: bool) -> None:
    async def whole(wire: Wire) -> None:
        await wire.json({"choices": [{"text": "simp", "finish_reason": "stop"}]})

    (completion,), server = answer(failure, failure, whole, stream=stream)
    assert completion.text == "simp"
    assert len(server.requests) == 3


def test_a_server_that_stays_busy_is_given_up() -> None:
    async def work() -> int:
        async with Server(refuses(503, "over\nloaded")) as server:
            with pytest.raises(PolicyError, match=r"answers 503: over loaded$"):
                await ask(server, attempts=3)
            return len(server.requests)

    assert run(work) == 3


def test_a_stalling_server_is_given_up() -> None:
    async def work() -> None:
        async with Server(stalls) as server:
            with pytest.raises(PolicyError, match="sent nothing for"):
                await ask(server, attempts=2, silence_seconds=0.05)

    run(work)


@pytest.mark.parametrize(
    ("parts", "text", "reason"),
    [
        ((chunk("intro h"),), "intro h", "ended the stream too early"),
        ((chunk("intro h"), DONE), "intro h", "'nothing'"),
        ((chunk("intro h"), "data: {broken\n\n"), "intro h", "malformed chunk"),
        ((chunk("intro h"), 'data: {"choices": 3}\n\n'), "intro h", "malformed chunk"),
        ((chunk("intro h"), f"data: {'[' * 200_000}\n\n"), "intro h", "malformed chunk"),
        ((chunk("intro h"), 'data: {"choices": [{"text": 3}]}\n\n'), "intro h", "malformed chunk"),
        ((chunk("intro h"), 'data: {"error": {"message": "out of memory"}}\n\n'), "intro h", "out of memory"),
        ((chunk("intro h"), chunk("x", index=9)), "intro h", "nobody asked"),
        ((chunk("intro h"), chunk("x", logprobs=(float("nan"),))), "intro h", "malformed chunk"),
        ((chunk("intro h"), b"data: \xff\xfe\n\n"), "intro h", "not UTF-8"),
        ((chunk("intro h", finish="abort"), DONE), "intro h", "'abort'"),
    ],
)
def test_a_damaged_stream_is_one_bad_sample(parts: tuple[str | bytes, ...], text: str, reason: str) -> None:
    (completion,), server = answer(streams(*parts))
    assert completion.finish is Finish.ERROR
    assert reason in completion.reason
    assert completion.text.startswith(text)
    assert len(server.requests) == 1


def test_samples_that_had_ended_survive_a_damaged_stream() -> None:
    (first, second), _ = answer(streams(chunk("simp", 0, "stop"), chunk("om", 1), "data: ]\n\n"), n=2)
    assert (first.finish, second.finish) == (Finish.STOP, Finish.ERROR)


def test_one_prompt_that_goes_wrong_leaves_the_others() -> None:
    async def script(wire: Wire) -> None:
        await (streams("data: ?\n\n") if wire.request.body["seed"] == 1 else WHOLE)(wire)

    async def work() -> Any:
        async with Server(script) as server:
            return await ask(server, prompts=3)

    assert [row[0].finish for row in run(work)] == [Finish.STOP, Finish.ERROR, Finish.STOP]


def test_cancelling_closes_the_request() -> None:
    async def work() -> None:
        async with Server(stalls) as server, OpenAIPolicy(server.url) as policy:
            task = asyncio.create_task(policy.generate([PROMPT], 1, Sampling()))
            await server.arrived.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await server.requests[0].gone.wait()

    run(work)


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_server_that_is_down() -> None:
    async def work() -> None:
        policy = OpenAIPolicy(f"http://127.0.0.1:{closed_port()}#m", backoff_seconds=0.001)
        with pytest.raises(
            PolicyError, match=r"^no server answers at http://127.*: start it, or correct the URL$"
        ):
            async with policy:
                pass

    run(work)


async def _html(wire: Wire) -> None:
    await wire.head(200, "text/html")
    await wire.send("<html>hello</html>")


async def _other_json(wire: Wire) -> None:
    await wire.json({"models": ["m"]})


async def _too_deep(wire: Wire) -> None:
    await wire.head(200, "application/json")
    await wire.send("[" * 200_000)


async def _not_http(wire: Wire) -> None:
    await wire.send("SSH-2.0-OpenSSH_9.6\r\n")


@pytest.mark.parametrize(
    ("listing", "said"),
    [
        (_html, "speaks another API"),
        (_other_json, "speaks another API"),
        (_too_deep, "speaks another API"),
        (refuses(404, "Not Found"), "speaks another API: /v1/models answers 404"),
        (refuses(401, "no key"), "set OPENAI_API_KEY"),
        (_not_http, "does not speak HTTP"),
    ],
)
def test_a_server_that_speaks_something_else(listing: Script, said: str) -> None:
    async def work() -> str:
        async with Server(WHOLE, listing=listing) as server:
            with pytest.raises(PolicyError) as caught:
                await ask(server, attempts=2)
            return str(caught.value)

    message = run(work)
    assert said in message
    assert "\n" not in message


def test_models_unknown_and_ambiguous() -> None:
    async def work() -> None:
        async with Server(WHOLE, models=("a", "b")) as server:
            with pytest.raises(PolicyError, match="has no model 'm'; it has a, b"):
                await ask(server)
            with pytest.raises(PolicyError, match="several models"):
                async with OpenAIPolicy(server.url):
                    pass
        async with Server(WHOLE, models=()) as server:
            with pytest.raises(PolicyError, match="has no model: load one in the server"):
                await ask(server)
        async with Server(WHOLE, models=("only",)) as server, OpenAIPolicy(f"{server.url}/v1/") as policy:
            assert policy.version == "only"

    run(work)


@pytest.mark.parametrize("address", ["", "localhost:8000#m", "http://", "ftp://x#m", "http://[::1#m", "#m"])
def test_addresses_that_are_no_url(address: str) -> None:
    with pytest.raises(PolicyError, match="URL") as caught:
        open_policy(f"openai:{address}")
    assert "\n" not in str(caught.value)


def test_a_context_too_short_for_the_prompt_is_an_error_and_not_a_retry() -> None:
    async def work() -> int:
        async with Server(refuses(400, "maximum context length is 8 tokens")) as server:
            with pytest.raises(PolicyError, match="maximum context length"):
                await ask(server)
            return len(server.requests)

    assert run(work) == 1


def test_requests_are_json_that_keeps_mathematics() -> None:
    theorem = Theorem("t", "theorem t (p : Prop) : ¬p → ¬p := by")

    async def work() -> str:
        async with Server(WHOLE) as server, OpenAIPolicy(server.url) as policy:
            await policy.generate([make_prompt(theorem)], 1, Sampling())
            return json.dumps(server.requests[0].body["prompt"], ensure_ascii=False)

    assert "¬p → ¬p" in run(work)


def told(text: str, *tokens: str) -> str:
    """One event with a whole sample, in these tokens."""
    logprobs = {"tokens": tokens, "token_logprobs": [-0.5] * len(tokens)}
    choice = {"index": 0, "text": text, "finish_reason": "stop", "logprobs": logprobs}
    return f"data: {json.dumps({'choices': [choice]}, ensure_ascii=False)}\n\n"


@pytest.mark.parametrize(
    ("text", "tokens", "offsets"),
    [
        ("a ∀ b", ("a ", "\ufffd", "\ufffd", "\ufffd", " b"), (0, 2, 2, 2, 3)),
        ("a ∀ b", ("a \ufffd", "\ufffd\ufffd b"), (0, 2)),
        ("a ∀ b", ("a ", "", "", "∀", " b"), (0, 2, 2, 2, 3)),  # As vLLM tells it.
        ("a ∀", ("a ", "\ufffd", "\ufffd"), (0, 2, 2)),
        ("a \ufffd b", ("a ", "\ufffd", " b"), (0, 2, 3)),  # The model wrote that very character.
        ("simp", ("simp", "```"), (0, 4)),
    ],
)
def test_tokens_that_are_no_whole_characters(
    text: str, tokens: tuple[str, ...], offsets: tuple[int, ...]
) -> None:
    (completion,), _ = answer(streams(told(text, *tokens), DONE))
    assert completion.text == text
    assert completion.offsets == offsets


def test_a_slow_server_is_heard_out() -> None:
    async def script(wire: Wire) -> None:
        await wire.head()
        for piece in ("  tri", "vial"):
            await asyncio.sleep(0.2)
            await wire.send(chunk(piece))
        await asyncio.sleep(0.2)
        await wire.send(chunk("", finish="stop", logprobs=()) + DONE)

    (completion,), server = answer(script, silence_seconds=0.5)
    assert (completion.text, completion.finish) == ("  trivial", Finish.STOP)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("script", "said", "requests"),
    [
        (
            refuses(500, "CUDA out of memory. Tried to allocate 2.00 GiB.\nGPU 0 has 79 GiB"),
            r"answers 500: CUDA out of memory\. Tried to allocate 2\.00 GiB\. GPU 0",
            2,
        ),
        (
            refuses(500, "EngineCore encountered an issue. See stack trace (above) for the root cause."),
            r"^the engine of http://127.* has died \(500\): start the server again$",
            1,
        ),
        (
            refuses(404, "The model `m` does not exist."),
            r"refuses the request \(404\): The model `m` does",
            1,
        ),
        (
            refuses(
                400,
                "This model's maximum context length is 2048 tokens. However, you requested 2048 output "
                "tokens and your prompt contains 93 input tokens, for a total of 2141 tokens.",
            ),
            r"refuses the request \(400\): This model's maximum context length is 2048 tokens\.",
            1,
        ),
        (refuses(429, "slow down", "retry-after: Wed, 21 Oct 2026 07:28:00 GMT"), "429: slow down$", 2),
        (refuses(429, "slow down"), "429: slow down$", 2),
        (
            refuses(400, "default chat template is no longer allowed, so you must provide a chat template"),
            r"^http://127.* has no chat template .*--format completion$",
            1,
        ),
    ],
)
def test_what_a_server_in_trouble_says_is_one_line(script: Script, said: str, requests: int) -> None:
    async def work() -> int:
        async with Server(script) as server:
            with pytest.raises(PolicyError, match=said) as caught:
                await ask(server, attempts=2)
            assert "\n" not in str(caught.value)
            return len(server.requests)

    assert run(work) == requests


def test_a_server_that_dies_in_the_middle_is_asked_again() -> None:
    async def dies(wire: Wire) -> None:
        await wire.head(200, "text/event-stream", "transfer-encoding: chunked")
        await wire.send("5\r\nda")  # and closes

    (completion,), server = answer(dies, WHOLE)
    assert (completion.text, completion.finish) == ("  trivial", Finish.STOP)
    assert len(server.requests) == 2
