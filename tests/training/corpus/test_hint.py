"""Hints in a corpus: looked up, renamed, rendered, and tried with real Lean."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from data.records import CorpusRecord, from_line, read_corpus, to_line, write_corpus
from prover.policies.tactics.hints import hints
from prover.prompts import make_prompt
from training.corpus.__main__ import main
from training.corpus.hint import hinted, with_hints_looked_up
from training.corpus.rename import with_other_names
from training.corpus.render import resumed, whole

PRODUCTS = CorpusRecord(
    "t",
    "theorem t (a b c d : Nat) (h : a ≤ b) (h' : c ≤ d) : a * c ≤ b * d ∧ True := by",
    "  constructor\n  apply Nat.mul_le_mul <;> assumption\n  trivial",
    steps=(
        (13, ("case left\na b c d : Nat\nh : a ≤ b\nh' : c ≤ d\n⊢ a * c ≤ b * d", "case right\n⊢ True")),
        (51, ("case right\n⊢ True",)),
        (61, ()),
    ),
)


def test_hints_of_a_record_are_those_a_search_would_show() -> None:
    record = hinted(PRODUCTS)
    assert len(record.hints) == 4
    assert record.hints[0] == hints(make_prompt(PRODUCTS.theorem))
    assert "apply Nat.mul_le_mul <;> assumption" in record.hints[1]
    assert record.hints[3] == ()
    assert hinted(record) is record
    assert from_line(to_line(record)) == record


def test_many_processes_look_up_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.corpus.hint.CHUNK", 1)
    records = [PRODUCTS, *with_hints_looked_up([PRODUCTS])]
    assert with_hints_looked_up(records) == [records[1], records[1]]


def test_prompts_show_them_where_the_proof_goes_on() -> None:
    record = hinted(PRODUCTS)
    assert "/- hints:" not in whole(PRODUCTS).prompt
    assert whole(record).prompt.startswith(whole(PRODUCTS).prompt)
    assert record.steps is not None
    cut = resumed(record, record.steps[0])
    assert "  /- hints:\n  apply Nat.mul_le_mul <;> assumption\n" in cut.prompt
    assert cut.completion.startswith("  apply Nat.mul_le_mul <;> assumption\n")


def test_variables_in_hints_get_the_names_of_the_rest() -> None:
    record = CorpusRecord(
        "t",
        "theorem t (n m : Nat) : n + m = m + n := by",
        "  rw [Nat.add_comm n m]",
        steps=((23, ()),),
        hints=(("rw [Nat.add_comm n m]", "have h1 := foo"), ()),
    )
    for seed in range(20):
        new = with_other_names(record, random.Random(seed))
        assert new.hints[0][0] == new.proof.strip()
        assert new.hints[0][1] == "have h1 := foo"
        assert "h1" not in new.statement


def test_what_hints_prove_is_added(tmp_path: Path) -> None:
    """By one hint alone; by a hint and what closes the rest; a proof that is there already, never twice."""
    products = "(a b c d : Nat) (h : a ≤ b) (h' : c ≤ d)"
    alone = CorpusRecord(
        "one",
        f"theorem one {products} : a * c ≤ b * d := by",
        "  have := Nat.mul_le_mul h h'\n  exact this",
        steps=((29, ("⊢ True",)), (42, ())),
    )
    closed = CorpusRecord(
        "two",
        f"theorem two {products} (e : b * d = a) : a * c ≤ b * d ∧ a = b * d := by",
        "  constructor\n  exact Nat.mul_le_mul h h'\n  exact e.symm",
        steps=((13, ("⊢ True",)), (41, ("⊢ True",)), (56, ())),
    )
    write_corpus(tmp_path / "in.jsonl", [alone, closed])
    assert (
        main(["hint", str(tmp_path / "in.jsonl"), "--out", str(tmp_path / "out.jsonl"), "--workers", "2"])
        == 0
    )
    found = read_corpus(tmp_path / "out.jsonl")
    texts = [(record.name, record.proof) for record in found]
    assert texts[0] == ("one", alone.proof)
    assert ("one", "  apply Nat.mul_le_mul <;> assumption") in texts
    assert len(set(texts)) == len(texts)
    assert all(len(record.hints) == 1 + len(record.steps or ()) for record in found)
    assert {record.statement for record in found} == {alone.statement, closed.statement}
