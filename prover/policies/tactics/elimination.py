"""Moves that the shape of what is known suggests."""

from __future__ import annotations

from collections.abc import Iterator

from prover.policies.tactics.goals import Goal, Hypothesis
from prover.policies.tactics.introduction import divides
from prover.policies.tactics.matching import Values, free_subterms, match, normal, rewrite
from prover.policies.tactics.moves import Move, compound, equated, pattern, readings
from prover.policies.tactics.terms import HOLE, Term

MAX_INSTANCES = 6
"""Up to which number a hypothesis about all numbers is instantiated."""


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
        elif h.type.head == "∣" and len(h.type.args) == 2:
            for rfl in (False, True):
                taken = pattern(without, divides(h.type), rfl=rfl)
                yield Move(f"obtain {taken.text} := {h.name}", 1.5, (taken.apply(without),))
        elif h.type.head == "∨":
            cases = tuple(without.add(Hypothesis(h.name, side)) for side in h.type.args)
            yield Move(f"rcases {h.name} with {h.name} | {h.name}", 3.0, cases)
        elif (found := equated(without, h.type)) is not None:
            yield Move(f"subst {h.name}", 1.5, (without.substitute(*found),))
        if h.type.head in ("=", "∈", "≤", "<", "∃", "∧", "≠", "↔", ">", "≥"):
            yield Move(f"simp at {h.name}", 0.25, (goal,))
        yield from _rules(goal, h)
        yield from _rewrites(goal, h)
    for rfl in (False, True):
        yield from _everything_apart(goal, rfl)


def _everything_apart(goal: Goal, rfl: bool) -> Iterator[Move]:
    """All conjunctions and existentials taken apart at once, where there are several."""
    lines: list[str] = []
    now = goal
    for h in goal.proofs():
        kind = now.type_of(h.name)
        if kind is not None and kind.head == "∣" and len(kind.args) == 2:
            kind = divides(kind)
        if kind is not None and compound(kind):
            without = now.drop(h.name)
            taken = pattern(without, kind, rfl=rfl)
            lines.append(f"obtain {taken.text} := {h.name}")
            now = taken.apply(without)
    if len(lines) > 1:
        yield Move("\n".join(lines), 3.0, (now,))


def _rules(goal: Goal, h: Hypothesis) -> Iterator[Move]:
    """Applying an implication backwards to the target, or forwards to what is known."""
    target = normal(goal.target)
    for rule in readings(goal, h.type):
        values: Values = {}
        names, conclusion = rule.names, rule.conclusion
        applies = (rule.premises or rule.variables) and conclusion.head not in names
        if applies and match(normal(conclusion), target, names, values):
            used = frozenset[str]().union(*(premise.atoms() for premise in rule.premises))
            open_ = [kind for name, kind in rule.variables.items() if name not in values and name not in used]
            asked = [_filled(premise, names, values) for premise in rule.premises]
            yield Move(f"apply {h.name}", 2.0, tuple(goal.with_target(part) for part in (*asked, *open_)))
        if conclusion.head == "↔" and len(conclusion.args) == 2:
            for side, word, other in ((1, "mp", 0), (0, "mpr", 1)):
                values = {}
                if match(normal(conclusion.args[side]), target, names, values):
                    rest = (conclusion.args[other], *rule.premises)
                    name = f"({h.name} ..)" if rule.variables or rule.premises else h.name
                    goals = tuple(goal.with_target(_filled(part, names, values)) for part in rest)
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
        if kind.args[1].head == "∃":
            yield from _choice(goal, h)
        if kind.args[0].head in ("Nat", HOLE):
            yield from _instances(goal, h, count)


def _choice(goal: Goal, h: Hypothesis) -> Iterator[Move]:
    """A function that chooses what `∀ x, ∃ y, p x y` promises."""
    domain, exists = h.type.args
    name = goal.fresh("f")
    chosen = Term(name, (Term(h.type.binder),))
    claim = Term("∀", (domain, exists.args[1].substitute({exists.binder: chosen})), h.type.binder)
    new = (
        Hypothesis(name, Term("→", (domain, exists.args[0]))),
        Hypothesis(goal.fresh_hypothesis([name]), claim),
    )
    text = f"obtain ⟨{name}, {new[1].name}⟩ := Classical.axiomOfChoice {h.name}"
    yield Move(text, 1.0, (goal.add(*new),))


def _instances(goal: Goal, h: Hypothesis, others: int) -> Iterator[Move]:
    """What a hypothesis about all numbers says about 0, 1, ... up to the largest numeral of the goal."""
    terms = [goal.target, *(known.type for known in goal.proofs())]
    numerals = [int(part.head) for term in terms for part in term.subterms() if part.head.isdecimal()]
    largest = min(max(numerals, default=0), MAX_INSTANCES)
    new: list[Hypothesis] = []
    for number in range(largest + 1):
        name = goal.fresh_hypothesis([known.name for known in new])
        new.append(Hypothesis(name, h.type.args[1].substitute({h.type.binder: Term(str(number))})))
    for number, known in enumerate(new):
        if not others or number < 2:
            name = goal.fresh_hypothesis()
            one = Hypothesis(name, known.type)
            yield Move(f"have {name} := {h.name} {number}", 0.3, (goal.add(one),))
    if len(new) > 1:
        text = "\n".join(f"have {known.name} := {h.name} {number}" for number, known in enumerate(new))
        yield Move(text, 1.0, (goal.add(*new),))


def _filled(term: Term, variables: frozenset[str], values: Values) -> Term:
    """With the variables' values, and holes for those that have none."""
    return term.substitute({name: values.get(name, Term(HOLE)) for name in variables})


def _rewrites(goal: Goal, h: Hypothesis) -> Iterator[Move]:
    """Rewriting the target, or another hypothesis, with an equation or equivalence."""
    for rule in readings(goal, h.type):
        conclusion, names = rule.conclusion, rule.names
        if conclusion.head not in ("=", "↔") or len(conclusion.args) != 2:
            continue
        for arrow, (old, new) in (("", conclusion.args), ("← ", conclusion.args[::-1])):
            wanted = normal(old)
            if wanted.head in names:
                continue
            for part in free_subterms(normal(goal.target)):
                values: Values = {}
                if match(wanted, part, names, values):
                    target = rewrite(goal.target, part, _filled(new, names, values))
                    rest = tuple(goal.with_target(_filled(p, names, values)) for p in rule.premises)
                    closed = target.head in ("=", "↔") and normal(target.args[0]) == normal(target.args[1])
                    left = rest if closed else (goal.with_target(target), *rest)
                    weight = (0.6 if arrow else 1.6) * (2.0 if closed else 1.0)
                    yield Move(f"rw [{arrow}{h.name}]", weight, left)
                    break
        if not rule.premises and not rule.variables:
            old = normal(conclusion.args[0])
            for other in goal.proofs():
                if other.name != h.name and old in free_subterms(normal(other.type)):
                    kind = rewrite(other.type, old, conclusion.args[1])
                    replaced = goal.drop(other.name).add(Hypothesis(other.name, kind))
                    yield Move(f"rw [{h.name}] at {other.name}", 0.5, (replaced,))
