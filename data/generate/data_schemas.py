"""Statements of known shape about lists and options, and closed ones; see `number_schemas.py`."""

from __future__ import annotations

import random
from collections.abc import Callable

from data.generate.lemmas import Lemma
from data.generate.relation_schemas import PRED, Vars, of_type


def recursive_list(rng: random.Random) -> Lemma:
    """A function given by its values at `[]` and `::`: it is the library's, or respects `++` or `reverse`."""
    number, lists = "List α → Nat", "List α → List α"
    equations, type_, goals = rng.choice(
        (
            (("f [] = 0", "∀ x xs, f (x :: xs) = f xs + 1"), number,
             ("∀ xs, f xs = xs.length", "∀ xs ys, f (xs ++ ys) = f xs + f ys", "∀ xs, f xs.reverse = f xs",
              "∀ xs ys, f (xs ++ ys) = f (ys ++ xs)", "∀ x y, f [x, y] = 2", "∀ xs, f xs = 0 → xs = []")),
            (("f [] = []", "∀ x xs, f (x :: xs) = f xs ++ [x]"), lists,
             ("∀ xs, f xs = xs.reverse", "∀ xs ys, f (xs ++ ys) = f ys ++ f xs", "∀ xs, f (f xs) = xs",
              "∀ x y, f [x, y] = [y, x]", "∀ xs, (f xs).length = xs.length")),
            (("f [] = []", "∀ x xs, f (x :: xs) = x :: f xs"), lists, ("∀ xs, f xs = xs", "f = id")),
            (("f [] = []", "∀ x xs, f (x :: xs) = g x :: f xs"), lists,
             ("∀ xs, f xs = xs.map g", "∀ xs ys, f (xs ++ ys) = f xs ++ f ys",
              "∀ xs, (f xs).length = xs.length", "∀ x y, f [x, y] = [g x, g y]",
              "∀ xs, f xs.reverse = (f xs).reverse", "∀ xs a, a ∈ xs → g a ∈ f xs")),
            (("f [] = []", "∀ x xs, f (x :: xs) = x :: x :: f xs"), lists,
             ("∀ xs, (f xs).length = 2 * xs.length", "∀ xs ys, f (xs ++ ys) = f xs ++ f ys",
              "∀ xs a, a ∈ f xs ↔ a ∈ xs", "∀ xs, f xs = [] ↔ xs = []")),
            (("f [] = 0", "∀ x xs, f (x :: xs) = m x + f xs"), number,
             ("∀ xs ys, f (xs ++ ys) = f xs + f ys", "∀ xs, f xs.reverse = f xs",
              "∀ x y, f [x, y] = m x + m y", "(∀ x, m x = 1) → ∀ xs, f xs = xs.length",
              "(∀ x, m x = 0) → ∀ xs, f xs = 0", "∀ xs a, a ∈ xs → m a ≤ f xs")),
            (("∀ xs ys, f (xs ++ ys) = f xs ++ f ys", "∀ x, f [x] = [x]", "f [] = []"), lists,
             ("∀ xs, f xs = xs",)),
            (("∀ xs ys, f (xs ++ ys) = f xs + f ys", "f [] = 0"), number,
             ("∀ x xs, f (x :: xs) = f [x] + f xs", "(∀ x, f [x] = 1) → ∀ xs, f xs = xs.length",
              "∀ xs ys, f (xs ++ ys) = f (ys ++ xs)", "(∀ x, f [x] = 0) → ∀ xs, f xs = 0")),
        )
    )  # fmt: skip
    goal = rng.choice(goals)
    variables: Vars = (("f", type_), ("g", "α → α"), ("m", "α → Nat"))
    if rng.random() < 0.5 and goal.startswith("∀ "):
        bound, body = goal[2:].split(", ", 1)
        extra = tuple((name, "List α" if len(name) == 2 else "α") for name in bound.split())
        return Lemma("list", ("α",), (*variables, *extra), equations, body)
    return Lemma("list", ("α",), variables, equations, goal)


def list_induction(rng: random.Random) -> Lemma:
    """Principles of induction on lists and options, and properties that every element has."""
    hypotheses, goal = rng.choice(
        (
            (("P []", "∀ x xs, P xs → P (x :: xs)"), "∀ xs, P xs"),
            (("P []", "∀ x xs, P xs → P (x :: xs)"), "P [a, b]"),
            (("P []", "∀ x xs, P xs → P (xs ++ [x])"), "∀ xs, P xs"),
            (("P []", "∀ x xs, P (xs ++ [x])"), "∀ xs, P xs"),
            (("P []", "∀ x xs, P (x :: xs)"), "∀ xs, P xs"),
            (("P []", "∀ x, P [x]", "∀ x y xs, P xs → P (x :: y :: xs)"), "∀ xs, P xs"),
            (("∀ x, P [x]", "∀ xs ys, P xs → P ys → P (xs ++ ys)"), "∀ xs, xs ≠ [] → P xs"),
            (("P []", "∀ x, P [x]", "∀ xs ys, P xs → P ys → P (xs ++ ys)"), "∀ xs, P xs"),
            (("∀ xs, (∀ ys, ys.length < xs.length → P ys) → P xs",), "∀ xs, P xs"),
            (("∀ n xs, xs.length = n → P xs",), "∀ xs, P xs"),
            (("∀ xs, P xs → P xs.reverse",), "∀ xs, P xs ↔ P xs.reverse"),
            (("∀ xs ys, P (xs ++ ys)",), "∀ xs, P xs"),
            (("∀ xs, P (xs ++ xs) → P xs", "∀ xs, P xs → P (xs ++ xs)"), "∀ xs, P xs ↔ P (xs ++ xs)"),
            (("∀ x, Q x",), "∀ xs : List α, ∀ x, x ∈ xs → Q x"),
            (("∀ x, x ∈ xs → Q x", "∀ x, x ∈ ys → Q x"), "∀ x, x ∈ xs ++ ys → Q x"),
            (("∀ x, x ∈ xs ++ ys → Q x",), "(∀ x, x ∈ xs → Q x) ∧ ∀ x, x ∈ ys → Q x"),
            (("∀ x, x ∈ a :: xs → Q x",), "Q a ∧ ∀ x, x ∈ xs → Q x"),
            (("Q a", "∀ x, x ∈ xs → Q x"), "∀ x, x ∈ a :: xs → Q x"),
            (("∃ x, x ∈ xs ∧ Q x",), "∃ x, x ∈ xs ++ ys ∧ Q x"),
            (("∃ x, x ∈ xs ++ ys ∧ Q x", "¬∃ x, x ∈ xs ∧ Q x"), "∃ x, x ∈ ys ∧ Q x"),
            (("∀ x, x ∈ xs → x ∈ ys", "∀ x, x ∈ ys → Q x"), "∀ x, x ∈ xs → Q x"),
            (("∀ x, x ∈ xs → x ∈ ys", "∀ x, x ∈ ys → x ∈ zs"), "∀ x, x ∈ xs → x ∈ zs"),
            (("∀ x, x ∈ xs → x = a",), "∀ x, x ∈ xs ++ xs → x = a"),
            (("∀ x, x ∉ xs",), "xs = []"), (("xs ≠ []",), "∃ x, x ∈ xs"),
            (("xs ≠ []", "∀ x, Q x"), "∃ x, x ∈ xs ∧ Q x"),
        )
    )  # fmt: skip
    variables = (("P", "List α → Prop"), ("Q", PRED), *of_type("α", "a b"), *of_type("List α", "xs ys zs"))
    return Lemma("list", ("α",), variables, hypotheses, goal)


def options(rng: random.Random) -> Lemma:
    """Case distinctions on options and pairs."""
    chosen: Vars = (("P", PRED), ("o", "Option α"))
    types, variables, hypotheses, goal = rng.choice(
        (
            (("α",), (("P", "Option α → Prop"),), ("P none", "∀ x, P (some x)"), "∀ o, P o"),
            (("α",), (("P", "Option α → Prop"),), (), "(∀ o, P o) ↔ P none ∧ ∀ x, P (some x)"),
            (("α",), (("P", "Option α → Prop"),), (), "(∃ o, P o) ↔ P none ∨ ∃ x, P (some x)"),
            (("α", "β"), (("P", "α × β → Prop"),), (), "(∀ p, P p) ↔ ∀ x y, P (x, y)"),
            (("α", "β"), (("P", "α × β → Prop"),), (), "(∃ p, P p) ↔ ∃ x y, P (x, y)"),
            (("α", "β"), (("P", "α × β → Prop"),), ("∀ x y, P (x, y)",), "∀ p, P p"),
            (("α", "β"), (("p", "α × β"), ("q", "α × β")), ("p.1 = q.1", "p.2 = q.2"), "p = q"),
            (("α", "β"), (("p", "α × β"), ("q", "α × β")), ("p ≠ q",), "p.1 ≠ q.1 ∨ p.2 ≠ q.2"),
            (("α", "β"), (("p", "α × β"), ("q", "α × β")), ("p ≠ q", "p.1 = q.1"), "p.2 ≠ q.2"),
            (("α", "β"), (("f", "α × β → α × β"), ("p", "α × β")), ("∀ x y, f (x, y) = (x, y)",), "f p = p"),
            (("α",), (("f", "α × α → α × α"),), ("∀ x y, f (x, y) = (y, x)",), "∀ p, f (f p) = p"),
            (("α",), (("o", "Option α"),), ("∀ a, o ≠ some a",), "o = none"),
            (("α",), (("o", "Option α"),), ("o ≠ none",), "∃ a, o = some a"),
            (("α",), (("o", "Option α"),), (), "(∃ a, o = some a) ↔ o ≠ none"),
            (("α",), (*chosen, ("a", "α")), ("o = some a", "∀ x, o = some x → P x"), "P a"),
            (("α",), (*chosen, ("d", "α")), ("P d", "∀ x, o = some x → P x"), "P (o.getD d)"),
            (("α", "β"), (("f", "α → β"), ("g", "α → β"), ("o", "Option α")),
             ("∀ x, o = some x → f x = g x",), "o.map f = o.map g"),
            (("α", "β"), (("f", "α → β"), ("o", "Option α"), ("d", "α")), (),
             "(o.map f).getD (f d) = f (o.getD d)"),
            (("α", "β"), (("f", "α → Option β"), ("o", "Option α"), ("y", "β")), ("o.bind f = some y",),
             "∃ x, o = some x ∧ f x = some y"),
        )
    )  # fmt: skip
    return Lemma("misc", types, variables, hypotheses, goal)


def evaluation(rng: random.Random) -> Lemma:
    """Closed statements that are true by calculation."""
    a, b, c = (rng.randint(0, 12) for _ in range(3))
    d = rng.randint(1, 6)
    numbers = [rng.randint(0, 9) for _ in range(rng.randint(1, 4))]
    other = [rng.randint(0, 9) for _ in range(rng.randint(1, 3))]
    wrong = rng.choice([value for value in range(30) if value not in (*numbers, *other)])
    shift = rng.randint(1, 4)
    domain, goal = rng.choice(
        (
            ("nat", f"({a} : Nat) + {b} = {a + b}"), ("nat", f"({a} : Nat) * {b} + {c} = {a * b + c}"),
            ("nat", f"({a} : Nat) - {b} = {max(a - b, 0)}"), ("nat", f"({a} : Nat) + {b} ≠ {a + b + d}"),
            ("nat", f"({a} : Nat) < {a + d}"), ("nat", f"({a} : Nat) ≤ {a} * {d}"),
            ("nat", f"¬({a + d} : Nat) ≤ {a}"),
            ("nat", f"({d} : Nat) ∣ {d * a}"), ("nat", f"({d + 1} : Nat) ^ 2 = {(d + 1) ** 2}"),
            ("nat", f"({a} : Nat) % {d} = {a % d}"), ("nat", f"({a} : Nat) / {d} = {a // d}"),
            ("nat", f"Nat.succ {a} = {a + 1}"), ("nat", f"Nat.succ (Nat.succ {a}) = {a} + 2"),
            ("nat", f"max {a} {b} = {max(a, b)}"), ("nat", f"min {a} {b} + {c} = {min(a, b) + c}"),
            ("nat", f"(if {a} < {b} then {c} else {d}) = {c if a < b else d}"),
            ("list", f"{numbers} ++ {other} = {numbers + other}"),
            ("list", f"List.reverse {numbers} = {numbers[::-1]}"),
            ("list", f"({numbers} ++ {other}).length = {len(numbers + other)}"),
            ("list", f"List.map (fun x => x + {shift}) {numbers} = {[x + shift for x in numbers]}"),
            ("list", f"List.map (fun x => {shift} * x) {numbers} = {[x * shift for x in numbers]}"),
            ("list", f"{rng.choice(numbers)} ∈ {numbers}"), ("list", f"{wrong} ∉ {numbers}"),
            ("list", f"{rng.choice(other)} ∈ {numbers} ++ {other}"),
            ("list", f"∃ x, x ∈ {numbers} ∧ x < {max(numbers) + d}"),
            ("list", f"∀ x, x ∈ {numbers} → x ≤ {max(numbers)}"),
            ("list", f"{a} :: {numbers} ≠ {numbers}"),
            ("list", f"List.take {d % 3} {numbers} = {numbers[: d % 3]}"),
            ("misc", f"(some {a}).getD {b} = {a}"),
            ("misc", f"(some {a}).map (fun x => x + {d}) = some {a + d}"),
            ("misc", f"(none : Option Nat).getD {b} = {b}"), ("misc", f"({a}, {b}).1 + {c} = {a + c}"),
            ("misc", f"some {a} ≠ some {a + d}"), ("misc", f"(({a}, {b}) : Nat × Nat).2 = {b}"),
            ("int", f"({a} : Int) - {b} = {a - b}"),
            ("int", f"(-{d} : Int) + {d + a} = {a}"),
        )
    )  # fmt: skip
    return Lemma(domain, (), (), (), goal)


DATA_SCHEMAS: tuple[tuple[float, Callable[[random.Random], Lemma]], ...] = (
    (1.2, recursive_list),
    (0.8, list_induction),
    (0.5, options),
    (0.6, evaluation),
)
