"""Steps read from the layout of a proof."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from lean_env.steps import block_end, boundaries


def texts(proof: str) -> list[str]:
    return [proof[step.start : step.end] for step in boundaries(proof)]


def test_a_line_is_a_step() -> None:
    assert texts("intro h\nexact h.1") == ["intro h", "exact h.1"]


def test_semicolons_part_steps_but_not_inside_brackets() -> None:
    assert texts("intro h; constructor <;> (intro x; exact x)\nrfl") == [
        "intro h",
        "constructor <;> (intro x; exact x)",
        "rfl",
    ]


def test_a_deeper_line_continues_a_step() -> None:
    assert texts("exact foo\n    bar\nrfl") == ["exact foo\n    bar", "rfl"]


def test_open_brackets_continue_a_step_whatever_the_indentation() -> None:
    assert texts("rw [a,\nb]\nsimp") == ["rw [a,\nb]", "simp"]


def test_a_line_that_opens_a_block_is_a_step() -> None:
    assert texts("have h : p := by\n  intro x\n  exact x\nexact h") == [
        "have h : p := by",
        "intro x",
        "exact x",
        "exact h",
    ]


def test_cases_and_bullets() -> None:
    assert texts("cases h with\n  | inl a => exact a\n  | inr b =>\n    exact b") == [
        "cases h with",
        "| inl a => exact a",
        "| inr b =>",
        "exact b",
    ]
    assert texts("constructor\n· exact a\n· simp\n  rfl") == ["constructor", "· exact a", "· simp", "rfl"]


def test_calc_is_one_step() -> None:
    assert texts("calc a = b := by rfl\n  _ = c := by rfl\nrfl") == [
        "calc a = b := by rfl\n  _ = c := by rfl",
        "rfl",
    ]


def test_comments_are_no_steps_and_hide_nothing() -> None:
    assert texts("-- first\nintro h -- why; not\n/- a\nb -/\nexact h") == ["intro h", "exact h"]
    assert texts("") == []
    assert texts("  -- only a comment") == []


def test_block_end_is_the_end_of_what_is_deeper() -> None:
    proof = "constructor\n· simp\n  rfl\n· exact b"
    assert proof[: block_end(proof, proof.index("·"))] == "constructor\n· simp\n  rfl"
    assert block_end(proof, proof.rindex("·")) == len(proof)


@given(st.text(alphabet="ab ()[];|·\n-/\"'«»by=>", max_size=60))
def test_steps_are_in_order_disjoint_and_cover_the_code(proof: str) -> None:
    found = boundaries(proof)
    assert all(step.start < step.end <= len(proof) for step in found)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))
    assert all(not proof[step.end - 1].isspace() for step in found)
