"""Benchmarks stay out of training data: what counts as the same statement, or as an instance of one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from data.hygiene import Relation, Screen, Statement, Text, read_statement
from data.hygiene.__main__ import main
from lean_env.lexer import Kind, code, tokenize
from lean_env.source import read_records

BENCHMARKS = Path(__file__).parents[3] / "shared" / "bench"
CORE = BENCHMARKS / "core_public.jsonl"


def related(statement: str, benchmark: str) -> Relation | None:
    """What a statement, without its name, is to a benchmark's."""
    finding = Screen([("b", f"theorem b {benchmark} := by")]).find(f"theorem s {statement} := by")
    return finding and finding.relation


COMM = "(a b : Nat) : a + b = b + a"
AND = "(p q : Prop) (h : p ∧ q) : q ∧ p"
MAP = "(α β : Type) (f : α → β) (xs : List α) : (xs.map f).length = xs.length"
SUBST = "(α : Type) (a b : α) (p : α → Prop) (h1 : a = b) (h2 : p a) : p b"


@pytest.mark.parametrize(
    ("statement", "benchmark"),
    [
        ("(x y : Nat) : x + y = y + x", COMM),
        ("{m n : ℕ} : m + n = n + m", COMM),
        (": ∀ b a : Nat, a + b = b + a", COMM),
        (": ∀ (a : Nat) (b : Nat), b + a = a + b", COMM),
        ("(a : Nat) : ∀ b, a + b = b + a", COMM),
        ("(r s : Prop) : r ∧ s → s ∧ r", AND),
        ("(q p : Prop) (h : p ∧ q) : q ∧ p", AND),
        (": ∀ (p q : Prop), p /\\ q -> q /\\ p", AND),
        ("(p q : Prop) (hq : q) (hp : p) : p", "(a b : Prop) (ha : a) : b → a"),
        ("(a b : Nat) (h : a ≥ b) (h2 : a ≠ b) : a > b", "(m n : Nat) (hne : ¬n = m) (hle : m ≤ n) : m < n"),
        ("(n m : Nat) (h : n.succ ≤ m) : n < m + 1", "(n m : Nat) (h : n < m) : n + 1 ≤ m + 1"),
        ("(p : Prop) (h : (p → False) → False) : p", "(p : Prop) : ¬¬p → p"),
        ("(p q : Prop) : (p ∨ q) = (q ∨ p)", "(a b : Prop) : a ∨ b ↔ b ∨ a"),
        ("(p : Prop) [Decidable p] : p ∨ ¬p", "(p : Prop) : p ∨ ¬p"),
        ("(α β) (g : α → β) (l : List α) : List.length (List.map g l) = l.length", MAP),
        ("(α β) (g : α → β) (l : List α) : l.length = (l.map fun x => g x).length", MAP),
        (
            "(p : Nat → Prop) : (∃ x, p x) → ¬∀ y, ¬p y",
            "(q : Nat → Prop) (h : ∃ n : Nat, q n) : ¬(∀ x, ¬q x)",
        ),
        ("(xs : List Nat) : (∀ x ∈ xs, 0 < x) → 0 ∉ xs", "(l : List Nat) (h : ∀ n, n ∈ l → n > 0) : ¬0 ∈ l"),
        ("(a : Nat) : [a] = a :: []", "(b : Nat) : b :: [] = [b]"),
        (
            "(p : Nat → Prop) : (∃ x < 3, p x) → ∃ x, p x",
            "(p : Nat → Prop) (h : ∃ x, x < 3 ∧ p x) : ∃ y, p y",
        ),
        ("(p : Prop × Prop) : p.1 → p.1", "(p : Prop × Prop) : p.fst → p.fst"),
        ("(p : Nat × Nat) : p.1.succ = (p).2.succ", "(p : Nat × Nat) : p.fst + 1 = p.snd + 1"),
        ("(α : Type u) (x : α) : x = x", "(α : Type*) (x : α) : x = x"),
        ("(n : Nat) (h : n = 1 := by rfl) : n ≤ 1", "(n : Nat) (h : n = 1) : n ≤ 1"),
    ],
)  # fmt: skip
def test_the_same_statement_in_other_words(statement: str, benchmark: str) -> None:
    assert related(statement, benchmark) is Relation.EQUAL


@pytest.mark.parametrize(
    ("statement", "benchmark"),
    [
        ("(a b c : Nat) : a * b + c = c + a * b", COMM),
        ("(a b : Nat) (h : a < b) : a + b = b + a", COMM),
        ("(n : Nat) : n + 3 = 3 + n", COMM),
        ("(r s t : Prop) : (r → s) ∧ t → t ∧ (r → s)", AND),
        ("(r s t : Prop) (ht : t) : r ∧ s → s ∧ r", AND),
        ("(α : Type) (x : α) (p q : α → Prop) (h : p x ∧ q x) : q x ∧ p x", AND),
        ("(g : Nat → Nat) (l : List Nat) : (l.map g).length = l.length", MAP),
        ("(l : List Nat) : (l.map (fun x => x + 1)).length = l.length", MAP),
        ("(a b c : Nat) (h : a = b) : a + c = b + c",
         "(α β : Type) (f : α → β) (a b : α) : a = b → f a = f b"),
        ("(a b c : Nat) (h : a = b) (h2 : a + a ≤ c) : a + b ≤ c", SUBST),
        ("(p q r : Prop) : (p → q) → r → p → q", "(a b : Prop) (ha : a) : b → a"),
        ("(n : Nat) : n + 5 ≠ 0", "(n : Nat) : n.succ ≠ 0"),
        (": 7 ≠ 0", "(n : Nat) : n.succ ≠ 0"),
        ("(a b : Nat) : (∃ x, x < a ∧ x < b) → ∃ x, x < b ∧ x < a",
         "(α : Type) (p q : α → Prop) (h : ∃ x, p x ∧ q x) : ∃ x, q x ∧ p x"),
        ("(r : Nat → Nat → Prop) : (∃ x, ∀ y, r y x) → ∀ y, ∃ x, r y x",
         "(α β : Type) (r : α → β → Prop) (h : ∃ y, ∀ x, r x y) : ∀ x, ∃ y, r x y"),
    ],
)  # fmt: skip
def test_an_instance(statement: str, benchmark: str) -> None:
    assert related(statement, benchmark) is not None


@pytest.mark.parametrize(
    ("statement", "benchmark"),
    [
        ("(a b : Nat) : a * b = b * a", COMM),
        ("(a b c : Nat) : a + b = c + a", COMM),
        ("(a b : Nat) : a + b = b + a", "(a b c : Nat) : a * b + c = c + a * b"),
        ("(a b : Int) : a + b = b + a", COMM),
        ("(p q : Prop) (h : p ∨ q) : q ∨ p", AND),
        ("(p q : Prop) : q ∧ p", AND),
        ("(α β : Type) (f : α → β) (xs : List α) : (xs.map f).reverse.length = xs.length", MAP),
        ("(p : Nat → Prop) (h : ∀ x, ∃ y, x ≤ y) : ∃ y, ∀ x, x ≤ y",
         "(α β : Type) (r : α → β → Prop) (h : ∃ y, ∀ x, r x y) : ∀ x, ∃ y, r x y"),
        ("(a b c : Nat) (h : a = b) (h2 : a + a ≤ c) : a + c ≤ b", SUBST),
        ("(a b c : Nat) (h : a = b) : a + c = c + b",
         "(α β : Type) (f : α → β) (a b : α) : a = b → f a = f b"),
        ("(p : Nat → Prop) (h : ∃ x, p x) : ∃ x, p (x + 1)",
         "(α : Type) (p q : α → Prop) (h : ∃ x, p x ∧ q x) : ∃ x, q x ∧ p x"),
        ("(α : Type) (p : α → Prop) : (∃ x, p x) ↔ ∃ x, p x ∧ p x",
         "(α : Type) (r : Prop) : (∃ _ : α, r) ↔ r"),
        ("(n : Nat) : n ≠ 0", "(n : Nat) : n.succ ≠ 0"),
        ("(g : Nat → Nat) (a b : Nat) (h : a = a + a) : g a = g 0 ∧ a ≤ b + a", SUBST),
    ],
)  # fmt: skip
def test_another_statement(statement: str, benchmark: str) -> None:
    assert related(statement, benchmark) is None


@pytest.mark.parametrize(
    "claim",
    [
        "(f : Nat → Nat → Nat) (a b : Nat) : f a b = f a b ∨ ¬f a.succ b = 0",
        "(xs ys : List Nat) : (xs ++ ys).reverse = ys.reverse ++ xs.reverse",
        "(x y : Nat) : if x = 0 then y + x = y else x ≠ 0",
        "(α β : Type) (x : α × β) (y : Option (α × β)) : y = some (x.1, x.2) ↔ some x = y",
        "(α : Type) (l : List α) : (fun x : List α => x.length) l = List.length (α := α) l",
        "(R : Nat → Nat → Prop) : (∀ x y, R x y → R y x) → ∀ (x : Nat) {y}, ¬R x y → ¬R y x",
        "(f g : Nat → Nat) : (∀ x, f (g x) = x) ↔ f ∘ g = id",
        "(α : Type) (xs : List α) (i : Nat) : (xs.map id)[i + 1]? = none ∨ i < List.length [1, 2]",
        "(a : Int) (n : Nat) : -a - (↑n : Int) ≤ |a|",
    ],
)
def test_the_language_of_statements(claim: str) -> None:
    read = read_statement(f"theorem t {claim} := by")
    assert isinstance(read, Text if "|" in claim else Statement)


def test_what_cannot_be_read_is_compared_as_text() -> None:
    assert related("(x : Int) : |x| ≥ 0", "(y : Int) : |y| ≥ 0") is Relation.EQUAL
    assert related("(x : Int) : |x| ≥ 0", "(y : Int) : |y| > 0") is None


def test_a_search_without_end_counts_as_a_match() -> None:
    many = " → ".join(f"f {place} = f {place + 1}" for place in range(14))
    benchmark = (
        f"(f : Nat → Nat) (g : Nat → Nat → Nat) (a b c d : Nat) : {many} → g a b = g c d → g a c = g b (f d)"
    )
    assert related(f"(f : Nat → Nat) : {many} → f 3 * 7 = f 5", benchmark) is Relation.INSTANCE


@pytest.mark.skipif(not CORE.is_file(), reason="the benchmark is not here")
def test_a_benchmark_is_caught_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    records = read_records(CORE)
    assert all(isinstance(read_statement(record.theorem.statement), Statement) for record in records)
    screen = Screen.load([CORE])
    found = [screen.find(record.theorem.statement) for record in records]
    assert [finding.relation for finding in found if finding] == [Relation.EQUAL] * len(records)
    assert main([str(CORE), str(CORE)]) == 1
    assert f"{len(records)} equal to, 0 an instance of" in capsys.readouterr().out


def reworded(statement: str) -> str:
    """The statement with all its binders behind the colon, and other names for what these bind."""
    tokens = code(tokenize(statement))
    depth = 0
    for colon in tokens:
        depth += (colon.text in "([{") - (colon.text in ")]}")
        if depth == 0 and colon.text == ":":
            break
    name, binders, claim = tokens[1], statement[tokens[1].end : colon.start], statement[colon.end :]
    if not binders.strip():
        return statement
    bound = {word for group in re.findall(r"[({]([^():]*) :", binders) for word in group.split()}
    text = f"{statement[: name.end]} : ∀{binders},{claim}"
    for word in reversed(code(tokenize(text))[2:]):
        first, dot, rest = word.text.partition(".")
        if word.kind is Kind.WORD and first in bound:
            text = f"{text[: word.start]}{first}new{dot}{rest}{text[word.end :]}"
    return text


@pytest.mark.skipif(not CORE.is_file(), reason="the benchmark is not here")
def test_a_benchmark_in_other_words_is_caught() -> None:
    records = read_records(CORE)
    screen = Screen.load([CORE])
    found = [screen.find(reworded(record.theorem.statement)) for record in records]
    assert [finding.relation for finding in found if finding] == [Relation.EQUAL] * len(records)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    benchmark, corpus = tmp_path / "bench.jsonl", tmp_path / "corpus.jsonl"
    benchmark.write_text(json.dumps({"statement": f"theorem b {COMM} := by"}) + "\n", encoding="utf-8")
    clean = json.dumps({"statement": f"theorem c {AND} := by", "proof": "exact ⟨h.2, h.1⟩"}) + "\n"
    corpus.write_text(clean * 2, encoding="utf-8")
    assert main([str(corpus), str(benchmark)]) == 0
    corpus.write_text(clean + json.dumps({"statement": "theorem d (n : Nat) : 0 + n = n + 0 := by"}), "utf-8")
    assert main([str(corpus), str(benchmark)]) == 1
    assert f"{corpus}:2: an instance of b: theorem d" in capsys.readouterr().out
    corpus.write_text("{}\n", encoding="utf-8")
    assert main([str(corpus), str(benchmark)]) == 2
    assert main([str(tmp_path / "none"), str(benchmark)]) == 2
