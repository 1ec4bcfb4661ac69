"""Steps of `transform.py` that only rearrange what a goal says: negations, alternatives, contradictions."""

from __future__ import annotations

import random
from dataclasses import replace

from data.generate.signature import make
from data.generate.terms import NAT, PROP, App, Goal, Term, Ty, Var, free, size


def goal_variables(goal: Goal) -> list[Var]:
    """The free variables of a goal, in order of occurrence."""
    found: dict[Var, None] = {}
    for term in (*goal.hypotheses, goal.conclusion):
        found.update(free(term))
    return list(found)


def is_datum(type_: Ty) -> bool:
    """Whether values of the type are neither propositions nor functions."""
    return type_.head not in ("Prop", "Fun")


def contraposed(goal: Goal, rng: random.Random) -> Goal | None:
    """The negated conclusion as a hypothesis, and a negated hypothesis as the conclusion."""
    if not goal.hypotheses:
        return None
    place = rng.randrange(len(goal.hypotheses))
    chosen = goal.hypotheses[place]
    rest = [term for index, term in enumerate(goal.hypotheses) if index != place]
    return replace(goal, hypotheses=(*rest, _negated(goal.conclusion)), conclusion=_negated(chosen))


def _negated(term: Term) -> Term:
    if isinstance(term, App):
        opposite = {"eq": "ne", "ne": "eq", "mem": "not_mem", "not_mem": "mem"}.get(term.op.name)
        if opposite:
            return make(opposite, *term.args)
        if term.op.name == "not":
            return term.args[0]
    return make("not", term)


def weakened(goal: Goal, rng: random.Random) -> Goal | None:
    """An alternative beside the conclusion, or a further conjunct in a hypothesis."""
    props = [term for term in (*goal.hypotheses, goal.conclusion) if size(term) <= 8]
    variables = [var for var in goal_variables(goal) if var.type == PROP]
    extra: Term = (
        rng.choice(variables or [_negated(rng.choice(props))]) if variables or props else make("false")
    )
    if rng.random() < 0.5 and goal.hypotheses:
        place = rng.randrange(len(goal.hypotheses))
        pair = (goal.hypotheses[place], extra)
        stronger = make("and", *(pair if rng.random() < 0.5 else pair[::-1]))
        return replace(
            goal,
            hypotheses=tuple(stronger if i == place else term for i, term in enumerate(goal.hypotheses)),
        )
    sides = (goal.conclusion, extra) if rng.random() < 0.5 else (extra, goal.conclusion)
    return replace(goal, conclusion=make("or", *sides))


def either(goal: Goal, rng: random.Random) -> Goal | None:
    """One hypothesis split into the cases that it covers: from `h` to `h ∨ False`-like disjunctions."""
    if not goal.hypotheses:
        return None
    place = rng.randrange(len(goal.hypotheses))
    chosen = goal.hypotheses[place]
    other = make("and", chosen, rng.choice([*goal.hypotheses, _negated(goal.conclusion)]))
    cases = make("or", *((chosen, other) if rng.random() < 0.5 else (other, chosen)))
    return replace(
        goal,
        hypotheses=tuple(cases if index == place else term for index, term in enumerate(goal.hypotheses)),
    )


def turned(goal: Goal, rng: random.Random) -> Goal | None:
    """The sides of an equation or equivalence exchanged."""
    term = goal.conclusion
    if isinstance(term, App) and term.op.name in ("eq", "iff", "ne", "and", "or"):
        return replace(goal, conclusion=make(term.op.name, term.args[1], term.args[0]))
    return None


def unrelated(goal: Goal, rng: random.Random) -> Goal | None:
    """A further hypothesis that nothing needs."""
    variables = [var for var in goal_variables(goal) if var.type.head not in ("Fun", "Prop")]
    if len(variables) < 2:
        return None
    first, second = rng.sample(variables, 2)
    if first.type != second.type:
        return None
    name = rng.choice(("nat_le", "nat_lt", "ne")) if first.type == NAT else "ne"
    return replace(goal, hypotheses=(*goal.hypotheses, make(name, first, second)))


def absurd(goal: Goal, rng: random.Random) -> Goal | None:
    """Everything assumed, the conclusion denied: nothing, or anything, follows."""
    hypotheses = (*goal.hypotheses, _negated(goal.conclusion))
    variables = goal_variables(goal)
    first, second = (rng.choice(variables) for _ in range(2)) if variables else (None, None)
    if first is None or second is None or first.type != second.type or not is_datum(first.type):
        return replace(goal, hypotheses=hypotheses, conclusion=make("false"))
    conclusion = make("eq", first, second) if first != second else make("ne", first, second)
    return replace(goal, hypotheses=hypotheses, conclusion=conclusion)
