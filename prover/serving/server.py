"""One vLLM server as a child process: started in a process group of its own, watched, and ended with it.

What it prints goes to a file, of which the last error is told if it dies. vLLM starts processes for each
GPU, and some of them outlive a parent that is killed: so it is always the group that is ended. Where this
process is killed itself, the kernel asks the server to end (Linux), which takes its processes with it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from lean_env.limits import guarded
from prover.serving import ServeError
from prover.serving.commands import Command
from prover.serving.vllm import bare, errors

GRACE_SECONDS = 20.0
"""How long a server may take to end when it is asked to."""
CHECK_SECONDS = 0.1
TAIL_BYTES = 200_000
LONGEST = 300


class Server:
    """A running command of one node."""

    def __init__(self, command: Command) -> None:
        """Start it. Raises `ServeError` if it cannot be started at all."""
        if shutil.which(command.program[0]) is None:
            raise ServeError(f"{command.program[0]} cannot be started: there is no such program")
        descriptor, name = tempfile.mkstemp(prefix="prover-serve-", suffix=".log")
        self.log = Path(name)
        try:
            with open(descriptor, "wb") as log:
                self._process = subprocess.Popen(
                    guarded(command.words, 0, signal.SIGTERM),
                    env={**os.environ, **command.environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as error:
            self.log.unlink()
            raise ServeError(f"{command.program[0]} cannot be started: {error.strerror}") from None

    def poll(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._process.poll()

    def wait(self) -> int:
        """The exit status, once it has ended."""
        return self._process.wait()

    def death(self) -> ServeError:
        """What to say of a server that has ended by itself."""
        status = self._process.poll()
        how = f"exit status {status}" if status is None or status >= 0 else _signal_name(-status)
        return ServeError(f"vLLM ended ({how}): {last_error(self._tail())}; all it said is in {self.log}")

    def said(self) -> str:
        """The last line that it printed, without vLLM's prefixes."""
        lines = [line for line in self._tail().splitlines() if line.strip()]
        return bare(lines[-1]) if lines else ""

    def stop(self, grace_seconds: float = GRACE_SECONDS) -> None:
        """Ask it to end, as Ctrl-C does, and then end what is left of its group; at once if the user, who
        waits for it, loses patience."""
        group = self._process.pid
        try:
            if self._process.poll() is None:
                os.killpg(group, signal.SIGINT)
                until = time.monotonic() + grace_seconds
                while self._process.poll() is None and time.monotonic() < until:
                    time.sleep(CHECK_SECONDS)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
            self._process.wait()

    def discard_log(self) -> None:
        """Remove the log of a server that did nothing wrong."""
        self.log.unlink(missing_ok=True)

    def _tail(self) -> str:
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - TAIL_BYTES))
            return file.read().decode("utf-8", "replace")


def last_error(text: str) -> str:
    """The line of a log that says best why its program ended."""
    lines = [bare(line) for line in text.splitlines() if line.strip()]
    found = (errors(text) or lines or ["it said nothing"])[-1]
    return found if len(found) <= LONGEST else f"{found[:LONGEST]}..."


def check_port(port: int) -> None:
    """Raise `ServeError` if something on this machine has the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError as error:
            raise ServeError(
                f"port {port} cannot be used ({error.strerror}): choose another one with --port, or use the "
                f"server that is there as policy openai:http://127.0.0.1:{port}"
            ) from None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
