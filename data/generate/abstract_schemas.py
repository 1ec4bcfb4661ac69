"""Statements of known shape about relations, functions, lists and evaluation; see `number_schemas.py`."""

from __future__ import annotations

import random
from collections.abc import Callable

from data.generate.lemmas import Lemma

Vars = tuple[tuple[str, str], ...]
REL, PRED = "α → α → Prop", "α → Prop"


def _of(type_: str, names: str) -> Vars:
    return tuple((name, type_) for name in names.split())


def chain(rng: random.Random) -> Lemma:
    """Elements linked by a relation, by equality or both: the ends are linked too."""
    numbers = rng.random() < 0.4
    symmetric = not numbers and rng.random() < 0.5
    letters = rng.choice(("a b c d e", "x y z w u", "u v w x y")).split()[: rng.randint(3, 5)]
    sign = rng.choice(("≤", "<", "≤")) if numbers else "R"
    strict = False
    links = []
    for left, right in zip(letters, letters[1:], strict=False):
        if rng.random() < 0.25:
            links.append(f"{left} = {right}" if rng.random() < 0.5 else f"{right} = {left}")
        elif numbers:
            kind = rng.choice(("≤", sign))
            strict |= kind == "<"
            flipped = {"≤": "≥", "<": ">"}[kind]
            links.append(f"{left} {kind} {right}" if rng.random() < 0.7 else f"{right} {flipped} {left}")
        else:
            turn = symmetric and rng.random() < 0.5
            links.append(f"R {right} {left}" if turn else f"R {left} {right}")
    order = list(links)
    if rng.random() < 0.4:
        rng.shuffle(order)
    first, last = letters[0], letters[-1]
    if numbers:
        return Lemma("nat", (), _of("Nat", " ".join(letters)), tuple(order),
                     f"{first} {'<' if strict else '≤'} {last}")  # fmt: skip
    laws = ["∀ x y z, R x y → R y z → R x z", *(["∀ x y, R x y → R y x"] if symmetric else [])]
    if all(" = " in link for link in links):
        laws.append("∀ x, R x x")
    rng.shuffle(laws)
    goal = f"R {last} {first}" if symmetric and rng.random() < 0.5 else f"R {first} {last}"
    return Lemma("fol", ("α",), (("R", REL), *_of("α", " ".join(letters))), (*laws, *order), goal)


def relation(rng: random.Random) -> Lemma:
    """Laws of relations and what they entail."""
    sym, trans = "∀ x y, R x y → R y x", "∀ x y z, R x y → R y z → R x z"
    refl, asym = "∀ x, R x x", "∀ x y, R x y → ¬R y x"
    anti, irrefl = "∀ x y, R x y → R y x → x = y", "∀ x, ¬R x x"
    total, euclid = "∀ x y, R x y ∨ R y x", "∀ x y z, R x y → R x z → R y z"
    hypotheses, goal = rng.choice(
        (
            ((sym, trans), "∀ x y, R x y → R x x"), ((sym, trans), "∀ x y z, R x y → R x z → R y z"),
            ((irrefl, trans), asym), ((asym,), irrefl), ((total,), refl), ((refl, euclid), sym),
            ((refl, euclid), trans), ((sym, euclid), trans), ((sym, trans), "(∀ x, ∃ y, R x y) → ∀ x, R x x"),
            ((trans, anti), "∀ x y z, R x y → R y z → z = x → x = y"),
            ((total, anti), "∀ x y, ¬R x y → R y x ∧ x ≠ y"), ((asym,), "∀ x y, R x y → x ≠ y"),
            ((irrefl,), "∀ x y, R x y → x ≠ y"), ((refl,), "∀ x y, x = y → R x y"),
            ((trans, "∀ x, ∃ y, R x y"), "∀ x, ∃ y z, R x y ∧ R y z ∧ R x z"),
            ((refl, "∀ x y, R x y → S x y"), "∀ x, S x x"),
            (("∀ x y, R x y ↔ S y x", trans), "∀ x y z, S x y → S y z → S x z"),
            (("∀ x y, R x y ↔ S y x", sym), "∀ x y, S x y ↔ R x y"),
            (("∃ x, ∀ y, R x y",), "∀ y, ∃ x, R x y"), (("∃ x, ∀ y, R x y", sym), "∃ x, ∀ y, R y x"),
            (("∀ x y, R x y → P x → P y", "∀ x, ∃ y, R y x ∧ P y"), "∀ x, P x"),
            (("∀ x y, R x y → P x → P y", trans, "P a", "R a b", "R b c"), "P c"),
            (("∀ x y, R x y → P x → P y", sym), "∀ x y, R x y → (P x ↔ P y)"),
            ((), "¬∃ x, ∀ y, R x y ↔ ¬R y y"), ((), "¬∃ x, ∀ y, R y x ↔ ¬R y y"),
            (("∀ x, ∃ y, R x y",), "∃ f : α → α, ∀ x, R x (f x)"),
            (("∀ x, P x → ∃ y, R x y",), "∀ x, ∃ y, P x → R x y"),
            (("∀ x, P x → ∃ y, R x y ∧ P y", "P a"), "∃ y z, R a y ∧ R y z ∧ P z"),
        )
    )  # fmt: skip
    if rng.random() < 0.4 and goal.startswith("∀ ") and ", " in goal:
        bound, body = goal[2:].split(", ", 1)
        if bound.replace(" ", "").isalpha():
            return Lemma(
                "fol", ("α",), (("R", REL), ("S", REL), ("P", PRED), *_of("α", bound)), hypotheses, body
            )
    variables = (("R", REL), ("S", REL), ("P", PRED), *_of("α", "a b c"))
    return Lemma("fol", ("α",), variables, hypotheses, goal)


def function(rng: random.Random) -> Lemma:
    """Injective, surjective, idempotent, inverse and commuting functions, spelt out."""
    inj_f, inj_g = "∀ x y, f x = f y → x = y", "∀ x y, g x = g y → x = y"
    sur_f, sur_g = "∀ y, ∃ x, f x = y", "∀ z, ∃ y, g y = z"
    inverse = "∀ x, g (f x) = x"
    hypotheses, goal = rng.choice(
        (
            ((inj_f, inj_g), "∀ x y, g (f x) = g (f y) → x = y"), ((sur_f, sur_g), "∀ z, ∃ x, g (f x) = z"),
            (("∀ x y, g (f x) = g (f y) → x = y",), inj_f), (("∀ z, ∃ x, g (f x) = z",), sur_g),
            ((inverse,), inj_f), ((inverse,), sur_g), ((inverse, sur_f), "∀ y, f (g y) = y"),
            ((inverse, "∀ y, f (g y) = y"), "∀ x y, f x = y ↔ x = g y"), ((inverse, "f a = b"), "g b = a"),
            ((inj_f,), "∀ x y, f x = f y ↔ x = y"), ((inj_f, "a ≠ b"), "f a ≠ f b"),
            ((inj_f, inverse), "∀ x, f (g (f x)) = f x"), ((inverse,), "g ∘ f = id"),
            (("g ∘ f = id",), "∀ x, g (f x) = x"), (("g ∘ f = id",), inj_f),
            (("∀ x, f x = g x",), "f = g"), (("f = g",), "∀ x, f x = g x"),
            (("∀ x y, f x = f y", "f a = c"), "∀ x, f x = c"), (("∃ x, ∀ y, f y = x",), "∀ y z, f y = f z"),
            ((sur_f, "∀ x, P (f x)"), "∀ y, P y"), ((sur_f, "∃ y, P y"), "∃ x, P (f x)"),
            (("∀ y, P y",), "∀ x, P (f x)"), (("∃ x, P (f x)",), "∃ y, P y"),
            ((sur_f, "∀ x, g (f x) = h (f x)"), "g = h"), ((inj_g, "∀ x, g (f x) = g (k x)"), "f = k"),
        )
    )  # fmt: skip
    back = any(("g (f" in text and ") = x" in text) or "id" in text or "x = g y" in text or "g b = a" in text
               for text in (*hypotheses, goal))  # fmt: skip
    codomain = "α" if back else "γ"
    variables = (("f", "α → β"), ("k", "α → β"), ("g", f"β → {codomain}"), ("h", f"β → {codomain}"),
                 ("P", "β → Prop"), ("a", "α"), ("b", "β" if "f a = b" in hypotheses else "α"), ("c", "β"))  # fmt: skip
    if "f = g" in (*hypotheses, goal) or "∀ x, f x = g x" in hypotheses:
        variables = (("f", "α → β"), ("g", "α → β"))
    return Lemma("fol", ("α", "β", "γ"), variables, hypotheses, goal)


def iteration(rng: random.Random) -> Lemma:
    """A function applied several times, under a law about applying it."""

    def times(count: int, argument: str, name: str = "f") -> str:
        return argument if count == 0 else f"{name} {_wrapped(times(count - 1, argument, name))}"

    period = rng.randint(1, 3)
    count = rng.randint(2, 6)
    form = rng.randrange(4)
    if form == 0:  # Periodic.
        law = f"∀ x, {times(period + 1, 'x')} = x"
        return Lemma("fol", ("α",), (("f", "α → α"), ("a", "α")), (law,),
                     f"{times(count + period, 'a')} = {times((count + period) % (period + 1), 'a')}")  # fmt: skip
    if form == 1:  # Idempotent.
        return Lemma(
            "fol", ("α",), (("f", "α → α"), ("a", "α")), ("∀ x, f (f x) = f x",), f"{times(count, 'a')} = f a"
        )
    if form == 2:  # Commuting.
        left, right = rng.choice((("f (g (f a))", "f (f (g a))"), ("f (f (g a))", "g (f (f a))"),
                                  ("f (g (g a))", "g (g (f a))"), ("g (f (g (f a)))", "f (f (g (g a)))")))  # fmt: skip
        return Lemma("fol", ("α",), (("f", "α → α"), ("g", "α → α"), ("a", "α")), ("∀ x, f (g x) = g (f x)",),
                     f"{left} = {right}")  # fmt: skip
    return Lemma("fol", ("α",), (("f", "α → α"), ("P", PRED), ("a", "α")), ("∀ x, P x → P (f x)", "P a"),
                 f"P ({times(count, 'a')})" if rng.random() < 0.7 else f"P (f a) ∧ P ({times(count, 'a')})")  # fmt: skip


def _wrapped(text: str) -> str:
    return f"({text})" if " " in text else text


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
            (("∀ xs ys, f (xs ++ ys) = f xs ++ f ys", "∀ x, f [x] = [x]", "f [] = []"), lists, ("∀ xs, f xs = xs",)),
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
            (("P []", "∀ x xs, P (xs ++ [x])"), "∀ xs, P xs"), (("P []", "∀ x xs, P (x :: xs)"), "∀ xs, P xs"),
            (("P []", "∀ x, P [x]", "∀ x y xs, P xs → P (x :: y :: xs)"), "∀ xs, P xs"),
            (("∀ x, P [x]", "∀ xs ys, P xs → P ys → P (xs ++ ys)"), "∀ xs, xs ≠ [] → P xs"),
            (("P []", "∀ x, P [x]", "∀ xs ys, P xs → P ys → P (xs ++ ys)"), "∀ xs, P xs"),
            (("∀ xs, (∀ ys, ys.length < xs.length → P ys) → P xs",), "∀ xs, P xs"),
            (("∀ n xs, xs.length = n → P xs",), "∀ xs, P xs"),
            (("∀ xs, P xs → P xs.reverse",), "∀ xs, P xs ↔ P xs.reverse"),
            (("∀ xs ys, P (xs ++ ys)",), "∀ xs, P xs"), (("∀ xs, P (xs ++ xs) → P xs", "∀ xs, P xs → P (xs ++ xs)"),
                                                       "∀ xs, P xs ↔ P (xs ++ xs)"),
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
            (("∀ x, x ∉ xs",), "xs = []"), (("xs ≠ []",), "∃ x, x ∈ xs"), (("xs ≠ []", "∀ x, Q x"), "∃ x, x ∈ xs ∧ Q x"),
        )
    )  # fmt: skip
    variables = (("P", "List α → Prop"), ("Q", PRED), *_of("α", "a b"), *_of("List α", "xs ys zs"))
    return Lemma("list", ("α",), variables, hypotheses, goal)


def options(rng: random.Random) -> Lemma:
    """Case distinctions on options and pairs."""
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
            (("α",), (("o", "Option α"), ("a", "α"), ("b", "α")), ("o = some a", "o = some b ∨ o = none"), "b = a"),
            (("α",), (("o", "Option α"),), ("∀ a, o ≠ some a",), "o = none"),
            (("α",), (("o", "Option α"),), ("o ≠ none",), "∃ a, o = some a"),
            (("α",), (("o", "Option α"),), (), "(∃ a, o = some a) ↔ o ≠ none"),
            (("α",), (("P", PRED), ("o", "Option α"), ("a", "α")), ("o = some a", "∀ x, o = some x → P x"), "P a"),
            (("α",), (("P", PRED), ("o", "Option α"), ("d", "α")), ("P d", "∀ x, o = some x → P x"), "P (o.getD d)"),
            (("α", "β"), (("f", "α → β"), ("g", "α → β"), ("o", "Option α")),
             ("∀ x, o = some x → f x = g x",), "o.map f = o.map g"),
            (("α", "β"), (("f", "α → β"), ("o", "Option α"), ("d", "α")), (), "(o.map f).getD (f d) = f (o.getD d)"),
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
            ("nat", f"({a} : Nat) < {a + d}"), ("nat", f"({a} : Nat) ≤ {a} * {d}"), ("nat", f"¬({a + d} : Nat) ≤ {a}"),
            ("nat", f"({d} : Nat) ∣ {d * a}"), ("nat", f"({d + 1} : Nat) ^ 2 = {(d + 1) ** 2}"),
            ("nat", f"({a} : Nat) % {d} = {a % d}"), ("nat", f"({a} : Nat) / {d} = {a // d}"),
            ("nat", f"Nat.succ {a} = {a + 1}"), ("nat", f"Nat.succ (Nat.succ {a}) = {a} + 2"),
            ("nat", f"max {a} {b} = {max(a, b)}"), ("nat", f"min {a} {b} + {c} = {min(a, b) + c}"),
            ("nat", f"(if {a} < {b} then {c} else {d}) = {c if a < b else d}"),
            ("list", f"{numbers} ++ {other} = {numbers + other}"), ("list", f"List.reverse {numbers} = {numbers[::-1]}"),
            ("list", f"({numbers} ++ {other}).length = {len(numbers + other)}"),
            ("list", f"List.map (fun x => x + {shift}) {numbers} = {[x + shift for x in numbers]}"),
            ("list", f"List.map (fun x => {shift} * x) {numbers} = {[x * shift for x in numbers]}"),
            ("list", f"{rng.choice(numbers)} ∈ {numbers}"), ("list", f"{wrong} ∉ {numbers}"),
            ("list", f"{rng.choice(other)} ∈ {numbers} ++ {other}"),
            ("list", f"∃ x, x ∈ {numbers} ∧ x < {max(numbers) + d}"),
            ("list", f"∀ x, x ∈ {numbers} → x ≤ {max(numbers)}"),
            ("list", f"{a} :: {numbers} ≠ {numbers}"), ("list", f"List.take {d % 3} {numbers} = {numbers[: d % 3]}"),
            ("misc", f"(some {a}).getD {b} = {a}"), ("misc", f"(some {a}).map (fun x => x + {d}) = some {a + d}"),
            ("misc", f"(none : Option Nat).getD {b} = {b}"), ("misc", f"({a}, {b}).1 + {c} = {a + c}"),
            ("misc", f"some {a} ≠ some {a + d}"), ("misc", f"(({a}, {b}) : Nat × Nat).2 = {b}"),
            ("int", f"({a} : Int) - {b} = {a - b if a >= b else f'-{b - a}'}"), ("int", f"(-{d} : Int) + {d + a} = {a}"),
        )
    )  # fmt: skip
    return Lemma(domain, (), (), (), goal)


ABSTRACT_SCHEMAS: tuple[tuple[float, Callable[[random.Random], Lemma]], ...] = (
    (1.2, chain),
    (1.0, relation),
    (1.0, function),
    (0.8, iteration),
    (1.2, recursive_list),
    (0.8, list_induction),
    (0.5, options),
    (0.6, evaluation),
)
