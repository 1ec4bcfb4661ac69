"""Runs under limits: each way to end is told apart, and nothing is left behind."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import uvloop

from lean_env.errors import AuditError
from lean_env.limits import GIB
from lean_env.process import MAX_OUTPUT, Finished, run_limited
from lean_env.values import Verdict


async def start(code: str, tmp_path: Path, seconds: float = 30, text: bytes = b"") -> Finished:
    return await run_limited(
        [sys.executable, "-c", code],
        directory=tmp_path,
        environment={"EXTRA": "1"},
        seconds=seconds,
        memory_bytes=GIB,
        text=text,
    )


def run(code: str, tmp_path: Path, seconds: float = 30, text: bytes = b"") -> Finished:
    return asyncio.run(start(code, tmp_path, seconds, text))


def test_output_and_status(tmp_path: Path) -> None:
    code = "import os, sys; print(input(), os.environ['EXTRA']); print('e', file=sys.stderr); sys.exit(3)"
    finished = run(code, tmp_path, text=b"hello\n")
    assert (finished.status, finished.output, finished.errors) == (3, b"hello 1\n", b"e\n")
    assert finished.trouble is None


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("while True: pass", Verdict.TIMEOUT),
        ("import time; time.sleep(100)", Verdict.TIMEOUT),
        ("x = bytearray(3 * 2**30)", Verdict.OUT_OF_MEMORY),
        (f"import sys; sys.stdout.write('x' * {MAX_OUTPUT + 10}); input()", Verdict.FAILED),
        (f"import sys; sys.stderr.write('x' * {MAX_OUTPUT + 10}); input()", Verdict.FAILED),
        ("import os; os.abort()", Verdict.FAILED),
        ("import os; os.kill(os.getpid(), 9)", Verdict.OUT_OF_MEMORY),
        (
            "import os, sys; sys.stderr.write('Stack overflow detected\\n'); sys.stderr.flush(); os.abort()",
            Verdict.OUT_OF_MEMORY,
        ),
    ],
)
def test_troubles(code: str, verdict: Verdict, tmp_path: Path) -> None:
    trouble = run(code, tmp_path, seconds=3).trouble
    assert trouble is not None
    assert trouble[0] is verdict
    assert trouble[1]


@pytest.mark.parametrize("loop", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("size", [20, 60_000, 1_000_000])  # Less than a pipe holds, about as much, and more.
def test_last_words_are_heard(loop: Callable[[Any], list[Finished]], size: int, tmp_path: Path) -> None:
    code = f"import os; os.write(1, b'o' * {size}); os.write(2, b'e' * {size}); os.abort()"

    async def work() -> list[Finished]:
        return await asyncio.gather(*(start(code, tmp_path) for _ in range(8)))

    for finished in loop(work()):
        assert finished.status == -signal.SIGABRT
        assert (len(finished.output), len(finished.errors)) == (size, size)


@pytest.mark.parametrize("loop", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("size", [20, 1_000_000])
def test_a_program_may_end_before_it_is_told_anything(
    loop: Callable[[Any], Finished], size: int, tmp_path: Path
) -> None:
    """A busy event loop hears of the end before it comes to write."""

    async def work() -> Finished:
        task = asyncio.create_task(start("import os; os.abort()", tmp_path, text=b"x" * size))
        while not task.done():
            time.sleep(0.1)  # noqa: ASYNC251 (it is to be busy)
            await asyncio.sleep(0)
        return task.result()

    assert loop(work()).status == -signal.SIGABRT


def ends(pid: int) -> bool:
    """Whether the process is gone, or about to be: one that was killed takes a moment on a busy machine, and
    may stay a zombie where nobody asks for it."""
    for _ in range(600):
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.1)
    return False


def test_children_die_too(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1000)'])\n"
        "print(child.pid, flush=True)\ntime.sleep(1000)"
    )
    finished = run(code, tmp_path, seconds=2)
    assert finished.timed_out
    assert ends(int(finished.output))


def test_cancelling_kills(tmp_path: Path) -> None:
    async def cancelled() -> int:
        before = {child.pid for child in psutil.Process().children(recursive=True)}
        task = asyncio.create_task(
            run_limited(
                [sys.executable, "-c", "import time; time.sleep(1000)"],
                directory=tmp_path,
                environment={},
                seconds=1000,
                memory_bytes=GIB,
            )
        )
        while not {child.pid for child in psutil.Process().children(recursive=True)} - before:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return len({child.pid for child in psutil.Process().children(recursive=True)} - before)

    assert asyncio.run(cancelled()) == 0


def test_what_cannot_be_started(tmp_path: Path) -> None:
    with pytest.raises(AuditError):
        asyncio.run(
            run_limited(["x"], directory=tmp_path / "no", environment={}, seconds=1, memory_bytes=GIB)
        )
