"""A completions server that does what its script says, over real sockets, one answer a connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self


@dataclass
class Request:
    """What a client asked, and whether it is still there."""

    path: str
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    """Names in lower case."""
    gone: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Wire:
    """The client's connection, as a script sees it."""

    request: Request
    writer: asyncio.StreamWriter

    async def send(self, data: bytes | str) -> None:
        self.writer.write(data.encode() if isinstance(data, str) else data)
        await self.writer.drain()

    async def head(self, status: int = 200, kind: str = "text/event-stream", *extra: str) -> None:
        lines = [f"HTTP/1.1 {status} Said", f"content-type: {kind}", "connection: close", *extra]
        await self.send("\r\n".join(lines) + "\r\n\r\n")

    async def json(self, value: object, status: int = 200, *extra: str) -> None:
        await self.head(status, "application/json", *extra)
        await self.send(json.dumps(value))


Script = Callable[[Wire], Awaitable[None]]


class Server:
    """Serves `/v1/models`, and each request for completions by the next script; the last one repeats."""

    def __init__(
        self, *scripts: Script, models: Sequence[str] = ("m",), listing: Script | None = None
    ) -> None:
        self._scripts = list(scripts)
        self._models = models
        self._listing = listing
        self.requests: list[Request] = []
        self.arrived = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            pairs = [line.partition(":") for line in head.split("\r\n")[1:] if line]
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            content = await reader.readexactly(int(headers.get("content-length", "0")))
            request = Request(head.split()[1], json.loads(content) if content else {}, headers)
            wire = Wire(request, writer)
            if request.path == "/v1/models":
                if self._listing:
                    await self._listing(wire)
                else:
                    await wire.json({"data": [{"id": model} for model in self._models]})
                return
            self.requests.append(request)
            self.arrived.set()
            script = self._scripts[min(len(self.requests), len(self._scripts)) - 1]
            answer = asyncio.ensure_future(script(wire))
            left = asyncio.ensure_future(reader.read())
            await asyncio.wait([answer, left], return_when=asyncio.FIRST_COMPLETED)
            if left.done():
                request.gone.set()
                answer.cancel()
            left.cancel()
            await asyncio.gather(answer, left, return_exceptions=True)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def chunk(text: str, index: int = 0, finish: str | None = None, logprobs: Sequence[float] = (-0.5,)) -> str:
    """One event of a stream; its tokens are `text` in as many pieces as there are `logprobs`."""
    size = max(1, -(-len(text) // len(logprobs))) if logprobs else 1
    tokens = [text[at * size : (at + 1) * size] for at in range(len(logprobs))]
    choice = {
        "index": index,
        "text": text,
        "finish_reason": finish,
        "logprobs": {"tokens": tokens, "token_logprobs": list(logprobs)},
    }
    return f"data: {json.dumps({'choices': [choice]}, ensure_ascii=False)}\n\n"


def delta(finish: str | None = None, logprobs: Sequence[tuple[str, float]] = (), **said: str) -> str:
    """One event of a conversation's stream; `said` are the fields of the message: `content`, `reasoning`…"""
    each = [{"token": token, "logprob": value, "top_logprobs": []} for token, value in logprobs]
    choice = {
        "index": 0,
        "delta": said,
        "finish_reason": finish,
        "logprobs": {"content": each} if each else None,
    }
    return f"data: {json.dumps({'choices': [choice]}, ensure_ascii=False)}\n\n"


def streams(*parts: str | bytes) -> Script:
    """A script that streams these parts."""

    async def script(wire: Wire) -> None:
        await wire.head()
        for part in parts:
            await wire.send(part)

    return script


def refuses(status: int, message: str = "busy", *extra: str) -> Script:
    """A script that answers with an error."""

    async def script(wire: Wire) -> None:
        await wire.json({"error": {"message": message}}, status, *extra)

    return script


async def stalls(wire: Wire) -> None:
    """A script that sends a beginning and then nothing any more."""
    await wire.head()
    await wire.send(chunk("intro"))
    await asyncio.Event().wait()


async def hangs_up(wire: Wire) -> None:
    """A script that closes the connection without an answer."""
    del wire
