"""JSON-RPC over the pipes of one Lean process, and nothing else.

Frames and parses messages, matches answers to requests, hands notifications on, and fails whatever
is pending as soon as the stream ends or stops making sense. What the messages mean is
`server.py`'s business.

`leanclient`'s asynchronous client (0.13) can be pointed at our launcher and keeps up: 7 % more time a
check, 1.7 times the memory (`benchmarks/leanclient_compare.py`). It is not used because it speaks to
Lean's watchdog. Behind that a worker's exit status and last words are lost, which tell a proof that
exhausts its memory from a worker that somebody killed, the one a verdict and the other a fault to be
retried; and a limit on memory would be shared by two processes.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import Callable
from typing import Any

import orjson

from lean_env.errors import ServerError

MAX_MESSAGE_BYTES = 256 * 1024 * 1024
"""A frame that claims to be longer is taken for nonsense."""

CHUNK_BYTES = 1 << 18
HEADER_BYTES = 4096
"""A frame's header is shorter."""

_IGNORED = re.compile(rb'"method":"\$/lean/(?:ileanInfo\w+|fileProgress)"')
"""Every step brings several of these, which nobody wants here. A message's text cannot look like
them: its quotes are escaped."""

Json = dict[str, Any]


class Connection:
    """One JSON-RPC conversation.

    `on_notification(method, params)` is called in the event loop for every notification.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        on_notification: Callable[[str, Json], None],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._on_notification = on_notification
        self._ids = itertools.count(1)
        self._pending: dict[int, asyncio.Future[Any]] = {}
        self._closed: str | None = None
        self._outgoing: list[bytes] = []
        self._task = asyncio.create_task(self._read())

    def notify(self, method: str, params: Json) -> None:
        """Send a notification. Raises `ServerError` when the conversation has ended."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def request(self, method: str, params: Json) -> asyncio.Future[Any]:
        """Send a request; the future brings its result, or `ServerError`."""
        number = next(self._ids)
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._pending[number] = future
        return future

    async def drain(self) -> None:
        """Wait until the peer has taken enough of what was sent."""
        self._flush()
        try:
            await self._writer.drain()
        except ConnectionError as error:
            self._close(f"the connection broke: {error}")
            raise ServerError(f"Lean's server is gone: {error}") from error

    async def close(self) -> None:
        """Stop reading; pending requests fail."""
        self._close("closed")
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._writer.close()

    def _send(self, message: Json) -> None:
        if self._closed is not None:
            raise ServerError(f"Lean's server is gone: {self._closed}")
        try:
            body = orjson.dumps(message)
        except orjson.JSONEncodeError:  # Half a surrogate pair, which UTF-8 cannot say.
            body = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace")
        if not self._outgoing:
            asyncio.get_running_loop().call_soon(self._flush)
        self._outgoing.append(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def _flush(self) -> None:
        """Write what was sent in this turn of the event loop with one system call: a dozen questions
        about one proof, each written by itself, took a fifth of a search's own time."""
        outgoing, self._outgoing = self._outgoing, []
        # libuv's transport raises for a pipe that it knows to be closed; `drain` says so for both loops.
        if outgoing and self._closed is None and not self._writer.is_closing():
            self._writer.write(b"".join(outgoing))

    async def _read(self) -> None:
        reason = "it closed the connection"
        buffer = bytearray()
        try:
            while chunk := await self._reader.read(CHUNK_BYTES):
                buffer += chunk
                while (body := _take_body(buffer)) is not None:
                    if not _IGNORED.search(body):
                        self._dispatch(orjson.loads(body))
        except (
            ConnectionError,
            ServerError,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
        ) as error:
            reason = f"it broke the protocol ({type(error).__name__}: {error})"
        self._close(reason)

    def _dispatch(self, message: Json) -> None:
        method = message.get("method")
        if method is None:
            self._answer(message)
        elif "id" in message:  # A request of the server's (it registers capabilities): acknowledge.
            self._send({"jsonrpc": "2.0", "id": message["id"], "result": None})
        else:
            self._on_notification(method, message.get("params") or {})

    def _answer(self, message: Json) -> None:
        future = self._pending.pop(message["id"], None)
        if future is None or future.done():
            return
        if "error" in message:
            future.set_exception(ServerError(f"Lean's server: {message['error'].get('message', '?')}"))
        else:
            future.set_result(message.get("result"))

    def _close(self, reason: str) -> None:
        if self._closed is not None:
            return
        self._closed = reason
        pending, self._pending = self._pending, {}
        for future in pending.values():
            if not future.done():
                future.set_exception(ServerError(f"Lean's server is gone: {reason}"))
                future.exception()  # Nobody may be waiting any more; do not log it.


def _take_body(buffer: bytearray) -> bytes | None:
    """Remove the first frame from `buffer` and return its body; None if it is not all there yet.

    Raises `ValueError` for what is no frame.
    """
    end = buffer.find(b"\r\n\r\n", 0, HEADER_BYTES)
    if end < 0:
        if len(buffer) >= HEADER_BYTES:
            raise ValueError("a message without a header")
        return None
    for line in buffer[:end].split(b"\r\n"):
        key, _, value = line.partition(b":")
        if key.strip().lower() == b"content-length":
            length = int(value)
            break
    else:
        raise ValueError("a message without a length")
    if not 0 <= length <= MAX_MESSAGE_BYTES:
        raise ValueError(f"a message of {length} bytes")
    start = end + 4
    if len(buffer) < start + length:
        return None
    body = bytes(buffer[start : start + length])
    del buffer[: start + length]
    return body
