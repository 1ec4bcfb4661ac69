"""Moves: a tactic, how much it is worth trying, and what it is guessed to leave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from prover.policies.tactics.goals import Goal, Hypothesis, name_for
from prover.policies.tactics.terms import Term


@dataclass(frozen=True, slots=True)
class Move:
    """One step of a script."""

    text: str
    """A tactic on one line."""
    weight: float
    """How much it is worth trying, against the other moves of its group."""
    goals: tuple[Goal, ...] = ()
    """The goals in place of the main one; empty if the move is meant to close it."""


def heated(weights: Sequence[float], temperature: float) -> list[float]:
    """Probabilities proportional to `weights ** (1 / temperature)`; all on the largest weight at 0."""
    top = max(weights)
    if temperature == 0:
        best = weights.index(top)
        return [float(index == best) for index in range(len(weights))]
    powers = [(weight / top) ** (1 / temperature) for weight in weights]
    total = sum(powers)
    return [power / total for power in powers]


def distribution(moves: Iterable[Move], temperature: float) -> list[tuple[Move, float]]:
    """The moves with their probabilities, which sum to 1; of equal texts the first, with the sum."""
    weights: dict[str, float] = {}
    first: dict[str, Move] = {}
    for move in moves:
        if move.weight > 0:
            first.setdefault(move.text, move)
            weights[move.text] = weights.get(move.text, 0.0) + move.weight
    if not weights:
        return []
    probabilities = heated(list(weights.values()), temperature)
    return [(first[text], p) for text, p in zip(weights, probabilities, strict=True) if p > 0]


@dataclass(frozen=True, slots=True)
class Pattern:
    """How `rcases` takes a hypothesis apart."""

    text: str
    hypotheses: tuple[Hypothesis, ...]
    substitutions: tuple[tuple[str, Term], ...] = ()
    """Variables that the pattern `rfl` replaces."""

    def apply(self, goal: Goal) -> Goal:
        """The goal with what the pattern names."""
        result = goal.add(*self.hypotheses)
        for name, value in self.substitutions:
            result = result.substitute(name, value)
        return result


def pattern(
    goal: Goal, kind: Term, wish: str = "", *, rfl: bool = False, taken: tuple[str, ...] = ()
) -> Pattern:
    """The pattern that takes `∧` and `∃` apart all the way, and with `rfl` substitutes equations."""
    if kind.head == "∧":
        left = pattern(goal, kind.args[0], rfl=rfl, taken=taken)
        names = (*taken, *(h.name for h in left.hypotheses))
        right = pattern(goal, kind.args[1], rfl=rfl, taken=names)
        return Pattern(
            f"⟨{left.text}, {_inner(right.text, kind.args[1])}⟩",
            left.hypotheses + right.hypotheses,
            left.substitutions + right.substitutions,
        )
    if kind.head == "∃":
        name = name_for(goal, kind.args[0], kind.binder, taken)
        body = kind.args[1].substitute({kind.binder: Term(name)})
        witness = Hypothesis(name, kind.args[0])
        rest = pattern(goal.add(witness), body, rfl=rfl, taken=(*taken, name))
        return Pattern(
            f"⟨{name}, {_inner(rest.text, body)}⟩", (witness, *rest.hypotheses), rest.substitutions
        )
    if rfl and (found := equated(goal, kind)):
        return Pattern("rfl", (), (found,))
    name = name_for(goal, kind, wish, taken)
    return Pattern(name, (Hypothesis(name, kind),))


def equated(goal: Goal, kind: Term) -> tuple[str, Term] | None:
    """The local variable that an equation determines, and its value; None if it determines none."""
    if kind.head != "=" or len(kind.args) != 2:
        return None
    left, right = kind.args
    for variable, value in ((right, left), (left, right)):
        local = variable.is_atom and goal.type_of(variable.head) is not None
        if local and variable.head not in value.atoms():
            return variable.head, value
    return None


def compound(kind: Term) -> bool:
    """Whether a pattern takes this apart."""
    return kind.head in ("∧", "∃")


@dataclass(frozen=True, slots=True)
class Rule:
    """A hypothesis `∀ x, A → B x`, read as far as some conclusion."""

    variables: dict[str, Term]
    """The bound variables that are no proofs, with their types."""
    premises: tuple[Term, ...]
    conclusion: Term

    @property
    def names(self) -> frozenset[str]:
        """The names of the variables."""
        return frozenset(self.variables)


def readings(goal: Goal, kind: Term) -> Iterator[Rule]:
    """The ways to read a hypothesis as a rule, the shortest first: nothing is a premise."""
    variables: dict[str, Term] = {}
    premises: tuple[Term, ...] = ()
    while True:
        yield Rule(dict(variables), premises, kind)
        if kind.head == "∀" and kind.binder:
            if goal.is_proposition(kind.args[0]):
                premises += (kind.args[0],)
            variables[kind.binder] = kind.args[0]
            kind = kind.args[1]
        elif kind.head == "→":
            premises += (kind.args[0],)
            kind = kind.args[1]
        elif kind.head == "¬":
            premises += (kind.args[0],)
            kind = Term("False")
        else:
            return


def _inner(text: str, kind: Term) -> str:
    """A nested pattern on the right needs no brackets of its own."""
    return text[1:-1] if compound(kind) else text
