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
from prover.policies import Sampling as Drawing
from prover.policies import open_policy
from prover.prompts import make_prompt
from search import Budget, Sampling
from tests.prover.command import environment, prover

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
            open_policy("default") as policy,
            CheckPool(toolchain, workers=2) as pool,
            Driver.open(policy, pool, settings) as driver,
        ):
            await driver.prove_all(theorems, [None] * len(theorems), found.__setitem__)

    asyncio.run(prove())
    assert sum(attempt.proof is not None for attempt in found.values()) >= 6


def test_it_reads_its_hints_rather_than_knows_names(toolchain: Toolchain) -> None:
    """Lemmas of a file under names that no library has: what proves the statement must be copied."""
    lemmas = [
        ("Nat.self_pow_le_add", "n * n * n ≤ n * n * n + 7"),
        ("Nat.mul_dvd_self_left", "7 * n ∣ n * n * 21"),
        ("Nat.mul_le_succ_pos", "(n + 3) * n ^ n ≤ n + n ^ (n + 7)"),
    ]
    header = "".join(f"theorem {name} (n : Nat) : {text} := by sorry\n" for name, text in lemmas)

    async def write() -> list[str]:
        async with open_policy("default") as policy:
            texts = []
            for _, text in lemmas:
                statement = f"theorem t (k : Nat) : {text.replace('n', 'k')} := by"
                (row,) = await policy.generate(
                    [make_prompt(Theorem("t", statement, header))], 16, Drawing(max_tokens=64, distinct=True)
                )
                texts.append(" ".join(one.text for one in row))
            return texts

    for (name, _), text in zip(lemmas, asyncio.run(write()), strict=True):
        assert f"exact {name} .." in text


def test_who_names_no_policy_gets_it() -> None:
    unset = environment(PROVER_POLICY="")
    result = prover("prove", "--statement", STATEMENTS[0], "--samples", "64", "--json", env=unset)
    assert result.returncode == 0, result.stderr
    row = json.loads(result.stdout)
    assert (row["policy"], row["verdict"]) == ("default", "PROVED")
