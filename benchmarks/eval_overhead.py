"""What `prover eval` itself costs: `python benchmarks/eval_overhead.py [--problems N] [--samples N]`.

The policy and Lean are stand-ins that answer at once, so that all the time that is measured is the
harness's: schedule, driver, search, traces on disk, results with their fsync. Proofs have three lines, the
second of them wrong, over a few states. The figures are for each sample; the growth compares the second
half of a folder's samples with the first. Then the folder is opened again, as a resumed run does.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from common import Bar, report

from lean_env.pool import CheckPool
from lean_env.toolchain import find_toolchain
from lean_env.values import Check, Step, Theorem, Verdict
from prover.attempt import Settings
from prover.evaluation.folder import RunFolder
from prover.evaluation.reading import read_run
from prover.evaluation.records import ProblemLine, Result, RunSettings
from prover.evaluation.schedule import Schedule
from prover.evaluation.work import Local, open_driver
from prover.loop import run_loop
from prover.policies import Completion, Finish, Prompt, Sampling
from search import RULES, Budget

STATES = 40
"""Of one theorem; the tree grows to so many nodes."""


class InstantPool(CheckPool):
    """Finds each proof's second step wrong, at once."""

    async def validate(self, theorem: Theorem) -> None:
        """Every statement is fine."""

    async def check(self, theorem: Theorem, proof: str, *, steps: bool = False) -> Check:
        """The first line is right and leads to one of a few states."""
        first = proof.split("\n", 1)[0]
        goal = f"n : Nat\n⊢ {theorem.name} {hash(first) % STATES}"
        step = Step(first.strip(), 0, len(first), (goal,))
        return Check(Verdict.FAILED, proof, "unknown identifier", (), (step,), first, 1e-4, 0, "")


class InstantPolicy:
    """Writes three lines, never twice the same, at once."""

    name = "instant"
    version = "1"
    concurrency = 1

    def __init__(self) -> None:
        self._count = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def generate(self, prompts: Sequence[Prompt], n: int, sampling: Sampling) -> list[list[Completion]]:
        """One completion a prompt."""
        found = []
        for _ in prompts:
            self._count += 1
            text = f"  apply lemma_{self._count}\n  simp [lemma]\n  exact h\n"
            found.append([Completion(text, Finish.STOP, self.version, 12)])
        return found


def run_settings(settings: Settings) -> RunSettings:
    """Settings of a run; only what the schedule reads matters."""
    return RunSettings(
        *("overhead", "0" * 64, "", None, "instant", "1", settings.rule.algorithm, {}, {}),
        *(settings.budget.samples, None, None, 1, 0, False, 60.0, "none", "none"),
    )


async def measure(folder: RunFolder, problems: int, settings: Settings) -> list[tuple[int, float, float]]:
    """Fill the folder: after each result the samples so far, the seconds, and the CPU seconds."""
    lines = [ProblemLine(i, f"t{i}", f"theorem t{i} : {i} = {i} + 1 := by", "") for i in range(problems)]
    run = folder.begin(run_settings(settings), lines)
    theorems = {line.index: Theorem(line.name, line.statement) for line in lines}
    marks = [(0, 0.0, 0.0)]
    wall, own = time.perf_counter(), time.process_time()

    def told(result: Result) -> None:
        marks.append((marks[-1][0] + result.samples, time.perf_counter() - wall, time.process_time() - own))

    async with (
        InstantPolicy() as policy,
        InstantPool(find_toolchain(), workers=settings.workers) as pool,
        open_driver(policy, pool, settings) as driver,
    ):
        await Schedule(folder, run, theorems, told).run(Local(driver, settings, folder.path))
    return marks


def rate(marks: Sequence[tuple[int, float, float]], start: float, end: float, column: int) -> float:
    """Milliseconds a sample between two shares of all samples."""
    total = marks[-1][0]
    first = next(mark for mark in marks if mark[0] >= start * total)
    last = next(mark for mark in marks if mark[0] >= end * total)
    return 1000 * (last[column] - first[column]) / max(1, last[0] - first[0])


def main() -> int:
    """Measure, print, write; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--problems", type=int, default=1000)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks/eval_overhead.json"))
    arguments = parser.parse_args()
    bars: list[Bar] = []
    details: dict[str, object] = {"problems": arguments.problems, "samples": arguments.samples}
    for name in ("sampling", "rmaxts"):
        settings = Settings(
            rule=RULES[name](),
            budget=Budget(samples=arguments.samples),
            workers=arguments.workers,
            rollouts_at_a_time=1,
        )
        with tempfile.TemporaryDirectory() as temporary:
            path = Path(temporary) / "run"
            with RunFolder.claim(path) as folder:
                marks = run_loop(measure(folder, arguments.problems, settings))
            started = time.perf_counter()
            run = read_run(path)
            opening = time.perf_counter() - started
            size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        assert sum(one.samples for one in run.results) == arguments.problems * arguments.samples
        bars += [
            Bar(f"{name}: CPU ms a sample", rate(marks, 0.0, 1.0, 2), at_most=2.0),
            Bar(f"{name}: wall-clock ms a sample", rate(marks, 0.0, 1.0, 1)),
            Bar(
                f"{name}: second half : first half, CPU",
                rate(marks, 0.5, 1.0, 2) / rate(marks, 0.0, 0.5, 2),
                at_most=1.2,
            ),
            Bar(f"{name}: seconds to open {marks[-1][0]:,} samples", opening, at_most=1.0),
            Bar(f"{name}: bytes a sample on disk", size / marks[-1][0]),
        ]
        details[name] = [mark for mark in marks if mark[0]][:: max(1, len(marks) // 50)]
    return report(arguments.out, bars, details)


if __name__ == "__main__":
    sys.exit(main())
