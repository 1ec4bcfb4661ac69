"""Statements of known shape about relations and functions; see `number_schemas.py`."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

from data.generate.lemmas import Lemma

Vars = tuple[tuple[str, str], ...]
REL, PRED = "α → α → Prop", "α → Prop"


def of_type(type_: str, names: str) -> Vars:
    """Variables of one type, their names separated by spaces."""
    return tuple((name, type_) for name in names.split())


def chain(rng: random.Random) -> Lemma:
    """Elements linked by a relation, by equality or both: the ends are linked too."""
    numbers = rng.random() < 0.4
    symmetric = not numbers and rng.random() < 0.5
    letters = rng.choice(("a b c d e", "x y z w u", "u v w x y")).split()[: rng.randint(3, 5)]
    sign = rng.choice(("≤", "<", "≤")) if numbers else "R"
    strict = False
    links = []
    for left, right in pairwise(letters):
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
        return Lemma("nat", (), of_type("Nat", " ".join(letters)), tuple(order),
                     f"{first} {'<' if strict else '≤'} {last}")  # fmt: skip
    laws = ["∀ x y z, R x y → R y z → R x z", *(["∀ x y, R x y → R y x"] if symmetric else [])]
    if all(" = " in link for link in links):
        laws.append("∀ x, R x x")
    rng.shuffle(laws)
    goal = f"R {last} {first}" if symmetric and rng.random() < 0.5 else f"R {first} {last}"
    return Lemma("fol", ("α",), (("R", REL), *of_type("α", " ".join(letters))), (*laws, *order), goal)


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
                "fol", ("α",), (("R", REL), ("S", REL), ("P", PRED), *of_type("α", bound)), hypotheses, body
            )
    variables = (("R", REL), ("S", REL), ("P", PRED), *of_type("α", "a b c"))
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
    result = "β" if "f a = b" in hypotheses else "α"
    variables: Vars = (*of_type("α → β", "f k"), *of_type(f"β → {codomain}", "g h"), ("P", "β → Prop"),
                       ("a", "α"), ("b", result), ("c", "β"))  # fmt: skip
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
    base: Vars = (("f", "α → α"), ("a", "α"))
    if form == 0:  # Periodic.
        law = f"∀ x, {times(period + 1, 'x')} = x"
        rest = times((count + period) % (period + 1), "a")
        return Lemma("fol", ("α",), base, (law,), f"{times(count + period, 'a')} = {rest}")
    if form == 1:  # Idempotent.
        return Lemma(
            "fol", ("α",), (("f", "α → α"), ("a", "α")), ("∀ x, f (f x) = f x",), f"{times(count, 'a')} = f a"
        )
    if form == 2:  # Commuting.
        letters = [rng.choice("fg") for _ in range(rng.randint(3, 4))]
        left, right = (_nested(order, "a") for order in (letters, rng.sample(letters, len(letters))))
        return Lemma("fol", ("α",), (*base, ("g", "α → α")), ("∀ x, f (g x) = g (f x)",), f"{left} = {right}")
    goal = f"P ({times(count, 'a')})"
    if rng.random() < 0.3:
        goal = f"P (f a) ∧ {goal}"
    return Lemma("fol", ("α",), (*base, ("P", PRED)), ("∀ x, P x → P (f x)", "P a"), goal)


def extensional(rng: random.Random) -> Lemma:
    """Predicates and functions that are equal since they agree everywhere."""
    left, right = rng.choice(
        (
            ("{0} ∧ {1} ∧ {2}", "({0} ∧ {1}) ∧ {2}"), ("{0} ∨ {1}", "{1} ∨ {0}"),
            ("{0} ∧ ({1} ∨ {2})", "({0} ∧ {1}) ∨ ({0} ∧ {2})"), ("¬({0} ∨ {1})", "¬{0} ∧ ¬{1}"),
            ("{0} ∧ {1} → {2}", "{0} → {1} → {2}"), ("{0} ∨ {0}", "{0}"), ("¬¬{0}", "{0}"),
            ("{0} ∧ True", "{0}"), ("{0} ∧ ({0} ∨ {1})", "{0}"), ("{0} ↔ {1}", "{1} ↔ {0}"),
            ("¬({0} ∧ {1})", "{0} → ¬{1}"), ("{0} ∨ {1} ∨ {2}", "{2} ∨ {1} ∨ {0}"),
        )
    )  # fmt: skip
    if rng.random() < 0.5:
        left, right = right, left
    bound, names = rng.choice("xyz"), rng.sample("PQR", 3)
    left, right = (text.format(*(f"{name} {bound}" for name in names)) for text in (left, right))
    variables: Vars = of_type(PRED, "P Q R")
    form = rng.randrange(4)
    if form == 0:
        return Lemma("fol", ("α",), variables, (), f"(fun {bound} => {left}) = (fun {bound} => {right})")
    if form == 1:
        hypotheses = (f"∀ {bound}, {left} ↔ {names[0]} {bound}",)
        return Lemma("fol", ("α",), variables, hypotheses, f"{names[0]} = fun {bound} => {left}")
    if form == 2:
        one, other = rng.sample("PQR", 2)
        laws = (f"∀ x, {one} x → {other} x", f"∀ x, {other} x → {one} x")
        return Lemma("fol", ("α",), variables, laws, rng.choice((f"{one} = {other}", f"{other} = {one}")))
    value, same = rng.choice((("x + 0", "x"), ("x + k", "k + x"), ("x * 2", "x + x"), ("k * x", "x * k"),
                              ("x + (k + 1)", "x + k + 1"), ("0 + x", "x"), ("x - 0", "x")))  # fmt: skip
    applied = rng.random() < 0.5
    sides = [f"fun x : Nat => f ({text})" if applied else f"fun x : Nat => {text}" for text in (value, same)]
    rng.shuffle(sides)
    return Lemma("nat", (), (("f", "Nat → Nat"), ("k", "Nat")), (), f"({sides[0]}) = ({sides[1]})")


def _wrapped(text: str) -> str:
    return f"({text})" if " " in text else text


def _nested(functions: list[str], argument: str) -> str:
    for name in functions:
        argument = f"{name} {_wrapped(argument)}"
    return argument


RELATION_SCHEMAS: tuple[tuple[float, Callable[[random.Random], Lemma]], ...] = (
    (1.2, chain),
    (1.0, relation),
    (1.0, function),
    (0.8, iteration),
    (1.0, extensional),
)
