"""Variants of statements: new, readable, and mostly as Lean likes them."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

from data.generate.normal import normal_form
from data.records import read_corpus
from lean_env.errors import StatementError
from lean_env.pool import CheckPool
from lean_env.toolchain import Toolchain
from lean_env.values import Theorem, Verdict
from training.rlpaf.mutation import mutated

SAMPLE = Path(__file__).parents[3] / "data" / "corpus" / "sample.jsonl"


def variants(count: int, seed: int = 0) -> list[tuple[Theorem, Theorem]]:
    """Theorems of the sample, each with a variant."""
    rng = random.Random(seed)
    theorems = [record.theorem for record in read_corpus(SAMPLE)]
    found: list[tuple[Theorem, Theorem]] = []
    while len(found) < count:
        first, second = rng.choice(theorems), rng.choice(theorems)
        if (variant := mutated(first, second, rng)) is not None:
            found.append((first, variant))
    return found


def test_what_cannot_be_read_has_no_variant() -> None:
    theorem = Theorem("t", "theorem t (α : Type u) (x : α) : x = x := by")
    assert all(mutated(theorem, theorem, random.Random(seed)) is None for seed in range(20))


def test_the_surroundings_of_a_theorem_stay() -> None:
    old = Theorem("A.t_3", "theorem t_3 (n m : Nat) : n + m = m + n := by", "namespace A\n", "end A", "words")
    seed = next(seed for seed in range(50) if mutated(old, old, random.Random(seed)) is not None)
    new = mutated(old, old, random.Random(seed))
    assert new is not None
    assert (new.name, new.header, new.footer, new.informal) == ("A.t", old.header, old.footer, "")
    assert new.provenance.source == "variant of A.t_3"
    elsewhere = Theorem("t_4", "theorem t_4 (p : Prop) : p → p := by")
    found = [mutated(old, elsewhere, random.Random(seed)) for seed in range(100)]
    assert not any(new is not None and "Prop" in new.statement for new in found)  # Never put together.


def test_variants_are_new_and_varied() -> None:
    found = variants(200)
    assert variants(200) == found
    new = {normal_form(variant.statement) for _, variant in found}
    assert len(new) > 150
    assert all(normal_form(old.statement) != normal_form(variant.statement) for old, variant in found)


def test_lean_understands_variants_and_proves_many(toolchain: Toolchain) -> None:
    found = [variant for _, variant in variants(60, seed=1)]

    async def check() -> tuple[int, int]:
        understood = proved = 0
        async with CheckPool(toolchain, workers=2) as pool:

            async def one(theorem: Theorem) -> None:
                nonlocal understood, proved
                try:
                    await pool.validate(theorem)
                except StatementError:
                    return
                understood += 1
                for tactic in ("simp_all", "omega"):
                    if (await pool.check(theorem, f"  {tactic}")).verdict is Verdict.PROVED:
                        proved += 1
                        return

            await asyncio.gather(*map(one, found))
        return understood, proved

    understood, proved = asyncio.run(check())
    assert understood >= 0.9 * len(found)
    assert proved >= 0.3 * len(found)
