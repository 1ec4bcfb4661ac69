"""How fast the check service is: `python benchmarks/check_service.py [--proofs N] [--out FILE]`.

The same proofs, in the same run, three ways: a pool of warm workers; one cold Lean process a proof,
as many at a time as there are workers; and the floor, all proofs in one file of one process. Then how
the pool scales with its workers, and how soon a new process has its first verdict. Prints each ratio
beside its bar and exits with 1 if one is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from common import Bar, report

from lean_env.pool import CheckPool
from lean_env.toolchain import Toolchain, find_toolchain
from lean_env.values import Theorem, Verdict

FAMILIES = (
    ("(p q : Prop) : p ∧ q → q ∧ p", "intro h\ncases h with\n| intro hp hq => exact ⟨hq, hp⟩"),
    ("(p q r : Prop) : (p → q) → (q → r) → p → r", "intro f g hp\nexact g (f hp)"),
    (
        "(p q r : Prop) : p ∧ (q ∨ r) → (p ∧ q) ∨ (p ∧ r)",
        "rintro ⟨hp, hq | hr⟩\n· exact Or.inl ⟨hp, hq⟩\n· exact Or.inr ⟨hp, hr⟩",
    ),
    ("(n : Nat) : 0 + n = n", "induction n with\n| zero => rfl\n| succ n ih => rw [Nat.add_succ, ih]"),
    ("(p q : Prop) (hp : p) (hq : q) : p ∧ q ∧ p", "refine ⟨hp, ?_, hp⟩\nexact hq"),
    (
        "(α : Type) (P Q : α → Prop) : (∃ x, P x ∧ Q x) → (∃ x, P x) ∧ (∃ x, Q x)",
        "intro h\nobtain ⟨x, hp, hq⟩ := h\nexact ⟨⟨x, hp⟩, ⟨x, hq⟩⟩",
    ),
    ("(a b c : Nat) (h : a = b) (k : b = c) : c = a", "subst h\nsubst k\nrfl"),
    ("(p q : Prop) : (p ∧ q) = (q ∧ p)", "apply propext\nconstructor <;> (intro h; exact ⟨h.2, h.1⟩)"),
)
FIRST_VERDICT = """
import asyncio, time
start = time.perf_counter()
from lean_env.pool import CheckPool
from lean_env.toolchain import find_toolchain
from lean_env.values import Theorem
async def main():
    async with CheckPool(find_toolchain(), workers=1) as pool:
        check = await pool.check(Theorem("t", "theorem t (p : Prop) : p → p := by"), "exact id")
        assert check.verdict == "PROVED", check
        print(time.perf_counter() - start)
asyncio.run(main())
"""

Pairs = Sequence[tuple[Theorem, str]]


def proofs(count: int) -> Pairs:
    """Independent theorems with right proofs, of the lengths that search produces."""
    made = []
    for index in range(count):
        statement, proof = FAMILIES[index % len(FAMILIES)]
        name = f"t{index}"
        made.append((Theorem(name, f"theorem {name} {statement} := by"), proof))
    return made


def source(pairs: Pairs) -> str:
    """The pairs as one Lean file."""
    texts = (f"{theorem.statement}\n  " + proof.replace("\n", "\n  ") for theorem, proof in pairs)
    return "\n\n".join(texts) + "\n"


def lean(toolchain: Toolchain, text: str) -> None:
    """Check a file in a fresh process."""
    with tempfile.NamedTemporaryFile("w", suffix=".lean", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        environ = {**os.environ, **toolchain.environment}
        subprocess.run((*toolchain.command, file.name), env=environ, check=True, capture_output=True)


def cold_seconds(toolchain: Toolchain, pairs: Pairs, workers: int) -> float:
    """Seconds for the pairs, a process each."""
    start = time.perf_counter()
    with ThreadPoolExecutor(workers) as threads:
        list(threads.map(lambda pair: lean(toolchain, source([pair])), pairs))
    return time.perf_counter() - start


def floor_seconds(toolchain: Toolchain, pairs: Pairs) -> float:
    """Seconds for all pairs in one file, less what a process costs that checks nothing."""
    start = time.perf_counter()
    lean(toolchain, "")
    middle = time.perf_counter()
    lean(toolchain, source(pairs))
    return (time.perf_counter() - middle) - (middle - start)


async def pool_seconds(toolchain: Toolchain, pairs: Pairs, workers: int) -> float:
    """Seconds for the pairs in a warm pool."""
    async with CheckPool(toolchain, workers=workers) as pool:
        await pool.check_many(pairs[: 8 * workers])
        start = time.perf_counter()
        checks = await pool.check_many(pairs)
        seconds = time.perf_counter() - start
    wrong = [check for check in checks if check.verdict is not Verdict.PROVED]
    assert not wrong, wrong[0]
    return seconds


def main() -> int:
    """Measure, print, write; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--proofs", type=int, default=2000)
    parser.add_argument("--cold", type=int, default=60, help="how many of them also in cold processes")
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks/check_service.json"))
    arguments = parser.parse_args()
    toolchain = find_toolchain()
    cores = len(os.sched_getaffinity(0))
    pairs = proofs(arguments.proofs)
    cold = cold_seconds(toolchain, pairs[: arguments.cold], cores) / arguments.cold
    floor = floor_seconds(toolchain, pairs) / len(pairs)
    counts = sorted({1, 2, cores})
    pools = {n: asyncio.run(pool_seconds(toolchain, pairs, n)) / len(pairs) for n in counts}
    first = min(
        float(subprocess.run((sys.executable, "-c", FIRST_VERDICT), check=True, capture_output=True).stdout)
        for _ in range(5)
    )
    print(f"{toolchain.describe()}; {cores} cores; {len(pairs)} proofs")
    print(f"cold process a proof, {cores} at a time   {cold * 1e3:8.2f} ms a proof")
    print(f"one file, one process            {floor * 1e3:8.2f} ms a proof")
    for workers, seconds in pools.items():
        label = f"warm pool, {workers} worker{'s' if workers > 1 else ''}"
        print(f"{label:33}{seconds * 1e3:8.2f} ms a proof")
    bars = [
        Bar("pool against cold processes, throughput", cold / pools[cores], at_least=15),
        Bar("pool against the floor, throughput", floor / pools[cores], at_least=0.6),
        Bar("one worker against the floor, throughput", floor / pools[1]),
        Bar("two workers against one, throughput", pools[1] / pools[2]),
        Bar("first verdict of a new process, seconds", first, at_most=1),
    ]
    seconds_each = {"cold": cold, "floor": floor, **{f"pool of {n}": s for n, s in pools.items()}}
    return report(arguments.out, bars, {"cores": cores, "seconds_a_proof": seconds_each})


if __name__ == "__main__":
    sys.exit(main())
