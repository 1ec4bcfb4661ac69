"""Moves that the shape of what is to be proved suggests."""

from __future__ import annotations

from collections.abc import Iterator

from prover.policies.tactics.goals import Goal, Hypothesis, name_for
from prover.policies.tactics.matching import Values, match, normal
from prover.policies.tactics.moves import Move, Pattern, pattern
from prover.policies.tactics.terms import HOLE, Term

MAX_WITNESSES = 30
MAX_NUMBERS = 4
FALSE = Term("False")


def on_target(goal: Goal) -> Iterator[Move]:
    """Introduction rules for the target."""
    target = goal.target
    match target.head:
        case "∀" | "→" | "¬":
            yield from _introductions(goal)
        case "∧" | "↔":
            yield from _conjunction(goal)
        case "∨":
            yield Move("left", 1.0, (goal.with_target(target.args[0]),))
            yield Move("right", 1.0, (goal.with_target(target.args[1]),))
        case "∃":
            yield from _witnesses(goal)
        case "∣":
            yield from _witnesses(goal.with_target(divides(target)))
        case "=":
            yield from _equation(goal)
        case _:
            pass
    if target.head not in ("∀", "→", "¬", "False", "∧", "↔", "True") and goal.is_proposition(target):
        negated = Hypothesis(goal.fresh_hypothesis(), Term("¬", (target,)))
        text = f"refine Classical.byContradiction fun {negated.name} => ?_"
        yield Move(text, 0.25, (goal.add(negated).with_target(FALSE),))
    if any(h.type.head == "¬" for h in goal.proofs()) and target.head not in ("∀", "→", "¬", "False"):
        yield Move("exfalso", 0.3, (goal.with_target(FALSE),))


def introduce(goal: Goal, *, split: bool, rfl: bool) -> tuple[str, Goal] | None:
    """One introduction: its pattern, and the goal behind it; None if there is nothing to introduce.

    `split` takes `∧` and `∃` apart, and `rfl` substitutes equations.
    """
    target = goal.target
    if target.head == "∀" and target.binder:
        kind, wish = target.args[0], target.binder
    elif target.head in ("→", "¬"):
        kind, wish = target.args[0], ""
    else:
        return None
    taken = pattern(goal, kind, wish, rfl=rfl) if split else None
    if taken is None:
        name = name_for(goal, kind, wish)
        taken = Pattern(name, (Hypothesis(name, kind),))
    if target.head == "∀":
        body = (
            target.args[1].substitute({target.binder: Term(taken.hypotheses[0].name)})
            if taken.hypotheses
            else target.args[1]
        )
    else:
        body = target.args[1] if target.head == "→" else FALSE
    return taken.text, taken.apply(goal.with_target(body))


def divides(term: Term) -> Term:
    """`a ∣ b` as what it stands for: `∃ c, b = a * c`."""
    divisor, multiple = term.args
    product = Term("*", (divisor, Term("c")))
    return Term("∃", (Term(HOLE), Term("=", (multiple, product))), "c")


def _introductions(goal: Goal) -> Iterator[Move]:
    for split, rfl, weight in ((False, False, 1.0), (True, False, 2.0), (True, True, 1.5)):
        texts: list[str] = []
        now = goal
        while (step := introduce(now, split=split, rfl=rfl)) is not None:
            texts.append(step[0])
            now = step[1]
            if len(texts) == 1:
                word = "rintro" if "⟨" in texts[0] or texts[0] == "rfl" else "intro"
                one = Move(f"{word} {texts[0]}", 0.6 * weight, (now,))
        if len(texts) > 1:
            yield one
        word = "rintro" if any("⟨" in text or text == "rfl" for text in texts) else "intro"
        yield Move(f"{word} {' '.join(texts)}", weight, (now,))
    first = goal.target.args[0]
    if first.head == "∨" and goal.target.head == "→":
        name = goal.fresh_hypothesis()
        cases = tuple(
            goal.add(Hypothesis(name, side)).with_target(goal.target.args[1]) for side in first.args
        )
        yield Move(f"rintro ({name} | {name})", 3.0, cases)


def _conjunction(goal: Goal) -> Iterator[Move]:
    left, right = goal.target.args
    arrows = (Term("→", (left, right)), Term("→", (right, left)))
    sides = arrows if goal.target.head == "↔" else (left, right)
    yield Move("constructor", 3.0, tuple(goal.with_target(side) for side in sides))


def _equation(goal: Goal) -> Iterator[Move]:
    left, right = goal.target.args
    if goal.is_proposition(left) or goal.is_proposition(right):
        yield Move("apply propext", 2.0, (goal.with_target(Term("↔", (left, right))),))
    functions = ("fun", "∘", "id", "map")
    if any(side.head in functions or side.symbol in functions for side in (left, right)) or any(
        (kind := goal.type_of(side.head)) is not None and kind.head == "→" and side.is_atom
        for side in (left, right)
    ):
        name = goal.fresh("x")
        sides = tuple(_applied(side, Term(name)) for side in (left, right))
        new = goal.add(Hypothesis(name, Term(HOLE))).with_target(Term("=", sides))
        yield Move(f"funext {name}", 1.5, (new,))
    yield Move("symm", 0.2, (goal.with_target(Term("=", (right, left))),))
    if left.head == right.head and len(left.args) == len(right.args) and left.args:
        parts = tuple(
            goal.with_target(Term("=", (a, b)))
            for a, b in zip(left.args, right.args, strict=True)
            if normal(a) != normal(b)
        )
        if 0 < len(parts) < 3:
            yield Move("congr 1", 0.5, parts)


def _applied(function: Term, argument: Term) -> Term:
    if function.head == "∘" and len(function.args) == 2:
        return _applied(function.args[0], _applied(function.args[1], argument))
    if function.symbol == "id" and not function.args:
        return argument
    if function.head == "fun":
        return function.args[1].substitute({function.binder: argument})
    return Term(function.head, (*function.args, argument))


def _witnesses(goal: Goal) -> Iterator[Move]:
    target = goal.target
    for number, (witness, weight) in enumerate(witnesses(goal)):
        if number >= MAX_WITNESSES:
            return
        body = target.args[1].substitute({target.binder: witness})
        yield Move(f"refine ⟨{witness}, ?_⟩", weight, (goal.with_target(body),))


def witnesses(goal: Goal) -> list[tuple[Term, float]]:
    """Terms for the goal's `∃`, those that make a part of it known first."""
    target = goal.target
    variable = frozenset({target.binder})
    found: dict[Term, float] = {}
    parts = [normal(part) for part in _conjuncts(target.args[1])]
    for part in parts:
        candidates = [h.type for h in goal.proofs()]
        if part.head == "=":
            _equal_witness(part, target.binder, found)
        for candidate in candidates:
            values: Values = {}
            if match(part, normal(candidate), variable, values) and target.binder in values:
                found.setdefault(values[target.binder], 4.0)
    kind = target.args[0]
    locals_ = [h for h in goal if not goal.is_proposition(h.type) and h.type.head != "Type"]
    same = [Term(h.name) for h in locals_ if kind.head == HOLE or h.type == kind]
    for term in same:
        found.setdefault(term, 1.5)
    for h in locals_:  # A function's values.
        if h.type.head == "→" and (kind.head == HOLE or h.type.args[1] == kind):
            for argument in locals_:
                if argument.type == h.type.args[0]:
                    found.setdefault(Term(h.name, (Term(argument.name),)), 0.8)
    if kind.head in ("Nat", "Int", HOLE):
        numbers = [Term(h.name) for h in goal.variables("Nat", "Int")]
        numbers = numbers[-MAX_NUMBERS:]  # The latest are what hypotheses were taken apart into.
        for term in (Term("0"), Term("1"), *(Term("+", (term, Term("1"))) for term in numbers)):
            found.setdefault(term, 0.7)
        for index, left in enumerate(numbers):
            late = (index + 1) / len(numbers)
            for right in numbers[index:]:
                found.setdefault(Term("+", (left, right)), 0.3 + late)
                found.setdefault(Term("*", (left, right)), 0.2 + late)
            for right in numbers:
                if left != right:
                    found.setdefault(Term("-", (left, right)), 0.3)
    if kind.symbol == "List":
        found.setdefault(Term("[]"), 0.8)
        lists = [Term(h.name) for h in goal.variables("List")]
        for h in locals_:
            if kind.args and h.type == kind.args[0]:
                for tail in (*lists, Term("[]")):
                    found.setdefault(Term("::", (Term(h.name), tail)), 0.5)
    return sorted(found.items(), key=lambda pair: -pair[1])


def _equal_witness(part: Term, binder: str, found: dict[Term, float]) -> None:
    """`x = t` and `f x = f t` give `t`."""
    for pattern_, term in (part.args, part.args[::-1]):
        values: Values = {}
        if match(pattern_, term, frozenset({binder}), values) and binder in values:
            value = values[binder]
            if binder not in value.atoms():
                found.setdefault(value, 5.0)


def _conjuncts(term: Term) -> Iterator[Term]:
    if term.head in ("∧", "∨"):
        for arg in term.args:
            yield from _conjuncts(arg)
    elif term.head == "∃":
        yield from _conjuncts(term.args[1])
    else:
        yield term
