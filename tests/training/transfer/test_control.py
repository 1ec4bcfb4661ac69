"""The calls that a vLLM server gets when weights are sent to it, and what its failures come to."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from tests.prover.policies.server import Server, Wire, refuses
from training.transfer import ServerControl, TransferError
from training.transfer.means import NcclBroadcast, meet

ROWS = [[5, 6, 7], [8, 9, 5]]


def answers(value: object) -> Any:
    async def script(wire: Wire) -> None:
        await wire.json(value)

    return script


def told(row: list[int], logprob: float) -> list[dict[str, dict[str, float]] | None]:
    """Log-probs of a prompt as vLLM tells them: none for its first token, and often the likeliest one too."""
    return [None, *({str(token): {"logprob": logprob}, "0": {"logprob": -0.1}} for token in row[1:])]


def asked(server: Server) -> list[str]:
    return [request.path for request in server.requests]


async def use(server: Server, what: str, *arguments: Any, **named: Any) -> Any:
    async with server, ServerControl(server.url + "/v1", "m") as control:
        return await getattr(control, what)(*arguments, **named)


def test_workers_and_replicas() -> None:
    server = Server(answers({"world_size": 8}), answers({"world_size": 2}))
    assert asyncio.run(use(server, "world")) == (8, 4)
    assert asked(server) == ["/get_world_size", "/get_world_size?include_dp=false"]


def test_a_method_of_every_worker_is_called() -> None:
    server = Server(answers({"results": []}))
    asyncio.run(use(server, "rpc", "reload_weights", weights_path="w"))
    (request,) = server.requests
    assert request.body == {"method": "reload_weights", "kwargs": {"weights_path": "w"}}


def test_requests_are_kept_and_what_was_cached_is_forgotten_before_they_go_on() -> None:
    server = Server(answers({}), answers({"success": True}), answers({}))

    async def work() -> None:
        async with server, ServerControl(server.url, "m") as control:
            await control.pause()
            await control.resume()

    asyncio.run(work())
    assert asked(server) == [
        "/pause?mode=keep&clear_cache=false",
        "/reset_prefix_cache?reset_running_requests=true",
        "/resume",
    ]


def test_requests_do_not_go_on_with_what_was_cached_of_old_weights() -> None:
    server = Server(answers({"success": False}))
    with pytest.raises(TransferError, match="kept keys and values of the old weights"):
        asyncio.run(use(server, "resume"))
    assert asked(server) == ["/reset_prefix_cache?reset_running_requests=true"]


@pytest.mark.parametrize("replica", [0, 1])
def test_the_log_probs_of_prompts_are_those_of_their_own_tokens_in_order(replica: int) -> None:
    choices = [{"index": 1, "prompt_logprobs": told(ROWS[1], -2.0)}]
    choices += [{"index": 0, "prompt_logprobs": told(ROWS[0], -1.0)}]
    server = Server(answers({"choices": choices}))
    assert asyncio.run(use(server, "logprobs", ROWS, replica)) == [[-1.0, -1.0], [-2.0, -2.0]]
    assert server.requests[0].body["prompt"] == ROWS
    assert server.requests[0].headers["x-data-parallel-rank"] == str(replica)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (answers({"choices": [{"index": 0}]}), "gives no log-probs of prompts"),
        (answers({"choices": []}), "gives no log-probs of prompts"),
        (refuses(404, "Not Found"), "VLLM_SERVER_DEV_MODE=1"),
        (refuses(500, "worker died"), "answers 500: .*worker died"),
    ],
)
def test_what_is_no_answer_is_one_line(script: Any, said: str) -> None:
    with pytest.raises(TransferError, match=said) as found:
        asyncio.run(use(Server(script), "logprobs", ROWS, 0))
    assert "\n" not in str(found.value)


def test_a_server_that_is_not_there_is_one_line() -> None:
    async def work() -> None:
        async with ServerControl("http://127.0.0.1:9", "m") as control:
            await control.pause()

    with pytest.raises(TransferError, match="does not answer"):
        asyncio.run(work())


async def engine(error: str = "") -> None:
    await asyncio.sleep(0)
    if error:
        raise TransferError(error)


def test_sender_and_engine_meet() -> None:
    assert asyncio.run(meet(engine(), lambda: 7, seconds=60)) == 7


def test_an_engine_that_fails_is_not_waited_for_by_the_sender() -> None:
    release = threading.Event()

    async def work() -> None:
        try:
            await meet(engine("no NCCL here"), release.wait, seconds=60)
        finally:
            release.set()

    with pytest.raises(TransferError, match="no NCCL here"):
        asyncio.run(work())


def test_a_sender_that_fails_says_why() -> None:
    def fail() -> None:
        raise RuntimeError("invalid\nusage")

    with pytest.raises(TransferError, match="the transfer failed: invalid usage"):
        asyncio.run(meet(asyncio.sleep(3600), fail, seconds=60))


def test_who_does_not_come_is_not_waited_for_for_ever() -> None:
    with pytest.raises(TransferError, match="sender and engine did not meet"):
        asyncio.run(meet(asyncio.sleep(3600), lambda: 7, seconds=0.1))


def test_the_engine_is_told_where_the_sender_waits() -> None:
    """All workers join a group of which the sender is the first; no GPU is touched for that."""
    calls: list[tuple[str, Any]] = []

    class Control:
        async def world(self) -> tuple[int, int]:
            return 4, 2

        async def rpc(self, method: str, **arguments: object) -> None:
            calls.append((method, arguments))
            raise TransferError("enough")

    with pytest.raises(TransferError):
        asyncio.run(NcclBroadcast("cuda:0", "10.0.0.1", 29600).open(Control()))  # type: ignore[arg-type]
    ((method, arguments),) = calls
    assert method == "init_weight_transfer_engine"
    assert arguments["init_info"] == {
        "master_address": "10.0.0.1",
        "master_port": 29600,
        "rank_offset": 1,
        "world_size": 5,
    }
