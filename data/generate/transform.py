"""What can be made of a true goal: instances, consequences and combinations that stay true.

Each step is sound, so that a transformed goal is as probably true as the goal it came from, but it asks for
one more idea in the proof: a witness, a case distinction, a rewriting, a contradiction.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from data.generate.consequences import (
    absurd,
    contraposed,
    either,
    goal_variables,
    is_datum,
    turned,
    unrelated,
    weakened,
)
from data.generate.signature import exists, lam, literal, make
from data.generate.terms import (
    ALPHA,
    INT,
    NAT,
    PROP,
    TYPE_VARIABLES,
    App,
    Bind,
    Goal,
    Term,
    Ty,
    Var,
    free,
    goal_size,
    list_of,
    prod,
    replace_type,
    size,
    substitute,
    subterms,
    type_heads,
)

Step = Callable[[Goal, random.Random], Goal | None]


def transformed(goal: Goal, rng: random.Random) -> Goal | None:
    """`goal` after one to three random steps; None if none applied."""
    changed: Goal | None = None
    for _ in range(rng.choice((1, 1, 2, 2, 3))):
        step = rng.choices([step for _, step in STEPS], [weight for weight, _ in STEPS])[0]
        found = step(changed or goal, rng)
        if found is not None and goal_size(found) <= 40:
            changed = found
    return changed


def combined(first: Goal, second: Goal, rng: random.Random) -> Goal | None:
    """Two goals over the same variables as one: both conclusions, or the second under the first's reverse."""
    if first == second or goal_size(first) + goal_size(second) > 36:
        return None
    hypotheses = tuple(dict.fromkeys((*first.hypotheses, *second.hypotheses)))
    form = rng.random()
    if form < 0.7 or first.hypotheses or second.hypotheses:
        return replace(
            first, hypotheses=hypotheses, conclusion=make("and", first.conclusion, second.conclusion)
        )
    return replace(first, conclusion=make("iff", first.conclusion, second.conclusion))


def _everywhere(goal: Goal, change: Callable[[Term], Term]) -> Goal:
    return replace(
        goal, hypotheses=tuple(change(term) for term in goal.hypotheses), conclusion=change(goal.conclusion)
    )


def instantiated(goal: Goal, rng: random.Random) -> Goal | None:
    """A compound term for a variable."""
    choices = [
        var for var in goal_variables(goal) if var.type.head in ("Nat", "Int", "List", "Prop", "Option")
    ]
    if not choices:
        return None
    var = rng.choice(choices)
    others = [other for other in goal_variables(goal) if other.type == var.type]
    other: Term = rng.choice(others)
    fresh = Var(f"{var.name}n", var.type)
    if var.type == NAT:
        term: Term = rng.choice((
            make("nat_add", fresh, literal(1)), make("nat_add", fresh, other), make("nat_mul", fresh, other),
            literal(rng.randint(0, 3)), make("nat_mul", literal(2), fresh), make("nat_succ", fresh), other,
        ))  # fmt: skip
    elif var.type == INT:
        term = rng.choice(
            (make("int_sub", fresh, other), make("int_neg", fresh), make("int_add", fresh, literal(1, INT)))
        )
    elif var.type == PROP:
        term = rng.choice(
            (
                make("and", fresh, other),
                make("not", fresh),
                make("or", other, fresh),
                make("imp", fresh, other),
            )
        )
    elif var.type.head == "List":
        item = Var(f"{var.name}i", var.type.args[0])
        term = rng.choice((make("append", fresh, other), make("cons", item, fresh), make("reverse", fresh),
                           make("single", item), make("append", fresh, make("single", item))))  # fmt: skip
    else:
        term = make("some", Var(f"{var.name}i", var.type.args[0]))
    return _everywhere(goal, lambda each: substitute(each, {var: term}))


def specialised(goal: Goal, rng: random.Random) -> Goal | None:
    """A concrete type for a type variable."""
    terms = (*goal.hypotheses, goal.conclusion)
    heads = sorted(
        {head for var in goal_variables(goal) for head in type_heads(var.type) if head in TYPE_VARIABLES}
    )
    if not heads or goal.instances:
        return None
    head = rng.choice(heads)
    type_ = rng.choice((NAT, NAT, NAT, INT, list_of(NAT), prod(NAT, NAT), PROP))
    if type_ == PROP and any(_decides(term) for term in terms):
        return None
    return _everywhere(goal, lambda each: replace_type(each, {head: type_}))


def _decides(term: Term) -> bool:
    if isinstance(term, Var):
        return False
    if isinstance(term, Bind):
        return _decides(term.body)
    return term.op.name == "ite" or any(_decides(arg) for arg in term.args)


def witnessed(goal: Goal, rng: random.Random) -> Goal | None:
    """`∃` for a subterm of the conclusion."""
    candidates = [term for term in subterms(goal.conclusion)
                  if is_datum(term.type) and free(term)]  # fmt: skip
    if not candidates:
        return None
    chosen = rng.choice(candidates)
    bound = Var(f"w{size(goal.conclusion)}{chosen.type.head}", chosen.type)
    body = substitute(goal.conclusion, {chosen: bound})
    if chosen.type.head not in ("Nat", "α") and rng.random() < 0.3:
        return None
    changed = replace(goal, conclusion=exists(bound, body))
    if chosen.type.head in (*TYPE_VARIABLES, "Prod") and not any(
        var.type == chosen.type for var in goal_variables(changed)
    ):
        return None  # The type may be empty now.
    return changed if free(body) != {bound: None} else None


def opened(goal: Goal, rng: random.Random) -> Goal | None:
    """Hypotheses about a variable that the conclusion does not mention, under `∃`."""
    kept = free(goal.conclusion)
    choices = [
        var for var in goal_variables(goal) if var not in kept and var.type.head not in ("Prop", "Fun")
    ]
    if not choices or goal.instances:
        return None
    var = rng.choice(choices)
    about = [term for term in goal.hypotheses if var in free(term)]
    rest = tuple(term for term in goal.hypotheses if term not in about)
    body = about[-1]
    for term in reversed(about[:-1]):
        body = make("and", term, body)
    bound = Var(f"{var.name}e", var.type)
    return replace(goal, hypotheses=(*rest, exists(bound, substitute(body, {var: bound}))))


def abstracted(goal: Goal, rng: random.Random) -> Goal | None:
    """A new variable for a subterm, with an equation as hypothesis."""
    candidates = [term for term in subterms(goal.conclusion)
                  if isinstance(term, App) and term.args and is_datum(term.type)]  # fmt: skip
    if not candidates:
        return None
    chosen = rng.choice(candidates)
    var = Var(f"z{size(chosen)}{len(goal.hypotheses)}{chosen.type.head}", chosen.type)
    sides = (var, chosen) if rng.random() < 0.6 else (chosen, var)
    equation = make("eq", *sides)
    conclusion = substitute(goal.conclusion, {chosen: var})
    return replace(goal, hypotheses=(*goal.hypotheses, equation), conclusion=conclusion)


def congruent(goal: Goal, rng: random.Random) -> Goal | None:
    """An equation used: inside a function, a predicate or a longer term."""
    term = goal.conclusion
    if not isinstance(term, App) or term.op.name != "eq" or term.args[0].type.head in ("Prop", "Fun"):
        return None
    left, right = term.args
    type_ = left.type
    form = rng.random()
    if form < 0.35:
        function = Var("cf", Ty("Fun", (type_, rng.choice((NAT, ALPHA, type_)))))
        return replace(
            goal, conclusion=make("eq", make("apply", function, left), make("apply", function, right))
        )
    predicate = Var("cp", Ty("Fun", (type_, PROP)))
    sides = make("apply", predicate, left), make("apply", predicate, right)
    if form < 0.6:
        return replace(goal, conclusion=make("imp", *sides))
    if form < 0.8:
        return replace(goal, hypotheses=(*goal.hypotheses, sides[0]), conclusion=sides[1])
    return replace(goal, conclusion=make("iff", *sides))


def extensional(goal: Goal, rng: random.Random) -> Goal | None:
    """An equation or equivalence about all values of a variable, as one between functions."""
    term = goal.conclusion
    if not isinstance(term, App) or term.op.name not in ("eq", "iff") or term.args[0].type.head == "Fun":
        return None
    assumed = {var for hypothesis in goal.hypotheses for var in free(hypothesis)}
    choices = [var for var in free(term) if var not in assumed and is_datum(var.type)]
    if not choices:
        return None
    var = rng.choice(choices)
    bound = Var(f"{var.name}x", var.type)
    sides = [lam(bound, substitute(side, {var: bound})) for side in term.args]
    return replace(goal, conclusion=make("eq", *sides))


STEPS: tuple[tuple[float, Step], ...] = (
    (2.5, instantiated),
    (1.0, specialised),
    (2.0, witnessed),
    (2.0, opened),
    (2.0, abstracted),
    (1.5, contraposed),
    (0.7, weakened),
    (0.7, either),
    (0.5, turned),
    (1.5, congruent),
    (0.4, unrelated),
    (0.7, extensional),
    (0.5, absurd),
)
