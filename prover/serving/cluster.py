"""A layout over several nodes, started through Ray: an actor on each node that runs the node's command.

The first node chosen is the one that answers; the others are told its address. Ray is an extra; this
module is imported only for `--ray`.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import ray
from ray.exceptions import GetTimeoutError, RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from prover.ray_cluster import alive_nodes, connect
from prover.serving import ServeError
from prover.serving.commands import Command, commands
from prover.serving.launch import announce, check_vllm, local, terminated, wait_until_healthy
from prover.serving.layout import Layout
from prover.serving.server import GRACE_SECONDS, Server, check_port

BEGIN_SECONDS = 120.0
"""How long a node may take to begin an actor; it takes forever if its GPUs are another job's."""


class NodeServer:
    """Runs one node's command. Its methods run in threads: `wait` while the others are called."""

    def __init__(self, command: Command, port: int, on_gpu: bool) -> None:
        self._command, self._port, self._on_gpu = command, port, on_gpu
        self._server: Server | None = None

    def start(self) -> str:
        """Start it; why it cannot be started, or nothing."""
        try:
            check_vllm(self._on_gpu)
            if self._command.node == 0:
                check_port(self._port)
            self._server = Server(local(self._command))
        except ServeError as error:
            return str(error)
        return ""

    def wait(self) -> str:
        """Return when it has ended: what to say of that."""
        assert self._server is not None
        self._server.wait()
        return str(self._server.death())

    def stop(self) -> None:
        """End it."""
        if self._server is not None:
            self._server.stop()
            self._server.discard_log()


def serve_on_cluster(layout: Layout, port: int, address: str, ready: TextIO) -> None:
    """Start all nodes' commands, print the policy to `ready`, and return when the user ends it.

    Raises `ServeError` if the cluster lacks nodes, or one of them cannot start its part or ends by itself;
    then the others are ended too.
    """
    with contextlib.redirect_stdout(sys.stderr):  # Ray prints to standard output, whatever it is told.
        connect(address)
        try:
            places = choose_nodes(layout)
            head = str(places[0]["NodeManagerAddress"])
            url = f"http://{head}:{port}"
            with terminated(), _started(layout, port, places) as ends:
                wait_until_healthy(url, layout.model.name, lambda: _raise_if_ended(ends, 0.0))
                announce(url, layout.model.name, ready)
                while True:
                    _raise_if_ended(ends, None)
        finally:
            ray.shutdown()


def choose_nodes(layout: Layout) -> list[dict[str, Any]]:
    """As many nodes of the cluster as the layout uses, each with enough GPUs. Raises `ServeError`."""
    gpus = layout.gpus_a_node
    found = [node for node in alive_nodes() if node["Resources"].get("GPU", 0) >= gpus]
    if len(found) < layout.nodes:
        what = f"nodes with {gpus} GPUs" if gpus else "nodes"
        raise ServeError(f"the layout needs {layout.nodes} {what}, and the Ray cluster has {len(found)}")
    return sorted(found, key=lambda node: str(node["NodeManagerAddress"]))[: layout.nodes]


@contextmanager
def _started(layout: Layout, port: int, places: list[dict[str, Any]]) -> Iterator[list[Any]]:
    """Each node's end, to be awaited; all are ended with the context."""
    on_gpu = layout.hardware.gpu is not None
    actors: list[Any] = []
    try:
        for command, place in zip(
            commands(layout, port, str(places[0]["NodeManagerAddress"])), places, strict=True
        ):
            make = ray.remote(NodeServer).options(
                num_cpus=0,
                num_gpus=layout.gpus_a_node,
                max_concurrency=2,
                scheduling_strategy=NodeAffinitySchedulingStrategy(place["NodeID"], soft=False),
            )
            actors.append(make.remote(command, port, on_gpu))
        begun = [actor.start.remote() for actor in actors]
        for number, begin in enumerate(begun):
            if said := _result(begin, number, BEGIN_SECONDS):
                raise ServeError(f"node {number}: {said}")
        yield [actor.wait.remote() for actor in actors]
    finally:
        stops = [actor.stop.remote() for actor in actors]
        ray.wait(stops, num_returns=len(stops), timeout=2 * GRACE_SECONDS)
        for actor in actors:
            ray.kill(actor)


def _raise_if_ended(ends: list[Any], timeout: float | None) -> None:
    """Raise `ServeError` if a node's command has ended; wait so long for it, None: forever."""
    ended, _ = ray.wait(ends, timeout=timeout)
    if ended:
        number = ends.index(ended[0])
        raise ServeError(f"node {number}: {_result(ended[0], number, None)}")


def _result(reference: Any, number: int, timeout: float | None) -> str:
    """What an actor said. Raises `ServeError` if its node cannot be reached."""
    try:
        return str(ray.get(reference, timeout=timeout))
    except GetTimeoutError:
        raise ServeError(
            f"node {number} of the Ray cluster does not begin: are its GPUs taken? (`ray status` tells)"
        ) from None
    except RayError:
        raise ServeError(f"node {number} of the Ray cluster was lost") from None
