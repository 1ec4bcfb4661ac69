"""A sampler and a judge whose work is done by actors of a Ray cluster.

The learner stays where it is. Weights go over by way of Ray's object store, once for all samplers; whoever
begins later gets the last ones before it writes. Nothing that an actor knows is lost with it but what it was
working on, and that is asked of another one.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import ray
from torch import Tensor

from lean_env.values import Check, Theorem, Verdict
from prover.policies.base import Prompt
from prover.ray_cluster import ClusterError, alive_nodes, connect, this_node
from training.errors import TrainError
from training.files import checkpoint_files, fingerprint
from training.rlpaf.cluster.actors import WRITES_AT_A_TIME, JudgeActor, SamplerActor
from training.rlpaf.cluster.crew import Crew
from training.rlpaf.cluster.handles import MAX_LOSSES, Handles, LostError, call, write_in_parts
from training.rlpaf.cluster.placement import Placement, Seat
from training.rlpaf.cluster.reserved import keep_gpus, learners_gpus
from training.rlpaf.config import LeanConfig, RlpafConfig, SamplingConfig
from training.rlpaf.explore import rollout_of
from training.rlpaf.judge import Tally
from training.rlpaf.sampler import Writing, Written
from training.rlpaf.values import Group, RefusedProof

GROUPS_AT_A_TIME = 64
"""Groups that one judge has at a time; others wait here, for whoever is free first."""


class RemoteSampler:
    """`config.samplers` samplers as one (`Sampler`): each writes for its part of the prompts."""

    name = "sampler"

    def __init__(self, checkpoint: Path, config: SamplingConfig, placement: Placement) -> None:
        self._checkpoint, self._config, self._placement = checkpoint, config, placement
        self.parts = config.samplers
        """Into which a call is divided."""
        self._crew = Crew(self, placement, config.samplers)
        self._handles = Handles(self.name, WRITES_AT_A_TIME)
        self._weights: tuple[Any, int] | None = None
        self._probes: dict[Any, float] = {}
        self._files: Any = None
        self._judges: set[Any] = set()
        self._actors: Collection[Any] = ()

    async def __aenter__(self) -> Self:
        """Begin them. Raises `TrainError`."""
        self._told = await asyncio.to_thread(fingerprint, self._checkpoint)
        await self._crew.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._crew.close()

    async def write(self, prompts: Sequence[Prompt], n: int, seed: int) -> list[list[Written]]:
        """As `Sampler.write`. Raises `PolicyError`, and `TrainError` if no node is left."""
        return await write_in_parts(self._handles, self.parts, prompts, n, seed)

    async def load(self, state: Mapping[str, Tensor], version: int) -> float:
        """As `Sampler.load`; the largest disagreement. Raises `TransferError` if any of them has it, and
        `TrainError` if no node is left."""
        self._weights = await asyncio.to_thread(ray.put, dict(state)), version
        self._crew.fill()
        await asyncio.gather(*(self._load_or_end(actor) for actor in self._actors))
        await self._handles.some()  # One that began meanwhile has got them, if all were lost.
        return max(self._probes[actor] for actor in self._actors)

    async def failure(self) -> None:
        """Wait until no node is left for a sampler, and raise that `TrainError`."""
        await self._handles.failure()

    def tell(self, judges: Collection[Any]) -> None:
        """Let these judges know the samplers, now and whenever they change."""
        new, self._judges = set(judges) - self._judges, set(judges)
        for judge in new:
            judge.hear.remote(list(self._actors))

    def seat(self, shunned: Collection[str], share: bool) -> Seat | None:
        """As `Role.seat`."""
        return self._placement.seat_sampler(shunned, share)

    def make(self, number: int, seat: Seat) -> tuple[type, tuple[Any, ...]]:
        """As `Role.make`."""
        return SamplerActor, (self._checkpoint, self._told, self._config, bool(seat.gpus))

    async def prepare(self, actor: Any) -> None:
        """Give it the checkpoint if its node has none, and the weights of now."""
        files = {}
        if await call(actor, self.name, "lacks_checkpoint"):
            if self._files is None:
                self._files = await asyncio.to_thread(self._put_files)
            files = self._files
        await call(actor, self.name, "open", files)
        told = None
        while self._weights is not told:  # They may have changed while it loaded them.
            told = self._weights
            await self._load(actor)
        self._probes.setdefault(actor, 0.0)

    def changed(self, actors: Collection[Any]) -> None:
        """As `Role.changed`."""
        self._actors = actors
        self._probes = {actor: mean for actor, mean in self._probes.items() if actor in set(actors)}
        self._handles.hold(actors)
        for judge in self._judges:
            judge.hear.remote(list(actors))

    def failed(self, error: Exception) -> None:
        """As `Role.failed`."""
        self._handles.fail(error)

    def _put_files(self) -> Any:
        return ray.put({path.name: path.read_bytes() for path in checkpoint_files(self._checkpoint)})

    async def _load_or_end(self, actor: Any) -> None:
        """Another one begins in its stead, with these weights, if it cannot be reached."""
        try:
            await self._load(actor)
        except LostError:
            ray.kill(actor)

    async def _load(self, actor: Any) -> None:
        if self._weights is not None:
            self._probes[actor] = await call(actor, self.name, "load", *self._weights)


class RemoteJudge:
    """`config.judges` judges as one (`Judge`): a group goes to the least busy one."""

    name = "judge"

    def __init__(self, config: LeanConfig, seed: int, placement: Placement, sampler: RemoteSampler) -> None:
        """`sampler` writes for searches."""
        self._config, self._seed, self._placement, self._sampler = config, seed, placement, sampler
        self._crew = Crew(self, placement, config.judges)
        self._handles = Handles(self.name, GROUPS_AT_A_TIME)
        self._actors: Collection[Any] = ()
        self._forbidden: tuple[RefusedProof, ...] = ()

    async def __aenter__(self) -> Self:
        """Begin them. Raises `TrainError`."""
        await self._crew.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._crew.close()

    async def judge(self, theorem: Theorem, written: Sequence[Written]) -> Group:
        """As `Judge.judge`. Raises `StatementError`, and `TrainError` if no node is left."""
        try:
            group: Group = await self._handles.insist("judge", theorem, written)
        except LostError as error:
            fault = Check(Verdict.FAULT, "", f"its judge was lost, {MAX_LOSSES} times: {error}")
            return Group(theorem, tuple(rollout_of(one, fault) for one in written))
        return group

    async def search(self, theorem: Theorem, sampler: Writing, rollouts: int, seed: int) -> Group:
        """As `Judge.search`; empty if its judge is lost too often. Raises `StatementError`, `PolicyError`,
        and `TrainError` if no node is left."""
        assert sampler is self._sampler, "the judges know one sampler"
        search = asyncio.ensure_future(self._handles.insist("search", theorem, rollouts, seed))
        failure = asyncio.ensure_future(self._sampler.failure())
        try:
            await asyncio.wait((search, failure), return_when=asyncio.FIRST_COMPLETED)
            if not search.done():
                await failure
            group: Group = search.result()
        except LostError:
            return Group(theorem, ())
        finally:
            search.cancel()
            failure.cancel()
        return group

    async def forbid(self, proofs: Collection[RefusedProof]) -> None:
        """As `Judge.forbid`: for all judges, and those that will be."""
        self._forbidden = (*self._forbidden, *proofs)
        told = (call(actor, self.name, "forbid", proofs) for actor in self._actors)
        _unless_lost(await asyncio.gather(*told, return_exceptions=True))

    async def tally(self) -> Tally:
        """As `Judge.tally`: of all judges together. What a lost one had counted is lost."""
        self._crew.fill()
        asked = (call(actor, self.name, "tally") for actor in self._actors)
        told = await asyncio.gather(*asked, return_exceptions=True)
        tallies: list[Tally] = _unless_lost(told)
        return Tally(
            sum(one.checks for one in tallies),
            sum(one.known for one in tallies),
            sum(one.seconds for one in tallies),
            sum(one.audited for one in tallies),
            tuple(proof for one in tallies for proof in one.refused),
            tuple(text for one in tallies for text in one.cheats),
        )

    def seat(self, shunned: Collection[str], share: bool) -> Seat | None:
        """As `Role.seat`."""
        config = self._config
        return self._placement.seat_judge(config.workers, config.judges, shunned, share)

    def make(self, number: int, seat: Seat) -> tuple[type, tuple[Any, ...]]:
        """As `Role.make`."""
        config = replace(self._config, workers=self._config.workers or max(1, seat.cpus))
        return JudgeActor, (config, self._seed + number, self._sampler.parts)

    async def prepare(self, actor: Any) -> None:
        """Let it start Lean, and know what the others' audits have refused."""
        await call(actor, self.name, "open")
        if self._forbidden:
            await call(actor, self.name, "forbid", self._forbidden)

    def changed(self, actors: Collection[Any]) -> None:
        """As `Role.changed`."""
        self._actors = actors
        self._handles.hold(actors)
        self._sampler.tell(actors)

    def failed(self, error: Exception) -> None:
        """As `Role.failed`."""
        self._handles.fail(error)


def _unless_lost(told: Sequence[Any]) -> list[Any]:
    """What actors have answered but for those that are gone. Raises what another could not do."""
    for one in told:
        if isinstance(one, BaseException) and not isinstance(one, LostError):
            raise one
    return [one for one in told if not isinstance(one, LostError)]


@asynccontextmanager
async def open_cluster(
    config: RlpafConfig, device: str, address: str
) -> AsyncIterator[tuple[RemoteSampler, RemoteJudge]]:
    """The roles of a run on the cluster at an address that `connect` takes; `device` is the learner's. Raises
    `TrainError`."""
    try:
        connect(address)
    except ClusterError as error:
        raise TrainError(str(error)) from error
    # Ray prints what happens to its nodes to standard output, whatever it is told.
    with contextlib.redirect_stdout(sys.stderr):
        try:
            placement = Placement(alive_nodes)
            kept = await keep_gpus(placement, this_node(), learners_gpus(device))
            async with (
                RemoteSampler(config.model.checkpoint, config.sampling, placement) as sampler,
                RemoteJudge(config.lean, config.seed, placement, sampler) as judge,
            ):
                yield sampler, judge
            del kept  # Until here they were not to be given away.
        finally:
            ray.shutdown()
