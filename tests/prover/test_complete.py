"""Open theorems out of a file, and their proofs back into it."""

from __future__ import annotations

import pytest

from lean_env.outline import outline
from prover.complete import completed, indented, task

FILE = """/-! A file. -/
namespace A

/-- First. -/
theorem one (p : Prop) : p → p := by
  sorry -- to do

  theorem two : True := sorry
theorem three : 1 = 1
theorem four : 2 = 2 := by rfl
end A
"""


def test_open_theorems_become_statements_that_end_in_by() -> None:
    entries = [entry for entry in outline(FILE) if entry.is_open]
    assert [entry.name for entry in entries] == ["A.one", "A.two", "A.three"]
    assert [task(entry).statement for entry in entries] == [
        "theorem one (p : Prop) : p → p := by",
        "theorem two : True := by",
        "theorem three : 1 = 1 := by",
    ]
    two = task(entries[1])
    assert two.header.endswith("sorry -- to do\n\n")
    assert two.header + "  " == entries[1].theorem.header


def test_proofs_take_the_place_of_what_stood_there_and_nothing_else_changes() -> None:
    entries = {entry.name: entry for entry in outline(FILE)}
    text = completed(
        FILE, {entries["A.one"]: "intro h\nexact h", entries["A.two"]: "trivial", entries["A.three"]: "rfl"}
    )
    assert (
        text
        == """/-! A file. -/
namespace A

/-- First. -/
theorem one (p : Prop) : p → p := by
  intro h
  exact h -- to do

  theorem two : True := by
    trivial
theorem three : 1 = 1 := by
  rfl
theorem four : 2 = 2 := by rfl
end A
"""
    )
    assert not any(entry.is_open for entry in outline(text))


def test_without_proofs_nothing_changes() -> None:
    assert completed(FILE, {}) == FILE


@pytest.mark.parametrize(
    ("proof", "margin", "expected"),
    [
        ("a\n  b", 2, "  a\n    b"),
        ("    a\n      b\n    c", 2, "  a\n    b\n  c"),
        ("\n  a\n\n  b\n", 4, "    a\n\n    b"),
        ("    a\n  b", 0, "a\nb"),
    ],
)
def test_a_proof_is_shifted_as_a_whole(proof: str, margin: int, expected: str) -> None:
    assert indented(proof, margin) == expected
