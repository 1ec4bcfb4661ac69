"""Moves that the shape of the goal suggests: of what is to be proved, and of what is known."""

from __future__ import annotations

from collections.abc import Iterator

from prover.policies.tactics.goals import Goal, Hypothesis, name_for
from prover.policies.tactics.matching import Values, free_subterms, match, normal, rewrite
from prover.policies.tactics.moves import Move, Pattern, compound, equated, pattern, split_arrows
from prover.policies.tactics.terms import HOLE, Term

MAX_WITNESSES = 24
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
        for term in (Term("0"), Term("1"), *(Term("+", (term, Term("1"))) for term in numbers)):
            found.setdefault(term, 0.7)
        for index, left in enumerate(numbers):
            for right in numbers[index:]:
                found.setdefault(Term("+", (left, right)), 0.6)
                found.setdefault(Term("*", (left, right)), 0.5)
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


def on_hypotheses(goal: Goal) -> Iterator[Move]:
    """Elimination rules for what is known."""
    for h in goal.proofs():
        without = goal.drop(h.name)
        if compound(h.type):
            plain = pattern(without, h.type)
            yield Move(f"obtain {plain.text} := {h.name}", 2.5, (plain.apply(without),))
            substituting = pattern(without, h.type, rfl=True)
            if substituting.text != plain.text:
                yield Move(f"obtain {substituting.text} := {h.name}", 2.5, (substituting.apply(without),))
        elif h.type.head == "↔":
            sides = [h.type.args, h.type.args[::-1]]
            new = [Hypothesis(goal.fresh(h.name + "m"), Term("→", sides[0]))]
            new.append(Hypothesis(goal.fresh(h.name + "r"), Term("→", sides[1])))
            yield Move(f"obtain ⟨{new[0].name}, {new[1].name}⟩ := {h.name}", 0.4, (without.add(*new),))
        elif h.type.head == "∨":
            cases = tuple(without.add(Hypothesis(h.name, side)) for side in h.type.args)
            yield Move(f"rcases {h.name} with {h.name} | {h.name}", 3.0, cases)
        elif (found := equated(without, h.type)) is not None:
            yield Move(f"subst {h.name}", 1.5, (without.substitute(*found),))
        if h.type.head in ("=", "∈", "≤", "<", "∃", "∧", "≠", "↔", ">", "≥"):
            yield Move(f"simp at {h.name}", 0.25, (goal,))
        yield from _rules(goal, h)
        yield from _rewrites(goal, h)


def _rules(goal: Goal, h: Hypothesis) -> Iterator[Move]:
    """Applying an implication backwards to the target, or forwards to what is known."""
    target = normal(goal.target)
    for variables, premises, conclusion in split_arrows(goal, h.type):
        values: Values = {}
        if (
            (premises or variables)
            and conclusion.head not in variables
            and match(normal(conclusion), target, variables, values)
        ):
            new = tuple(goal.with_target(_filled(premise, variables, values)) for premise in premises)
            yield Move(f"apply {h.name}", 2.0, new)
        if conclusion.head == "↔" and len(conclusion.args) == 2:
            for side, word, other in ((1, "mp", 0), (0, "mpr", 1)):
                values = {}
                if match(normal(conclusion.args[side]), target, variables, values):
                    rest = (conclusion.args[other], *premises)
                    name = f"({h.name} ..)" if variables or premises else h.name
                    goals = tuple(goal.with_target(_filled(part, variables, values)) for part in rest)
                    yield Move(f"apply {name}.{word}", 1.5, goals)
    kind = h.type
    if kind.head == "→" or (kind.head == "∀" and goal.is_proposition(kind.args[0])):
        for known in goal.proofs():
            if known.name != h.name and normal(known.type) == normal(kind.args[0]):
                new_ = Hypothesis(goal.fresh_hypothesis(), kind.args[1])
                yield Move(f"have {new_.name} := {h.name} {known.name}", 1.0, (goal.add(new_),))
    elif kind.head == "∀" and kind.binder:
        count = 0
        for local in goal:
            if local.type == kind.args[0] or (
                kind.args[0].head == HOLE and not goal.is_proposition(local.type)
            ):
                body = kind.args[1].substitute({kind.binder: Term(local.name)})
                new_ = Hypothesis(goal.fresh_hypothesis(), body)
                count += 1
                yield Move(f"have {new_.name} := {h.name} {local.name}", 0.8, (goal.add(new_),))
        if kind.args[0].head == "Nat" and count < 2:
            for number in ("0", "1"):
                new_ = Hypothesis(
                    goal.fresh_hypothesis(), kind.args[1].substitute({kind.binder: Term(number)})
                )
                yield Move(f"have {new_.name} := {h.name} {number}", 0.3, (goal.add(new_),))


def _filled(term: Term, variables: frozenset[str], values: Values) -> Term:
    """With the variables' values, and holes for those that have none."""
    return term.substitute({name: values.get(name, Term(HOLE)) for name in variables})


def _rewrites(goal: Goal, h: Hypothesis) -> Iterator[Move]:
    """Rewriting the target, or another hypothesis, with an equation or equivalence."""
    for variables, premises, conclusion in split_arrows(goal, h.type):
        if conclusion.head not in ("=", "↔") or len(conclusion.args) != 2:
            continue
        for arrow, (old, new) in (("", conclusion.args), ("← ", conclusion.args[::-1])):
            pattern_ = normal(old)
            if pattern_.head in variables:
                continue
            for part in free_subterms(normal(goal.target)):
                values: Values = {}
                if match(pattern_, part, variables, values):
                    target = rewrite(goal.target, part, _filled(new, variables, values))
                    rest = tuple(goal.with_target(_filled(p, variables, values)) for p in premises)
                    closed = target.head in ("=", "↔") and normal(target.args[0]) == normal(target.args[1])
                    left = rest if closed else (goal.with_target(target), *rest)
                    weight = (0.6 if arrow else 1.6) * (2.0 if closed else 1.0)
                    yield Move(f"rw [{arrow}{h.name}]", weight, left)
                    break
        if not premises and not variables:
            for other in goal.proofs():
                if other.name != h.name and any(
                    part == normal(conclusion.args[0]) for part in free_subterms(normal(other.type))
                ):
                    kind = rewrite(other.type, normal(conclusion.args[0]), conclusion.args[1])
                    replaced = goal.drop(other.name).add(Hypothesis(other.name, kind))
                    yield Move(f"rw [{h.name}] at {other.name}", 0.5, (replaced,))
