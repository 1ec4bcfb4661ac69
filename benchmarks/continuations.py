"""What going on from an elaborated beginning costs: `python benchmarks/continuations.py [--out FILE]`.

Tree search extends proofs step by step, and tries many continuations of one beginning. Measured on one
worker unless said otherwise: what a step costs that Lean re-uses; extending a proof of 40 slow steps
against one of 5; sixteen continuations of one beginning against one, for slow steps (50 ms each) and for
cheap ones. Prints each figure beside its bar and exits with 1 if one is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from common import Bar, report

from lean_env.pool import CheckPool
from lean_env.toolchain import Toolchain, find_toolchain
from lean_env.values import Theorem, Verdict

HEADER = """def slow : Nat → Nat → Nat
  | 0, a => a
  | n + 1, a => slow n (a * 3 % 7)
"""
THEOREM = Theorem("t", "theorem t (p q : Prop) (hp : p) (hq : q) : p ∧ q := by", header=HEADER)
SLOW_SECONDS = 0.05
REPEATS = 9

StepText = Callable[[str], str]
"""From a label to a step that no step with another label equals."""


def cheap(label: str) -> str:
    """A step of a millisecond or so."""
    return f"have h{label} : p ∧ q := by simp [hp, hq]"


def slow(rounds: int) -> StepText:
    """Steps that the kernel computes for about so many rounds."""
    seen: dict[str, int] = {}

    def step(label: str) -> str:
        # Lean remembers what it has decided once, so no two steps decide the same.
        return f"have h{label} : slow {rounds + seen.setdefault(label, len(seen))} 0 = 0 := by decide +kernel"

    return step


def proof(step: StepText, label: str, count: int, last: str = "skip") -> str:
    """`count` steps and then `last`; the goal stays open."""
    return "\n".join([*(step(f"{label}_{index}") for index in range(count)), last])


async def seconds(pool: CheckPool, proofs: list[str]) -> float:
    """Wall-clock seconds until all `proofs` have their verdicts and states."""
    start = time.perf_counter()
    checks = await pool.check_many([(THEOREM, text) for text in proofs], steps=True)
    elapsed = time.perf_counter() - start
    assert all(check.verdict is Verdict.INCOMPLETE for check in checks), checks
    assert all(len(check.steps) > text.count("\n") for check, text in zip(checks, proofs, strict=True))
    return elapsed


async def extend(toolchain: Toolchain, step: StepText, count: int, repeats: int) -> float:
    """Median seconds for the check of a proof whose first `count` steps are elaborated, with one more."""
    async with CheckPool(toolchain, workers=1) as pool:
        await seconds(pool, [proof(step, "a", count)])
        times = [
            await seconds(pool, [proof(step, "a", count, step(f"new{number}"))]) for number in range(repeats)
        ]
    return statistics.median(times)


async def continuations(toolchain: Toolchain, step: StepText, number: int, workers: int) -> float:
    """Seconds for `number` continuations, by one step, of a beginning of 10 steps, in a warm pool."""
    times = []
    async with CheckPool(toolchain, workers=workers) as pool:
        for turn in range(5):
            await seconds(pool, [proof(cheap, f"warm{turn}_{index}", 2) for index in range(20 * workers)])
            lasts = [step(f"last{turn}_{index}") for index in range(number)]
            times.append(await seconds(pool, [proof(step, f"b{turn}", 10, last) for last in lasts]))
    return statistics.median(times)


async def calibrate(toolchain: Toolchain) -> StepText:
    """Slow steps of `SLOW_SECONDS`, here and now."""
    async with CheckPool(toolchain, workers=1) as pool:
        times = {}
        for rounds in (500, 2500):
            step = slow(rounds)
            times[rounds] = min([await seconds(pool, [proof(step, f"c{n}", 1)]) for n in range(5)])
    each = (times[2500] - times[500]) / 2000
    print(f"a slow step: {SLOW_SECONDS / each:.0f} rounds of {each * 1e6:.1f} us")
    return slow(round(SLOW_SECONDS / each))


async def measure(toolchain: Toolchain) -> list[Bar]:
    """All figures."""
    step = await calibrate(toolchain)
    cheaply = {count: await extend(toolchain, cheap, count, 3 * REPEATS) for count in (5, 40)}
    slowly = {count: await extend(toolchain, step, count, REPEATS) for count in (5, 40)}
    reused = (cheaply[40] - cheaply[5]) / 35
    ratios = {
        (name, workers): await continuations(toolchain, kind, 16, workers)
        / await continuations(toolchain, kind, 1, workers)
        for name, kind in (("slow", step), ("cheap", cheap))
        for workers in (1, 2)
    }
    print(f"extending 5 cheap steps {cheaply[5] * 1e3:.1f} ms, 40 {cheaply[40] * 1e3:.1f} ms")
    print(f"extending 5 slow steps {slowly[5] * 1e3:.1f} ms, 40 {slowly[40] * 1e3:.1f} ms")
    return [
        Bar("a re-used step, milliseconds", reused * 1e3, at_most=1),
        Bar("extending 40 slow steps against 5", slowly[40] / slowly[5], at_most=2),
        Bar("16 continuations against 1, slow, 1 worker", ratios["slow", 1], at_most=4),
        Bar("16 continuations against 1, slow, 2 workers", ratios["slow", 2], at_most=4),
        Bar("16 continuations against 1, cheap, 1 worker", ratios["cheap", 1]),
        Bar("16 continuations against 1, cheap, 2 workers", ratios["cheap", 2], at_most=4),
    ]


def main() -> int:
    """Measure, print, write; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks/continuations.json"))
    arguments = parser.parse_args()
    toolchain = find_toolchain()
    print(toolchain.describe())
    return report(arguments.out, asyncio.run(measure(toolchain)), {"toolchain": toolchain.describe()})


if __name__ == "__main__":
    sys.exit(main())
