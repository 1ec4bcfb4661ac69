"""Searches spread over a Ray cluster: on each node an actor with a pool of Lean processes and a policy.

This process alone writes the run folder. A node tells it of each event of a search as it happens, and is
told what the trace of a search holds when it begins: so a search whose node was lost goes on elsewhere
from its last event, and a run that was killed goes on as one without Ray does, with any number of nodes.

Ray is an extra; this module is imported only for `--ray`.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayActorError, RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from lean_env.errors import LeanEnvError
from lean_env.limits import Limits
from lean_env.pool import CheckPool
from lean_env.toolchain import find_toolchain
from prover.attempt import Attempt, Settings
from prover.evaluation.records import Result
from prover.evaluation.work import Job, attempt, open_driver, result_of, searches_at_a_time
from prover.policies import PolicyError, open_policy
from prover.trail import Relay, Tape

ON_GPU = ("default", "moe", "hf")
"""Kinds of policies that use a GPU where a node has one."""
MAX_LOSSES = 3
"""So many nodes lost in the middle of a search make it a fault: it may be what kills them."""


class ClusterError(LeanEnvError):
    """A cluster that cannot be used: not there, without Lean, or with no node left."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What a node needs to know to work for a run."""

    policy: str
    settings: Settings
    """With the node's own number of workers."""
    limits: Limits
    project: Path | None
    """The Lake project, at the same place on every node; None for the embedded toolchain."""
    lean_on_path: bool


class NodeActor:
    """Does jobs on a node. All of its methods run on one event loop."""

    def __init__(self, errand: Errand) -> None:
        self._errand = errand
        self._stack = AsyncExitStack()
        self._running: dict[tuple[int, int], asyncio.Task[Result]] = {}

    async def open(self) -> tuple[str, str]:
        """Get ready; the policy's version and the toolchain. Raises `ClusterError`."""
        errand = self._errand
        try:
            toolchain = await asyncio.to_thread(find_toolchain, errand.project, errand.lean_on_path)
            pool = CheckPool(toolchain, workers=errand.settings.workers, limits=errand.limits)
            policy = await self._stack.enter_async_context(open_policy(errand.policy))
            await self._stack.enter_async_context(pool)
            self._driver = await self._stack.enter_async_context(open_driver(policy, pool, errand.settings))
        except (LeanEnvError, PolicyError) as error:
            raise ClusterError(str(error)) from None
        return policy.version, toolchain.describe()

    async def attempt(self, job: Job, text: str) -> AsyncIterator[list[str] | Result]:
        """Do a job of which the trace is `text` so far: new lines of the trace, and at last the result.

        It ends without a result if it was told to give the job up.
        """
        lines: asyncio.Queue[str | None] = asyncio.Queue()
        task = asyncio.create_task(attempt(self._driver, job, Tape(text, lines.put_nowait)))
        task.add_done_callback(lambda _: lines.put_nowait(None))
        self._running[job.problem, job.repeat] = task
        try:
            going = True
            while going:
                told = [await lines.get()]
                while not lines.empty():
                    told.append(lines.get_nowait())
                going = told[-1] is not None
                yield [line for line in told if line is not None]
            if not task.cancelled():
                yield task.result()
        finally:
            task.cancel()
            self._running.pop((job.problem, job.repeat), None)

    async def give_up(self, job: Job) -> None:
        """End a job; what its trace has is kept."""
        if task := self._running.get((job.problem, job.repeat)):
            task.cancel()

    async def close(self) -> None:
        """End Lean and the policy."""
        await self._stack.aclose()


@dataclass(eq=False, slots=True)
class Node:
    """One node as the run sees it."""

    name: str
    """Ray's id, shortened."""
    actor: Any
    slots: int
    lost: bool = False


class Cluster:
    """Does jobs on the nodes of a cluster (`work.Executor`)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._nodes: list[Node] = []
        self._free: asyncio.Queue[Node | None] = asyncio.Queue()
        self._renewals: set[asyncio.Task[None]] = set()
        self._make: dict[str, Any] = {}
        self.policy_version = ""
        self.toolchain = ""

    @property
    def slots(self) -> int:
        """How many jobs to give it at a time."""
        return max(1, sum(node.slots for node in self._nodes if not node.lost))

    async def start(self, errand: Errand, workers: int | None) -> None:
        """Start an actor on every node, with so many Lean processes or one for each of its CPUs.

        Raises `ClusterError` if no node can be used, or if they differ in what they would measure.
        """
        found = [node for node in _nodes() if node["Resources"].get("CPU", 0) >= 1]
        if not found:
            raise ClusterError("the Ray cluster has no node with a CPU to spare")
        for place in found:
            cpus = int(place["Resources"]["CPU"])
            own = replace(errand, settings=replace(errand.settings, workers=workers or cpus))
            gpu = errand.policy.partition(":")[0] in ON_GPU and place["Resources"].get("GPU", 0) >= 1
            options = {
                "num_cpus": min(own.settings.workers, cpus),
                "num_gpus": int(gpu),
                "max_restarts": 0,
                "scheduling_strategy": NodeAffinitySchedulingStrategy(place["NodeID"], soft=False),
            }
            make = ray.remote(NodeActor).options(**options)
            slots = searches_at_a_time(own.settings)
            node = Node(place["NodeID"][:12], make.remote(own), slots)
            self._make[node.name] = lambda make=make, own=own: make.remote(own)
            self._nodes.append(node)
        told = await asyncio.gather(*(self._open(node) for node in self._nodes))
        if len(set(told)) > 1:
            raise ClusterError(
                "the nodes differ: " + "; ".join(f"{version}, {lean}" for version, lean in sorted(set(told)))
            )
        self.policy_version, self.toolchain = told[0]
        for node in self._nodes:
            self._offer(node)

    async def attempt(self, job: Job) -> Result:
        """Do a job on whatever node is free, and on another one if that is lost."""
        losses = 0
        while losses < MAX_LOSSES:
            node = await self._free.get()
            if node is None:
                self._free.put_nowait(None)  # For whoever waits, too.
                raise ClusterError(
                    "no node of the Ray cluster is left; the same command goes on when there are some"
                )
            if node.lost:
                continue
            try:
                return await self._attempt_on(node, job)
            except RayActorError:
                losses += 1
                self._lose(node)
            finally:
                if not node.lost:
                    self._free.put_nowait(node)
        return result_of(job, Attempt(job.theorem, None, None, f"its node was lost, {losses} times"))

    async def close(self) -> None:
        """End the actors."""
        for task in self._renewals:
            task.cancel()
        for node in self._nodes:
            if not node.lost:
                ray.kill(node.actor)

    async def _open(self, node: Node) -> tuple[str, str]:
        try:
            found: tuple[str, str] = await node.actor.open.remote()
        except ClusterError as error:
            said = str(error).strip().rsplit("\n", 1)[-1].removeprefix("prover.evaluation.cluster.")
            raise ClusterError(f"node {node.name}: {said.removeprefix('ClusterError: ')}") from None
        return found

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

    def _offer(self, node: Node) -> None:
        for _ in range(node.slots):
            self._free.put_nowait(node)

    def _lose(self, node: Node) -> None:
        """A node's actor is gone: begin a new one there, unless the node is gone too."""
        if node.lost:
            return
        node.lost = True
        print(f"prover: node {node.name} of the Ray cluster was lost; its searches go on", file=sys.stderr)
        task = asyncio.create_task(self._renew(node))
        self._renewals.add(task)
        task.add_done_callback(self._renewals.discard)

    async def _renew(self, node: Node) -> None:
        alive = any(one["NodeID"].startswith(node.name) for one in _nodes())
        if alive:
            fresh = Node(node.name, self._make[node.name](), node.slots)
            try:
                if await self._open(fresh) == (self.policy_version, self.toolchain):
                    self._nodes.append(fresh)
                    self._offer(fresh)
                    return
            except (RayError, ClusterError):
                pass
        if all(one.lost for one in self._nodes):
            self._free.put_nowait(None)


def _nodes() -> list[dict[str, Any]]:
    """What Ray says of the nodes that are alive."""
    return [node for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]


@asynccontextmanager
async def open_cluster(
    address: str, errand: Errand, workers: int | None, folder: Path
) -> AsyncIterator[Cluster]:
    """The cluster at an address, `auto` for the one that this machine belongs to, or `local` for a new one
    on this machine. Raises `ClusterError`."""
    if address.startswith("ray://"):
        raise ClusterError("--ray wants the address of a cluster's head, HOST:6379, not one of Ray Client")
    try:
        ray.init(
            address=address,
            namespace="rmax-prover",
            logging_level=logging.ERROR,
            log_to_driver=False,
            include_dashboard=False if address == "local" else None,
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        said = " ".join(str(error).split())
        raise ClusterError(f"there is no Ray cluster at {address}: {said}") from None
    cluster = Cluster(folder)
    try:
        await cluster.start(errand, workers)
        yield cluster
    finally:
        await cluster.close()
        ray.shutdown()
