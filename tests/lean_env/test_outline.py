"""The theorems of a Lean text: names, statements, proofs, and what stands around them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lean_env.assemble import assemble
from lean_env.outline import Entry, Form, outline


def only(text: str) -> Entry:
    (entry,) = outline(text)
    return entry


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("theorem a : p := by simp", "a"),
        ("namespace A\ntheorem b : p := by simp", "A.b"),
        ("namespace A.B\ntheorem c.d : p := by simp", "A.B.c.d"),
        ("namespace A.B\nend B\ntheorem c : p := by simp", "A.c"),
        ("namespace A.B\nend A.B\ntheorem c : p := by simp", "c"),
        ("namespace A\nsection\ntheorem c : p := by simp", "A.c"),
        ("namespace A\nsection S\nend S\nend A\ntheorem c : p := by simp", "c"),
        ("namespace A\nnoncomputable section\nend\ntheorem c : p := by simp", "A.c"),
        ("namespace A\n-- end A\n/- end A -/\ntheorem c : p := by simp", "A.c"),
        ('namespace A\ndef s := "end A"\ntheorem c : p := by simp', "A.c"),
        ("namespace A\ntheorem _root_.c : p := by simp", "c"),
        ("namespace «a.b»\ntheorem «c d» : p := by simp", "«a.b».«c d»"),
        ("@[simp, local foo] private theorem x.{u} (h : p) : q := by simp", "x"),
        ("@[simp]\nprotected\ntheorem x : q := by simp", "x"),
        ("open Nat in\nset_option maxRecDepth 5 in\ntheorem x : q := by simp", "x"),
        ("attribute [local instance] foo in theorem x : q := by simp", "x"),
        ("namespace A\nexample : q := by simp", "A.example_line_2"),
        ("mutual\ntheorem a : q := by simp\nend", "a"),
        ("lemma a : q := by simp", "a"),
        ("theorem ℕ_𝔸' : q := by simp", "ℕ_𝔸'"),
    ],
)
def test_names(text: str, name: str) -> None:
    assert only(text).name == name


@pytest.mark.parametrize(
    ("text", "statement", "proof", "form"),
    [
        ("theorem a : p := by simp", "theorem a : p := by", "simp", Form.TACTICS),
        ("theorem a : p := by\n  simp\n  ring\n", "theorem a : p := by", "  simp\n  ring", Form.TACTICS),
        ("theorem a : p := by simp\n                    ring", "theorem a : p := by", None, Form.TACTICS),
        ("theorem a : p :=\n  by simp", "theorem a : p :=\n  by", "simp", Form.TACTICS),
        ("theorem a : p := h -- c", "theorem a : p :=", " h", Form.TERM),
        ("theorem a : p", "theorem a : p := by", "", Form.MISSING),
        ("theorem a : p := by", "theorem a : p := by", "", Form.TACTICS),
        ("theorem a : p := by -- c", "theorem a : p := by", "", Form.TACTICS),
        ("theorem a : let x := 1; x = 1 := h", "theorem a : let x := 1; x = 1 :=", " h", Form.TERM),
        ("theorem a (h : p := by simp) : q := h", "theorem a (h : p := by simp) : q :=", " h", Form.TERM),
        ("theorem a : |x| ≤ 1 := h", "theorem a : |x| ≤ 1 :=", " h", Form.TERM),
        ("theorem a : |f fun x => x| = 1 := h", "theorem a : |f fun x => x| = 1 :=", " h", Form.TERM),
        ("theorem a : {x | p x} = s := h", "theorem a : {x | p x} = s :=", " h", Form.TERM),
        (
            "theorem a : match x with | 0 => p | _ => q := h",
            "theorem a : match x with | 0 => p | _ => q :=",
            " h",
            Form.TERM,
        ),
        (
            "theorem a : ∀ n, p n\n| 0 => h\n| n+1 => k",
            "theorem a : ∀ n, p n\n",
            "| 0 => h\n| n+1 => k",
            Form.CASES,
        ),
        ("theorem a : ∀ n, p n | 0 => h | n => k", "theorem a : ∀ n, p n ", "| 0 => h | n => k", Form.CASES),
        ("theorem a : p ∧ q where\n  left := h\n  right := k", "theorem a : p ∧ q ", None, Form.CASES),
        (
            "theorem a : p := by\n  exact f n\ntermination_by n",
            "theorem a : p := by",
            "  exact f n\ntermination_by n",
            Form.TACTICS,
        ),
        (
            "theorem a : p := by\n  open Nat in simp",
            "theorem a : p := by",
            "  open Nat in simp",
            Form.TACTICS,
        ),
        ("theorem a : p := by\n  exact h.end", "theorem a : p := by", "exact h.end", Form.TACTICS),
        ("example : p := by simp", "theorem example_line_1 : p := by", "simp", Form.TACTICS),
    ],
)
def test_statement_and_proof(text: str, statement: str, proof: str | None, form: Form) -> None:
    entry = only(text)
    assert (entry.statement, entry.form) == (statement, form)
    if proof is not None:
        assert entry.proof.strip() == proof.strip()


@pytest.mark.parametrize(
    "following",
    [
        "theorem b : q := h", "lemma b : q := h", "@[simp] theorem b : q := h", "private def x := 1",
        "open Nat",
        "open scoped Nat", "set_option autoImplicit false", "#print axioms a", "end A",
        "variable (x : Nat)",
        "instance : LT x := y", "/-- doc -/\ndef x := 1", "-- comment", "/- comment -/", "attribute [simp] a",
        "local notation x => y", "example : p := h", "deriving instance Repr for x", "alias b := a",
        "#eval 1",
        "macro x : tactic => `(tactic| theorem)", "include h", "noncomputable section", "axiom x : p",
        "end",
        "initialize x : p", "class inductive X", "universe u", "export A (b)", "run_cmd x", "mutual",
    ],
)  # fmt: skip
def test_a_proof_ends_before_the_next_command(following: str) -> None:
    entry = outline(f"theorem a : p := by\n  simp\n  exact h\n\n{following}\n")[0]
    assert entry.proof == "  simp\n  exact h"


def test_examples_by_terms_are_not_listed() -> None:
    assert outline("example : p := h\nexample : Nat := 5\ndef x := 1\ninstance : p := by simp") == ()


@pytest.mark.parametrize(
    "proof", ["by sorry", "sorry", "by\n  sorry -- todo", "by admit", "by exact sorry", "by", ""]
)
def test_open_proofs(proof: str) -> None:
    assert only(f"theorem a : p := {proof}" if proof else "theorem a : p").is_open


@pytest.mark.parametrize("proof", ["by simp", "by\n  have : q := sorry\n  simp", "h sorry", "by simp; sorry"])
def test_proofs_that_are_not_open(proof: str) -> None:
    assert not only(f"theorem a : p := {proof}").is_open


def test_header_footer_documentation_and_place() -> None:
    before = "import X\nnamespace A\nsection S\n"
    text = f"{before}/-- Why. -/\n-- how\n@[simp] theorem a : p := by\n  simp\nend S\nend A\n"
    entry = only(text)
    theorem = entry.theorem
    assert theorem.header == before
    assert theorem.footer == "end S\nend A\n"
    assert theorem.informal == "Why."
    assert (theorem.provenance.line, text[entry.start : entry.end]) == (
        6,
        "@[simp] theorem a : p := by\n  simp",
    )


def test_the_rest_of_a_mutual_block_is_footer() -> None:
    entries = outline("namespace A\nmutual\ntheorem a : p := by simp\ntheorem b : q := by simp\nend\nend A")
    assert entries[0].footer == "theorem b : q := by simp\nend\nend A\n"


SNIPPETS = [
    "theorem a : p := by\n  simp\n", "namespace A\n", "end A\n", "section\n", "end\n", "/-- d -/\n", "-- c\n",
    "@[simp] ", "private ", "lemma b : ∀ n, p\n| 0 => x\n", "open X in\n", "example : p := by simp\n",
    "theorem ",
    "theorem x", ":= by ", "  intro h\n", "(", ")", "mutual\n", "let x := 1\n", " in ", '"', "/-", "«",
    "def y := 1\n",
]  # fmt: skip


@given(st.lists(st.sampled_from(SNIPPETS), max_size=20).map("".join))
def test_any_text_has_an_outline_in_order(text: str) -> None:
    end = 0
    for entry in outline(text):
        assert end <= entry.header_end <= entry.start <= entry.keyword < entry.end <= len(text)
        assert entry.text[entry.keyword :].startswith(("theorem", "lemma", "example"))
        end = entry.end


@given(st.lists(st.sampled_from(SNIPPETS), max_size=20).map("".join))
def test_assembling_gives_back_the_code_of_the_file(text: str) -> None:
    """Header, statement and proof of a theorem, put together again, are the text up to its end."""
    for entry in outline(text):
        if (
            entry.is_example
            or entry.form is Form.MISSING
            or not entry.proof
            or entry.header_end < entry.start
        ):
            continue
        assembled = assemble([(entry.theorem, entry.proof)], "").text
        expected = "".join(text[: entry.end].split())
        assert "".join(assembled[: len(assembled) - len(entry.footer)].split()) == expected


def test_many_theorems_take_linear_time() -> None:
    assert len(outline("theorem a : 1 = 1 := by\n  simp\n\n" * 20_000)) == 20_000
