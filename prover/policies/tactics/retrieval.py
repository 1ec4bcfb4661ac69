"""Moves with library lemmas, found by their conclusion: applied to the target, or rewriting in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prover.policies.tactics.goals import Goal, Hypothesis
from prover.policies.tactics.lemmas import Lemma, Library
from prover.policies.tactics.matching import Values, free_subterms, match, normal, rewrite, symbols
from prover.policies.tactics.moves import Move
from prover.policies.tactics.terms import HOLE, Term, shown

MAX_APPLIED, MAX_REWRITES, MAX_FORWARD = 40, 40, 20


def applications(goal: Goal, library: Library) -> Iterator[Move]:
    """Lemmas whose conclusion the target is an instance of."""
    target = normal(goal.target)
    wanted = _spoken(goal, target)
    found: list[Move] = []
    sorts = goal.sorts()
    for lemma in library.concluding(target.head):
        if lemma.sort not in sorts:
            continue
        relevance = 0.1 + library.relevance(lemma, wanted)
        values: Values = {}
        if match(lemma.conclusion, target, lemma.variables, values):
            found.append(_apply(goal, lemma.name, lemma, lemma.hypotheses, values, 2 * relevance))
        if lemma.conclusion.head == "↔" and lemma.sides:
            for side, word in ((0, "mpr"), (1, "mp")):
                values = {}
                # `False` and `True` are a side of too many equivalences to say anything.
                if lemma.sides[side].head not in (*lemma.variables, "False", "True") and match(
                    lemma.sides[side], target, lemma.variables, values
                ):
                    name = f"({lemma.name} ..).{word}"
                    rest = (lemma.sides[1 - side], *lemma.hypotheses)
                    found.append(_apply(goal, name, lemma, rest, values, relevance))
    found.sort(key=lambda move: -move.weight)
    yield from found[:MAX_APPLIED]


def _apply(
    goal: Goal, name: str, lemma: Lemma, premises: Sequence[Term], values: Values, weight: float
) -> Move:
    known = [normal(h.type) for h in goal.proofs()]
    open_, loose = [], 0
    for premise in premises:
        # A premise that is known may determine the variables that the conclusion leaves open.
        for fact in known:
            trial = dict(values)
            if match(premise, fact, lemma.variables, trial):
                values.update(trial)
                break
        else:
            open_.append(premise)
    goals = []
    for premise in open_:
        loose += any(name not in values for name in premise.atoms() & lemma.variables)
        goals.append(goal.with_target(_filled(premise, lemma, values)))
    if not premises:
        return Move(f"exact {name} .." if not name.startswith("(") else f"exact {name}", 2 * weight)
    if not open_:
        return Move(f"apply {name} <;> assumption", 2 * weight)
    text = f"apply {name} <;> try assumption" if len(open_) < len(premises) else f"apply {name}"
    return Move(text, weight * 0.6 ** len(open_) * 0.2**loose, tuple(goals))


def rewrites(goal: Goal, library: Library) -> Iterator[Move]:
    """Equations and equivalences one side of which occurs in the target."""
    target = normal(goal.target)
    wanted = _spoken(goal, target)
    found: list[tuple[float, Lemma, bool, Term, Values]] = []
    sorts = goal.sorts()
    for part in dict.fromkeys(free_subterms(target)):
        if part.is_atom:
            continue
        for lemma, reverse in library.rewriting(part.head):
            assert lemma.sides is not None
            values: Values = {}
            if lemma.sort in sorts and match(lemma.sides[1 if reverse else 0], part, lemma.variables, values):
                weight = (0.1 + library.relevance(lemma, wanted)) * (0.3 if reverse else 1.0)
                found.append((weight * 0.4 ** len(lemma.hypotheses), lemma, reverse, part, values))
    found.sort(key=lambda candidate: -candidate[0])
    for weight, lemma, reverse, part, values in found[:MAX_REWRITES]:
        yield from _rewriting(goal, lemma, reverse, part, values, weight)


def _rewriting(
    goal: Goal, lemma: Lemma, reverse: bool, part: Term, values: Values, weight: float
) -> Iterator[Move]:
    assert lemma.sides is not None
    result = rewrite(goal.target, part, _filled(lemma.sides[0 if reverse else 1], lemma, values))
    closed = result.head in ("=", "↔") and normal(result.args[0]) == normal(result.args[1])
    rest = [goal.with_target(_filled(h, lemma, values)) for h in lemma.hypotheses]
    goals = tuple(rest) if closed else (goal.with_target(result), *rest)
    weight *= 4.0 if closed else 1.0
    arrow = "← " if reverse else ""
    if (
        lemma.explicit
        and all(variable in values for variable in lemma.explicit)
        and _printable(values, lemma)
    ):
        arguments = " ".join(shown(values[variable]) for variable in lemma.explicit)
        yield Move(f"rw [{arrow}{lemma.name} {arguments}]", weight, goals)
        weight *= 0.5
    yield Move(f"rw [{arrow}{lemma.name}]", weight, goals)


def _printable(values: Values, lemma: Lemma) -> bool:
    """Whether the arguments can be written out as they are: operators and variables only."""
    parts = [part for name in lemma.explicit for part in values[name].subterms()]
    return all(not part.binder and (part.is_atom or not part.head[0].isalpha()) for part in parts)


def forward(goal: Goal, library: Library) -> Iterator[Move]:
    """Lemmas with one premise, which is known: their conclusion becomes known too."""
    found: list[Move] = []
    wanted = _spoken(goal, normal(goal.target))
    for h in goal.proofs():
        fact = normal(h.type)
        for candidate, relevance in library.relevant(wanted | _spoken(goal, fact), goal.sorts(), 200):
            if candidate.conclusion.head == "↔" and candidate.sides and not candidate.hypotheses:
                for side, word in ((0, "mp"), (1, "mpr")):
                    values: Values = {}
                    pattern = candidate.sides[side]
                    if pattern.head not in candidate.variables and match(
                        pattern, fact, candidate.variables, values
                    ):
                        new = _filled(candidate.sides[1 - side], candidate, values)
                        found.append(_have(goal, f"({candidate.name} ..).{word} {h.name}", new, relevance))
            elif len(candidate.hypotheses) == 1 and candidate.hypotheses[0].head not in candidate.variables:
                values = {}
                if match(candidate.hypotheses[0], fact, candidate.variables, values):
                    new = _filled(candidate.conclusion, candidate, values)
                    holes = "" if not candidate.explicit else " _" * len(candidate.explicit)
                    found.append(_have(goal, f"{candidate.name}{holes} {h.name}", new, relevance))
    found.sort(key=lambda move: -move.weight)
    yield from found[:MAX_FORWARD]


def arithmetic(goal: Goal) -> Iterator[Move]:
    """What inequalities between numbers imply that `omega` does not see: differences and products."""
    orders = [h for h in goal.proofs() if h.type.head in ("≤", "<") and len(h.type.args) == 2]
    for h in orders:
        less, more = h.type.args
        lemma = "Nat.exists_eq_add_of_le" if h.type.head == "≤" else "Nat.exists_eq_add_of_lt"
        name = goal.fresh("k")
        total = Term("+", (less, Term(name)))
        total = total if h.type.head == "≤" else Term("+", (total, Term("1")))
        rest = goal.add(Hypothesis(name, Term("Nat")))
        if more.is_atom and goal.type_of(more.head) is not None and more.head not in less.atoms():
            substituted = rest.drop(h.name).substitute(more.head, total)
            yield Move(f"obtain ⟨{name}, rfl⟩ := {lemma} {h.name}", 1.0, (substituted,))
        fact = goal.fresh_hypothesis()
        known = rest.add(Hypothesis(fact, Term("=", (more, total))))
        yield Move(f"obtain ⟨{name}, {fact}⟩ := {lemma} {h.name}", 0.5, (known,))
    if not any(part.head == "*" for h in (goal.target, *(h.type for h in orders)) for part in h.subterms()):
        return
    for one in orders:
        for other in orders:
            kind = Term(
                "≤", tuple(Term("*", pair) for pair in zip(one.type.args, other.type.args, strict=True))
            )
            proofs = [h.name if h.type.head == "≤" else f"(Nat.le_of_lt {h.name})" for h in (one, other)]
            yield _have(goal, f"Nat.mul_le_mul {' '.join(proofs)}", kind, 0.4)
        for factor in goal.variables("Nat"):
            proof = one.name if one.type.head == "≤" else f"(Nat.le_of_lt {one.name})"
            kind = Term("≤", tuple(Term("*", (Term(factor.name), side)) for side in one.type.args))
            yield _have(goal, f"Nat.mul_le_mul_left {factor.name} {proof}", kind, 0.3)


def _have(goal: Goal, proof: str, kind: Term, weight: float) -> Move:
    name = goal.fresh_hypothesis()
    return Move(f"have {name} := {proof}", weight, (goal.add(Hypothesis(name, kind)),))


def _filled(term: Term, lemma: Lemma, values: Values) -> Term:
    return term.substitute({name: values.get(name, Term(HOLE)) for name in lemma.variables})


def _spoken(goal: Goal, term: Term) -> frozenset[str]:
    names = {h.name for h in goal.hypotheses}
    return symbols(term, names.__contains__)
