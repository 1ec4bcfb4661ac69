"""Token rejection: every cheat by its reason, and honest proofs left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lean_env.cheats import MAX_CHARACTERS, MAX_DEPTH, inspect
from lean_env.values import Verdict

HONEST = [
    "intro stopped\nexact stopped",
    "-- sorry, this was hard; axiom of choice, theorem 5\nsimp",
    "/- native_decide would do\ntheorem too -/ decide",
    "/-- a documentation comment about macro -/\nsimp",
    'trace "sorry, no theorem here"\nsimp',
    "open Classical in\nexact em p",
    "open scoped Classical in exact em p",
    "open Nat hiding add_comm in simp",
    "exact (open Nat Int (add_comm) in add_comm)",
    "set_option maxRecDepth 10000 in\ndecide",
    "set_option maxHeartbeats 0 in simp",
    "set_option linter.unusedVariables false in simp",
    "unfold foo\nshow_term simp\nsimp?",
    "exact ⟨_, (h x).end⟩",
    "exact List.prefix_append _ _",
    "exact h.section",
    "have native : p := h\nexact native",
    "have lemma' : p := h",
    "exact f (lemma := 3)",
    "cases h with\n| inl h => exact h\n| inr h => exact h",
    "decide +kernel",
    "rintro ⟨x', hx''⟩\nexact f '' s",
    "exact Or.inl «weird name»",
    "let rec f : Nat → Nat := fun n => n\nexact f 0",
    "simp only [Nat.add_comm, ← h] at *",
    "have : #s = 3 := h",
    "conv => lhs; rw [h]",
    "nlinarith [sq_nonneg (a - b), sq_nonneg (b -c)]",
    "show x - -y = z\nomega -- done",
    "exact stop",
    "calc a = b := h\n  _ = c := h'",
    "intro x; intro public; exact meta x",
    "exact 'a' = 'b'",
]


@pytest.mark.parametrize("proof", HONEST)
def test_honest_proofs_pass(proof: str) -> None:
    assert inspect(proof) is None


CHEATS = [
    ("exact sorryAx _ true", "sorryAx"),
    ("exact Lean.sorryAx _", "sorryAx"),
    ("exact «sorryAx» _", "sorryAx"),
    ("exact @_root_.sorryAx _ false", "sorryAx"),
    ("native_decide", "compiled code"),
    ("decide +native", "compiled code"),
    ("decide (config := {native := true})", "compiled code"),
    ("exact Lean.ofReduceBool _ _ rfl", "compiled code"),
    ("bv_decide", "compiled code"),
    ("trivial\naxiom no : False", "`axiom`"),
    ("trivial axiom no : False", "`axiom`"),
    ("trivial\n  constant no : False", "`constant`"),
    ("trivial\nopaque no : False", "`opaque`"),
    ("trivial\nlemma no : False := h", "`lemma`"),
    ("run_tac pure ()", "runs code"),
    ("exact by_elab pure q", "runs code"),
    ("trivial\nrun_cmd pure ()", "runs code"),
    ("trivial\n#eval 1", "`#eval`"),
    ("trivial #exit", "`#exit`"),
    ("trivial\n#print axioms t", "`#print`"),
    ("set_option debug.skipKernelTC true in trivial", "debug.skipKernelTC"),
    ("set_option «debug».«skipKernelTC» true in trivial", "debug.skipKernelTC"),
    ("set_option warn.sorry false in trivial", "warn.sorry"),
    ("trivial\nset_option maxRecDepth 5", "without `in`"),
    ("trivial\nopen Nat", "without `in`"),
    ("trivial\nopen Nat in theorem x", "`theorem`"),
    ("trivial\nend Foo", "`end`"),
    ("trivial\nnamespace Foo", "`namespace`"),
    ("trivial\nlocal notation x", "`local`"),
    ("trivial\nmacro x", "`macro`"),
    ("trivial\nelab x", "`elab`"),
    ("trivial\nsyntax x", "`syntax`"),
    ("trivial\ninstance : LT Nat := x", "`instance`"),
    ("trivial\nvariable (h : False)", "`variable`"),
    ("trivial\ndef x := 1", "`def`"),
    ("trivial\nunsafe def x := 1", "`unsafe`"),
    ("exact unsafe x", "`unsafe`"),
    ("trivial\npartial def", "`partial`"),
    ("trivial\n@[implemented_by x] def y", "`@[`"),
    ("trivial\nattribute [local simp] x", "`attribute`"),
    ("apply?", "searches"),
    ("exact?", "searches"),
    ("exact (by exact?)", "searches"),
    ('exact include_str "/etc/passwd"', "reads files"),
    ("polyrith", "reads files"),
    ("exact h\ntermination_by n", "outside of the block"),
    ("exact h\ndecreasing_by simp", "outside of the block"),
    ("exact aux\nwhere aux : p := h", "outside of the block"),
    ("trivial\nderiving instance x", "`deriving`"),
    ("exact `(command|", "quotation"),
    ("exact `[simp]", "quotation"),
    ("trivial\nopen Nat in", "`in` at the end"),
    ("trivial\ncount_heartbeats in -- x", "`in` at the end"),
    ("trivial\nmutual", "`mutual`"),
    ('exact s!"{sorryAx Nat}"', "sorryAx"),
    ('exact throwErrorAt "{sorryAx Nat}"', "sorryAx"),
    ('exact foo "a{" sorryAx "}b"', "sorryAx"),
    ("exact x<=>--sorryAx", "sorryAx"),
    ("exact '\"' x", "end of a string"),
    ("exact «a\nb»", "line end"),
    ("/--/ -/ trivial", "read differently"),
    ("simp -- \u202e", "RIGHT-TO-LEFT OVERRIDE"),
    ("exact f 1.theorem", "`theorem`"),
    ("exact f ..theorem", "`theorem`"),
    ("exact (f).\ntheorem x", "`theorem`"),
    ("exact sorry\ntheorem x : p := h", "`theorem`"),
]


@pytest.mark.parametrize(("proof", "reason"), CHEATS)
def test_cheats_are_named(proof: str, reason: str) -> None:
    rejection = inspect(proof)
    assert rejection is not None
    assert rejection.verdict is Verdict.CHEAT
    assert reason in rejection.reason
    assert "\n" not in rejection.reason
    assert 0 <= rejection.offset <= len(proof)


@pytest.mark.parametrize(
    ("proof", "offset"), [("sorry", 0), ("intro h\nsorry", 8), ("exact sorry", 6), ("admit", 0)]
)
def test_an_open_sorry_is_incomplete(proof: str, offset: int) -> None:
    rejection = inspect(proof)
    assert rejection is not None
    assert (rejection.verdict, rejection.offset) == (Verdict.INCOMPLETE, offset)


@pytest.mark.parametrize(
    "proof",
    [
        "simp /- so",
        "simp /-- so",
        'exact f "so',
        "exact «so",
        "(" * (MAX_DEPTH + 1),
        "x" * (MAX_CHARACTERS + 1),
        "a\0b",
        "exact \ud800",
        "exact (f",
        "exact f)",
        "exact (f]",
        "exact )f(",
    ],
    ids=range(12),
)
def test_what_lean_would_refuse_anyway_fails(proof: str) -> None:
    rejection = inspect(proof)
    assert rejection is not None
    assert rejection.verdict is Verdict.FAILED


def test_the_offset_leaves_the_good_beginning() -> None:
    proof = "intro h\nexact h /- and so on"
    rejection = inspect(proof)
    assert rejection is not None
    assert proof[: rejection.offset] == "intro h\nexact h "


@given(st.text())
def test_any_text_gets_an_answer(proof: str) -> None:
    rejection = inspect(proof)
    assert rejection is None or rejection.reason
