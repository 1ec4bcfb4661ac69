"""Matching of lemmas against goals: first-order, on normalised terms, blind to types.

What Lean unifies and this does not is lost; what this matches and Lean does not costs a failed try.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

from lean_env.notation import PREFIX
from prover.policies.tactics.terms import BINDERS, HOLE, INFIX, Term

Values = dict[str, Term]
"""What each of a pattern's variables stands for."""
_FLIPPED = {"≥": "≤", ">": "<"}
_NEGATED = {"≠": "=", "∉": "∈"}
_OPERATORS = {"Eq": "=", "And": "∧", "Or": "∨", "Iff": "↔", "le": "≤", "lt": "<", "hAdd": "+", "hMul": "*"}
"""How the library's first files, which have no notation yet, call the operators."""
ONE = Term("1")


@lru_cache(maxsize=100_000)
def normal(term: Term) -> Term:
    """One form for what is written in several: no namespaces, `≤` and `<` only, `¬ a = b` for `a ≠ b`,
    `n + 1` for `succ n`."""
    args = tuple(normal(arg) for arg in term.args)
    if term.binder:
        return Term(term.head, args, term.binder)
    if len(args) == 2 and term.head in _FLIPPED:
        return Term(_FLIPPED[term.head], (args[1], args[0]))
    if len(args) == 2 and term.head in _NEGATED:
        return Term("¬", (Term(_NEGATED[term.head], args),))
    symbol = term.symbol
    if symbol == "succ" and len(args) == 1:
        return Term("+", (args[0], ONE))
    if symbol == "Not" and len(args) == 1:
        return Term("¬", args)
    if symbol in _OPERATORS and len(args) == 2:
        return Term(_OPERATORS[symbol], args)
    return Term(symbol, args)


def match(pattern: Term, term: Term, variables: frozenset[str], values: Values) -> bool:
    """Whether `pattern` with its variables replaced is `term`; fills in `values`, also on failure.

    A variable that is applied to something matches anything: Lean finds the function.
    """
    if pattern.head in variables and not pattern.binder:
        if pattern.args:
            return True
        known = values.get(pattern.head)
        if known is None:
            values[pattern.head] = term
            return True
        return known == term or known.head == HOLE
    if pattern.head == HOLE or term.head == HOLE:
        return True
    if pattern.head != term.head or len(pattern.args) != len(term.args):
        return False
    if pattern.binder:
        if not match(pattern.args[0], term.args[0], variables, values):
            return False
        before = len(values)
        body = pattern.args[1].substitute({pattern.binder: Term(term.binder)})
        if not match(body, term.args[1], variables, values):
            return False
        # A variable stands outside of the binder: it cannot speak of what is bound.
        return all(term.binder not in value.atoms() for value in list(values.values())[before:])
    return all(match(a, b, variables, values) for a, b in zip(pattern.args, term.args, strict=True))


def places(pattern: Term, term: Term, variables: frozenset[str]) -> Iterator[tuple[Term, Values]]:
    """The subterms outside of binders that `pattern` matches, each once, with the variables' values."""
    seen: set[Term] = set()
    for part in free_subterms(term):
        values: Values = {}
        if part not in seen and match(pattern, part, variables, values):
            yield part, values
        seen.add(part)


def free_subterms(term: Term) -> Iterator[Term]:
    """The subterms in which nothing is bound, outermost first."""
    yield term
    if term.binder:
        return
    for arg in term.args:
        yield from free_subterms(arg)


def rewrite(term: Term, old: Term, new: Term) -> Term:
    """`term` with the normalised `old` replaced outside of binders, the rest as it was."""
    if normal(term) == old:
        return new
    if term.binder:
        return term
    return Term(term.head, tuple(rewrite(arg, old, new) for arg in term.args), term.binder)


def symbols(term: Term, is_variable: Callable[[str], bool]) -> frozenset[str]:
    """The constants and operators that a normalised term speaks of."""
    found = set()
    for part in term.subterms():
        if part.head in BINDERS or part.head in INFIX or part.head in PREFIX or not is_variable(part.head):
            found.add(part.head)
    return frozenset(found)
