"""Starts a layout's server and waits until it answers for the model that was asked for.

Nothing is shown but one line of progress; then the policy to use is printed, and the server runs until it
ends or the user ends it.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import NoReturn, TextIO

import httpx

from prover.serving import ServeError
from prover.serving.commands import Command, commands
from prover.serving.hardware import seen_gpus
from prover.serving.layout import Layout
from prover.serving.server import Server, check_port
from prover.serving.vllm import GET_CPU, GET_GPU

KNOCK_SECONDS = 0.5
"""Between two looks at a server that starts."""
ANSWER_SECONDS = 10.0
CUDA_FILES = ("cumem_allocator*.so", "_moe_C*.so")
"""Libraries that vLLM's builds for GPUs have, and those for CPUs have not."""
EXIT_SIGNAL = 128
"""Added to the number of the signal that ended this program."""


def check_vllm(on_gpu: bool) -> None:
    """Raise `ServeError` if vLLM is not installed, or built for other hardware. Imports nothing."""
    found = find_spec("vllm")
    if found is None or not found.submodule_search_locations:
        raise ServeError(f"vLLM is not installed: {GET_GPU if on_gpu else GET_CPU}")
    folder = Path(next(iter(found.submodule_search_locations)))
    cuda = any(next(folder.glob(pattern), None) for pattern in CUDA_FILES)
    if cuda and not on_gpu:
        raise ServeError(f"the installed vLLM is built for GPUs, and there is none here: {GET_CPU}")
    if on_gpu and not cuda and next(folder.glob("_C*.so"), None):
        raise ServeError(f"the installed vLLM is built for CPUs (--gpus 0 takes the CPU): {GET_GPU}")


def check(layout: Layout, port: int) -> None:
    """Raise `ServeError` if the layout cannot be started on this machine."""
    if layout.nodes > 1:
        raise ServeError(
            f"the layout needs {layout.nodes} nodes: start the commands that --dry-run prints on each, "
            "or give a Ray cluster with --ray"
        )
    if layout.hardware.gpu is not None and len(seen := seen_gpus()) < layout.used:
        raise ServeError(
            f"the layout needs {layout.used} GPUs, and this machine has {len(seen) or 'none'}: "
            "--dry-run explains it without"
        )
    check_vllm(layout.hardware.gpu is not None)
    check_port(port)


def serve(layout: Layout, port: int, ready: TextIO) -> None:
    """Start the server on this machine, print the policy to `ready`, and return when the user ends it.

    `check` has been called. Raises `ServeError` if the server does not start, serves something else, or
    ends by itself.
    """
    command = local(commands(layout, port)[0])
    url = f"http://127.0.0.1:{port}"
    with terminated(), running(command) as server, _line() as line:
        wait_until_healthy(url, layout.model.name, lambda: _alive(server), lambda: line(server.said()))
        line("")
        announce(url, layout.model.name, ready)
        server.wait()
        _alive(server)


def announce(url: str, name: str, ready: TextIO) -> None:
    """Say how the server is used."""
    print(f"openai:{url}#{name}", file=ready, flush=True)
    print("prover: ready, this is the policy to give; Ctrl-C ends the server", file=sys.stderr, flush=True)


def wait_until_healthy(
    url: str, name: str, alive: Callable[[], None], progress: Callable[[], None] = lambda: None
) -> None:
    """Return when the server answers and has the model. `alive` raises if it is known to have died.

    Raises `ServeError` if it serves another model.
    """
    with httpx.Client(timeout=ANSWER_SECONDS, trust_env=False) as client:
        while not _healthy(client, url):
            alive()
            progress()
            time.sleep(KNOCK_SECONDS)
        try:
            models = [str(one["id"]) for one in client.get(f"{url}/v1/models").json()["data"]]
        except (httpx.HTTPError, ValueError, LookupError, TypeError, RecursionError):
            alive()
            raise ServeError(f"what answers at {url} is no vLLM server: /v1/models lists no models") from None
    if name not in models:
        raise ServeError(f"the server at {url} has {', '.join(models) or 'no model'}, not {name}")


@contextmanager
def running(command: Command) -> Iterator[Server]:
    """The server of a command, which is ended with the context, whatever happens in it."""
    server = Server(command)
    try:
        yield server
    finally:
        died = server.poll() is not None
        try:
            server.stop()
        finally:
            if not died:
                server.discard_log()


def local(command: Command) -> Command:
    """With the `vllm` program of this Python's environment, which need not be on the PATH."""
    name, *rest = command.program
    beside = Path(sys.executable).parent / name  # An absolute path stays what it is.
    return replace(command, program=(str(beside), *rest)) if beside.is_file() else command


def _alive(server: Server) -> None:
    if server.poll() is not None:
        raise server.death()


def _healthy(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(f"{url}/health").status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


@contextmanager
def terminated() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end this program as Ctrl-C does: the server has to end with it."""

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        raise SystemExit(EXIT_SIGNAL + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _line() -> Iterator[Callable[[str], None]]:
    """A line on standard error that shows the time and what the server says; nothing without a terminal."""
    from rich.console import Console
    from rich.markup import escape

    console, start = Console(stderr=True), time.monotonic()
    with console.status("Starting vLLM") as status:

        def show(said: str) -> None:
            if said:
                words = escape(said[: max(20, console.width - 30)])
                status.update(f"Starting vLLM, {time.monotonic() - start:.0f} s: [dim]{words}[/dim]")
            else:
                status.stop()

        yield show
