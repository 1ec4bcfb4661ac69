"""Which lemma a statement restates, and which proofs name it."""

from __future__ import annotations

import pytest

from prover.evaluation.lemmas import lemma_of, names


@pytest.mark.parametrize(
    ("source", "lemma"),
    [
        ("leanprover/lean4 src/Init/PropLemmas.lean Decidable.imp_or'", "imp_or'"),
        ("leanprover/lean4 src/Init/Data/Option/Lemmas.lean Option.some.injEq", "injEq"),
        ("leanprover-community/NNG4 Game/Levels/LessOrEqual/L10le_one.lean le_one", "le_one"),
        ("leanprover/theorem_proving_in_lean4 book/TPiL/QuantifiersEquality.lean example@L758", ""),
        ("AMC 12A 2020 problem 10", ""),
        ("a file.lean", ""),
        ("", ""),
    ],
)
def test_the_lemma_is_the_last_word_behind_a_file(source: str, lemma: str) -> None:
    assert lemma_of(source) == lemma


@pytest.mark.parametrize(
    ("proof", "named"),
    [
        ("  exact Nat.le_one h", True),
        ("  simp [Nat.le_one]", True),
        ("  exact h.le_one.trans k", True),
        ("  exact (le_one (x := 2))", True),
        ("  exact «le_one»", False),
        ("  omega", False),
        ("  exact Nat.le_one' h", False),
        ("  exact Nat.le_one_iff h", False),
        ("  omega -- not le_one", False),
        ('  exact f "le_one"', False),
    ],
)
def test_a_name_is_a_token_and_no_piece_of_one(proof: str, named: bool) -> None:
    assert names(proof, "le_one") is named
