"""How this process joins a Ray cluster, and which nodes that has.

Ray is an extra; this module is imported only for `--ray`.
"""

from __future__ import annotations

import logging
import socket
from typing import Any

import ray

from lean_env.errors import LeanEnvError
from lean_env.values import one_line

KNOCK_SECONDS = 10.0
KNOWN = ("auto", "local")
"""Addresses that are words."""


class ClusterError(LeanEnvError):
    """A cluster that cannot be used: not there, without Lean, or with no node left."""


def knock(address: str) -> None:
    """Raise `ClusterError` if this is no address, or nobody listens there; Ray would go on trying for
    minutes."""
    if address in KNOWN:
        return
    host, _, port = address.rpartition(":")
    if address.startswith("ray://") or not (host and port.isdecimal()):
        raise ClusterError(
            f"--ray wants the address of a cluster's head, HOST:6379, or `auto` or `local`, not {address!r}"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), KNOCK_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise ClusterError(f"there is no Ray cluster at {address}: {error}") from None


def alive_nodes() -> list[dict[str, Any]]:
    """What Ray says of the nodes that are alive."""
    return [node for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]


def this_node() -> str:
    """Ray's id of the node that this process is on."""
    return str(ray.get_runtime_context().get_node_id())


def connect(address: str) -> None:
    """Join the cluster at an address, `auto` for the one that this machine belongs to, or `local` for a new
    one on this machine. Raises `ClusterError`."""
    knock(address)
    try:
        ray.init(
            address=address,
            namespace="rmax-prover",
            logging_level=logging.ERROR,
            log_to_driver=False,
            include_dashboard=False if address == "local" else None,
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ClusterError(f"there is no Ray cluster at {address}: {one_line(str(error))}") from None
