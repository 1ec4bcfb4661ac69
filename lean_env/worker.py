"""One place in the pool: its Lean processes, replaced as often as need be, and the jobs it is given.

There are two, each started when first needed: one that reports soon, for single checks and for
going back to a beginning that it has elaborated, and one for large documents, which reports late.

A document that takes too long, or that nobody waits for any more, is given up: Lean is asked for
another document, which makes it drop the present one, and killed if it does not. When a process
ends by itself while it has a job of its own, its last words decide what that says about the job.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lean_env.assemble import Document, assemble
from lean_env.errors import LimitError, ServerError
from lean_env.judge import Ruling, rule
from lean_env.limits import GIB, OUT_OF_MEMORY, OUT_OF_STACK, Limits
from lean_env.schedule import PROMPT_DELAY, REPORT_DELAY, Batch, Held, Job, Outcome, Schedule, imports_of
from lean_env.server import LeanServer
from lean_env.states import States
from lean_env.steps import boundaries
from lean_env.toolchain import Toolchain
from lean_env.values import Check, Step, Verdict

ATTEMPTS = 20
"""How often a check is tried whose worker goes away without a word, before it is a `FAULT`."""
YIELD_SECONDS = 0.25
"""How long Lean may take to give up a document before its process is killed instead."""
BATCH_ALLOWANCE = 1.25
"""Seconds after which a document with several proofs is given up, and they are tried one by one."""

_KILLED = re.compile(rf"\bsignal {signal.SIGKILL:d}\b")
"""Somebody else's doing: a crash of Lean's own, twice in a row, is the proof's."""


@dataclass(eq=False)
class Worker:
    """Does the jobs it is given, one document at a time."""

    index: int
    toolchain: Toolchain
    limits: Limits
    schedule: Schedule
    states: States
    servers: dict[bool, LeanServer] = field(default_factory=dict)
    """The processes that run, by whether they are for large documents."""

    @property
    def imports(self) -> str:
        """What the processes that run have imported."""
        return self.schedule.held[self.index].imports

    async def do(self, batch: Batch) -> list[Job]:
        """Check the jobs in one document and resolve their futures; returns those to be tried again."""
        jobs = batch.jobs
        document = assemble([(job.theorem, job.proof) for job in jobs], f"end_{secrets.token_hex(6)}")
        gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def one_less(_: asyncio.Future[Outcome]) -> None:
            if not gone.done() and all(job.future.done() for job in jobs):
                gone.set_result(None)

        for job in jobs:
            job.future.add_done_callback(one_less)
        try:
            server = await self._ready(imports_of(jobs[0].theorem.header), batch.large)
            return await self._run(server, batch, document, gone)
        except ServerError as error:
            return await self._crashed(batch, str(error))
        except LimitError as error:
            for job in jobs:
                if not job.future.done():
                    job.future.set_exception(error)
            return []
        except asyncio.CancelledError:
            for job in jobs:
                job.future.cancel()
            raise

    async def stop(self) -> None:
        """Kill the processes."""
        self._forget()
        while self.servers:
            await self.servers.popitem()[1].stop()

    async def _ready(self, imports: str, large: bool) -> LeanServer:
        """A server that has read `imports`: the present one, or a new one."""
        if imports != self.imports:
            await self.stop()
            self.schedule.held[self.index].imports = imports
        server = self.servers.get(large)
        if server is not None and self._too_large(server):
            await self._discard(large)
            server = None
        if server is None:
            server = await self._start(imports, large)
        return server

    async def _start(self, imports: str, large: bool) -> LeanServer:
        """A new process that has read `imports`. Raises `LimitError` if it is not given enough memory."""
        delay = REPORT_DELAY if large else PROMPT_DELAY
        server = await LeanServer.start(self.toolchain, self.limits, report_delay=delay)
        self.servers[large] = server
        try:
            async with asyncio.timeout(self.limits.start_seconds):  # `wait_for` may swallow a cancellation.
                await server.elaborate(imports)
        except TimeoutError:
            raise ServerError(f"Lean was not ready within {self.limits.start_seconds:g} s") from None
        except ServerError as error:
            cause = await self._discard(large)
            if OUT_OF_MEMORY.search(cause):
                gib = self.limits.memory_bytes / GIB
                raise LimitError(f"a memory limit of {gib:g} GiB is too little to start Lean") from error
            raise ServerError(f"{error} {cause}") from error
        return server

    async def _discard(self, large: bool) -> str:
        """Kill a process if it runs, and say why it ended if it had ended before."""
        if not large:
            self._forget()
        server = self.servers.pop(large, None)
        return await server.cause() if server is not None else ""

    async def _run(
        self, server: LeanServer, batch: Batch, document: Document, gone: asyncio.Future[None]
    ) -> list[Job]:
        jobs = batch.jobs
        loop = asyncio.get_running_loop()
        started = loop.time()
        allowed = self.limits.seconds if len(jobs) == 1 else min(self.limits.seconds, BATCH_ALLOWANCE)
        task = asyncio.create_task(self._judge(server, jobs, document))
        try:
            either: set[asyncio.Future[Any]] = {task, gone}
            await asyncio.wait(either, timeout=allowed, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
        seconds = loop.time() - started
        self.schedule.learn(batch, seconds)
        if task.cancelled():
            await self._give_up(server, batch.large)
            if len(jobs) == 1:
                self._resolve(jobs[0], Verdict.TIMEOUT, f"no verdict within {allowed:g} s", seconds)
            return _alone(jobs)
        rulings, steps = task.result()
        if len(jobs) > 1 and any(ruling.verdict is Verdict.CHEAT for ruling in rulings):
            return _alone(jobs)  # One swallowed what follows it; only alone can each be judged.
        if not batch.large:
            if len(jobs) == 1:
                self.schedule.hold(self.index, jobs[0], seconds)
            else:
                self._forget()
        for job, ruling, walked in zip(jobs, rulings, steps, strict=True):
            self._answer(job, ruling, walked, seconds)
        return []

    async def _judge(
        self, server: LeanServer, jobs: Sequence[Job], document: Document
    ) -> tuple[list[Ruling], list[tuple[Step, ...]]]:
        """What Lean says about each proof, and the steps of each that wants them."""
        rulings = rule(document, await server.elaborate(document.text))
        walks: list[tuple[Step, ...]] = [()] * len(jobs)
        wanted = [index for index, job in enumerate(jobs) if job.wants_steps]
        ends = {
            index: [step for step in boundaries(jobs[index].proof) if step.end <= rulings[index].valid_end]
            for index in wanted
        }
        keys = {
            index: self.states.keys(jobs[index].theorem.digest, jobs[index].proof, ends[index])
            for index in wanted
        }
        unknown = {
            key: document.position(index, key.end)
            for index in wanted
            for key in keys[index]
            if key not in self.states
        }
        answers = await server.goals(list(unknown.values())) if unknown else []
        for key, goals in zip(unknown, answers, strict=True):
            self.states[key] = goals
        for index in wanted:
            states = zip(ends[index], map(self.states.__getitem__, keys[index]), strict=True)
            walks[index] = tuple(
                Step(jobs[index].proof[step.start : step.end], step.start, step.end, goals)
                for step, goals in states
                if goals is not None
            )
        return rulings, walks

    async def _give_up(self, server: LeanServer, large: bool) -> None:
        """Make Lean drop its document, by another one if it listens, by force if it does not."""
        if not large:
            self._forget()
        try:
            async with asyncio.timeout(YIELD_SECONDS):
                await server.elaborate(self.imports)
        except (TimeoutError, ServerError):
            await self._discard(large)

    async def _crashed(self, batch: Batch, error: str) -> list[Job]:
        jobs, cause = batch.jobs, await self._discard(batch.large)
        again: list[Job] = []
        for job in jobs:
            job.attempts += 1
            if len(jobs) > 1:
                again.append(job)
            elif OUT_OF_MEMORY.search(cause):
                self._resolve(job, Verdict.OUT_OF_MEMORY, f"Lean ran out of memory: {cause}")
            elif OUT_OF_STACK.search(cause):
                self._resolve(job, Verdict.OUT_OF_MEMORY, f"Lean ran out of stack: {cause}")
            elif job.attempts >= ATTEMPTS:
                self._resolve(job, Verdict.FAULT, f"{error} {cause}".strip())
            elif cause and not _KILLED.search(cause) and job.crashed:
                self._resolve(job, Verdict.FAILED, f"Lean crashes on it: {cause}")
            else:
                job.crashed = bool(cause) and not _KILLED.search(cause)
                again.append(job)
        return _alone(again)

    def _forget(self) -> None:
        self.schedule.held[self.index] = Held(self.imports)

    def _answer(self, job: Job, ruling: Ruling, steps: tuple[Step, ...], seconds: float) -> None:
        check = Check(
            verdict=ruling.verdict,
            proof=job.proof,
            reason=ruling.reason,
            messages=ruling.messages,
            steps=steps,
            valid_prefix=job.proof[: ruling.valid_end],
            seconds=seconds,
        )
        self._settle(job, check, ruling.suspect_statement)

    def _resolve(self, job: Job, verdict: Verdict, reason: str, seconds: float = 0.0) -> None:
        self._settle(job, Check(verdict, job.proof, reason, seconds=seconds))

    def _settle(self, job: Job, check: Check, suspect_statement: bool = False) -> None:
        if not job.future.done():
            check = replace(check, worker=self.index, toolchain=self.toolchain.describe())
            job.future.set_result(Outcome(check, suspect_statement))

    def _too_large(self, server: LeanServer) -> bool:
        """Whether the process holds more than half of its limit, so that the next check might starve."""
        return resident_bytes(server.pid) > self.limits.memory_bytes // 2


def resident_bytes(pid: int) -> int:
    """A process's resident memory; 0 where the system does not say (only Linux does so cheaply)."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0


def _alone(jobs: Sequence[Job]) -> list[Job]:
    """The jobs that somebody still waits for, each to have a document of its own."""
    for job in jobs:
        job.solo = True
    return [job for job in jobs if not job.future.done()]
