"""What is done in a run folder, and in which order, by an executor that a test commands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lean_env.errors import LeanEnvError
from lean_env.values import Theorem
from prover.evaluation.folder import RunFolder
from prover.evaluation.reading import read_run
from prover.evaluation.records import Result
from prover.evaluation.schedule import Schedule
from prover.evaluation.work import Job
from tests.prover.evaluation.folders import SETTINGS, problem, result

PROBLEMS = tuple(problem(index) for index in range(4))
REPEATS = 3


class Commanded:
    """Ends each job as `verdict` says, after letting others begin; remembers the order."""

    def __init__(self, verdict: Callable[[Job], str], slots: int) -> None:
        self.slots = slots
        self.begun: list[tuple[int, int]] = []
        self.most = 0
        self._verdict = verdict
        self._running = 0

    async def attempt(self, job: Job) -> Result:
        self.begun.append((job.problem, job.repeat))
        self._running += 1
        self.most = max(self.most, self._running)
        try:
            for _ in range(1 + (job.problem * 7 + job.repeat * 5) % 4):
                await asyncio.sleep(0)
            assert job.seed == SETTINGS.seed + job.repeat
            verdict = self._verdict(job)
            if verdict == "CRASH":
                raise LeanEnvError("nothing can go on")
            return replace(
                result(PROBLEMS[job.problem], verdict, job.repeat), error="x" * (verdict == "FAULT")
            )
        finally:
            self._running -= 1


def go(
    path: Path, verdict: Callable[[Job], str], slots: int = 3, *, stop_early: bool = False
) -> tuple[Commanded, dict[tuple[int, int], str]]:
    """Run in a folder, new or old: who was asked, and the verdicts that are on disk then."""
    settings = replace(SETTINGS, repeats=REPEATS, stop_early=stop_early)
    executor = Commanded(verdict, slots)
    told: list[Result] = []
    with RunFolder.claim(path) as folder:
        run = folder.resume(settings) if folder.run else folder.begin(settings, PROBLEMS)
        theorems = {one.index: Theorem(one.name, one.statement) for one in PROBLEMS}
        schedule = Schedule(folder, run, theorems, told.append)
        asyncio.run(schedule.run(executor))
    found = read_run(path).results
    assert list(found)[len(found) - len(told) :] == told
    return executor, {(one.problem, one.repeat): one.verdict for one in found}


@pytest.mark.parametrize("slots", [1, 3, 50])
def test_every_problem_is_begun_once_before_any_twice(tmp_path: Path, slots: int) -> None:
    executor, verdicts = go(tmp_path, lambda job: "PROVED" if job.problem else "FAILED", slots)
    assert executor.begun == [(index, repeat) for repeat in range(REPEATS) for index in range(4)]
    assert executor.most == min(slots, 4 * REPEATS)
    assert verdicts == {
        (index, repeat): "PROVED" if index else "FAILED" for repeat in range(REPEATS) for index in range(4)
    }
    again, _ = go(tmp_path, lambda job: "CRASH", slots)
    assert again.begun == []


@pytest.mark.parametrize("slots", [1, 3, 50])
def test_early_stop_begins_no_repeat_behind_a_proof_and_overtakes_none(tmp_path: Path, slots: int) -> None:
    executor, verdicts = go(
        tmp_path, lambda job: "PROVED" if job.repeat == job.problem else "FAILED", slots, stop_early=True
    )
    assert verdicts == {
        (index, repeat): "FAILED" if repeat < index else "PROVED" if repeat == index else "STOPPED"
        for index in range(4)
        for repeat in range(REPEATS)
    }
    assert sorted(executor.begun) == [
        (index, repeat) for index in range(4) for repeat in range(REPEATS) if repeat <= index
    ]
    for index in range(4):
        mine = [repeat for problem, repeat in executor.begun if problem == index]
        assert mine == sorted(mine)


def test_jobs_are_made_when_they_are_due(tmp_path: Path) -> None:
    settings = replace(SETTINGS, repeats=10**12)
    with RunFolder.claim(tmp_path) as folder:
        run = folder.begin(settings, PROBLEMS)
        theorems = {one.index: Theorem(one.name, one.statement) for one in PROBLEMS}
        executor = Commanded(lambda job: "FAILED" if job.repeat < 2 else "CRASH", slots=1)
        with pytest.raises(LeanEnvError, match="nothing can go on"):
            asyncio.run(Schedule(folder, run, theorems, lambda _: None).run(executor))
    assert executor.begun == [*((index, repeat) for repeat in range(2) for index in range(4)), (0, 2)]


def test_faults_are_tried_again_by_the_next_run_and_by_nobody_else(tmp_path: Path) -> None:
    _, verdicts = go(tmp_path, lambda job: "FAULT" if job.problem == 2 else "FAILED")
    assert [key for key, verdict in verdicts.items() if verdict == "FAULT"] == [(2, 0), (2, 1), (2, 2)]
    executor, verdicts = go(tmp_path, lambda job: "PROVED")
    assert executor.begun == [(2, 0), (2, 1), (2, 2)]
    assert {key for key, verdict in verdicts.items() if verdict == "PROVED"} == set(executor.begun)
    assert "FAULT" not in verdicts.values()


def test_a_fault_that_is_proved_later_stops_the_repeats_behind_it(tmp_path: Path) -> None:
    def verdict(job: Job) -> str:
        return "FAULT" if (job.problem, job.repeat) in ((1, 0), (1, 2)) else "FAILED"

    go(tmp_path, verdict, stop_early=True)
    executor, verdicts = go(tmp_path, lambda job: "PROVED", stop_early=True)
    assert executor.begun == [(1, 0)]
    assert [verdicts[1, repeat] for repeat in range(REPEATS)] == ["PROVED", "FAILED", "STOPPED"]


def test_what_has_ended_is_kept_when_nothing_can_go_on(tmp_path: Path) -> None:
    with pytest.raises(LeanEnvError, match="nothing can go on"):
        go(tmp_path, lambda job: "CRASH" if (job.problem, job.repeat) == (3, 1) else "FAILED", slots=1)
    executor, verdicts = go(tmp_path, lambda job: "FAILED", slots=1)
    assert executor.begun == [(3, 1), (0, 2), (1, 2), (2, 2), (3, 2)]
    assert len(verdicts) == 12
