"""The check service: proofs in, `Check`s out, over a pool of Lean processes.

This is the fast tier of the verifier (`audit.py` is the strict one): forbidden tokens are refused
before Lean runs, then Lean judges, and a sentinel shows that nothing swallowed the rest of the
document. A worker that dies, hangs or talks nonsense is replaced and its checks are done again, each
in a document of its own; only a check that goes wrong alone is itself to blame.

Nothing polls: workers wait for jobs on a condition, callers on their job's future.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from dataclasses import replace
from types import TracebackType
from typing import Self

from lean_env.assemble import batchable
from lean_env.cheats import Rejection, inspect
from lean_env.errors import LimitError, StatementError, UncheckedError
from lean_env.limits import Limits
from lean_env.schedule import Batch, Held, Job, Outcome, Schedule
from lean_env.states import States
from lean_env.toolchain import Toolchain
from lean_env.values import Check, Theorem, Verdict
from lean_env.worker import Worker


class CheckPool:
    """Checks proofs with `workers` Lean processes (default: one a core). An asynchronous context manager.

    >>> async with CheckPool(toolchain, workers=2) as pool:
    ...     check = await pool.check(theorem, "intro h\\nexact h.1")

    Cancelling a `check` frees its worker at once. Raises `LimitError` for fewer than one worker.
    """

    def __init__(
        self, toolchain: Toolchain, *, workers: int | None = None, limits: Limits | None = None
    ) -> None:
        count = (os.cpu_count() or 1) if workers is None else workers
        if count < 1:
            raise LimitError(f"a pool needs at least one worker, not {count}")
        self.toolchain = toolchain
        self.limits = limits or Limits()
        self._schedule = Schedule([Held() for _ in range(count)])
        states = States()
        self._workers = [
            Worker(index, toolchain, self.limits, self._schedule, states) for index in range(count)
        ]
        self._wake = asyncio.Condition()
        self._tasks: list[asyncio.Task[None]] = []
        self._statements: dict[str, asyncio.Task[str]] = {}
        self.busy_seconds = 0.0
        """How long the workers were at work, added up over them."""

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._serve(worker)) for worker in self._workers]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks = [*self._tasks, *self._statements.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for job in self._schedule.waiting:
            job.future.cancel()

    @property
    def pids(self) -> list[int]:
        """The ids of the Lean processes that are alive now."""
        return [server.pid for worker in self._workers for server in worker.servers.values()]

    async def check(self, theorem: Theorem, proof: str, *, steps: bool = False) -> Check:
        """The verdict on `proof`; with `steps`, also the tactic state after each step before an error.

        Raises `StatementError` if the statement itself does not elaborate.
        """
        refused = inspect(proof)
        if refused is None:
            return await self._submit(theorem, proof, steps)
        check = Check(refused.verdict, proof, refused.reason, toolchain=self.toolchain.describe())
        if not steps or refused.verdict is Verdict.CHEAT:
            return check
        return await self._walk(theorem, proof, refused, check)

    async def check_many(self, items: Iterable[tuple[Theorem, str]], *, steps: bool = False) -> list[Check]:
        """The verdicts on many proofs, in order. Raises `StatementError` as `check` does."""
        checks = (self.check(theorem, proof, steps=steps) for theorem, proof in items)
        return list(await asyncio.gather(*checks))

    async def validate(self, theorem: Theorem) -> None:
        """Raise `StatementError` unless the statement elaborates; Lean is asked once a statement.

        Raises `UncheckedError` if it could not be asked; it will be when this is called again.
        """
        known = self._statements.get(theorem.digest)
        if known is None:
            known = asyncio.create_task(self._statement_error(theorem))
            self._statements[theorem.digest] = known
        try:
            error = await asyncio.shield(known)
        except UncheckedError:
            if self._statements.get(theorem.digest) is known:
                del self._statements[theorem.digest]
            raise
        if error:
            raise StatementError(f"{theorem.name}: the statement does not elaborate: {error}")

    async def _walk(self, theorem: Theorem, proof: str, refused: Rejection, check: Check) -> Check:
        """`check` with the steps of what lies before the place where the proof was refused."""
        beginning = proof[: refused.offset]
        walked = await self._submit(theorem, beginning, True, solo=True)
        return replace(
            check,
            messages=walked.messages,
            steps=walked.steps,
            valid_prefix=walked.valid_prefix,
            seconds=walked.seconds,
            worker=walked.worker,
        )

    async def _statement_error(self, theorem: Theorem) -> str:
        """What is wrong with the statement, tried with `sorry` as its proof; empty if nothing is."""
        outcome = await self._enqueue(theorem, "sorry", False, solo=True)
        if outcome.check.verdict is Verdict.INCOMPLETE:
            return ""
        if outcome.check.verdict is Verdict.FAULT:
            said = f"the statement could not be checked: {outcome.check.reason}"
            raise UncheckedError(f"{theorem.name}: {said}")
        return outcome.check.reason or f"its check ended with {outcome.check.verdict}"

    async def _submit(self, theorem: Theorem, proof: str, steps: bool, *, solo: bool = False) -> Check:
        outcome = await self._enqueue(theorem, proof, steps, solo=solo)
        if outcome.suspect_statement:
            await self.validate(theorem)
        return outcome.check

    async def _enqueue(self, theorem: Theorem, proof: str, steps: bool, *, solo: bool) -> Outcome:
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        job = Job(theorem, proof, steps, future, solo=solo or not batchable(theorem, proof))
        async with self._wake:
            self._schedule.waiting.append(job)
            self._wake.notify_all()
        return await job.future

    async def _serve(self, worker: Worker) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                batch = await self._next(worker)
                began = loop.time()
                again = await worker.do(batch)
                self.busy_seconds += loop.time() - began
                async with self._wake:
                    self._schedule.held[worker.index].busy = False
                    self._schedule.waiting[:0] = again
                    self._wake.notify_all()
        finally:
            await worker.stop()

    async def _next(self, worker: Worker) -> Batch:
        async with self._wake:
            while (batch := self._schedule.take(worker.index)) is None:
                await self._wake.wait()
            self._schedule.held[worker.index].busy = True
        return batch
