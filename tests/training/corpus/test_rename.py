"""Other names for bound variables: the same proof, and Lean agrees."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from data.records import CorpusRecord, read_corpus
from lean_env.pool import CheckPool
from lean_env.toolchain import Toolchain
from lean_env.values import Verdict
from training.corpus.rename import with_other_names

SAMPLE = Path(__file__).parents[3] / "data" / "corpus" / "sample.jsonl"


def record(statement: str, proof: str, steps: tuple[tuple[int, tuple[str, ...]], ...] = ()) -> CorpusRecord:
    return CorpusRecord("t", f"theorem t {statement} := by", proof, kind="k", domain="d", steps=steps)


def test_statement_proof_and_states_change_together() -> None:
    goal = "case inl\np q : Prop\nh : p\n⊢ q ∨ p"
    old = record("(p q : Prop) (hp : p ∨ q) : q ∨ p", "  cases hp\n  simp_all", ((10, (goal,)),))
    seen = set()
    for seed in range(50):
        new = with_other_names(old, random.Random(seed))
        _, rest = new.statement.split("(", 1)
        p, q = rest.split(" : ")[0].split()
        h = new.proof.split()[1]
        assert len({p, q, h}) == 3
        assert new.statement == f"theorem t ({p} {q} : Prop) ({h} : {p} ∨ {q}) : {q} ∨ {p} := by"
        assert new.proof == f"  cases {h}\n  simp_all"
        ((end, (state,)),) = new.steps or ()
        assert new.proof[:end] == f"  cases {h}"
        assert state == f"case inl\n{p} {q} : Prop\nh : {p}\n⊢ {q} ∨ {p}"
        assert h != "h"  # Which would catch the name that the state has already.
        seen.add((p, q, h))
    assert len(seen) > 40


@pytest.mark.parametrize(
    ("statement", "proof"),
    [
        (": 1 = 1", "  rfl"),
        ("(n : Nat) : n = n", "  exact foo (n := n)"),
        ("(h : True) : True", "  cases h with | _ => skip\n  case h => simp"),
    ],
)
def test_nothing_changes_where_there_is_no_name_or_one_means_something_else(
    statement: str, proof: str
) -> None:
    old = record(statement, proof)
    assert with_other_names(old, random.Random(0)) == old


def test_of_a_dotted_name_the_variable_changes_and_no_constant_does() -> None:
    old = record(
        "{α : Type} (xs : List α) : xs.map id = xs", "  exact List.map_id xs ▸ xs.map_id.symm ▸ h.xs"
    )
    new = with_other_names(old, random.Random(1))
    xs = new.statement.partition(" : List")[0].rpartition("(")[2]
    assert xs != "xs"
    assert new.proof == f"  exact List.map_id {xs} ▸ {xs}.map_id.symm ▸ h.xs"


def test_lean_accepts_the_proofs_under_other_names_with_the_same_states(toolchain: Toolchain) -> None:
    records = [one for one in read_corpus(SAMPLE) if not one.start]
    chosen = random.Random(0).sample(records, min(60, len(records)))
    renamed = [with_other_names(one, random.Random(index)) for index, one in enumerate(chosen)]
    assert sum(new != old for new, old in zip(renamed, chosen, strict=True)) > 0.9 * len(chosen)

    async def check() -> None:
        async with CheckPool(toolchain, workers=2) as pool:
            checks = await asyncio.gather(
                *(pool.check(one.theorem, one.proof, steps=True) for one in renamed)
            )
        different = 0
        for one, check in zip(renamed, checks, strict=True):
            assert check.verdict is Verdict.PROVED, (one, check.reason)
            if one.steps and len(one.steps) > 1:
                different += tuple((step.end, step.goals) for step in check.steps) != one.steps
        assert different <= 2  # A library lemma may show its own variable, which has the name of an old one.

    asyncio.run(check())
