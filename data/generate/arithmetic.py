"""Arithmetic that calls for calculation: identities made by rewriting, and linear consequences."""

from __future__ import annotations

import random
from itertools import pairwise

from data.generate.signature import is_literal, literal, make
from data.generate.terms import NAT, App, Goal, Term, Var
from data.generate.worlds import Frame

VARIABLES = tuple(Var(f"v{index}", NAT) for index in range(6))


def add(left: Term, right: Term) -> App:
    """`left + right`."""
    return make("nat_add", left, right)


def mul(left: Term, right: Term) -> App:
    """`left * right`."""
    return make("nat_mul", left, right)


def identity(rng: random.Random) -> Goal:
    """Two forms of one polynomial, some steps of rewriting apart; now and then inside an inequality."""
    variables = VARIABLES[: rng.choice((1, 2, 2, 3, 3, 4, 6))]
    if len(variables) > 3 or rng.random() < 0.15:
        operator = "nat_add" if rng.random() < 0.75 else "nat_mul"
        before = _grouped(list(variables), operator, rng)
        after = _grouped(rng.sample(variables, len(variables)), operator, rng)
    else:
        before = _polynomial(variables, rng, rng.choice((2, 2, 3)))
        after = before
        for _ in range(rng.randint(1, 6)):
            after = _rewritten(after, rng)
    if before == after:
        return identity(rng)
    if rng.random() < 0.5:
        before, after = after, before
    if rng.random() < 0.85:
        return Goal(make("eq", before, after))
    extra: Term = rng.choice(variables) if rng.random() < 0.7 else literal(1)
    more = add(after, extra)
    name = "nat_lt" if is_literal(extra) else "nat_le"
    return Goal(make(name, before, more))


def _grouped(parts: list[Var], operator: str, rng: random.Random) -> Term:
    """The parts under one operator, in a random grouping."""
    terms: list[Term] = list(parts)
    while len(terms) > 1:
        place = rng.randrange(len(terms) - 1)
        terms[place : place + 2] = [make(operator, terms[place], terms[place + 1])]
    return terms[0]


def _polynomial(variables: tuple[Var, ...], rng: random.Random, depth: int) -> Term:
    if depth == 0 or rng.random() < 0.15:
        return literal(rng.choice((0, 1, 1, 2, 2, 3))) if rng.random() < 0.2 else rng.choice(variables)
    chance = rng.random()
    if chance < 0.1:
        exponent: Term = literal(rng.choice((1, 2, 2, 3)))
        if rng.random() < 0.6:
            exponent = _polynomial(variables, rng, min(depth - 1, 1))
        return make("nat_pow", _polynomial(variables, rng, depth - 1), exponent)
    if chance < 0.15:
        return make("nat_sub", _polynomial(variables, rng, depth - 1), _polynomial(variables, rng, depth - 1))
    if chance < 0.2:
        return make("nat_succ", _polynomial(variables, rng, depth - 1))
    make_ = add if chance < 0.6 else mul
    return make_(_polynomial(variables, rng, depth - 1), _polynomial(variables, rng, depth - 1))


def _rewritten(term: Term, rng: random.Random) -> Term:
    """One semiring law applied at a random place."""
    if not isinstance(term, App) or not term.args:
        return rng.choice((term, term, term, add(term, literal(0)), mul(literal(1), term)))
    if rng.random() < 0.55:
        place = rng.randrange(len(term.args))
        if term.op.name == "nat_pow" and place == 1 and is_literal(term.args[1]):
            return term
        args = [_rewritten(arg, rng) if index == place else arg for index, arg in enumerate(term.args)]
        return App(term.op, tuple(args), term.type)
    laws = _laws(term)
    return rng.choice(laws) if laws else term


def _laws(term: App) -> list[Term]:
    name, args = term.op.name, term.args
    if name == "nat_succ":
        return [add(args[0], literal(1)), add(literal(1), args[0])]
    if name == "nat_pow":
        return _power_laws(*args)
    if name == "nat_sub":
        return _difference_laws(*args)
    found: list[Term] = [make(name, args[1], args[0])]
    left, right = args
    if isinstance(left, App) and left.op.name == name:
        found.append(make(name, left.args[0], make(name, left.args[1], right)))
        found.append(make(name, make(name, left.args[0], right), left.args[1]))
    if isinstance(right, App) and right.op.name == name:
        found.append(make(name, make(name, left, right.args[0]), right.args[1]))
        found.append(make(name, right.args[0], make(name, left, right.args[1])))
    if name == "nat_mul":
        if isinstance(right, App) and right.op.name == "nat_add":
            found += [add(mul(left, right.args[0]), mul(left, right.args[1]))] * 2
        if isinstance(left, App) and left.op.name == "nat_add":
            found += [add(mul(left.args[0], right), mul(left.args[1], right))] * 2
        if left == right:
            found.append(make("nat_pow", left, literal(2)))
    elif left == right:
        found.append(mul(literal(2), left))
    elif isinstance(left, App) and isinstance(right, App) and left.op.name == right.op.name == "nat_mul":
        if left.args[0] == right.args[0]:
            found.append(mul(left.args[0], add(left.args[1], right.args[1])))
        if left.args[1] == right.args[1]:
            found.append(mul(add(left.args[0], right.args[0]), left.args[1]))
    return found


def power(base: Term, exponent: Term) -> App:
    """`base ^ exponent`."""
    return make("nat_pow", base, exponent)


def _power_laws(base: Term, exponent: Term) -> list[Term]:
    found: list[Term] = []
    if is_literal(exponent) and isinstance(exponent, App):
        value = int(exponent.op.text)
        found.append(base if value == 1 else literal(1) if value == 0 else mul(base, base))
        if value > 2:
            found[-1] = mul(power(base, literal(value - 1)), base)
    elif isinstance(exponent, App) and exponent.op.name == "nat_add":
        found += [mul(power(base, exponent.args[0]), power(base, exponent.args[1]))] * 2
    elif isinstance(exponent, App) and exponent.op.name == "nat_mul":
        found += [power(power(base, exponent.args[0]), exponent.args[1])] * 2
    elif isinstance(exponent, App) and exponent.op.name == "nat_succ":
        found += [mul(power(base, exponent.args[0]), base)] * 2
    if isinstance(base, App) and base.op.name == "nat_mul":
        found += [mul(power(base.args[0], exponent), power(base.args[1], exponent))] * 2
    if isinstance(base, App) and base.op.name == "nat_pow":
        found += [
            power(base.args[0], mul(base.args[1], exponent)),
            power(power(base.args[0], exponent), base.args[1]),
        ]
    return found


def _difference_laws(left: Term, right: Term) -> list[Term]:
    found: list[Term] = []
    if left == right:
        found.append(literal(0))
    if isinstance(right, App) and right.op.name == "nat_add":
        found += [make("nat_sub", make("nat_sub", left, right.args[0]), right.args[1])] * 2
    if isinstance(left, App) and left.op.name == "nat_sub":
        found.append(make("nat_sub", left.args[0], add(left.args[1], right)))
        found.append(make("nat_sub", make("nat_sub", left.args[0], right), left.args[1]))
    if isinstance(left, App) and left.op.name == "nat_add" and right in left.args:
        found += [left.args[1] if left.args[0] == right else left.args[0]] * 2
    if not found:
        found.append(make("nat_sub", add(left, literal(1)), add(right, literal(1))))
    return found


def linear(rng: random.Random) -> Goal:
    """A linear relation that follows from one to three others, each of which is needed."""
    for _ in range(60):
        variables = VARIABLES[: rng.randint(2, 5)]
        frame = Frame(rng, variables, count=100, thorough=True)
        hypotheses = [_relation(variables, rng) for _ in range(rng.randint(1, 3))]
        if rng.random() < 0.4:  # A chain of equations or inequalities through all variables.
            hypotheses = [
                make(rng.choice(("eq", "nat_le", "nat_lt", "eq")), left, _shifted(right, rng))
                for left, right in pairwise(variables)
            ]
        masks = [frame.holds(hypothesis) for hypothesis in hypotheses]
        known = [mask for mask in masks if mask is not None]
        if len(known) < len(masks) or any(mask == frame.everywhere for mask in known):
            continue
        whole = frame.everywhere
        for mask in known:
            whole &= mask
        if whole.bit_count() < 2:
            continue
        for _ in range(12):
            conclusion = _relation(variables, rng)
            entailed = frame.holds(conclusion)
            if entailed is None or whole & ~entailed or conclusion in hypotheses:
                continue
            if entailed != frame.everywhere and _is_confirmed(hypotheses, conclusion, variables, rng):
                return Goal(conclusion, tuple(hypotheses))
    return identity(rng)


def _is_confirmed(
    hypotheses: list[App], conclusion: Term, variables: tuple[Var, ...], rng: random.Random
) -> bool:
    frame = Frame(rng, variables, count=2500)
    whole = conclusion
    for hypothesis in reversed(hypotheses):
        whole = make("imp", hypothesis, whole)
    return frame.holds(whole) == frame.everywhere


def _shifted(term: Term, rng: random.Random) -> Term:
    shift = rng.choice((0, 0, 1, 1, 2, 3))
    if not shift:
        return term
    return add(term, literal(shift)) if rng.random() < 0.8 else add(literal(shift), term)


def _relation(variables: tuple[Var, ...], rng: random.Random) -> App:
    name = rng.choice(("nat_le", "nat_lt", "eq", "nat_le", "nat_lt", "ne", "nat_ge", "nat_gt"))
    left, right = _linear(variables, rng), _linear(variables, rng)
    return make(name, left, right) if left != right else _relation(variables, rng)


def _linear(variables: tuple[Var, ...], rng: random.Random) -> Term:
    term: Term = rng.choice(variables)
    if rng.random() < 0.15:
        term = mul(literal(rng.choice((2, 2, 3))), term)
    if rng.random() < 0.35:
        term = add(term, rng.choice(variables))
    return _shifted(term, rng) if rng.random() < 0.5 else term
