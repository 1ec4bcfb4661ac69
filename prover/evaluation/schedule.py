"""What is left to do in a run folder, in which order, and the record of what was done.

Each problem has its first repeat before any has its second. With early stop, a problem's next repeat is
begun only when the one before has ended without a proof: so none is given up half-way, and which repeats
there are depends on the searches alone, not on who was faster.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from lean_env.values import Theorem
from prover.evaluation.folder import RunFolder
from prover.evaluation.reading import Run
from prover.evaluation.records import Result
from prover.evaluation.work import Executor, Job, stopped

Told = Callable[[Result], None]


class Schedule:
    """The jobs of a run folder. Nothing but results changes it."""

    def __init__(self, folder: RunFolder, run: Run, theorems: Mapping[int, Theorem], told: Told) -> None:
        """`theorems` are the problems that are attempted, by index; `told` hears of results once they are
        on disk."""
        self._folder = folder
        self._settings = run.settings
        self._told = told
        self._problems = {problem.index: problem for problem in run.problems}
        self._theorems = theorems
        ended = {(one.problem, one.repeat): one.verdict for one in run.results if one.verdict != "FAULT"}
        self._ended = ended
        self._waiting: deque[Job] = deque()
        self._later: Iterator[Job] = iter(())
        if self._settings.stop_early:
            for index in theorems:
                self._go_on(index, 0)
        else:  # One by one: all at once would take gigabytes when there are many repeats.
            self._later = (
                self._job(index, repeat)
                for repeat in range(self._settings.repeats)
                for index in theorems
                if (index, repeat) not in ended
            )

    async def run(self, executor: Executor) -> None:
        """Do all jobs. When cancelled, or if one raises `LeanEnvError`, what has ended is kept."""
        running: dict[asyncio.Task[Result], Job] = {}
        try:
            while True:
                while len(running) < executor.slots and (job := self._next()):
                    running[asyncio.create_task(executor.attempt(job))] = job
                if not running:
                    return
                ended, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in ended:
                    del running[task]
                    self._record(task.result())
        finally:
            for task in running:
                task.cancel()
            if running:
                await asyncio.wait(running)
            for task in running:
                if not task.cancelled() and task.exception() is None and task.result().verdict == "PROVED":
                    self._record(task.result())

    def _next(self) -> Job | None:
        return self._waiting.popleft() if self._waiting else next(self._later, None)

    def _record(self, result: Result) -> None:
        self._write(result)
        if result.verdict != "FAULT":
            self._ended[result.problem, result.repeat] = result.verdict
        if self._settings.stop_early:
            self._go_on(result.problem, result.repeat + (result.verdict != "PROVED"))

    def _go_on(self, index: int, repeat: int) -> None:
        """With early stop: let the problem's next repeat from `repeat` on wait; if one of them has proved it,
        write down that those after it are not begun."""
        proved = False
        for next_ in range(repeat, self._settings.repeats):
            verdict = self._ended.get((index, next_))
            if verdict is None and not proved:
                self._waiting.append(self._job(index, next_))
                return
            if verdict is None:
                self._ended[index, next_] = "STOPPED"
                self._write(stopped(self._job(index, next_)))
            proved = proved or verdict == "PROVED"

    def _write(self, result: Result) -> None:
        self._folder.add(result)
        self._told(result)

    def _job(self, index: int, repeat: int) -> Job:
        problem = self._problems[index]
        job = Job(index, repeat, problem.name, self._theorems[index], self._settings.seed + repeat, trace="")
        return replace(job, trace=self._folder.trace(problem, repeat))
