"""Reading terms, matching them, and finding lemmas."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.policies.tactics.goals import read_goal
from prover.policies.tactics.lemmas import core_library, read_lemmas
from prover.policies.tactics.matching import Values, match, normal, rewrite
from prover.policies.tactics.reader import parse
from prover.policies.tactics.terms import OPAQUE, Term


@pytest.mark.parametrize(
    "text",
    [
        "(∃ x, p x ∧ r) ↔ (∃ x, p x) ∧ r",
        "a + b * c ^ 2 - d = a - (b - c)",
        "¬(p ∧ q) → ¬p ∨ ¬q",
        "f (x + 1) (g y) = h",
        "(a, b).1 = a",
        "l.reverse.length = l.length",
        "Option.map g ∘ Option.map f = Option.map (g ∘ f)",
        "List.map (fun x => x + 1) l = []",
        "p → q → r ↔ p ∧ q → r",
        "a :: l ++ m = n",
    ],
)
def test_terms_print_as_they_were_written(text: str) -> None:
    assert str(parse(text)) == text


def test_precedence_and_associativity() -> None:
    assert parse("p → q → r").args[1] == parse("q → r")
    assert parse("a - b - c").args[0] == parse("a - b")
    assert parse("¬p ∧ q").head == "∧"
    assert parse("¬a = b").head == "¬"
    assert parse("∀ x, p x → q").args[1].head == "→"
    assert parse("[a, b]") == parse("a :: b :: []")
    assert parse("∀ x y, r x y") == parse("∀ x, ∀ y, r x y")
    assert parse("∃ x ∈ l, p x") == parse("∃ x, x ∈ l ∧ p x")


@pytest.mark.parametrize(
    "text", ["", ")", "a +", "match x with | 0 => 1", "∀ x", "(a", "if p then q", "a ≔ b"]
)
def test_what_cannot_be_read_is_opaque(text: str) -> None:
    assert parse(text) == Term(OPAQUE)


@given(st.text(alphabet="abpx01 ()[]∀∃¬∧→↔=+,:.⟨⟩✝", max_size=40))
def test_reading_never_fails_and_printing_is_stable(text: str) -> None:
    term = parse(text)
    again = parse(str(term))
    if again.head != OPAQUE:
        assert parse(str(again)) == again


def test_substitution_respects_binders_and_applies_functions() -> None:
    assert parse("p x ∧ ∀ x, q x").substitute({"x": Term("a")}) == parse("p a ∧ ∀ x, q x")
    assert parse("p 1").substitute({"p": parse("fun n => n = 0")}) == parse("1 = 0")


def test_normal_forms() -> None:
    assert normal(parse("a ≥ b")) == normal(parse("b ≤ a"))
    assert normal(parse("a ≠ b")) == normal(parse("¬a = b"))
    assert normal(parse("Nat.succ n")) == normal(parse("n + 1"))
    assert normal(parse("List.length l")) == normal(parse("l.length"))


def test_matching() -> None:
    values: Values = {}
    assert match(parse("x + y"), parse("2 * a + b"), frozenset("xy"), values)
    assert values == {"x": parse("2 * a"), "y": parse("b")}
    assert not match(parse("x + x"), parse("a + b"), frozenset("x"), {})
    assert match(parse("∀ y, p y x"), parse("∀ z, p z 3"), frozenset("x"), {})


def test_rewriting_leaves_what_is_bound() -> None:
    assert rewrite(parse("a + b = ∀ x, a"), parse("a"), parse("c")) == parse("c + b = ∀ x, a")


def test_goals_are_read_over_several_lines() -> None:
    goal = read_goal("case a.b\np q : Prop\nx : Nat := 3\nh : p ∧\n    q\n⊢ q ∧\n  p")
    assert [h.name for h in goal.hypotheses] == ["p", "q", "x", "h"]
    assert (goal.hypotheses[-1].type, goal.target) == (parse("p ∧ q"), parse("q ∧ p"))
    assert [h.name for h in goal.proofs()] == ["h"]


def test_types_are_no_propositions() -> None:
    goal = read_goal("α : Type\np : α → Prop\nf : α → α\nq : Prop\nh : α → q\ng : ∀ x, p x\n⊢ q")
    assert [h.name for h in goal.proofs()] == ["h", "g"]


def test_the_library_is_indexed() -> None:
    library = core_library()
    by_name = {lemma.name: lemma for lemma in library.lemmas}
    assert len(library.lemmas) > 1500
    commutes = by_name["Nat.add_comm"]
    assert not commutes.hypotheses
    assert commutes.variables == {"n", "m"}
    assert by_name["List.append_assoc"].explicit == ("as", "bs", "cs")
    antisymmetric = by_name["Nat.le_antisymm"]
    assert len(antisymmetric.hypotheses) == 2
    assert antisymmetric in library.concluding("=")
    assert by_name["List.length_append"] in [lemma for lemma, _ in library.rewriting("length")]


def test_relevance_prefers_what_is_alike() -> None:
    library = core_library()
    wanted = frozenset({"length", "++", "="})
    names = [lemma.name for lemma, _ in library.relevant(wanted, frozenset({"", "List"}), 3)]
    assert "List.length_append" in names
    assert {lemma.sort for lemma, _ in library.relevant(wanted, frozenset({"Bool"}), 9)} == {"Bool"}


def test_private_and_unreadable_statements_are_left_out() -> None:
    unreadable = "theorem b : match 1 with | _ => True := trivial"
    text = ["private theorem a : 1 = 1 := rfl", unreadable, "theorem c : 2 = 2 := rfl", ""]
    assert [lemma.name for lemma in read_lemmas("\n".join(text))] == ["c"]
