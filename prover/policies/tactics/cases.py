"""Moves that distinguish cases: on a variable's constructors, by induction, on whether something holds.

`induction` leaves names that no tactic can use. They are named by `rename_i`, which the next move on
such a goal always is, so that a script stays flat and every state in it shows all goals.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from prover.policies.tactics.goals import INACCESSIBLE, Goal, Hypothesis, name_for
from prover.policies.tactics.moves import Move
from prover.policies.tactics.terms import HOLE, Term

ZERO, ONE = Term("0"), Term("1")
INDUCTIVE = ("Nat", "List")
MAX_CONDITIONS = 8


def naming(goal: Goal) -> Move | None:
    """The `rename_i` that names what cannot be named yet; None if everything can."""
    hidden = [
        (place, h)
        for place, h in enumerate(goal.hypotheses)
        if not h.accessible and h.name and not _is_instance(h)
    ]
    if not hidden:
        return None
    first = hidden[0][0]
    names: list[str] = []
    new: list[Hypothesis] = []
    renamed: dict[str, Term] = {}
    for place, h in enumerate(goal.hypotheses):
        kind = h.type.substitute(renamed)
        if place < first or h.accessible:
            new.append(Hypothesis(h.name, kind))
        elif _is_instance(h):
            names.append("_")
            new.append(Hypothesis(h.name, kind))
        else:
            name = _name(goal, h, names)
            names.append(name)
            renamed[h.name] = Term(name)
            new.append(Hypothesis(name, kind))
    return Move(f"rename_i {' '.join(names)}", 1.0, (Goal(tuple(new), goal.target.substitute(renamed)),))


def _is_instance(h: Hypothesis) -> bool:
    return h.name.startswith("inst")


def _name(goal: Goal, h: Hypothesis, taken: list[str]) -> str:
    stem = h.name.partition(INACCESSIBLE)[0]
    if "ih" in stem or (goal.is_proposition(h.type) and stem == "a"):
        return goal.fresh("ih" if "ih" in stem or h.type.head not in ("¬",) else "h", taken)
    if stem in ("head", "tail", "a", "val"):
        return name_for(goal, h.type, "", taken)
    return goal.fresh(stem, taken)


def on_variables(goal: Goal) -> Iterator[Move]:
    """Case distinction and induction on what is in scope."""
    mentioned = goal.target.atoms().union(*(h.type.atoms() for h in goal.proofs()))
    inducting = any(h.name.startswith("ih") for h in goal)
    for h in goal.variables("Nat", "List", "Option", "×", "Bool", "⊕"):
        if h.name not in mentioned:
            continue
        yield from _constructors(goal, h)
        if h.type.symbol in INDUCTIVE:
            yield from _inductions(goal, h, 0.5 if inducting else 1.6)


def constructor_terms(goal: Goal, h: Hypothesis) -> list[tuple[Term, tuple[Hypothesis, ...]]]:
    """What a variable may be: each constructor, with the variables it is applied to."""
    kind = h.type
    argument = kind.args[0] if kind.args else Term(HOLE)
    match kind.symbol:
        case "Nat":
            return [(ZERO, ()), (Term("+", (Term(h.name), ONE)), (Hypothesis(h.name, kind),))]
        case "List":
            head = Hypothesis(name_for(goal, argument), argument)
            tail = Hypothesis(h.name, kind)
            return [(Term("[]"), ()), (Term("::", (Term(head.name), Term(tail.name))), (head, tail))]
        case "Option":
            value = Hypothesis(name_for(goal, argument), argument)
            return [(Term("none"), ()), (Term("some", (Term(value.name),)), (value,))]
        case "×":
            first = Hypothesis(name_for(goal, kind.args[0]), kind.args[0])
            second = Hypothesis(name_for(goal, kind.args[1], "", (first.name,)), kind.args[1])
            return [(Term("(,)", (Term(first.name), Term(second.name))), (first, second))]
        case "Bool":
            return [(Term("false"), ()), (Term("true"), ())]
        case _:
            return []


def _constructors(goal: Goal, h: Hypothesis) -> Iterator[Move]:
    cases = constructor_terms(goal, h)
    if not cases:
        return
    patterns = ["⟨" + ", ".join(new.name for new in names) + "⟩" if names else "_" for _, names in cases]
    goals = tuple(
        Goal((*goal.substitute(h.name, term).hypotheses, *names), goal.target.substitute({h.name: term}))
        for term, names in cases
    )
    text = f"rcases {h.name} with {' | '.join(patterns)}" if h.type.symbol != "Bool" else f"cases {h.name}"
    yield Move(text, 1.0, goals)


def _inductions(goal: Goal, h: Hypothesis, weight: float) -> Iterator[Move]:
    others = [
        other.name
        for other in goal.variables("Nat", "List", "Option", "Int", "×")
        if other.name != h.name and other.name in goal.target.atoms()
    ]
    yield _induction(goal, h, (), weight)
    if others:
        yield _induction(goal, h, tuple(others), 0.5 * weight)
        if len(others) > 1:
            for other in others:
                yield _induction(goal, h, (other,), 0.2 * weight)


def _induction(goal: Goal, h: Hypothesis, general: tuple[str, ...], weight: float) -> Move:
    dependent = [d for d in goal.dependents(h.name) if goal.is_proposition(d.type)]
    claim = goal.target
    for d in reversed(dependent):
        claim = Term("→", (d.type, claim))
    for name in reversed(general):
        claim = Term("∀", (goal.type_of(name) or Term(HOLE), claim), name)
    rest = goal.drop(h.name)
    for d in dependent:
        rest = rest.drop(d.name)
    smaller = Term(h.name + INACCESSIBLE)
    new = [Hypothesis(smaller.head, h.type)]
    if h.type.symbol == "Nat":
        base, step = ZERO, Term("+", (smaller, ONE))
    else:
        head = Hypothesis(f"head{INACCESSIBLE}", h.type.args[0] if h.type.args else Term(HOLE))
        new.insert(0, head)
        base, step = Term("[]"), Term("::", (Term(head.name), smaller))
    new.append(Hypothesis(f"ih{INACCESSIBLE}", claim.substitute({h.name: smaller})))

    def case(value: Term, known: list[Hypothesis]) -> Goal:
        kept = [Hypothesis(d.name, d.type.substitute({h.name: value})) for d in dependent]
        return Goal((*rest.hypotheses, *known, *kept), goal.target.substitute({h.name: value}))

    suffix = f" generalizing {' '.join(general)}" if general else ""
    return Move(f"induction {h.name}{suffix}", weight, (case(base, []), case(step, new)))


def conditions(goal: Goal) -> list[tuple[Term, float]]:
    """Propositions to distinguish cases on, conditions of `if` first."""
    found: dict[Term, float] = {}
    terms = [goal.target, *(h.type for h in goal.proofs())]
    bound = {part.binder for term in terms for part in term.subterms() if part.binder}
    known = {h.type for h in goal.proofs()} | {h.type.args[0] for h in goal.proofs() if h.type.head == "¬"}
    for term in terms:
        for part in term.subterms():
            if part.head == "ite" and len(part.args) == 3:
                found[part.args[0]] = 4.0
            simple = part.head not in ("∧", "∨", "→", "↔", "¬", "∀", "∃", "True", "False", "ite")
            if simple and goal.is_proposition(part):
                found.setdefault(part, 1.0 if part.head not in ("=", "≤", "<", "∣", "∈") else 0.3)
            elif part.head in ("∃", "∀") and part is not goal.target:
                found.setdefault(part, 0.3)
    usable = [
        (term, weight)
        for term, weight in found.items()
        if term not in known and not (term.atoms() & bound) and term != goal.target
    ]
    return usable[:MAX_CONDITIONS]


def on_conditions(goal: Goal) -> Iterator[Move]:
    """`by_cases`, and `split` for the first `if` of the target."""
    for condition, weight in conditions(goal):
        name = goal.fresh_hypothesis()
        cases = tuple(goal.add(Hypothesis(name, kind)) for kind in (condition, Term("¬", (condition,))))
        yield Move(f"by_cases {name} : {condition}", weight, cases)
    for part in goal.target.subterms():
        if part.head == "ite" and len(part.args) == 3:
            cases = tuple(
                goal.add(Hypothesis(f"h{INACCESSIBLE}", kind)).with_target(goal.target.replace(part, side))
                for kind, side in zip((part.args[0], Term("¬", (part.args[0],))), part.args[1:], strict=True)
            )
            yield Move("split", 3.0, cases)
            break
    numbers = [h.name for h in goal.variables("Nat") if h.name in goal.target.atoms()]
    for left, right in itertools.combinations(numbers[:4], 2):
        name = goal.fresh_hypothesis()
        for lemma, heads in (("Nat.le_total", ("≤", "≤")), ("Nat.lt_or_ge", ("<", "≥"))):
            known = (Term(heads[0], (Term(left), Term(right))), Term(heads[1], (Term(right), Term(left))))
            if heads[1] == "≥":
                known = (known[0], Term("≥", (Term(left), Term(right))))
            cases = tuple(goal.add(Hypothesis(name, kind)) for kind in known)
            yield Move(f"rcases {lemma} {left} {right} with {name} | {name}", 0.15, cases)
