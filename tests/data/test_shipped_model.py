"""The model in the package: its size, its card, and that it proves."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import data
from lean_env.pool import CheckPool
from lean_env.toolchain import Toolchain
from lean_env.values import Theorem
from prover.attempt import Settings
from prover.driver import Attempt, Driver
from prover.policies import open_policy
from search import Budget, Sampling
from tests.prover.command import prover

MODEL = Path(data.__file__).parent / "models" / "core-7m"
MEGABYTE = 1_000_000
STATEMENTS = [
    "(p q : Prop) : p ∧ q → q ∧ p",
    "(p q r : Prop) (h : p → q) (g : q → r) : p → r",
    "(a b c : Prop) : (a ∧ b) ∧ c → a ∧ (b ∧ c)",
    "(α : Type) (P Q : α → Prop) : (∀ x, P x ∧ Q x) → ∀ x, P x",
    "(n m : Nat) (h : n < m) : n + 1 ≤ m",
    "(x y : Nat) : x + y = y + x",
    "(α : Type) (xs : List α) : xs ++ [] = xs",
    "(p : Prop) : ¬¬p → p",
]


def test_it_takes_at_most_16_megabytes() -> None:
    assert sum(path.stat().st_size for path in MODEL.iterdir()) <= 16 * MEGABYTE


def test_the_model_alone_proves_what_a_newcomer_tries(toolchain: Toolchain) -> None:
    theorems = [
        Theorem(f"t{number}", f"theorem t{number} {text} := by") for number, text in enumerate(STATEMENTS)
    ]
    found: dict[int, Attempt] = {}

    async def prove() -> None:
        settings = Settings(rule=Sampling(), budget=Budget(samples=16), workers=2)
        async with (
            open_policy("model") as policy,
            CheckPool(toolchain, workers=2) as pool,
            Driver.open(policy, pool, settings) as driver,
        ):
            await driver.prove_all(theorems, [None] * len(theorems), found.__setitem__)

    asyncio.run(prove())
    assert sum(attempt.proof is not None for attempt in found.values()) >= 6


def test_the_command_line_takes_it_together_with_tactics() -> None:
    result = prover("prove", "--statement", STATEMENTS[0], "--policy", "mixed", "--samples", "64", "--json")
    assert result.returncode == 0, result.stderr
    row = json.loads(result.stdout)
    assert (row["policy"], row["verdict"]) == ("mixed", "PROVED")
