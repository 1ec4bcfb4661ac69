"""Statements about numbers of known shape: induction, recursion, parity, bounded and existing numbers.

Their numerals, terms and orientations are drawn. Each schema is true by construction, for a reason that its
function states; what the random parts change is the proof that is needed.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from data.generate.lemmas import Lemma

Vars = tuple[tuple[str, str], ...]


def _nat(names: str) -> Vars:
    return tuple((name, "Nat") for name in names.split())


def induction(rng: random.Random) -> Lemma:
    """Forms of the induction principle on `Nat`, applied as far as a variable, a numeral or everywhere."""
    predicate: Vars = (("P", "Nat → Prop"),)
    base = rng.choice((0, 0, 0, 1, 2, 3))
    step = rng.choice((1, 1, 1, 2, 3))
    starts = [f"P {base + index}" for index in range(step)]
    rising = f"∀ n, P n → P (n + {step})"
    form = rng.randrange(8)
    if form == 0:
        goal = "∀ n, P n" if base == 0 else f"∀ n, {base} ≤ n → P n"
        return Lemma("nat", (), predicate, (*starts, rising), goal)
    if form == 1:
        target = base + step * rng.randint(1, 4)
        return Lemma("nat", (), predicate, (f"P {base}", rising), f"P {target}")
    if form == 2:
        goal = f"P ({base} + {step} * m)" if step > 1 else f"P (m + {base})"
        return Lemma("nat", (), (*predicate, ("m", "Nat")), (f"P {base}", rising), goal)
    if form == 3:
        falling = f"∀ n, P (n + {step}) → P n"
        bound = rng.choice(("k", str(step * rng.randint(1, 4))))
        start = f"P (k * {step})" if bound == "k" and step > 1 else f"P {bound}"
        return Lemma("nat", (), (*predicate, *_nat("k" if bound == "k" else "")), (falling, start), "P 0")
    if form == 4:
        strong = rng.choice(("∀ n, (∀ m, m < n → P m) → P n", "∀ n, (∀ k, k < n → P k) → P n"))
        return Lemma(
            "nat", (), predicate, (strong,), rng.choice(("∀ n, P n", "P 0", f"P {rng.randint(1, 3)}"))
        )
    if form == 5:
        goal = rng.choice(("∀ n, P n", "∀ n, Q n", "∀ n, P n ∧ Q n", f"Q {rng.randint(0, 3)}"))
        laws = ("P 0", "∀ n, P n → Q n", "∀ n, Q n → P (n + 1)")
        return Lemma("nat", (), (*predicate, ("Q", "Nat → Prop")), laws, goal)
    if form == 6:
        return Lemma("nat", (), predicate, ("P 0", "∀ n, P n → P (n + 1) ∧ P (n + 2)"), "∀ n, P n")
    if rng.random() < 0.5:
        factor = rng.randint(2, 3)
        goal = f"P ({factor} ^ k)" if rng.random() < 0.5 else f"P {factor ** rng.randint(1, 3)}"
        return Lemma("nat", (), (*predicate, *_nat("k")), ("P 1", f"∀ n, P n → P ({factor} * n)"), goal)
    goal = f"P (m + {step * rng.randint(2, 3)})" if rng.random() < 0.5 else f"∀ k, P (m + {step} * k)"
    return Lemma("nat", (), (*predicate, *_nat("m")), (f"∀ n, P n → P (n + {step})", "P m"), goal)


def recursion(rng: random.Random) -> Lemma:
    """A sequence given by its first value and its steps, and its closed form or single values."""
    start, slope = rng.randint(0, 4), rng.randint(1, 4)
    form = rng.randrange(6)
    functions: Vars = (("f", "Nat → Nat"),)
    if form == 0:  # Arithmetic sequence.
        goal = rng.choice((f"f n = {start} + {slope} * n", f"f n = n * {slope} + {start}"))
        law, values = f"f (n + 1) = f n + {slope}", [start + slope * n for n in range(6)]
    elif form == 1:  # Geometric sequence.
        ratio = rng.randint(2, 3)
        start = max(1, start)
        goal, law = f"f n = {start} * {ratio} ^ n", f"f (n + 1) = {ratio} * f n"
        values = [start * ratio**n for n in range(6)]
    elif form == 2:  # Differences of a quadratic polynomial.
        square, line = rng.randint(1, 2), rng.randint(0, 3)
        goal = f"f n = {'' if square == 1 else f'{square} * '}n ^ 2 + {line} * n + {start}"
        law = f"f (n + 1) = f n + ({2 * square} * n + {square + line})"
        values = [square * n * n + line * n + start for n in range(6)]
    elif form == 3:  # Triangular numbers.
        start = 0
        goal, law = "2 * f n = n * (n + 1)", "f (n + 1) = f n + (n + 1)"
        values = [n * (n + 1) // 2 for n in range(6)]
    elif form == 4:  # A constant sequence.
        goal, law, values = f"f n = {start}", "f (n + 1) = f n", [start] * 6
    else:  # Parity of the index decides.
        goal, law, values = f"f (2 * n) = {start}", f"f (n + 1) + f n = {start}", [start, 0] * 3
    given = (f"f 0 = {start}", f"∀ n, {law}")
    if rng.random() < 0.35:
        place = rng.randint(1, 4)
        return Lemma("nat", (), functions, given, f"f {place} = {values[place]}")
    if rng.random() < 0.25 and form != 5:
        other = tuple(text.replace("f", "g") for text in given)
        return Lemma("nat", (), (*functions, ("g", "Nat → Nat")), (*given, *other), "∀ n, f n = g n")
    if rng.random() < 0.5:
        return Lemma("nat", (), (*functions, ("n", "Nat")), (given[0], f"∀ k, {law.replace('n', 'k')}"), goal)
    return Lemma("nat", (), functions, given, f"∀ n, {goal}")


def monotone(rng: random.Random) -> Lemma:
    """What a sequence that rises, or rises strictly, satisfies."""
    functions: Vars = (("f", "Nat → Nat"),)
    strict = rng.random() < 0.4
    sign = "<" if strict else "≤"
    law = rng.choice((f"∀ n, f n {sign} f (n + 1)", f"∀ n, f (n + 1) {'>' if strict else '≥'} f n"))
    low = rng.randint(0, 3)
    high = low + rng.randint(1, 4)
    goals = [f"f {low} {sign} f {high}", "∀ m n, m ≤ n → f m ≤ f n",
             f"∀ n, f n ≤ f (n + {rng.randint(2, 4)})", "∀ n k, f n ≤ f (n + k)",
             f"∀ n, f {low} ≤ f (n + {low})", f"f {low} ≤ f {high}"]  # fmt: skip
    if strict:
        goals += ["∀ n, n ≤ f n", "∀ m n, m < n → f m < f n", "∀ m n, f m = f n → m = n",
                  f"∀ n, f n + {rng.randint(2, 3)} ≤ f (n + 3)", f"{high} ≤ f {high}"]  # fmt: skip
    goal = rng.choice(goals)
    if rng.random() < 0.25:
        goal = f"∀ n, g (f n) ≤ g (f (n + {rng.randint(1, 3)}))"
        laws = (law, "∀ m n, m ≤ n → g m ≤ g n")
        return Lemma("nat", (), (*functions, ("g", "Nat → Nat")), laws, goal)
    return Lemma("nat", (), functions, (law,), goal)


def parity(rng: random.Random) -> Lemma:
    """Remainders written with `∃`: sums, products and successors of numbers of known remainder."""
    modulus = rng.choice((2, 2, 2, 3, 4, 5))
    r, s = rng.randrange(modulus), rng.randrange(modulus)

    def is_(name: str, remainder: int) -> str:
        bound = rng.choice(("k", "k", "c", "t", "j"))
        shift = f" + {remainder}" if remainder else ""
        product = f"{modulus} * {bound}" if rng.random() < 0.8 else f"{bound} * {modulus}"
        if modulus == 2 and rng.random() < 0.25:
            product = f"{bound} + {bound}"
        return f"∃ {bound}, {name} = {product}{shift}"

    form = rng.randrange(7)
    if form == 0:
        return Lemma("nat", (), _nat("a b"), (is_("a", r), is_("b", s)), is_("a + b", (r + s) % modulus))
    if form == 1:
        return Lemma("nat", (), _nat("a b"), (is_("a", r), is_("b", s)), is_("a * b", r * s % modulus))
    if form == 2:
        shift = rng.randint(1, 2 * modulus)
        return Lemma("nat", (), _nat("a"), (is_("a", r),), is_(f"a + {shift}", (r + shift) % modulus))
    if form == 3:
        factor = rng.randint(2, 5)
        return Lemma("nat", (), _nat("a"), (is_("a", r),), is_(f"{factor} * a", factor * r % modulus))
    if form == 4:
        parts = [is_("a", remainder) for remainder in range(modulus)]
        rng.shuffle(parts)
        return Lemma("nat", (), _nat("a"), (), " ∨ ".join(f"({part})" for part in parts))
    if form == 5:
        return Lemma("nat", (), _nat("a"), (is_("a", r),), is_("a * a", r * r % modulus))
    other = (r + rng.randint(1, modulus - 1)) % modulus
    return Lemma("nat", (), _nat("a"), (is_("a", r),), f"¬({is_('a', other)})")


def bounded(rng: random.Random) -> Lemma:
    """A number between two numerals is one of few; or shares a property of all those."""
    low, width = rng.choice((0, 0, 0, 1, 2, 3, 5)), rng.randint(1, 3)
    high = low + width
    above = rng.choice((f"n ≤ {high}", f"n < {high + 1}", f"{high} ≥ n"))
    below = () if low == 0 else (rng.choice((f"{low} ≤ n", f"{low - 1} < n", f"n ≥ {low}")),)
    options = [f"n = {value}" for value in range(low, high + 1)]
    form = rng.randrange(4)
    if form == 0:
        if rng.random() < 0.3:
            rng.shuffle(options)
        return Lemma("nat", (), _nat("n"), (*below, above), " ∨ ".join(options))
    if form == 1:
        return Lemma(
            "nat", (), _nat("n"), (*below, above, *(f"n ≠ {v}" for v in range(low, high))), options[-1]
        )
    if form == 2:
        joined = " ∧ ".join((*below, above))
        return Lemma("nat", (), _nat("n"), (), f"{joined} ↔ {' ∨ '.join(options)}")
    values = [f"P {value}" for value in range(low, high + 1)]
    goal = f"∀ n, {' → '.join((*below, above, 'P n'))}"
    if rng.random() < 0.5:
        return Lemma("nat", (), (("P", "Nat → Prop"),), tuple(values), goal)
    return Lemma("nat", (), (("P", "Nat → Prop"),), (goal,), " ∧ ".join(values))


def witnesses(rng: random.Random) -> Lemma:
    """Something exists: a number with a property, beside given numbers or under hypotheses."""
    a, b = rng.randint(1, 9), rng.randint(2, 5)
    goals = [
        (f"∃ x : Nat, x + {a} = {a + b}", ""), (f"∃ x : Nat, {b} * x = {b * a}", ""),
        (f"∃ x : Nat, x * x = {b * b}", ""), (f"∃ x y : Nat, x + y = {a + b} ∧ x * y = {a * b}", ""),
        (f"∃ x : Nat, {a} < x ∧ x < {a + b}", ""), (f"∃ x : Nat, x ^ 2 = {b * b} ∧ 0 < x", ""),
        (f"∃ m, n < m ∧ n + {a} < m", "n"), (f"∃ m, {b} * n < m", "n"), ("∃ m, n ≤ m ∧ k ≤ m", "n k"),
        ("∃ m, n ∣ m ∧ k ∣ m", "n k"), ("∃ m, m ≤ n ∧ m ≤ k", "n k"), (f"∃ m, n + m = n + {a}", "n"),
        (f"∃ m k, m + k = n + {a}", "n"), ("∃ m, ∀ k, k < n → k < m", "n"), (f"∃ m, {b} * m ≤ n", "n"),
        (f"∃ m, n < {b} * m", "n"), ("∃ m, n < m ∧ k < m ∧ l < m", "n k l"), ("∃ m, n = m ∨ n = m + 1", "n"),
    ]  # fmt: skip
    if rng.random() < 0.4:
        shift = rng.randint(1, 4)
        hypothesis, goal, names = rng.choice(
            (
                (f"n = k + {shift}", f"∃ m, m < n ∧ k ≤ m ∧ n = m + {shift}", "n k"),
                (f"n + {shift} ≤ k", f"∃ m, n + m = k ∧ {shift} ≤ m", "n k"),
                (f"n + {shift + 1} ≤ k", f"∃ m l, n < m ∧ m < k ∧ l = m + {shift}", "n k"),
                ("n ∣ k", f"∃ m, {b} * k = n * m", "n k"),
                ("n ∣ k", f"∃ m, k + {b} * n = m * n", "n k"),
                (f"∃ m, n = {b} * m", f"∃ m, n + {b * shift} = {b} * m", "n"),
                (f"∃ m, n = {2 * b} * m", f"∃ m, n = {b} * m", "n"),
            )
        )
        return Lemma("nat", (), _nat(names), (hypothesis,), goal)
    goal, names = rng.choice(goals)
    return Lemma("nat", (), _nat(names), (), goal)


NUMBER_SCHEMAS: tuple[tuple[float, Callable[[random.Random], Lemma]], ...] = (
    (1.5, induction),
    (1.5, recursion),
    (1.0, monotone),
    (1.5, parity),
    (1.0, bounded),
    (1.0, witnesses),
)
