"""The JSON-RPC connection against peers that behave and peers that do not."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
import uvloop

from lean_env.errors import ServerError
from lean_env.rpc import Connection

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def frame(message: object) -> bytes:
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


async def receive(reader: asyncio.StreamReader) -> dict[str, Any]:
    header = await reader.readuntil(b"\r\n\r\n")
    body = await reader.readexactly(int(header.split(b":")[1]))
    message: dict[str, Any] = json.loads(body)
    return message


async def converse(peer: Peer, talk: Callable[[Connection], Awaitable[None]]) -> list[str]:
    """Connect a `Connection` to `peer`, let `talk` use it, and return the methods it was notified of."""
    heard: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await peer(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    connection = Connection(reader, writer, lambda method, params: heard.append(method))
    try:
        await asyncio.wait_for(talk(connection), 20)
    finally:
        await connection.close()
        server.close()
    return heard


def test_answers_find_their_requests_in_any_order() -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = [await receive(reader) for _ in range(2)]
        writer.write(frame({"jsonrpc": "2.0", "method": "note", "params": {}}))
        for message in reversed(asked):
            writer.write(frame({"jsonrpc": "2.0", "id": message["id"], "result": message["method"]}))
        await writer.drain()

    async def talk(connection: Connection) -> None:
        one, two = connection.request("one", {}), connection.request("two", {})
        assert [await one, await two] == ["one", "two"]

    assert asyncio.run(converse(peer, talk)) == ["note"]


def test_an_error_answer_raises_and_the_connection_lives_on() -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in ({"error": {"code": 1, "message": "no"}}, {"result": 5}):
            message = await receive(reader)
            writer.write(frame({"jsonrpc": "2.0", "id": message["id"], **reply}))

    async def talk(connection: Connection) -> None:
        with pytest.raises(ServerError, match="no"):
            await connection.request("a", {})
        assert await connection.request("b", {}) == 5

    asyncio.run(converse(peer, talk))


def test_a_request_of_the_servers_is_acknowledged() -> None:
    answers: list[dict[str, Any]] = []

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await receive(reader)
        writer.write(frame({"jsonrpc": "2.0", "id": 7, "method": "client/registerCapability", "params": {}}))
        answers.append(await receive(reader))
        writer.write(frame({"jsonrpc": "2.0", "id": asked["id"], "result": None}))

    async def talk(connection: Connection) -> None:
        assert await connection.request("a", {}) is None

    asyncio.run(converse(peer, talk))
    assert answers == [{"jsonrpc": "2.0", "id": 7, "result": None}]


@pytest.mark.parametrize(
    "nonsense",
    [
        b"",
        b"Content-Length: 5\r\n\r\nab",
        b"Content-Length: five\r\n\r\nabcde",
        b"Content-Length: -5\r\n\r\n",
        b"Content-Length: 99999999999\r\n\r\n",
        b"Content-Type: x\r\n\r\n{}",
        b"Content-Length: 5\r\n\r\nabcde",
        b"Content-Length: 2\r\n\r\n[]",
        b"Content-Length: 2\r\n\r\n{}",
        b"Content-Length: 2\r\n\r\n\xff\xfe",
        b"x" * 200_000,
        b'Content-Length: 30\r\n\r\n{"method":"$/note","params":[]}',
    ],
)
def test_nonsense_fails_what_is_pending_and_all_that_follows(nonsense: bytes) -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await receive(reader)
        writer.write(nonsense)
        await writer.drain()

    async def talk(connection: Connection) -> None:
        with pytest.raises(ServerError, match="gone"):
            await connection.request("a", {})
        with pytest.raises(ServerError, match="gone"):
            connection.request("b", {})

    asyncio.run(converse(peer, talk))


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_a_process_that_ended_unnoticed_is_gone(run: Callable[[Coroutine[Any, Any, None]], None]) -> None:
    async def work() -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", ""), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdin is not None
        assert process.stdout is not None
        await process.wait()
        connection = Connection(process.stdout, process.stdin, lambda method, params: None)
        answer = connection.request("a", {})
        with pytest.raises(ServerError, match="gone"):
            await connection.drain()
        with pytest.raises(ServerError, match="gone"):
            await answer
        await connection.close()

    run(work())


def test_a_message_may_come_in_pieces() -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await receive(reader)
        for byte in frame({"jsonrpc": "2.0", "id": asked["id"], "result": "∀ x, ⊢"}):
            writer.write(bytes([byte]))
            await writer.drain()

    async def talk(connection: Connection) -> None:
        assert await connection.request("a", {}) == "∀ x, ⊢"

    asyncio.run(converse(peer, talk))


def test_messages_nobody_wants_are_skipped_but_not_what_quotes_them() -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await receive(reader)
        note = json.dumps(
            {"jsonrpc": "2.0", "method": "$/lean/fileProgress", "params": {}}, separators=(",", ":")
        )
        writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(note), note.encode()))
        quoted = json.dumps({"method": "say", "params": {"text": note}}, separators=(",", ":")).encode()
        writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(quoted), quoted))
        writer.write(frame({"jsonrpc": "2.0", "id": asked["id"], "result": 0}))

    async def talk(connection: Connection) -> None:
        await connection.request("a", {})

    assert asyncio.run(converse(peer, talk)) == ["say"]
