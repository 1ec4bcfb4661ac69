"""What of miniF2F can be stated without Mathlib: with real Lean, against the goals that were published."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from data.benchmarks import Benchmark, Problem, load
from data.benchmarks.mathlib import Unusable, mathlib_free
from lean_env.pool import CheckPool
from lean_env.toolchain import Toolchain
from lean_env.values import Theorem, Verdict
from prover.statements import usable

BENCHMARKS = Path(__file__).parents[3] / "shared" / "bench"
HEADER = "import Mathlib\nimport Aesop\n\nset_option maxHeartbeats 0\n\nopen BigOperators Real Nat Rat\n\n"
needs_files = pytest.mark.skipif(not BENCHMARKS.is_dir(), reason=f"{BENCHMARKS} is not here")


def problem(claim: str, header: str = HEADER) -> Problem:
    return Problem("t", Theorem("t", f"theorem t {claim} := by", header))


def ask(toolchain: Toolchain, *problems: Problem) -> list[Problem | Unusable]:
    async def run() -> list[Problem | Unusable]:
        async with CheckPool(toolchain, workers=2) as pool:
            return list(await asyncio.gather(*(usable(one, pool) for one in problems)))

    return asyncio.run(run())


def test_what_can_be_stated_and_what_not(toolchain: Toolchain) -> None:
    fine = [
        problem("(x y : ℤ) (h : 0 < x) (n : ℕ) : (n : ℤ) * x ^ 2 = y → ∀ z ≥ n, z - n ∣ z"),
        problem(": gcd 12 18 = 6"),  # `Nat.gcd`: what the header opens is open
        problem("(p : Prop) (h : p) : p", ""),
        problem(": ∀ n : Nat, n = n", "open Nat\n\n"),
        problem(": f 1 = 1", "import Mathlib.Tactic\nopen scoped Nat\n\ndef f (n : ℕ) := n\n\n"),
    ]
    for given, found in zip(fine, ask(toolchain, *fine), strict=True):
        assert isinstance(found, Problem), (given, found)
        assert found.theorem.statement == given.theorem.statement
    assert mathlib_free(fine[2]) is fine[2]


def test_a_fault_of_ours_is_not_what_the_statement_is(toolchain: Toolchain) -> None:
    given = problem(": 1 = 1")
    (found,) = ask(replace(toolchain, command=("/no/such/lean",)), given)
    assert isinstance(found, Problem), found
    assert found.theorem.statement == given.theorem.statement


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ("(x : ℝ) : x = x", "needs Mathlib: speaks of the real numbers"),
        ("(x : Real) : x = x", "needs Mathlib: .*Real"),
        (": ∑ k in Finset.range 3, k = 3", "needs Mathlib: speaks of finite sums"),
        ("(n : ℕ) (h : Nat.Prime n) : 0 < n", "needs Mathlib: .*Nat.Prime"),
        ("(n : ℕ) : 0 < n !", "needs Mathlib: "),
        ("(h : x = 1) : x < 2", "needs Mathlib: .*x"),  # no variable that nobody wrote
        ("(α : Foo) : α = α", "needs Mathlib: .*Foo"),
    ],
)
def test_what_needs_mathlib_is_told(toolchain: Toolchain, claim: str, reason: str) -> None:
    (found,) = ask(toolchain, problem(claim))
    assert isinstance(found, Unusable)
    assert re.match(reason, found.reason), found.reason
    assert "\n" not in found.reason


def test_other_imports_and_broken_statements(toolchain: Toolchain) -> None:
    foreign, broken = ask(
        toolchain, problem(": 1 = 1", "import Mathlib\nimport Own.Thing\n"), problem(": 1 =", "")
    )
    assert foreign == Unusable("its header imports Own.Thing, which is not there")
    assert isinstance(broken, Unusable)
    assert broken.reason.startswith("the statement does not elaborate")


def test_the_notation_means_what_it_says(toolchain: Toolchain) -> None:
    """`ℕ` is `Nat` and `ℤ` is `Int`, to Lean as well as to a reader."""

    async def run() -> list[Verdict]:
        async with CheckPool(toolchain, workers=1) as pool:
            items = [
                ": (ℕ → ℤ) = (Nat → Int)",
                ": (3 - 5 : ℕ) = 0",
                ": (3 - 5 : ℤ) = -2",
                ": (7 / 2 : ℤ) = 3",
            ]
            found = [mathlib_free(problem(item)) for item in items]
            theorems = [one.theorem for one in found if isinstance(one, Problem)]
            return [check.verdict for check in await pool.check_many((t, "rfl") for t in theorems)]

    assert asyncio.run(run()) == [Verdict.PROVED] * 4


def printed(goal: str) -> str:
    """A goal with what Mathlib only prints differently: bounded quantifiers, and functions after a dot."""
    goal = re.sub(r"∀ \((\w+) : \S+\), \1 (≥|<|>|≤) (\w+) → ", r"∀ \1 \2 \3, ", " ".join(goal.split()))
    return re.sub(r"\b(Nat|Int)\.(?=gcd|lcm)", "", goal)


@needs_files
@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("minif2f_deepseek_v15.jsonl", {"valid": 54, "test": 67}),
        ("minif2f_goedel_v2.jsonl", {"test": 66}),
        ("core_public.jsonl", {"": 283}),
    ],
)
def test_published_benchmarks(toolchain: Toolchain, file: str, counts: dict[str, int]) -> None:
    """How many statements elaborate; and Lean shows the goals that Lean with Mathlib showed."""
    benchmark = load(BENCHMARKS / file)
    found = ask(toolchain, *benchmark.problems)
    good = [one for one in found if isinstance(one, Problem)]
    assert {split: sum(one.split == split for one in good) for split in counts} == counts
    shown = goals(toolchain, Benchmark("", Path(), "", tuple(one for one in good if one.goal)))
    for one in good:
        if one.goal:
            assert printed(shown[one.name]) == printed(one.goal)


def goals(toolchain: Toolchain, benchmark: Benchmark) -> dict[str, str]:
    """The goal of each problem as this Lean prints it."""

    async def run() -> dict[str, str]:
        async with CheckPool(toolchain, workers=2) as pool:
            checks = (pool.check(one.theorem, "skip", steps=True) for one in benchmark.problems)
            steps = [check.steps[0].goals[0] for check in await asyncio.gather(*checks)]
            return {one.name: goal for one, goal in zip(benchmark.problems, steps, strict=True)}

    return asyncio.run(run())
