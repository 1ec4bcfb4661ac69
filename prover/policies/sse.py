"""Server-sent events, as completion servers stream them: `data:` lines, an empty line behind each event.

Bytes in, the events' data out. Lines may be cut anywhere, in the middle of a character too.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator

MAX_LINE = 16 * 1024**2
"""A longer line comes from no completion server."""


class StreamError(ValueError):
    """Bytes that are no event stream."""


async def events(chunks: AsyncIterable[bytes]) -> AsyncIterator[str]:
    """The data of each event. An event that the end of the stream cuts off is left out.

    Raises `StreamError` for bytes that are not UTF-8 and for a line without end.
    """
    rest = b""
    data: list[str] = []
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > MAX_LINE:
            raise StreamError(f"a line of the stream is longer than {MAX_LINE:,} bytes")
        for raw in lines:
            try:
                line = raw.decode()
            except UnicodeDecodeError:
                raise StreamError("the stream is not UTF-8") from None
            line = line.removesuffix("\r")
            if not line and data:
                yield "\n".join(data)
                data = []
            elif line.startswith("data:"):
                data.append(line[5:].removeprefix(" "))
