"""Proofs that eat time, memory, stack or the reader's patience: they cost their own check, nothing else."""

from __future__ import annotations

import asyncio

import pytest

from lean_env.audit import audit
from lean_env.limits import GIB, Limits
from lean_env.pool import CheckPool
from lean_env.toolchain import Toolchain
from lean_env.values import Theorem, Verdict

SECONDS = 2.0
MEMORY = 5 * GIB
FALSE = "theorem target : 1 = 2 := by"
HUGE = "theorem target : 2 ^ 1000000000000 = 1 := by"
HONEST = Theorem("honest", "theorem honest (p q : Prop) (h : p ∧ q) : q ∧ p := by")

CASES = {
    "loop": (FALSE, "repeat refine ?_"),
    "loop-without-limits": (
        FALSE,
        "set_option maxHeartbeats 0 in\nset_option maxRecDepth 1000000 in\nrepeat exfalso",
    ),
    "allocation": (FALSE, "repeat have := fun (x : Nat) => x + 1"),
    "message-flood": (FALSE, 'repeat trace "' + "x" * 2000 + '"'),
    "deep-functions": (FALSE, "exact " + "fun _ => " * 20_000 + "rfl"),
    "deep-negation": (FALSE, "have : " + "¬ " * 20_000 + "True := by simp\nrfl"),
    "deep-brackets": (FALSE, "exact " + "(" * 20_000 + ")" * 20_000),
    "huge-power": (HUGE, "decide"),
    "huge-power-in-the-kernel": (HUGE, "decide +kernel"),
    "tower-of-powers": ("theorem target : 2 ^ (2 ^ 40) % 7 = 1 := by", "decide +kernel"),
    "huge-numeral": (FALSE, "have : " + "9" * 100_000 + " = 1 := by decide\nrfl"),
}


@pytest.mark.parametrize("name", CASES)
def test_only_the_guilty_suffer(name: str, toolchain: Toolchain) -> None:
    statement, proof = CASES[name]
    theorem = Theorem("target", statement)

    async def run() -> tuple[Verdict, Verdict, list[Verdict]]:
        limits = Limits(seconds=SECONDS, memory_bytes=MEMORY)
        async with CheckPool(toolchain, workers=1, limits=limits) as pool:
            guilty = asyncio.create_task(pool.check(theorem, proof))
            others = await pool.check_many([(HONEST, "exact ⟨h.2, h.1⟩")] * 3)
            fast = (await guilty).verdict
        result = await audit(toolchain, theorem, proof, seconds=SECONDS, memory_bytes=MEMORY)
        return fast, result.verdict, [other.verdict for other in others]

    fast, strict, others = asyncio.run(run())
    blamed = {Verdict.TIMEOUT, Verdict.OUT_OF_MEMORY, Verdict.FAILED}
    assert fast in blamed
    assert strict in blamed
    assert others == [Verdict.PROVED] * 3
