"""Searches spread over a Ray cluster: on each node an actor with a pool of Lean processes and a policy.

This process alone writes the run folder. A node tells it of each event of a search as it happens, and is
told what the trace of a search holds when it begins: so a search whose node was lost goes on elsewhere
from its last event, and a run that was killed goes on as one without Ray does, with any number of nodes.

Ray is an extra; this module is imported only for `--ray`.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayActorError, RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from prover.attempt import Attempt
from prover.evaluation.node import Errand, NodeActor
from prover.evaluation.records import Result
from prover.evaluation.work import Job, result_of, searches_at_a_time
from prover.ray_cluster import ClusterError, alive_nodes, connect
from prover.trail import Relay

ON_GPU = ("default", "moe", "hf")
"""Kinds of policies that use a GPU where a node has one."""
MAX_LOSSES = 3
"""So many nodes lost in the middle of a search make it a fault: it may be what kills them."""
GRACE_SECONDS = 10.0
"""How long a run waits for all nodes once one is ready."""


@dataclass(eq=False, slots=True)
class Node:
    """One node as the run sees it."""

    name: str
    """Ray's id, shortened."""
    make: Callable[[], Any]
    """Begins an actor on it."""
    slots: int
    actor: Any = None
    free: int = 0
    """How many more jobs it takes now; none until its actor is ready."""
    lost: bool = False


class Cluster:
    """Does jobs on the nodes of a cluster (`work.Executor`)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._nodes: list[Node] = []
        self._changed = asyncio.Condition()
        self._joining: set[asyncio.Task[None]] = set()
        self._broken: ClusterError | None = None
        self.policy_version = ""
        self.toolchain = ""

    @property
    def slots(self) -> int:
        """How many jobs to give it at a time."""
        return max(1, sum(node.slots for node in self._nodes if not node.lost))

    async def start(self, errand: Errand, workers: int | None) -> None:
        """Begin an actor on every node, with so many Lean processes or one for each of its CPUs. Whoever is
        late joins later.

        Raises `ClusterError` if no node can be used, or if they differ in what they would measure.
        """
        for place in alive_nodes():
            cpus = int(place["Resources"].get("CPU", 0))
            if cpus < 1:
                continue
            own = replace(errand, settings=replace(errand.settings, workers=workers or cpus))
            gpu = errand.policy.partition(":")[0] in ON_GPU and place["Resources"].get("GPU", 0) >= 1
            make = ray.remote(NodeActor).options(
                num_cpus=min(own.settings.workers, cpus),
                num_gpus=int(gpu),
                scheduling_strategy=NodeAffinitySchedulingStrategy(place["NodeID"], soft=False),
            )
            slots = searches_at_a_time(own.settings)
            node = Node(place["NodeID"][:12], partial(make.remote, own), slots)
            self._begin(node)
        if not self._nodes:
            raise ClusterError("the Ray cluster has no node with a CPU to spare")
        async with self._changed:
            await self._changed.wait_for(lambda: self._broken or any(node.free for node in self._nodes))
        if self._joining:  # So that the first does not get all the jobs.
            await asyncio.wait(self._joining, timeout=GRACE_SECONDS)
        if self._broken:
            raise self._broken

    async def attempt(self, job: Job) -> Result:
        """Do a job on the node that has most room, and on another one if that is lost."""
        losses = 0
        while losses < MAX_LOSSES:
            async with self._changed:
                await self._changed.wait_for(lambda: self._broken or any(node.free for node in self._nodes))
                if self._broken:
                    raise self._broken
                node = max(self._nodes, key=lambda one: one.free)
                node.free -= 1
            try:
                return await self._attempt_on(node, job)
            except RayActorError:
                losses += 1
                await self._lose(node)
            finally:
                await self._release(node)
        return result_of(job, Attempt(job.theorem, None, None, f"its node was lost, {losses} times"))

    async def close(self) -> None:
        """End the actors."""
        for task in self._joining:
            task.cancel()
        for node in self._nodes:
            if not node.lost:
                ray.kill(node.actor)

    def _begin(self, node: Node) -> None:
        """Begin an actor, and let it have jobs as soon as it is ready."""
        node.actor = node.make()
        self._nodes.append(node)
        task = asyncio.create_task(self._join(node))
        self._joining.add(task)
        task.add_done_callback(self._joining.discard)

    async def _join(self, node: Node) -> None:
        try:
            told = await node.actor.open.remote()
        except ClusterError as error:
            said = str(error).strip().rsplit("\n", 1)[-1].rpartition("ClusterError: ")[2]
            await self._break(f"node {node.name}: {said}")
            return
        except RayError:
            node.lost = True
            print(f"prover: node {node.name} of the Ray cluster cannot be used", file=sys.stderr)
            await self._count()
            return
        if not self.toolchain:
            self.policy_version, self.toolchain = told
        if told != (self.policy_version, self.toolchain):
            await self._break(
                f"the nodes differ: {'; '.join((self.policy_version, self.toolchain))}, and {'; '.join(told)}"
            )
            return
        async with self._changed:
            node.free = node.slots
            self._changed.notify_all()

    async def _release(self, node: Node) -> None:
        async with self._changed:
            if not node.lost:
                node.free += 1
                self._changed.notify_all()

    async def _lose(self, node: Node) -> None:
        """A node's actor is gone: begin a new one there, unless the node is gone too."""
        if node.lost:
            return
        node.lost, node.free = True, 0
        print(f"prover: node {node.name} of the Ray cluster was lost; its searches go on", file=sys.stderr)
        if any(one["NodeID"].startswith(node.name) for one in alive_nodes()):
            self._begin(Node(node.name, node.make, node.slots))
        await self._count()

    async def _count(self) -> None:
        """Give up if no node is left."""
        if all(node.lost for node in self._nodes):
            await self._break(
                "no node of the Ray cluster is left; the same command goes on when there are some"
            )

    async def _break(self, said: str) -> None:
        async with self._changed:
            self._broken = self._broken or ClusterError(said)
            self._changed.notify_all()

    async def _attempt_on(self, node: Node, job: Job) -> Result:
        with Relay(self._folder / job.trace) as relay:
            stream = node.actor.attempt.remote(job, relay.text)
            try:
                async for reference in stream:
                    item: list[str] | Result = await reference
                    if isinstance(item, Result):
                        return item
                    relay.add(item)
            except asyncio.CancelledError:
                node.actor.give_up.remote(job)
                raise
            except RayActorError:
                raise
            except RayError as error:  # A mistake in this program; a node's faults are results.
                raise ClusterError(f"node {node.name}: {' '.join(str(error).split())}") from error
        raise ClusterError(f"node {node.name} gave {job.name} up")


@asynccontextmanager
async def open_cluster(
    address: str, errand: Errand, workers: int | None, folder: Path
) -> AsyncIterator[Cluster]:
    """The cluster at an address that `connect` takes. Raises `ClusterError`."""
    connect(address)
    cluster = Cluster(folder)
    # Ray prints what happens to its nodes to standard output, whatever it is told.
    with contextlib.redirect_stdout(sys.stderr):
        try:
            await cluster.start(errand, workers)
            yield cluster
        finally:
            await cluster.close()
            ray.shutdown()
