"""What the embedded library must not prove: false statements, and true ones by the wrong means."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from lean_env.toolchain import Toolchain
from lean_env.values import Severity
from tests.lean_env.test_library import run_lean

FALSE = [
    "False",
    "0 = 1",
    "2 + 2 = 5",
    "3 < 3",
    "10 ^ 40 = 10 ^ 41",
    "7 / 2 = 4",
    "7 % 0 = 0",
    "5 / 0 = 1",
    "3 - 5 = 2",
    "0 ∣ 3",
    "2 ∣ 3",
    "(3 : Int) - 5 = 0",
    "(-7 : Int) / 2 = -3",
    "(-7 : Int) % 2 = -1",
    "Nat.gcd 12 18 = 3",
    "max 3 5 = 3",
    "(2 : Fin 3) + 2 = 2",
    "(3 : Fin 3) = 1",
    "[1, 2] = [2, 1]",
    "3 ∈ [1, 2]",
    "[1, 2] ++ [3] = [1, 2]",
    "[1, 2, 3].reverse = [1, 2, 3]",
    "[].length = ([1] : List Nat).length",
    "some 3 = none",
    "some 1 = some 2",
    "true = false",
    "(true && false) = true",
    "(1, 2) = (2, 1)",
    "'a' = 'b'",
    '"a" = "b"',
    "True = False",
    "True ∧ False",
    "∀ n : Nat, n = 0",
    "∃ n : Nat, n < 0",
    "∀ n : Nat, n < n",
    "∀ n : Nat, n - 1 + 1 = n",
    "∀ a b : Nat, a - b = b - a",
    "∀ a b : Nat, a ≤ b",
    "∀ a b : Nat, 2 * a = 2 * b + 1",
    "∀ a b : Int, a * b = a",
    "∀ a : Int, 0 ≤ a",
    "∀ p q : Prop, p ∨ q → p",
    "∀ p : Prop, p",
    "∀ p q : Prop, (p → q) → (q → p)",
    "∀ x y : Fin 3, x = y",
    "∀ b : Bool, b = true",
    "∀ xs : List Nat, xs = xs.reverse",
    "∀ xs ys : List Nat, xs ++ ys = ys ++ xs",
    "∀ f g : Nat → Nat, f = g",
    "∀ x : Option Nat, x.isSome = true",
]
"""Each is false, or false for some values of its variables."""

TACTICS = [
    "decide",
    "simp",
    "omega",
    "rfl",
    "trivial",
    "intros; simp_all",
    "intros; omega",
    "intros; contradiction",
    "intros; norm_cast",
    "intros; ac_rfl",
    "intros; assumption",
    "simp +arith +decide",
    "intros; constructor",
    "infer_instance",
    "nofun",
    "solve_by_elim",
    "intros; congr",
    "intros; ext; simp",
    "decide +kernel",
    "intros; split <;> simp_all",
]

TRUE_BUT_NOT_SO = [
    ("∀ n : Nat, n < n + 1", "decide", "decidable only where the numbers are bounded"),
    ("∀ a b : Nat, a * b = b * a", "omega", "not linear"),
    ("∀ n : Nat, n = 0 + n", "rfl", "holds by induction, not by computation"),
    ("∀ p : Prop, p ∨ ¬p", "decide", "needs classical logic"),
    ("∀ xs : List Nat, xs.length < 3 → xs.length ≤ 3", "rfl", "not an equality"),
    ("∃ n : Nat, n * n = 49", "decide", "an unbounded search"),
    ("∃ n : Nat, n * n = 49", "simp", "an unbounded search"),
    ("∀ f g : Nat → Nat, (∀ x, f x = g x) → f = g", "rfl", "needs extensionality"),
]


@functools.cache
def cases() -> list[tuple[str, str]]:
    """Statement and tactic of every attempt."""
    attempts = [(statement, tactic) for statement in FALSE for tactic in TACTICS]
    return attempts + [(statement, tactic) for statement, tactic, _ in TRUE_BUT_NOT_SO]


@pytest.fixture(scope="module")
def refused(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """The attempts of which Lean reports an error; each has a line of its own."""
    source = tmp_path_factory.mktemp("limits") / "limits.lean"
    lines = [f"example : {statement} := by {tactic}" for statement, tactic in cases()]
    source.write_text("\n".join(lines), encoding="utf-8")
    messages = run_lean(toolchain, source, "-Dlinter.all=false")
    return {cases()[message.line - 1] for message in messages if message.severity is Severity.ERROR}


@pytest.mark.parametrize("statement", FALSE)
def test_no_tactic_proves_what_is_false(refused: set[tuple[str, str]], statement: str) -> None:
    assert [tactic for tactic in TACTICS if (statement, tactic) not in refused] == []


@pytest.mark.parametrize(("statement", "tactic", "reason"), TRUE_BUT_NOT_SO)
def test_what_a_tactic_does_not_decide(
    refused: set[tuple[str, str]], statement: str, tactic: str, reason: str
) -> None:
    assert (statement, tactic) in refused, f"no longer true: {reason}"


MISSING = [
    "import Lean",
    "open Lean Meta in #eval show MetaM Unit from pure ()",
    "#eval (IO.println 3 : IO Unit)",
    'open Lean Elab Tactic in elab "cheat" : tactic => pure ()',
    "example : 1 = 2 := by native_decide",
    "run_cmd pure ()",
    "example : True := by run_tac pure ()",
    "unsafe example : IO Unit := unsafeCast 3",
    "initialize x : Nat ← pure 3",
    "example : 1 = 1 := by exact?",
    "@[implemented_by Nat.add] def f (a b : Nat) : IO Nat := pure 3",
]


@pytest.mark.parametrize("command", MISSING)
def test_there_is_nothing_to_program_lean_with(toolchain: Toolchain, tmp_path: Path, command: str) -> None:
    source = tmp_path / "attempt.lean"
    source.write_text(command, encoding="utf-8")
    assert any(message.severity is Severity.ERROR for message in run_lean(toolchain, source))
