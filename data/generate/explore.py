"""Theory exploration: statements found by evaluating random terms, as QuickSpec and Hipster do.

For one theory and a few variables, many small terms and propositions are drawn and evaluated in the same
random worlds. Terms with the same values become equations; propositions with the same truth values become
equivalences; one whose worlds lie inside another's an implication; and pairs of hypotheses that together
force what neither forces alone become theorems with two hypotheses. What survives a second set of worlds is
probably true.

QuickSpec: Claessen, Smallbone, Hughes, "QuickSpec: guessing formal specifications using testing" (2010).
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.generate.grow import Grower, Theory
from data.generate.signature import is_literal, make
from data.generate.terms import App, Bind, Goal, Term, Var, free, goal_size, has_binder, size
from data.generate.worlds import Frame

SCREEN_WORLDS = 48
CONFIRM_WORLDS = 350
EMPTY_WORLDS = 63
ENOUGH = 0.03
"""The share of worlds in which premises must hold for their consequence to be believed."""
SYMMETRIC = ("eq", "ne", "and", "or", "iff")
MIRRORED = {"nat_ge": "nat_le", "nat_gt": "nat_lt", "int_ge": "int_le", "int_gt": "int_lt"}
MINIMUM_WITNESSES = 3
"""A hypothesis must hold in this many screening worlds, lest a theorem be vacuous."""


def explore(theory: Theory, rng: random.Random, wanted: int = 16) -> Iterator[Goal]:
    """Probably true goals over one random choice of variables, at most `wanted`."""
    variables: list[Var] = []
    for type_, least, most in theory.variables:
        variables += [Var(f"v{len(variables) + k}", type_) for k in range(rng.randint(least, most))]
    if not variables:
        return
    inhabited = any(name == "Nonempty" for name, _ in theory.instances)
    screen = Frame(rng, variables, inhabited=inhabited, count=SCREEN_WORLDS)
    confirm = Frame(rng, variables, inhabited=inhabited, count=CONFIRM_WORLDS, thorough=True)
    grower = Grower(theory, variables, rng)
    found: list[Goal] = []
    if theory.equations:
        found += _equations(theory, grower, screen)
    found += _laws(grower, screen, rng)
    # Short statements first, more or less: they are the ones people write.
    found.sort(key=lambda goal: _length(goal) * rng.uniform(0.4, 1.6))
    given = 0
    for goal in found:
        if given == wanted:
            return
        if _confirmed(goal, confirm) and _holds_without(goal, confirm, rng):
            given += 1
            yield Goal(goal.conclusion, goal.hypotheses, theory.instances)


def _length(goal: Goal) -> float:
    """A goal's size; an equivalence counts half, as it is two statements, and quantifiers are welcome."""
    conclusion = goal.conclusion
    factor = 0.55 if isinstance(conclusion, App) and conclusion.op.name == "iff" else 1.0
    if any(has_binder(term) for term in (*goal.hypotheses, conclusion)):
        factor *= 0.75
    return factor * goal_size(goal)


def _confirmed(goal: Goal, frame: Frame) -> bool:
    """Whether the goal holds in other worlds, in enough of which its premises hold as well."""
    premises, conclusion = goal.hypotheses, goal.conclusion
    while isinstance(conclusion, App) and conclusion.op.name == "imp":
        premises, conclusion = (*premises, conclusion.args[0]), conclusion.args[1]
    assumed = frame.everywhere
    for premise in premises:
        mask = frame.holds(premise)
        if mask is None:
            return False
        assumed &= mask
    mask = frame.holds(conclusion)
    if mask is None or assumed & ~mask or mask_count(assumed) < ENOUGH * len(frame.worlds):
        return False
    if isinstance(conclusion, App) and conclusion.op.name == "iff":
        side = frame.holds(conclusion.args[0]) or 0
        both = mask_count(assumed & side), mask_count(assumed & ~side)
        return min(both) >= ENOUGH * len(frame.worlds) or size(conclusion) < 8
    return True


def _holds_without(goal: Goal, frame: Frame, rng: random.Random) -> bool:
    """Whether a quantified goal still holds when variables that it does not mention are not there.

    They may be all that kept a type from being empty.
    """
    terms = (*goal.hypotheses, goal.conclusion)
    used = dict.fromkeys(var for term in terms for var in free(term))
    if len(used) == len(frame.variables) or not any(has_binder(term) for term in terms):
        return True
    smaller = Frame(rng, list(used), inhabited=frame.inhabited, count=EMPTY_WORLDS)
    return _confirmed(goal, smaller)


def _equations(theory: Theory, grower: Grower, screen: Frame) -> list[Goal]:
    """Terms of one type with the same values everywhere."""
    rng, found = grower.rng, []
    for type_ in theory.equations:
        buckets: dict[tuple[object, ...], list[Term]] = {}
        for _ in range(60):
            term = grower.term(type_, rng.choice((1, 2, 2, 3)) if theory.depth > 1 else 1)
            if term is None or type_.head == "Fun" or size(term) > 12:
                continue
            values = screen.results(term)
            if values is None or any(callable(value) for value in values):
                continue
            bucket = buckets.setdefault(values, [])
            if term not in bucket:
                bucket.append(term)
        for bucket in buckets.values():
            rng.shuffle(bucket)
            for left, right in zip(bucket[::2], bucket[1::2], strict=False):
                if not (is_literal(left) and is_literal(right)) and _differ(left, right, rng):
                    found.append(Goal(make("eq", left, right)))
    return found


def _laws(grower: Grower, screen: Frame, rng: random.Random) -> list[Goal]:
    """Valid propositions, equivalences, and conclusions from one or two hypotheses."""
    pool: dict[Term, int] = {}
    for _ in range(110):
        term = grower.proposition(rng.choice((0, 0, 1, 1, 2)), grower.theory.depth - 1)
        if term is None or term in pool or size(term) > 16:
            continue
        mask = screen.holds(term)
        if mask is not None:
            pool[term] = mask
    full = screen.everywhere
    found = [Goal(term) for term, mask in pool.items() if mask == full and not _is_atomic_triviality(term)]
    found += [Goal(make("not", term)) for term, mask in pool.items() if mask == 0 and rng.random() < 0.3]
    open_ = [(term, mask) for term, mask in pool.items() if 0 < mask < full]
    rng.shuffle(open_)
    by_mask: dict[int, list[Term]] = {}
    for term, mask in open_:
        by_mask.setdefault(mask, []).append(term)
    for group in by_mask.values():
        for left, right in zip(group[::2], group[1::2], strict=False):
            if _differ(left, right, rng):
                found.append(Goal(make("iff", left, right)))
    found += _consequences(open_, full, rng)
    return found


def _differ(left: Term, right: Term, rng: random.Random) -> bool:
    """Whether two terms are more than each other's mirror image; a few mirror images pass."""
    return _sorted(left) != _sorted(right) or rng.random() < 0.1


def _sorted(term: Term) -> str:
    """`term` with the arguments of symmetric relations in a fixed order."""
    if isinstance(term, Var):
        return term.name
    if isinstance(term, Bind):
        return f"{term.binder}{term.var.name}.{_sorted(term.body)}"
    args = [_sorted(arg) for arg in term.args]
    if term.op.name in SYMMETRIC:
        args.sort()
    name = MIRRORED.get(term.op.name)
    return f"{name or term.op.name}({','.join(args[::-1] if name else args)})"


def mask_count(mask: int) -> int:
    """In how many worlds."""
    return mask.bit_count()


def _is_atomic_triviality(term: Term) -> bool:
    return isinstance(term, App) and term.op.name in ("true", "imp") and term.args[:1] == term.args[1:]


def _consequences(open_: list[tuple[Term, int]], full: int, rng: random.Random) -> list[Goal]:
    """Theorems with hypotheses: those that one premise yields, and those that need two."""
    singles: list[Goal] = []
    pairs: list[Goal] = []
    premises = [(t, m, set(free(t))) for t, m in open_ if mask_count(m) >= MINIMUM_WITNESSES][:40]
    for conclusion, goal_mask in open_[:40]:
        outside = full & ~goal_mask
        about = set(free(conclusion))
        related = [(t, m) for t, m, names in premises if t != conclusion and not about.isdisjoint(names)]
        singles += [Goal(conclusion, (t,)) for t, m in related if not m & outside and m != goal_mask]
        rest = [(t, m) for t, m in related if m & outside]
        rng.shuffle(rest)
        for index, (first, one) in enumerate(rest[:16]):
            for second, two in rest[index + 1 : 16]:
                both = one & two
                if not both & outside and mask_count(both) >= MINIMUM_WITNESSES:
                    pairs.append(Goal(conclusion, (first, second)))
    rng.shuffle(singles)
    rng.shuffle(pairs)
    return singles[:12] + pairs[:12]
