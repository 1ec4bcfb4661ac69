"""Which node each actor of a run gets. Plain bookkeeping over what Ray says of its nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Seat:
    """An actor's share of a node."""

    node: str
    """Ray's id."""
    name: str
    """The node's, for people."""
    cpus: int
    """0: it shares those of others."""
    gpus: int


class Placement:
    """What a run's actors have taken of the cluster's nodes."""

    def __init__(self, nodes: Callable[[], Sequence[dict[str, Any]]]) -> None:
        """`nodes` says which are alive, as `ray.nodes` describes them."""
        self._nodes = nodes
        self._cpus: Counter[str] = Counter()
        self._gpus: Counter[str] = Counter()

    def seat_sampler(self, shunned: Collection[str], share: bool) -> Seat | None:
        """A whole GPU if there is one, otherwise a CPU; none if all are taken. With `share`, rather a CPU
        that is taken than none."""
        nodes = self._usable(shunned)
        if on_gpu := [node for node in nodes if self._free(node, "GPU") >= 1]:
            return self._take(max(on_gpu, key=lambda node: self._free(node, "GPU")), 0, 1)
        return self._seat(nodes, lambda node: 1, share)

    def seat_judge(self, workers: int, judges: int, shunned: Collection[str], share: bool) -> Seat | None:
        """CPUs for so many Lean processes; 0: all that a node has, in equal parts if there are more judges
        than nodes. None if no node has one; with `share`, rather CPUs that are taken than none."""
        nodes = self._usable(shunned)
        a_node = -(-judges // max(1, len(nodes)))
        return self._seat(nodes, lambda node: workers or -(-_count(node, "CPU") // a_node), share)

    def reserve(self, name: str, gpus: int) -> bool:
        """Take GPUs of a node for good, and say so, unless it has no others."""
        node = next((node for node in self._nodes() if node["NodeID"] == name), None)
        if not gpus or node is None or self._free(node, "GPU") <= gpus:
            return False
        self._gpus[name] += gpus
        return True

    def leave(self, seat: Seat) -> None:
        """The actor is gone."""
        self._cpus[seat.node] -= seat.cpus
        self._gpus[seat.node] -= seat.gpus

    def _usable(self, shunned: Collection[str]) -> list[dict[str, Any]]:
        return [node for node in self._nodes() if node["NodeID"] not in shunned and _count(node, "CPU") >= 1]

    def _seat(
        self, nodes: Sequence[dict[str, Any]], wanted: Callable[[dict[str, Any]], int], share: bool
    ) -> Seat | None:
        if not nodes:
            return None
        node = max(nodes, key=lambda one: self._free(one, "CPU"))
        cpus = min(wanted(node), self._free(node, "CPU"))
        return self._take(node, cpus, 0) if cpus or share else None

    def _free(self, node: dict[str, Any], what: str) -> int:
        taken = self._cpus if what == "CPU" else self._gpus
        return _count(node, what) - taken[node["NodeID"]]

    def _take(self, node: dict[str, Any], cpus: int, gpus: int) -> Seat:
        name = node["NodeID"]
        self._cpus[name] += cpus
        self._gpus[name] += gpus
        return Seat(name, f"{node['NodeManagerAddress']} ({name[:8]})", cpus, gpus)


def _count(node: dict[str, Any], what: str) -> int:
    return int(node["Resources"].get(what, 0))
