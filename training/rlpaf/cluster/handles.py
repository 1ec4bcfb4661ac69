"""Calls to the actors of a role: each to the least busy one, and again if that dies."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import ray
from ray.exceptions import RayError, RayTaskError

from lean_env.values import one_line
from prover.policies.base import PolicyError, Prompt
from training.errors import TrainError

if TYPE_CHECKING:  # It needs torch, and a node without it is to say so.
    from training.rlpaf.sampler import Written

MAX_LOSSES = 3
"""So many actors lost with the same work make it the work's fault."""
PART_SEED_STRIDE = 2_654_435_761
"""Between the seeds of a call's parts; those of different calls lie closer together."""
OURS = ("lean_env", "prover", "search", "training")
"""Packages whose errors are lines for people."""


class LostError(Exception):
    """The actor that worked on a call is gone, and what it had done with it."""


class Handles:
    """The actors of a role that can be called now."""

    def __init__(self, name: str, at_a_time: int) -> None:
        """`name` is the role's; each actor gets at most `at_a_time` calls at a time, others wait here."""
        self._name, self._at_a_time = name, at_a_time
        self._actors: set[Any] = set()
        self._busy: Counter[Any] = Counter()
        self._failed: Exception | None = None
        self._changed = asyncio.Event()
        """Set when there are others, or will be none."""
        self._waiting: deque[asyncio.Future[None]] = deque()
        """Calls for which nobody is free, the oldest first. One that is woken may find its place taken by a
        newer call; then it waits again."""

    def hold(self, actors: Collection[Any]) -> None:
        """Call these from now on, and no others."""
        self._actors = set(actors)
        self._changed.set()
        self._wake(len(self._waiting))

    def fail(self, error: Exception) -> None:
        """There will be none any more: whoever waits for one, or comes later, gets this error."""
        self._failed = self._failed or error
        self._changed.set()
        self._wake(len(self._waiting))

    async def failure(self) -> NoReturn:
        """Wait for `fail`, and raise what it was told."""
        while self._failed is None:
            await self._change()
        raise self._failed

    async def some(self) -> None:
        """Wait until there is one. Raises what `fail` was told."""
        while not self._actors:
            if self._failed is not None:
                raise self._failed
            await self._change()

    async def insist(self, method: str, *arguments: Any) -> Any:
        """What the method gives, on another actor if one is lost. Raises `LostError` if `MAX_LOSSES` were,
        what the method raises, and what `fail` was told."""
        for _ in range(MAX_LOSSES - 1):
            try:
                return await self._call(method, *arguments)
            except LostError:
                pass
        return await self._call(method, *arguments)

    async def _call(self, method: str, *arguments: Any) -> Any:
        actor = await self._least_busy()
        self._busy[actor] += 1
        try:
            return await call(actor, self._name, method, *arguments)
        except LostError:
            self._actors.discard(actor)  # Whoever looks after it may hear of it later.
            raise
        finally:
            self._busy[actor] -= 1
            self._wake(1)

    async def _least_busy(self) -> Any:
        """An actor that has time for a call, as soon as there is one. Raises what `fail` was told."""
        while True:
            if self._failed is not None:
                raise self._failed
            actor = min(self._actors, key=lambda one: self._busy[one], default=None)
            if actor is not None and self._busy[actor] < self._at_a_time:
                return actor
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if not turn.cancelled():
                    self._wake(1)  # It had its turn, which is somebody else's now.
                raise

    def _wake(self, count: int) -> None:
        """Let so many of the calls that wait look again; there may be thousands."""
        while self._waiting and count:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                count -= 1

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()


async def call(actor: Any, name: str, method: str, *arguments: Any) -> Any:
    """What an actor's method gives; if this is cancelled, it is cancelled there.

    Raises what the method raises if that is an error of ours, `LostError` if the actor is gone, and
    `TrainError` for anything else.
    """
    reference = getattr(actor, method).remote(*arguments)
    try:
        return await reference
    except asyncio.CancelledError:
        ray.cancel(reference)
        raise
    except RayTaskError as error:
        cause = error.cause
        if type(cause).__module__.partition(".")[0] in OURS:
            raise cause from None
        raise TrainError(f"the {name} failed: {type(cause).__name__}: {one_line(str(cause))}") from error
    except RayError as error:
        raise LostError(one_line(str(error))) from error


async def write_in_parts(
    handles: Handles, parts: int, prompts: Sequence[Prompt], n: int, seed: int
) -> list[list[Written]]:
    """What samplers write for prompts of which each gets an equal part. It depends on the number of parts,
    and not on who writes which. Raises `PolicyError`, and what `Handles.fail` was told."""
    size = max(1, -(-len(prompts) // parts))
    cut = [prompts[start : start + size] for start in range(0, len(prompts), size)]
    seeds = range(seed, seed + len(cut) * PART_SEED_STRIDE, PART_SEED_STRIDE)
    try:
        answers: list[list[list[Written]]] = await asyncio.gather(
            *(handles.insist("write", part, n, own) for part, own in zip(cut, seeds, strict=True))
        )
    except LostError as error:
        raise PolicyError(f"{MAX_LOSSES} samplers were lost with the same prompts: {error}") from error
    return [answer for part in answers for answer in part]
