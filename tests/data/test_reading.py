"""Statements' texts as lemmas."""

from __future__ import annotations

import random

import pytest

from data.generate.lemmas import lay_out_lemma
from data.generate.normal import normal_form
from data.generate.reading import aligned, read_lemma
from data.generate.variants import joined


def test_a_statement_is_read_into_its_parts() -> None:
    lemma = read_lemma(
        "theorem t {α : Type} (xs ys : List α) [DecidableEq α] (f : α → Nat) (p : Prop)\n"
        "    (h : xs = ys) (_ : p) : p ∧ ∀ x, f x = f x := by"
    )
    assert lemma is not None
    assert lemma.types == ("α",)
    assert lemma.variables == (("xs", "List α"), ("ys", "List α"), ("f", "α → Nat"), ("p", "Prop"))
    assert lemma.instances == ("DecidableEq α",)
    assert lemma.hypotheses == ("xs = ys", "p")
    assert lemma.conclusion == "p ∧ ∀ x, f x = f x"


@pytest.mark.parametrize(
    "statement",
    [
        "theorem t (α : Type u) (x : α) : x = x := by",
        "theorem t (α : Sort*) (x : α) : x = x := by",
        "theorem t (n : Nat) (i : Fin n) : i = i := by",
        "theorem t (xs : List Nat) (h : 0 < xs.length) : xs[0] = xs[0] := by",
        "theorem t (p : Prop) (h : p) : h = h := by",
        "theorem t (n : Nat) (h : n = 0) (n : Int) : n = n := by",
        "theorem t (x) : x = 1 := by",
        "theorem t (x : Nat : x = := by",
        "nonsense",
    ],
)
def test_what_has_no_place_in_a_lemma_is_left_alone(statement: str) -> None:
    assert read_lemma(statement) is None


def test_two_statements_share_variables_of_the_same_types() -> None:
    first = read_lemma("theorem a (A : Type) (x : A) (n : Nat) (h : 0 < n) : x = x := by")
    second = read_lemma("theorem b (m k : Nat) (B C : Type) (y : B) : m + k = k + m ∧ y = y := by")
    assert first is not None
    assert second is not None
    both = joined(*aligned(first, second))
    assert [kind for _, kind in both.variables] == ["α", "Nat", "Nat"]
    text = f"theorem t {lay_out_lemma(both, random.Random(0))} := by"
    assert normal_form(text) == normal_form(
        "theorem t (α : Type) (x : α) (m k : Nat) (h : 0 < m) : (x = x) ∧ (m + k = k + m ∧ x = x) := by"
    )
