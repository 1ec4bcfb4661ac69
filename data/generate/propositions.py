"""Propositional statements that exploration hardly finds: long chains and large rearrangements."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

from data.generate.signature import make
from data.generate.terms import PROP, App, Goal, Term, Var, free

VARIABLES = tuple(Var(f"v{index}", PROP) for index in range(8))


def implications(rng: random.Random) -> Goal:
    """A path to find: atoms, implications between them (some lead nowhere), a start and an end."""
    count = rng.randint(3, 8)
    atoms = list(VARIABLES[:count])
    rng.shuffle(atoms)
    length = rng.randint(2, min(5, count - 1))
    path, aside = atoms[: length + 1], atoms[length + 1 :]
    steps: list[Term] = []
    for left, right in pairwise(path):
        steps.append(_step(left, right, aside, rng))
    for _ in range(rng.randint(0, 3)):  # Detours that do not shorten the path.
        left, right = rng.choice(atoms), rng.choice(aside or path[:1])
        if left != right:
            steps.append(make("imp", left, right))
    if rng.random() < 0.6:
        rng.shuffle(steps)
    start, end = path[0], path[-1]
    form = rng.random()
    if form < 0.5:
        return Goal(make("imp", start, end), tuple(steps))
    if form < 0.8:
        return Goal(end, (*steps, start))
    return Goal(make("imp", make("not", end), make("not", start)), tuple(steps))


def _step(left: Term, right: Term, aside: list[Var], rng: random.Random) -> Term:
    """A proposition by which `left` yields `right`, in one of several forms."""
    extra: Term = rng.choice(aside) if aside else left
    form = rng.random()
    if form < 0.55:
        return make("imp", left, right)
    if form < 0.65:
        return make("iff", *((left, right) if rng.random() < 0.5 else (right, left)))
    if form < 0.75:
        return make(
            "imp", left, make("and", extra, right) if rng.random() < 0.5 else make("and", right, extra)
        )
    if form < 0.85:
        return make("imp", make("or", left, extra) if rng.random() < 0.5 else make("or", extra, left), right)
    if form < 0.93:
        return make("or", make("not", left), right)
    return make("imp", make("not", right), make("not", left))


def rearrangement(rng: random.Random) -> Goal:
    """A formula and what laws of logic make of it: equivalent, or equal, or implied after weakening."""
    atoms = VARIABLES[: rng.randint(2, 5)]
    before = _formula(atoms, rng, rng.randint(2, 3))
    after = before
    for _ in range(rng.randint(1, 5)):
        after = _rewritten(after, rng)
    if before == after:
        return rearrangement(rng)
    form = rng.random()
    if form < 0.6:
        return Goal(make("iff", before, after))
    if form < 0.72:
        return Goal(make("eq", before, after))
    weaker = make("or", after, rng.choice(atoms)) if rng.random() < 0.3 else after
    stronger = make("and", rng.choice(atoms), before) if rng.random() < 0.3 else before
    if form < 0.85:
        return Goal(make("imp", stronger, weaker))
    return Goal(weaker, (stronger,))


def _formula(atoms: tuple[Var, ...], rng: random.Random, depth: int) -> Term:
    if depth == 0 or rng.random() < 0.2:
        atom = rng.choice(atoms)
        return make("not", atom) if rng.random() < 0.2 else atom
    name = rng.choices(("and", "or", "imp", "iff"), (5, 5, 2, 0.7))[0]
    return make(name, _formula(atoms, rng, depth - 1), _formula(atoms, rng, depth - 1))


def _rewritten(term: Term, rng: random.Random) -> Term:
    """One law applied at a random place."""
    if not isinstance(term, App):
        return term
    if rng.random() < 0.5 and any(not isinstance(arg, Var) for arg in term.args):
        place = rng.randrange(len(term.args))
        args = [_rewritten(arg, rng) if index == place else arg for index, arg in enumerate(term.args)]
        return replace(term, args=tuple(args))
    laws = [law for law in (_commuted(term), *_regrouped(term), _distributed(term), _de_morgan(term)) if law]
    return rng.choice(laws) if laws else term


def _parts(term: Term, name: str) -> tuple[Term, ...] | None:
    return term.args if isinstance(term, App) and term.op.name == name else None


def _commuted(term: Term) -> Term | None:
    for name in ("and", "or", "iff"):
        if parts := _parts(term, name):
            return make(name, parts[1], parts[0])
    return None


def _regrouped(term: Term) -> list[Term]:
    found: list[Term] = []
    for name in ("and", "or"):
        if parts := _parts(term, name):
            if inner := _parts(parts[0], name):
                found.append(make(name, inner[0], make(name, inner[1], parts[1])))
            if inner := _parts(parts[1], name):
                found.append(make(name, make(name, parts[0], inner[0]), inner[1]))
    return found


def _distributed(term: Term) -> Term | None:
    for name, other in (("and", "or"), ("or", "and")):
        if parts := _parts(term, name):
            if inner := _parts(parts[1], other):
                return make(other, make(name, parts[0], inner[0]), make(name, parts[0], inner[1]))
            if inner := _parts(parts[0], other):
                return make(other, make(name, inner[0], parts[1]), make(name, inner[1], parts[1]))
    if parts := _parts(term, "imp"):
        if inner := _parts(parts[0], "or"):
            return make("and", make("imp", inner[0], parts[1]), make("imp", inner[1], parts[1]))
        if inner := _parts(parts[1], "and"):
            return make("and", make("imp", parts[0], inner[0]), make("imp", parts[0], inner[1]))
        if inner := _parts(parts[0], "and"):
            return make("imp", inner[0], make("imp", inner[1], parts[1]))
    return None


def _de_morgan(term: Term) -> Term | None:
    if parts := _parts(term, "not"):
        if inner := _parts(parts[0], "or"):
            return make("and", make("not", inner[0]), make("not", inner[1]))
        if inner := _parts(parts[0], "and"):
            return make("imp", inner[0], make("not", inner[1]))
        if inner := _parts(parts[0], "imp"):
            return make("and", inner[0], make("not", inner[1]))
        if inner := _parts(parts[0], "not"):
            return inner[0]
    return None


def decidable(goal: Goal, rng: random.Random) -> Goal:
    """`goal` with `Decidable` assumed of some of its propositional variables."""
    found: dict[Var, None] = {}
    for term in (*goal.hypotheses, goal.conclusion):
        found.update(free(term))
    chosen = [var for var in found if var.type == PROP and rng.random() < 0.6]
    return replace(goal, instances=(*goal.instances, *(("Decidable", var) for var in chosen)))
