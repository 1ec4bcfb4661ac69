"""Moves that are meant to end a goal: Lean's automation, what is known, and short combinations."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from prover.policies.tactics.cases import conditions, constructor_terms
from prover.policies.tactics.goals import Goal
from prover.policies.tactics.introduction import introduce
from prover.policies.tactics.lemmas import Library
from prover.policies.tactics.matching import Values, match, normal, symbols
from prover.policies.tactics.moves import Move, readings
from prover.policies.tactics.terms import Term

_ARITHMETIC = frozenset({"+", "-", "<", "≤", ">", "≥", "∣", "%", "/", "succ", "Nat.succ"})
_NUMBERS = frozenset({"Nat", "Int", "Fin"})
_AC_OPERATORS = {
    "+": ("Nat.add_comm", "Nat.add_left_comm", "Nat.add_assoc"),
    "*": ("Nat.mul_comm", "Nat.mul_left_comm", "Nat.mul_assoc"),
    "∧": ("and_comm", "and_left_comm", "and_assoc"),
    "∨": ("or_comm", "or_left_comm", "or_assoc"),
}
_DISTRIBUTING = ("Nat.mul_add", "Nat.add_mul")
_POWER = ("Nat.pow_succ", "Nat.pow_add", "Nat.mul_pow", "Nat.pow_mul")
EXPANDING = "Nat.mul_add, Nat.add_mul, Nat.pow_succ"
"""Laws behind which products of variables are atoms for `omega`."""
RELEVANT = 24
"""How many lemmas are considered for a `simp` set."""


def closers(goal: Goal) -> Iterator[Move]:
    """Tactics that take no lemmas."""
    target, proofs = goal.target, goal.proofs()
    terms = [target, *(h.type for h in proofs)]
    arithmetic = is_arithmetic(goal)
    yield Move("simp", 2.0 if not proofs else 1.0)
    yield Move("simp_all", 3.0)
    yield Move("omega", 4.0 if arithmetic else 0.1)
    if target.head in ("=", "↔", "≤", "¬", "≠") or target.head == "True":
        yield Move("rfl", 0.7)
    if not target.atoms() & {h.name for h in goal.hypotheses}:
        yield Move("decide", 1.0)
    if target.head in ("=", "↔") and any(
        part.head in _AC_OPERATORS or part.head == "++" for part in target.subterms()
    ):
        yield Move("ac_rfl", 0.7)
    wanted = normal(target)
    if any(normal(h.type) == wanted for h in goal):
        yield Move("assumption", 8.0)
    facts = {normal(h.type) for h in proofs}
    if any(h.head == "¬" and h.args[0] in facts for h in facts):
        yield Move("contradiction", 6.0)
    for h in proofs:
        if _concludes(goal, h.type, wanted):
            yield Move(f"exact {h.name} ..", 1.0)
        yield Move(f"simpa using {h.name}", 0.3)
        yield Move(f"simp at {h.name}", 0.1)
        if h.type.head in ("=", "∈", "<", "≤", "False"):
            yield Move(f"cases {h.name}", 0.25)
        if h.type.head == "=" and wanted.head == "=" and normal(Term("=", h.type.args[::-1])) == wanted:
            yield Move(f"exact {h.name}.symm", 4.0)
    if proofs:
        names = [h.name for h in proofs]
        yield Move(f"simp [{', '.join(names)}]", 1.0)
        if len(names) > 1:
            for name in names:
                yield Move(f"simp [{name}]", 0.5)
        yield Move("simp [*] at *", 0.2)
        yield Move("simp_all <;> omega", 0.7 if arithmetic else 0.1)
        rules = [h.name for h in proofs if h.type.head in ("=", "↔", "∀")]
        for name in rules:
            yield Move(f"rw [{name}]", 0.15)
        if len(rules) == 2:
            yield Move(f"rw [{rules[0]}, {rules[1]}]", 0.3)
            yield Move(f"rw [{rules[1]}, {rules[0]}]", 0.3)
    yield Move("simp <;> omega", 0.5 if arithmetic else 0.05)
    if arithmetic and any(part.head in ("*", "^") for h in terms for part in h.subterms()):
        yield Move(f"simp [{EXPANDING}] at * <;> omega", 0.7)
        yield Move(f"simp_all [{EXPANDING}] <;> omega", 0.7)
    for h in proofs:
        if h.type.head == "∀" and h.type.args[1].head == "∃":
            yield Move(f"exact Classical.axiomOfChoice {h.name}", 0.5)


def is_arithmetic(goal: Goal) -> bool:
    """Whether linear arithmetic may decide the goal."""
    terms = [goal.target, *(h.type for h in goal.proofs())]
    if not any(h.type.head in _NUMBERS or "Nat" in h.type.atoms() for h in goal.hypotheses) and not any(
        part.head.isdigit() or part.symbol == "length" for term in terms for part in term.subterms()
    ):
        return False
    heads = {part.head for term in terms for part in term.subterms()}
    return bool(heads & (_ARITHMETIC | {"=", "≠"}))


def _concludes(goal: Goal, kind: Term, wanted: Term) -> bool:
    """Whether the proof, applied to nothing but terms, gives what is wanted."""
    for rule in readings(goal, kind):
        values: Values = {}
        if not rule.premises and match(normal(rule.conclusion), wanted, rule.names, values):
            return True
    return False


def combinations(goal: Goal) -> Iterator[Move]:
    """Case distinctions with one tactic for every case."""
    finish = ["simp_all"]
    if is_arithmetic(goal):
        finish.append("omega")
        finish.append("simp_all <;> omega")
    first = introduce(goal, split=False, rfl=False)
    if first is not None:
        for last in finish:
            yield Move(f"intros <;> {last}", 0.6)
    if goal.target.head in ("∧", "↔"):
        for last in finish:
            yield Move(f"constructor <;> intros <;> {last}", 0.6)
    if any(part.head == "ite" for part in goal.target.subterms()):
        yield Move("split <;> simp_all", 2.0)
    known = [condition for condition, _ in conditions(goal)]
    for count in (1, 2, 3):
        for chosen in itertools.islice(itertools.combinations(known, count), 6):
            splits: list[str] = []
            for condition in chosen:
                splits.append(f"by_cases {goal.fresh_hypothesis(_names(splits))} : {condition}")
            for last in finish:
                yield Move(f"{' <;> '.join(splits)} <;> {last}", 1.0 / count)
    mentioned = goal.target.atoms().union(*(h.type.atoms() for h in goal.proofs()))
    variables = [h for h in goal.variables("Nat", "List", "Option", "×", "Bool") if h.name in mentioned]
    for h in variables:
        for last in finish:
            yield Move(f"cases {h.name} <;> {last}", 0.7)
            if h.type.symbol in ("Nat", "List"):
                yield Move(f"induction {h.name} <;> {last}", 0.7)
    for left, right in itertools.islice(itertools.combinations(variables, 2), 4):
        if constructor_terms(goal, left) and constructor_terms(goal, right):
            for last in finish:
                yield Move(f"cases {left.name} <;> cases {right.name} <;> {last}", 0.3)
    for left, right in itertools.islice(itertools.permutations(variables, 2), 6):
        if left.type.symbol in ("Nat", "List"):
            for last in finish:
                general = f"induction {left.name} generalizing {right.name}"
                yield Move(f"{general} <;> cases {right.name} <;> {last}", 0.25)
                yield Move(f"{general} <;> {last}", 0.15)
    for h in goal.proofs():
        if h.type.head in ("∨", "∧", "∃"):
            for last in finish:
                yield Move(f"cases {h.name} <;> {last}", 0.4)


def _names(splits: list[str]) -> list[str]:
    return [split.split()[1] for split in splits]


def simp_sets(goal: Goal, library: Library) -> Iterator[Move]:
    """`simp` with lemmas that speak of what the goal speaks of."""
    normalised = normal(goal.target)
    locals_ = {h.name for h in goal.hypotheses}
    wanted = symbols(normalised, locals_.__contains__)
    spoken = wanted.union(*(symbols(normal(h.type), locals_.__contains__) for h in goal.proofs()))
    star = ", *" if goal.proofs() else ""
    rated = library.relevant(wanted, goal.sorts(), RELEVANT)
    for lemma, relevance in rated:
        # A lemma that is no equation, or asks for proofs, rarely fires.
        relevance *= 1.0 if lemma.sides and not lemma.hypotheses else 0.4 if lemma.sides else 0.1
        yield Move(f"simp [{lemma.name}{star}]", relevance)
        yield Move(f"simp_all [{lemma.name}]", 0.5 * relevance)
    equations = [(lemma, relevance) for lemma, relevance in rated if lemma.sides and not lemma.hypotheses]
    for (one, a), (two, b) in itertools.combinations(equations[:6], 2):
        yield Move(f"simp [{one.name}, {two.name}{star}]", 0.5 * (a + b) / 2)
    for heads, names in normalisers(spoken):
        yield Move(f"simp [{', '.join(names)}{star}]", 0.5 * heads)
        yield Move(f"simp only [{', '.join(names)}{star}]", 0.2 * heads)


def normalisers(spoken: frozenset[str]) -> list[tuple[float, tuple[str, ...]]]:
    """Sets of laws that bring expressions in the operators spoken of to a normal form."""
    found: list[tuple[float, tuple[str, ...]]] = []
    operators = [operator for operator in _AC_OPERATORS if operator in spoken]
    laws = tuple(name for operator in operators for name in _AC_OPERATORS[operator])
    if laws:
        found.append((1.0, laws))
    if "*" in spoken:
        ring = (*_DISTRIBUTING, *_AC_OPERATORS["*"], *_AC_OPERATORS["+"])
        found.append((1.5, ring))
        if "-" in spoken:
            found.append((1.0, ("Nat.mul_sub", "Nat.sub_mul", *_AC_OPERATORS["*"])))
    if "^" in spoken:
        found.append((1.5, ("Nat.pow_succ", *_DISTRIBUTING, *_AC_OPERATORS["*"], *_AC_OPERATORS["+"])))
        found.append((1.0, (*_POWER, *_AC_OPERATORS["*"])))
    return found
