"""One run of a program under limits: its output, and how it ended.

For the strict audit and for whole files, where each run is a fresh process. (`server.py` keeps its
processes.) The program runs in a process group of its own, all of which is killed when its time is up,
when it writes more than anybody will read, or when the caller is cancelled.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lean_env.errors import AuditError
from lean_env.limits import OUT_OF_MEMORY, OUT_OF_STACK, guarded
from lean_env.values import Verdict

MAX_OUTPUT = 16 * 1024**2
"""Bytes of output after which a program is stopped."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended, and what it said."""

    status: int
    """Exit status; negative: the signal that ended it."""
    output: bytes
    errors: bytes
    timed_out: bool
    flooded: bool
    seconds: float

    @property
    def trouble(self) -> tuple[Verdict, str] | None:
        """Which limit ended it, if one did; None if it came to an end of its own, good or bad."""
        if self.timed_out:
            return Verdict.TIMEOUT, f"not finished after {self.seconds:.0f} s"
        if self.flooded:
            return Verdict.FAILED, f"more than {MAX_OUTPUT // 1024**2} MiB of messages"
        said = (self.errors + self.output[-4096:]).decode("utf-8", "replace") if self.status else ""
        if OUT_OF_MEMORY.search(said):
            return Verdict.OUT_OF_MEMORY, "the memory limit was reached"
        if OUT_OF_STACK.search(said) and self.status < 0:
            return Verdict.OUT_OF_MEMORY, "the stack overflowed"
        if self.status == -signal.SIGKILL:
            return Verdict.OUT_OF_MEMORY, "killed, as the system does when memory runs out"
        if self.status < 0:
            last = self.errors.decode("utf-8", "replace").strip().rsplit("\n", 1)[-1]
            return Verdict.FAILED, f"Lean crashed: {last or signal.Signals(-self.status).name}"
        return None


async def run_limited(
    command: Sequence[str],
    *,
    directory: Path,
    environment: Mapping[str, str],
    seconds: float,
    memory_bytes: int,
    text: bytes = b"",
) -> Finished:
    """Run `command` with `text` as its input. Raises `AuditError` if it cannot be started."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    try:
        process = await asyncio.create_subprocess_exec(
            *guarded(tuple(command), memory_bytes),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=directory,
            env={**os.environ, **environment},
            start_new_session=True,
        )
    except OSError as error:
        raise AuditError(f"cannot start {command[0]}: {error.strerror}") from error
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    kept: tuple[bytearray, bytearray] = (bytearray(), bytearray())
    readers = asyncio.gather(
        _keep(process.stdout, kept[0], process.pid),
        _keep(process.stderr, kept[1], process.pid),
        _feed(process.stdin, text),
    )
    timed_out = flooded = False
    try:
        async with asyncio.timeout(seconds):
            flooded = any(await readers)
            await process.wait()
    except TimeoutError:
        timed_out = True
    finally:
        _kill(process.pid)
        await process.wait()
        readers.cancel()
    return Finished(
        status=process.returncode or 0,
        output=bytes(kept[0]),
        errors=bytes(kept[1]),
        timed_out=timed_out,
        flooded=flooded,
        seconds=loop.time() - started,
    )


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


async def _keep(stream: asyncio.StreamReader, kept: bytearray, group: int) -> bool:
    """Read to the end, or until there is too much, and then kill the writer; says which."""
    while chunk := await stream.read(65536):
        kept += chunk
        if len(kept) > MAX_OUTPUT:
            _kill(group)
            return True
    return False


async def _feed(stream: asyncio.StreamWriter, text: bytes) -> bool:
    """Write `text`, or what the program takes of it: it may have ended before the first byte."""
    if not stream.is_closing():  # libuv's transport raises for a pipe that it knows to be closed.
        with contextlib.suppress(ConnectionError):
            stream.write(text)
            await stream.drain()
    stream.close()
    return False
