"""How the embedded library shows goals: in ordinary notation, as a full Lean does."""

from __future__ import annotations

from pathlib import Path

import pytest

from lean_env.toolchain import Toolchain
from tests.lean_env.test_library import run_lean

AS_WRITTEN = [
    ("(p q : Prop)", "p ∧ q"),
    ("(p q r : Prop)", "p ∧ q ∨ r"),
    ("(p q r : Prop)", "p ∧ (q ∨ r)"),
    ("(p q : Prop)", "¬(p ∨ q)"),
    ("(p q : Prop)", "¬p → q"),
    ("(p q r : Prop)", "(p → q) → r"),
    ("(p q : Prop)", "(p ↔ q) ∧ True ∨ False"),
    ("(p : Nat → Prop)", "∃ x, p x"),
    ("(p : Nat → Nat → Prop)", "∃ x y, p x y"),
    ("(xs : List Nat)", "∃ x ∈ xs, x = 3"),
    ("(xs : List Nat)", "∃ x ∉ xs, x = 3"),
    ("(n : Nat)", "∃ x < n, x * x = n"),
    ("(n : Nat)", "∃ x ≥ n, ∃ y ≠ x, y ≤ n"),
    ("(α : Type) (a b : α)", "a = b"),
    ("(α : Type) (a b : α)", "a ≠ b"),
    ("(α : Type) (a b : α)", "¬a = b"),
    ("(a b : Nat)", "a ≤ b"),
    ("(a b : Nat)", "a ≥ b"),
    ("(a b : Nat)", "a < b"),
    ("(a b : Nat)", "a > b"),
    ("(a b : Nat)", "¬a < b"),
    ("(a b c : Nat)", "a + b * c = (a + b) * c"),
    ("(a b c : Nat)", "a - b - c = a - (b - c)"),
    ("(a b c : Nat)", "a ^ b ^ c / b % c = 1"),
    ("(a b : Nat)", "a ∣ b"),
    ("(a b : Nat)", "¬a ∣ b"),
    ("(a b : Int)", "-a + b = b - a"),
    ("(a b : Int)", "a * -b = -(a * b)"),
    ("(a b : Int)", "-3 * a = b"),
    ("(a b : Nat)", "min a b ≤ max a b"),
    ("(a : Nat)", "a.succ = a + 1"),
    ("(a b : Nat)", "a.gcd b = 1"),
    ("(a : Nat) (xs : List Nat)", "a ∈ xs"),
    ("(a : Nat) (xs : List Nat)", "a ∉ xs"),
    ("(a : Nat) (xs : List Nat)", "a ∉ xs ∧ ¬a = 2"),
    ("(xs ys : List Nat)", "xs ++ ys = ys ++ xs"),
    ("(x : Nat) (xs : List Nat)", "x :: xs = []"),
    ("(x y : Nat) (xs : List Nat)", "x :: y :: xs = [x, y]"),
    ("(xs : List Nat)", "xs.length = [1, 2, 3].length"),
    ("(xs : List Nat)", "List.map (fun x => x + 1) xs = xs.reverse"),
    ("(xs : List Nat)", "List.foldl (fun a b => a + b) 0 xs = xs.sum"),
    ("(xs : List Nat)", "List.filter (fun x => decide (x < 3)) xs = xs"),
    ("(xs : List Nat) (i : Nat)", "xs[i]? = none"),
    ("(xs : List Nat) (h : 0 < xs.length)", "xs[0] = 1"),
    ("(f g : Nat → Nat)", "f ∘ g = g ∘ f"),
    ("(f : Nat → Nat)", "(fun x => f x) = f"),
    ("(f : Nat → Nat → Nat)", "(fun x y => f y x) = f"),
    ("(f : Nat → Nat)", "f = id"),
    ("(p : Prop) [Decidable p]", "(if p then 1 else 2) = 1"),
    ("(n : Nat)", "(if h : n = 0 then 1 else n) = 1"),
    ("(n : Nat)", "(if n = 0 ∧ n < 3 then 1 else 2) = 1"),
    ("(b c : Bool)", "(b && c) = (c || b)"),
    ("(b c : Bool)", "(!b) = c"),
    ("(b c : Bool)", "(b ^^ c) = true"),
    ("(a b : Nat)", "(a == b) = true"),
    ("(a b : Nat)", "(a != b) = true"),
    ("(x : Option Nat)", "x = none"),
    ("(x : Option Nat)", "x = some 3"),
    ("(x : Option Nat)", "x.isSome = true"),
    ("(α β : Type) (s : α ⊕ β) (a : α)", "s = Sum.inl a"),
    ("(x : {n : Nat // n > 3})", "x.val = 4"),
    ("(x : {n : Nat // n > 3})", "x = x"),
    ("(x y : Fin 3)", "x + y = 2"),
    ("(s : String)", 's = "text"'),
    ("(c : Char)", "c = 'x'"),
    ("", "2 + 2 = 4"),
    ("", "True"),
    ("", "Nonempty Nat"),
    ("(α : Type) (r : α → α → Prop) (a b : α)", "Quot.mk r a = Quot.mk r b"),
    ("(f : Nat → Nat)", "∀ {x : Nat}, f x = x"),
    ("(p : Nat → Prop) [DecidablePred p] (n : Nat)", "decide (p n) = true"),
]
"""Variables, and a statement that is shown as it is written here."""

OTHERWISE = [
    ("(p : Nat → Prop)", "∀ x, p x", "∀ (x : Nat), p x"),
    (
        "(p : Nat → Nat → Prop)",
        "∀ x y, p x y → ∃ z, p x z ∧ p z y",
        "∀ (x y : Nat), p x y → ∃ z, p x z ∧ p z y",
    ),
    ("(xs : List Nat)", "∀ x ∈ xs, x = 3", "∀ (x : Nat), x ∈ xs → x = 3"),
    ("(α β : Type) (a : α) (b : β)", "HEq a b", "a ≍ b"),
    ("(n : Nat)", "(n : Int) = 3", "↑n = 3"),
    ("(m n : Nat)", "(m : Int) + (n : Int) = ((m + n : Nat) : Int)", "↑m + ↑n = ↑(m + n)"),
    ("(α β : Type) (p q : α × β)", "p = (q.1, q.2)", "p = (q.fst, q.snd)"),
    ("(α β : Type) (p : α × β)", "p.1 = p.fst", "p.fst = p.fst"),
    ("(a b : Nat)", "(a, b).1 = a", "(a, b).fst = a"),
    ("(x : Nat)", "∃ y : {n : Nat // n > 3}, y.val = x", "∃ y, y.val = x"),
    ("(x : Fin 3)", "x.val < 3", "↑x < 3"),
    ("(n : Nat)", "(let m := n; m + 1) = n + 1", "(let m := n;\n    m + 1) =\n    n + 1"),
    (
        "(n : Nat)",
        "(match n with | 0 => 1 | m + 1 => m) = 1",
        "(match n with\n    | 0 => 1\n    | m.succ => m) =\n    1",
    ),
    ("(α : Type u) (f : α → Type v)", "∃ p : (x : α) × f x, p = p", "∃ p, p = p"),
    ("(p : Nat → Prop)", "∀ x > 3, p x", "∀ (x : Nat), x > 3 → p x"),
    ("(f : Nat → Nat)", "∀ x y : Nat, f x = f y → x = y", "∀ (x y : Nat), f x = f y → x = y"),
    ("(α : Type) [Inhabited α]", "∃ x : α, x = default", "∃ x, x = default"),
]
"""Variables, statement, and what is shown."""

GOALS = [(variables, statement, statement) for variables, statement in AS_WRITTEN] + OTHERWISE


@pytest.fixture(scope="module")
def shown(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    """What Lean says of each goal, by its place in the table: it is left open, which is an error."""
    lines = ["universe u v"]
    lines += [f"example {variables} : {statement} := by skip" for variables, statement, _ in GOALS]
    source = tmp_path_factory.mktemp("goals") / "goals.lean"
    source.write_text("\n".join(lines), encoding="utf-8")
    messages = run_lean(toolchain, source, "-Dlinter.all=false")
    return {message.line - 2: message.text for message in messages}


@pytest.mark.parametrize("place", range(len(GOALS)), ids=[statement for _, statement, _ in GOALS])
def test_goal_is_shown_in_ordinary_notation(shown: dict[int, str], place: int) -> None:
    assert shown[place].startswith("unsolved goals")
    assert shown[place].partition("⊢ ")[2] == GOALS[place][2]


def test_hypotheses_and_cases_are_shown(toolchain: Toolchain, tmp_path: Path) -> None:
    source = tmp_path / "cases.lean"
    source.write_text(
        """example (p q : Prop) (xs : List Nat) (h : p ∨ q) (k : 3 ∉ xs) : q ∨ p := by
  cases h with
  | inl hp => skip
  | inr hq => exact .inl hq
""",
        encoding="utf-8",
    )
    (message,) = run_lean(toolchain, source, "-Dlinter.all=false")
    assert message.text == (
        "unsolved goals\ncase inl\np q : Prop\nxs : List Nat\nk : 3 ∉ xs\nhp : p\n⊢ q ∨ p"
    )
