"""One Lean process with one document: what it is told, and what it answers.

This is Lean's own language server without its watchdog: `lean --worker` speaks the same protocol
over its pipes, for a single document. One process less a check, and its exit status tells why it
ended. It elaborates again only what an edit has changed, inside a tactic block too.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass

from lean_env.errors import ServerError
from lean_env.limits import Limits, guarded
from lean_env.rpc import Connection, Json
from lean_env.toolchain import Toolchain
from lean_env.values import Severity

URI = "untitled:prover/Check.lean"
"""Not a file, so that Lean does not ask Lake how to build it."""

OPTIONS = (  # `weak`: older versions of Lean, which do not know an option, ignore it.
    "-Dweak.maxErrors=1000000",  # Behind the hundredth error, wrong proofs would look like right ones.
    "-Dweak.Elab.async=false",  # Workers share the cores between processes; threads on top only cost.
    "-Dweak.linter.all=false",  # Style is not what is asked.
    "--tstack=32768",  # KiB. Lean reserves over 1 GiB of address space a thread by itself.
)

QUESTIONS = 8
STDERR_BYTES = 64 * 1024
_SEVERITY = {1: Severity.ERROR, 2: Severity.WARNING, 3: Severity.INFORMATION, 4: Severity.INFORMATION}

Position = tuple[int, int]
"""Line and UTF-16 column, both from 0, as the protocol counts."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A message of Lean's, placed in the document."""

    severity: Severity
    text: str
    start: Position
    end: Position


class LeanServer:
    """A running `lean --worker`. Use `start`, then `elaborate` as often as wanted, then `stop`.

    Every method raises `ServerError` once the process is gone; `cause` then says why in a few words.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        assert process.stdin is not None
        assert process.stdout is not None
        self._connection = Connection(process.stdout, process.stdin, self._hear)
        self._stderr = bytearray()
        self._stderr_task = asyncio.create_task(self._read_stderr())
        self._version = 0
        self._heard: list[Diagnostic] = []

    @classmethod
    async def start(cls, toolchain: Toolchain, limits: Limits, *, report_delay: float = 0.0) -> LeanServer:
        """Start a process; it reads its imports with the first document.

        For `report_delay` seconds after an edit the process says nothing. Reporting every step as it
        happens costs as much as elaborating it, so a document of many proofs is better reported at once.
        """
        delay = f"-Dserver.reportDelayMs={round(report_delay * 1000)}"
        beats = (f"-DmaxHeartbeats={limits.heartbeats}",) if limits.heartbeats else ()
        command = (*toolchain.command, "--worker", delay, *OPTIONS, *beats, URI)
        try:
            process = await asyncio.create_subprocess_exec(
                *guarded(command, limits.memory_bytes),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd=toolchain.directory,
                env={**os.environ, **toolchain.environment},
                start_new_session=True,
            )
        except OSError as error:
            raise ServerError(f"cannot start Lean: {error}") from error
        return cls(process)

    @property
    def pid(self) -> int:
        """Process id, which is also the id of its process group."""
        return self._process.pid

    async def elaborate(self, text: str) -> list[Diagnostic]:
        """Make `text` the document and return Lean's messages once it has elaborated all of it.

        Waits for the answer to `waitForDiagnostics`, which follows the last message; the empty progress
        notification, which is also said to mean the end, overtakes messages on a busy machine.
        """
        self._version += 1
        heard: list[Diagnostic] = []
        self._heard = heard
        document: Json = {"uri": URI, "version": self._version}
        if self._version == 1:
            self._open(document, text)
        else:
            self._connection.notify(
                "textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]}
            )
        barrier = self._connection.request("textDocument/waitForDiagnostics", document)
        await self._connection.drain()
        await barrier
        return heard

    async def goals(self, positions: Sequence[Position]) -> list[tuple[str, ...] | None]:
        """The tactic state at each position: its goals as Lean prints them, main goal first.

        None where there is no tactic. Lean gives every question a thread of its own, with a stack that
        counts against the limit on memory, so only `QUESTIONS` are asked at a time.
        """
        answers: list[Json | None] = []
        for first in range(0, len(positions), QUESTIONS):
            requests = [
                self._connection.request(
                    "$/lean/plainGoal",
                    {"textDocument": {"uri": URI}, "position": {"line": line, "character": column}},
                )
                for line, column in positions[first : first + QUESTIONS]
            ]
            await self._connection.drain()
            answers += await asyncio.gather(*requests)
        return [None if answer is None else tuple(answer["goals"]) for answer in answers]

    async def stop(self) -> None:
        """Kill the process with all its group, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._connection.close()
        await self._process.wait()
        await asyncio.gather(self._stderr_task, return_exceptions=True)

    async def cause(self) -> str:
        """Why the process ended, for a person: Lean's last words, or its exit status."""
        await self.stop()
        words = self._stderr.decode("utf-8", "replace").strip().splitlines()
        status = self._process.returncode
        assert status is not None
        ended = f"signal {-status}" if status < 0 else f"exit status {status}"
        return f"{words[-1].strip()} ({ended})" if words else ended

    def _open(self, document: Json, text: str) -> None:
        initialize = {
            "processId": os.getpid(),
            "rootUri": None,
            "capabilities": {"lean": {"incrementalDiagnosticSupport": True}},
            "initializationOptions": {"editDelay": 0, "hasWidgets": False},
        }
        self._connection.request("initialize", initialize)  # A worker never answers it.
        self._connection.notify(
            "textDocument/didOpen",
            {
                "textDocument": {**document, "languageId": "lean", "text": text},
                "dependencyBuildMode": "never",
            },
        )

    def _hear(self, method: str, params: Json) -> None:
        heard = self._heard
        if method == "textDocument/publishDiagnostics" and params.get("version") == self._version:
            if not params.get("isIncremental"):
                heard.clear()
            heard.extend(_diagnostic(item) for item in params["diagnostics"])

    async def _read_stderr(self) -> None:
        assert self._process.stderr is not None
        while chunk := await self._process.stderr.read(4096):
            self._stderr += chunk
            del self._stderr[:-STDERR_BYTES]


def _diagnostic(item: Json) -> Diagnostic:
    span = item.get("fullRange") or item["range"]
    start, end = span["start"], span["end"]
    return Diagnostic(
        severity=_SEVERITY[item.get("severity", 1)],
        text=item["message"],
        start=(start["line"], start["character"]),
        end=(end["line"], end["character"]),
    )
