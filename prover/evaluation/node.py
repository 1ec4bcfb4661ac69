"""What works on a node of a cluster: a policy and a pool of Lean processes that do one run's jobs.

It knows nothing of the run folder. What happens in a search is told line by line to whoever gave the job.
`cluster.py` makes an actor of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from lean_env.errors import LeanEnvError
from lean_env.limits import Limits
from lean_env.pool import CheckPool
from lean_env.toolchain import find_toolchain
from prover.attempt import Settings
from prover.evaluation.records import Result
from prover.evaluation.work import Job, attempt, open_driver
from prover.policies import PolicyError, open_policy
from prover.ray_cluster import ClusterError
from prover.trail import Tape


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
    prompt_format: str | None = None


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
            policy = await self._stack.enter_async_context(open_policy(errand.policy, errand.prompt_format))
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
