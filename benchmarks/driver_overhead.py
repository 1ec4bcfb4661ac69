"""What the driver itself costs: `python benchmarks/driver_overhead.py [BENCH.jsonl]`.

Theorems are searched for with RMaxTS and `tactics`, to the end of their budget, as `prover prove` does it.
The policy runs in the driver's thread, and Lean in processes of its own, so the driver's own time is the
thread's CPU time without the policy's. Its share of the wall time is the figure; where it goes, by
package, is told by a second run under cProfile, which is slower and counts for nothing else. Then samples
a second are measured for 1, 2, … workers.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import os
import pstats
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from common import Bar, report

from lean_env.pool import CheckPool
from lean_env.source import read_records
from lean_env.toolchain import Toolchain, find_toolchain
from lean_env.values import Theorem
from prover.attempt import Attempt, Settings
from prover.driver import Driver
from prover.loop import run_loop
from prover.policies import Completion, Prompt, Sampling
from prover.policies.tactics import TacticPolicy
from search import Budget

HARD = (
    "∀ p q r s t : Prop, (p → q) → (r ∧ s ↔ t ∨ p) → t",
    "∀ a b c d : Nat, a * (b + c) * d = a * (d * b) + c * (a * d) + a",
    "∀ (xs ys zs : List Nat), xs ++ (ys ++ zs) = (zs ++ ys) ++ xs",
    "∀ (f : Nat → Nat), (∀ n, f n ≤ n) → ∃ m, ∀ n, m ≤ n → f n = n",
)
"""None of these is true, so each takes its whole budget."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One run."""

    workers: int
    samples: int
    wall_seconds: float
    own_seconds: float
    """CPU time of the driver's thread without the policy."""
    policy_seconds: float
    longest_call: float
    """Seconds of the policy's longest call, during which nothing else happens."""


class TimedPolicy(TacticPolicy):
    """`tactics`, with a watch on its thread's CPU time."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0
        self.longest = 0.0

    async def generate(self, prompts: Sequence[Prompt], n: int, sampling: Sampling) -> list[list[Completion]]:
        started = time.thread_time()
        try:
            return await super().generate(prompts, n, sampling)
        finally:
            spent = time.thread_time() - started
            self.seconds += spent
            self.longest = max(self.longest, spent)


async def search_all(
    toolchain: Toolchain, theorems: Sequence[Theorem], workers: int, samples: int
) -> Measured:
    """Search for all theorems, and say what it took."""
    attempts: list[Attempt] = []
    settings = Settings(budget=Budget(samples=samples), workers=workers)
    async with (
        TimedPolicy() as policy,
        CheckPool(toolchain, workers=workers) as pool,
        Driver.open(policy, pool, settings) as driver,
    ):
        await asyncio.gather(*(pool.validate(theorem) for theorem in theorems))  # Lean has started then.
        policy.seconds = policy.longest = 0.0
        wall, own = time.perf_counter(), time.thread_time()
        await driver.prove_all(theorems, [None] * len(theorems), lambda _, attempt: attempts.append(attempt))
        wall, own = time.perf_counter() - wall, time.thread_time() - own
    done = sum(attempt.statistics.samples for attempt in attempts if attempt.statistics)
    return Measured(workers, done, wall, own - policy.seconds, policy.seconds, policy.longest)


def by_package(profile: cProfile.Profile) -> dict[str, float]:
    """Seconds of the profiled time, by the package whose code ran."""
    spent: Counter[str] = Counter()
    for (file, _, _), (_, _, own, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        parts = Path(file).parts
        if "policies" in parts and "prover" in parts:
            name = "prover/policies"
        else:
            name = next(
                (room for room in ("prover", "search", "lean_env") if room in parts[-3:-1]), "library"
            )
        spent[name] += own
    return {name: round(seconds, 3) for name, seconds in spent.most_common()}


def main() -> int:
    """Measure, print, write; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bench", type=Path, nargs="?", help="statements; without them, four false ones")
    parser.add_argument("--limit", type=int, default=16)
    parser.add_argument("--samples", type=int, default=256)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="at most")
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks/driver_overhead.json"))
    arguments = parser.parse_args()
    if arguments.bench:
        theorems = [record.theorem for record in read_records(arguments.bench)][: arguments.limit]
    else:
        theorems = [Theorem(f"t{i}", f"theorem t{i} : {text} := by") for i, text in enumerate(HARD)]
    toolchain = find_toolchain()
    print(toolchain.describe())

    def measure(workers: int) -> Measured:
        return run_loop(search_all(toolchain, theorems, workers, arguments.samples))

    measure(1)  # The policy's tables, and the system's caches.
    runs = [measure(workers) for workers in range(1, arguments.workers + 1)]
    profile = cProfile.Profile(time.thread_time)
    profile.enable()
    run_loop(search_all(toolchain, theorems, arguments.workers, arguments.samples))
    profile.disable()
    packages = by_package(profile)
    print("CPU seconds under cProfile:", json.dumps(packages))
    rates = [run.samples / run.wall_seconds for run in runs]
    bars = [
        *(
            Bar(
                f"driver's share of wall time, {run.workers} workers",
                run.own_seconds / run.wall_seconds,
                at_most=0.10,
            )
            for run in runs
        ),
        *(
            Bar(f"samples a second, {run.workers} workers", rate)
            for run, rate in zip(runs, rates, strict=True)
        ),
        *(
            Bar(f"samples a second, {run.workers} workers : 1", rate / rates[0])
            for run, rate in zip(runs[1:], rates[1:], strict=True)
        ),
        Bar("longest call of the policy in seconds", max(run.longest_call for run in runs)),
    ]
    return report(arguments.out, bars, {"runs": [asdict(run) for run in runs], "profile": packages})


if __name__ == "__main__":
    sys.exit(main())
