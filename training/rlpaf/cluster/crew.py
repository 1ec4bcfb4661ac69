"""Keeps the actors of a role at work: begins them, hears of their ends, and begins others in their stead."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from typing import Any, Protocol

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from training.errors import TrainError
from training.rlpaf.cluster.handles import LostError, call
from training.rlpaf.cluster.placement import Placement, Seat

BEGIN_SECONDS = 120.0
"""How long a node may take to begin an actor; it takes forever if what it needs is another job's."""
GRACE_SECONDS = 10.0
"""How long actors may take to end."""
MAX_FAILURES = 2
"""Actors that may die on a node before they work, before the node is shunned."""


class Role(Protocol):
    """What a crew must know of its role."""

    name: str

    def seat(self, shunned: Collection[str], share: bool) -> Seat | None:
        """A place for one more actor, not on these nodes; None if there is none."""
        ...

    def make(self, number: int, seat: Seat) -> tuple[type, tuple[Any, ...]]:
        """The actor's class and arguments."""
        ...

    async def prepare(self, actor: Any) -> None:
        """Let it get ready. Raises `LostError` if it dies, and the errors that end a run."""
        ...

    def changed(self, actors: Collection[Any]) -> None:
        """These can be called now."""
        ...

    def failed(self, error: Exception) -> None:
        """None can be called any more."""
        ...


class Crew:
    """So many actors of a role. A place that no node is left for stays vacant until `fill` finds one."""

    def __init__(self, role: Role, placement: Placement, count: int) -> None:
        self._role, self._placement, self._count = role, placement, count
        self._ready: dict[int, Any] = {}
        self._began = False
        self._changed = asyncio.Event()
        self._failed: Exception | None = None
        self._shunned: Counter[str] = Counter()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._said = ""

    async def start(self) -> None:
        """Begin them all, or none. Raises `TrainError` if one cannot."""
        self.fill()
        try:
            while len(self._ready) < self._count:
                if self._failed is not None:
                    raise self._failed
                self._changed.clear()
                await self._changed.wait()
        except BaseException:
            await self.close()
            raise
        self._began = True

    def fill(self) -> None:
        """Look for nodes for the places that are vacant; some may have come."""
        for number in range(self._count):
            if number not in self._tasks:
                self._tasks[number] = asyncio.create_task(self._keep(number))

    async def close(self) -> None:
        """End the actors."""
        ends = [actor.close.remote() for actor in self._ready.values()]
        if ends:
            with suppress(TimeoutError):
                gone = asyncio.gather(*ends, return_exceptions=True)
                await asyncio.wait_for(gone, GRACE_SECONDS)
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, number: int) -> None:
        """Keep one place filled for as long as there is a node for it."""
        try:
            while self._failed is None:
                shunned = [node for node, times in self._shunned.items() if times >= MAX_FAILURES]
                seat = self._role.seat(shunned, share=not self._others(number))
                if seat is None:
                    break
                await self._employ(number, seat)
        except Exception as error:
            self._fail(error)
        del self._tasks[number]
        why = f": {self._said}" if self._said else ""
        if not self._began:
            which = f"{self._role.name} {number + 1} of {self._count}"
            self._fail(TrainError(f"the Ray cluster has no CPU to spare for {which}{why}"))
        elif not self._tasks:
            self._fail(TrainError(f"no node of the Ray cluster is left for a {self._role.name}{why}"))

    def _others(self, number: int) -> bool:
        return any(other != number for other in self._tasks)

    async def _employ(self, number: int, seat: Seat) -> None:
        """Let an actor work until it dies. Raises the errors that end a run."""
        name = self._role.name
        kind, arguments = self._role.make(number, seat)
        make: Any = ray.remote(kind)
        actor = make.options(
            num_cpus=seat.cpus,
            num_gpus=seat.gpus,
            scheduling_strategy=NodeAffinitySchedulingStrategy(seat.node, soft=False),
        ).remote(*arguments)
        try:
            await self._begin(actor, seat)
            self._tell(number, actor)
            await call(actor, name, "stay")
        except LostError as error:
            worked = number in self._ready
            self._said = f"node {seat.name}: {error}"
            self._shunned[seat.node] += not worked
            what = "was lost; its work is done again" if worked else f"does not begin: {error}"
            print(f"prover: the {name} on node {seat.name} {what}", file=sys.stderr)
        finally:
            self._tell(number, None)
            ray.kill(actor)
            self._placement.leave(seat)

    async def _begin(self, actor: Any, seat: Seat) -> None:
        name = self._role.name
        try:
            await asyncio.wait_for(call(actor, name, "here"), BEGIN_SECONDS)
            await self._role.prepare(actor)
        except TimeoutError:
            said = f"it does not begin a {name}: are its CPUs or GPUs taken? (`ray status` tells)"
        except TrainError as error:
            said = str(error)
        else:
            return
        if not self._began:
            raise TrainError(f"node {seat.name} of the Ray cluster: {said}")
        self._shunned[seat.node] = MAX_FAILURES
        raise LostError(said)

    def _tell(self, number: int, actor: Any | None) -> None:
        if actor is not None:
            self._ready[number] = actor
        elif self._ready.pop(number, None) is None:
            return
        self._role.changed(list(self._ready.values()))
        self._changed.set()

    def _fail(self, error: Exception) -> None:
        if self._failed is None:
            self._failed = error
            self._role.failed(error)
            self._changed.set()
