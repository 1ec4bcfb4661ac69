"""The pool against cold Lean: whatever way a proof is checked, the verdict is the same.

Right proofs are broken at random: lines dropped, doubled and swapped, words replaced. Each text is
judged by a fresh `lean --json` process of its own, by the pool in large documents, and by the pool one
after another, so that Lean goes on from what it has.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lean_env.cheats import inspect
from lean_env.pool import CheckPool
from lean_env.toolchain import Toolchain
from lean_env.values import Theorem, Verdict

SEEDS = [
    (
        "theorem t (p q r : Prop) : p ∧ (q ∨ r) ↔ (p ∧ q) ∨ (p ∧ r) := by",
        "constructor\n· intro h\n  cases h.2 with\n  | inl hq =>\n    left\n    exact ⟨h.1, hq⟩\n"
        "  | inr hr =>\n    right\n    exact ⟨h.1, hr⟩\n· intro h\n"
        "  cases h with\n  | inl h => exact ⟨h.1, Or.inl h.2⟩\n"
        "  | inr h => exact ⟨h.1, Or.inr h.2⟩",
    ),
    (
        "theorem t (a b : Nat) : a + b = b + a := by",
        "induction a with\n| zero =>\n  rw [Nat.zero_add]\n  rfl\n| succ n ih =>\n  rw [Nat.succ_add]\n"
        "  have h : Nat.succ (n + b) = Nat.succ (b + n) := by\n    rw [ih]\n  exact h",
    ),
    (
        "theorem t (α : Type) (p : α → Prop) (h : ¬∃ x, p x) : ∀ x, ¬p x := by",
        "intro x hx\nhave k : ∃ y, p y := by\n  exact ⟨x, hx⟩\napply h; exact k",
    ),
    (
        "theorem t (xs ys : List Nat) : (xs ++ ys).length = xs.length + ys.length := by",
        "induction xs with\n| nil => simp\n| cons x xs ih =>\n"
        "  simp only [List.cons_append, List.length_cons]\n  rw [ih]\n  omega",
    ),
]
WORDS = [
    "exact",
    "h",
    "rfl",
    "(",
    ")",
    "⟨",
    "⟩",
    "·",
    "simp",
    "by",
    "0",
    ":=",
    "with",
    "|",
    "intro",
    "ih",
    "_",
]


def mutate(proof: str, generator: random.Random) -> str:
    """`proof` with one or two accidents."""
    lines = proof.split("\n")
    for _ in range(generator.randint(1, 2)):
        place = generator.randrange(len(lines))
        match generator.randrange(9):
            case 0:
                del lines[place:]
            case 1:
                del lines[place]
            case 2:
                lines.insert(place, lines[generator.randrange(len(lines))])
            case 3:
                words = lines[place].split(" ")
                words[generator.randrange(len(words))] = generator.choice(WORDS)
                lines[place] = " ".join(words)
            case 4:
                lines[place] = " " * generator.randint(0, 3) + lines[place]
            case 5:
                lines[place] += " " + generator.choice(WORDS)
            case _:  # Harmless, so that there are right proofs among them.
                lines[place] += generator.choice([" -- why", " ", " /- a\n   b -/", "\n"])
        lines = lines or [""]
    return "\n".join(lines)


def cold(toolchain: Toolchain, statement: str, proof: str, directory: Path) -> bool:
    """Whether a fresh Lean accepts the proof without an error or a `sorry`."""
    body = "\n".join("  " + line for line in proof.split("\n"))
    file = directory / f"{abs(hash((statement, proof)))}.lean"
    file.write_text(f'{statement}\n{body}\n#print "the end"\n', encoding="utf-8")
    environ = {**os.environ, **toolchain.environment}
    run = subprocess.run(
        (*toolchain.command, "--json", str(file)), env=environ, capture_output=True, text=True, check=False
    )
    messages = [json.loads(line) for line in run.stdout.splitlines()]
    said = [message["data"] for message in messages if message["severity"] == "information"]
    good = "the end" in [text.strip() for text in said]
    return good and not any(
        message["severity"] == "error" or "declaration uses" in message["data"] for message in messages
    )


def test_every_way_of_checking_gives_cold_leans_verdict(toolchain: Toolchain, tmp_path: Path) -> None:
    generator = random.Random(5)
    texts = [(statement, mutate(proof, generator)) for _ in range(60) for statement, proof in SEEDS]
    texts = [pair for pair in texts if inspect(pair[1]) is None]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        truth = list(threads.map(lambda pair: cold(toolchain, *pair, tmp_path), texts))
    pairs = [(Theorem("t", statement), proof) for statement, proof in texts]

    async def warm() -> tuple[list[bool], list[bool]]:
        async with CheckPool(toolchain, workers=1) as pool:
            together = await pool.check_many(pairs)
            in_turn = [await pool.check(theorem, proof, steps=True) for theorem, proof in pairs]
        assert all(
            check.valid_prefix == proof[: len(check.valid_prefix)]
            for check, (_, proof) in zip(in_turn, pairs, strict=True)
        )
        return [c.verdict is Verdict.PROVED for c in together], [c.verdict is Verdict.PROVED for c in in_turn]

    together, in_turn = asyncio.run(warm())
    assert together == truth
    assert in_turn == truth
    counts = Counter(truth)
    assert min(counts[True], counts[False]) > 20, "the mutations are worth their name"
