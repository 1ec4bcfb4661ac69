"""What runs on a node: a role as a Ray actor. All methods of one run on one event loop.

What needs torch is imported when an actor opens, so that a node without it can say so.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lean_env.values import Theorem
from prover.policies.base import Prompt
from training.errors import TrainError
from training.files import fingerprint
from training.rlpaf.cluster.handles import Handles, write_in_parts
from training.rlpaf.config import LeanConfig, SamplingConfig
from training.rlpaf.values import Group, RefusedProof

if TYPE_CHECKING:
    from training.rlpaf.judge import Tally
    from training.rlpaf.sampler import Written

WRITES_AT_A_TIME = 4
"""Calls that one sampler has at a time from one side; it works off one after the other."""


class Actor:
    """What the actors of all roles can do."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()

    async def here(self) -> None:
        """Returns as soon as the actor exists."""

    async def stay(self) -> None:
        """Never returns: who awaits it hears of the actor's end."""
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Release what the role holds."""
        await self._stack.aclose()


class SamplerActor(Actor):
    """A `ModelSampler` on its node."""

    def __init__(self, checkpoint: Path, told: str, config: SamplingConfig, on_gpu: bool) -> None:
        """`told`: the fingerprint of the checkpoint where the learner is."""
        super().__init__()
        self._checkpoint, self._told = checkpoint, told
        self._config, self._device = config, "cuda" if on_gpu else "cpu"

    async def lacks_checkpoint(self) -> bool:
        """Whether the checkpoint's files are not at the same place on this node."""
        return await asyncio.to_thread(fingerprint, self._checkpoint) != self._told

    async def open(self, files: Mapping[str, bytes]) -> None:
        """Load the checkpoint, from these files if there are any. Raises `TrainError`."""
        try:
            import torch

            from training.rlpaf.sampler import ModelSampler
        except ImportError as error:
            raise _missing(error) from error
        if self._device == "cuda" and not torch.cuda.is_available():
            raise TrainError("its torch cannot use its GPU; install one for CUDA there")
        with tempfile.TemporaryDirectory(prefix="checkpoint-") as parent:
            folder = self._checkpoint
            if files:
                folder = Path(parent, folder.name)  # A model may be known by the name of its folder.
                await asyncio.to_thread(_write, folder, files)
            sampler = ModelSampler(folder, self._config, self._device)
            self._sampler = await self._stack.enter_async_context(sampler)

    async def write(self, prompts: Sequence[Prompt], n: int, seed: int) -> list[list[Written]]:
        """As `Sampler.write`."""
        return await self._sampler.write(prompts, n, seed)

    async def load(self, state: Mapping[str, Any], version: int) -> float:
        """As `Sampler.load`."""
        return await self._sampler.load(state, version)


class JudgeActor(Actor):
    """A `LeanJudge` on its node, whose searches let samplers of other nodes write."""

    def __init__(self, config: LeanConfig, seed: int, samplers: int) -> None:
        """`samplers`: among how many a call is divided."""
        super().__init__()
        self._config, self._seed = config, seed
        self._far = FarSampler(samplers)

    async def open(self) -> None:
        """Start Lean. Raises `TrainError`."""
        try:
            from training.rlpaf.judge import LeanJudge
        except ImportError as error:
            raise _missing(error) from error
        self._judge = await self._stack.enter_async_context(LeanJudge(self._config, self._seed))

    async def hear(self, samplers: Collection[Any]) -> None:
        """These are the samplers now."""
        self._far.handles.hold(samplers)

    async def forbid(self, proofs: Collection[RefusedProof]) -> None:
        """As `Judge.forbid`."""
        await self._judge.forbid(proofs)

    async def judge(self, theorem: Theorem, written: Sequence[Written]) -> Group:
        """As `Judge.judge`."""
        return await self._judge.judge(theorem, written)

    async def search(self, theorem: Theorem, rollouts: int, seed: int) -> Group:
        """As `Judge.search`."""
        return await self._judge.search(theorem, self._far, rollouts, seed)

    async def tally(self) -> Tally:
        """As `Judge.tally`."""
        return await self._judge.tally()


class FarSampler:
    """The samplers as a judge's searches call them (`Writing`)."""

    def __init__(self, parts: int) -> None:
        self._parts = parts
        self.handles = Handles("sampler", WRITES_AT_A_TIME)

    async def write(self, prompts: Sequence[Prompt], n: int, seed: int) -> list[list[Written]]:
        """As `Sampler.write`; waits while there are no samplers."""
        return await write_in_parts(self.handles, self._parts, prompts, n, seed)


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)


def _missing(error: ImportError) -> TrainError:
    return TrainError(f"{error}; every node needs `pip install 'rmax-prover[train,ray]'`")
