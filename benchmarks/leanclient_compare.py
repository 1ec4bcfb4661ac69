"""Our connection against leanclient's: `python benchmarks/leanclient_compare.py`, with leanclient installed.

The same small proofs, one after another, each replacing the last in one document: through
`lean_env.server`, which talks to `lean --worker`, and through leanclient's asynchronous client, pointed at
the same launcher with `server_command`, which talks to `lean --server`. Prints milliseconds a check and
the resident memory of the processes; it has no bar, it is why `lean_env.rpc` exists.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
from check_service import proofs, source
from common import Bar, report
from leanclient.aio import AsyncLeanLSPClient

from lean_env.limits import Limits
from lean_env.server import OPTIONS, LeanServer
from lean_env.toolchain import Toolchain, find_toolchain

CHECKS = 300


async def timed(check: Callable[[str], Awaitable[object]]) -> tuple[float, float]:
    """Seconds a check, and megabytes of all child processes at the end."""
    texts = [source([pair]) for pair in proofs(CHECKS + 10)]
    for text in texts[:10]:
        await check(text)
    start = time.perf_counter()
    for text in texts[10:]:
        await check(text)
    seconds = (time.perf_counter() - start) / CHECKS
    children = psutil.Process().children(recursive=True)
    return seconds, sum(child.memory_info().rss for child in children) / 1e6


async def ours(toolchain: Toolchain) -> tuple[float, float]:
    """Through `lean --worker`."""
    server = await LeanServer.start(toolchain, Limits())
    try:
        return await timed(server.elaborate)
    finally:
        await server.stop()


async def theirs(toolchain: Toolchain) -> tuple[float, float]:
    """Through leanclient and `lean --server`."""
    os.environ.update(toolchain.environment)
    command = [*toolchain.command, "--server", "-Dserver.reportDelayMs=0", *OPTIONS]
    with tempfile.TemporaryDirectory() as directory:
        client = AsyncLeanLSPClient(directory, server_command=command, check_version=False)
        await client.start()
        try:
            await client.open("Check.lean", text="", wait=True)

            async def check(text: str) -> object:
                await client.update("Check.lean", text, wait=False)
                return await client.diagnostics("Check.lean", fresh=True)

            return await timed(check)
        finally:
            await client.close()


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks/leanclient_compare.json"))
    arguments = parser.parse_args()
    toolchain = find_toolchain()
    (our_seconds, our_memory), (their_seconds, their_memory) = (
        asyncio.run(ours(toolchain)),
        asyncio.run(theirs(toolchain)),
    )
    bars = [
        Bar("ours, milliseconds a check", our_seconds * 1e3),
        Bar("leanclient, milliseconds a check", their_seconds * 1e3),
        Bar("leanclient against ours, time", their_seconds / our_seconds),
        Bar("leanclient against ours, memory", their_memory / our_memory),
    ]
    return report(arguments.out, bars, {"checks": CHECKS})


if __name__ == "__main__":
    sys.exit(main())
