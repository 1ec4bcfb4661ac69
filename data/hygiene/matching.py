"""Whether one statement is another one with terms in place of variables.

Matching is first-order but for variables that stand for functions or predicates: what these are applied to
is collected, and a function that fits all of it is looked for at the end (imitation and projection, after
Huet 1975, which decides it for terms without variables of their own). Both sides of `=` and `↔` may
be swapped, the premises come in any order, and the instance may have more of them.

Wherever this cannot tell, it says yes: a statement too many is left out, rather than one too few.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from data.hygiene.statements import Statement, type_of
from data.hygiene.terms import BINDERS, HOLE, Term, apply, heads, normal, opened, substituted

STEPS = 5_000
"""So many comparisons end a search for a match, and count as one."""
MARK = "§"
"""Begins the names of what is bound inside of both terms."""

Values = dict[str, Term]
Equation = tuple[Term, Term]
"""A variable applied to something, and what that must be."""
Row = tuple[tuple[Term, ...], Term]
"""Arguments of a function, and its value there."""


def is_instance(statement: Statement, of: Statement) -> bool:
    """Whether `statement` is the other one with terms for its variables, and perhaps with more premises."""
    pattern = of.pattern
    matcher = _Matcher(pattern.variables, statement.variables)
    try:
        return any(matcher.fits(pattern, shorter) for shorter in _readings(statement, pattern))
    except _TooLongError:
        return True


def _readings(statement: Statement, pattern: Statement) -> Iterator[Statement]:
    """The statement, and if the pattern's conclusion may be anything, those that conclude `A → B`."""
    yield statement
    if pattern.conclusion.head in pattern.variables:
        conclusion, premises = statement.conclusion, list(statement.premises)
        while premises:
            conclusion = Term("→", (premises.pop(), conclusion))
            yield Statement(statement.variables, tuple(premises), conclusion)


class _TooLongError(Exception):
    """The search for a match was given up."""


@dataclass
class _Matcher:
    pattern_types: Mapping[str, Term]
    types: Mapping[str, Term]
    steps: int = field(default=0, init=False)
    marks: int = field(default=0, init=False)

    def fits(self, pattern: Statement, statement: Statement) -> bool:
        """Whether there are values for the pattern's variables."""
        wanted = sorted(pattern.premises, key=self._is_flexible)  # What can fail comes first.
        for values, equations in self._match([(pattern.conclusion, statement.conclusion)], {}, ()):
            for found, collected in self._premises(wanted, statement.premises, values, equations):
                if self._solvable(found, collected):
                    return True
        return False

    def _is_flexible(self, term: Term) -> bool:
        return term.head in self.pattern_types

    def _premises(
        self, wanted: Sequence[Term], given: Sequence[Term], values: Values, equations: tuple[Equation, ...]
    ) -> Iterator[tuple[Values, tuple[Equation, ...]]]:
        """The ways to find each of the pattern's premises among those given."""
        if not wanted:
            yield values, equations
            return
        for premise in given:
            for found, collected in self._match([(wanted[0], premise)], values, equations):
                yield from self._premises(wanted[1:], given, found, collected)

    def _match(
        self, pairs: list[tuple[Term, Term]], values: Values, equations: tuple[Equation, ...]
    ) -> Iterator[tuple[Values, tuple[Equation, ...]]]:
        """The ways to make each pair's first term the second one."""
        while pairs:
            self.steps += 1
            if self.steps > STEPS:
                raise _TooLongError
            (pattern, term), *pairs = pairs
            head, args = pattern
            if head == HOLE or term.head == HOLE:
                continue
            if head in self.pattern_types:
                if args:
                    equations = (*equations, (pattern, term))
                    continue
                if head in values:
                    if values[head] != term:
                        return
                    continue
                if any(name[0] == MARK for name in heads(term)):
                    return  # It speaks of what is bound further in.
                kind = type_of(term, self.types)
                values = {**values, head: term}
                if kind is not None:
                    pairs = [(self.pattern_types[head], kind), *pairs]
                continue
            if head == "+" and args and args[-1].head.isdecimal():
                shifted = _shifted(args, term)
                if shifted is not None:
                    pairs = [shifted, *pairs]
                    continue
            if head == "fun" and args and term.head != "fun":
                term = Term("fun", (Term(HOLE), Term(term.head, (*term.args, Term("#0")))))
            if head == "=" and term.head == "↔":  # Between propositions both are written.
                term = Term("=", term.args)
            if head != term.head or len(args) != len(term.args):
                return
            if head in BINDERS and len(args) == 2:
                mark = Term(f"{MARK}{self.marks}")
                self.marks += 1
                bodies = (opened(args[1], mark), opened(term.args[1], mark))
                pairs = [(args[0], term.args[0]), bodies, *pairs]
                continue
            if head in ("=", "↔") and len(args) == 2:
                for left, right in (term.args, term.args[::-1]):
                    yield from self._match([(args[0], left), (args[1], right), *pairs], values, equations)
                return
            pairs = [*zip(args, term.args, strict=True), *pairs]
        yield values, equations

    def _solvable(self, values: Values, equations: tuple[Equation, ...]) -> bool:
        """Whether some functions satisfy the equations. What depends on an unknown variable does."""
        rows: dict[str, list[Row]] = {}
        for pattern, term in equations:
            args = tuple(substituted(arg, values) for arg in pattern.args)
            if any(name in self.pattern_types for arg in args for name in heads(arg)):
                continue
            if pattern.head in values:
                if normal(apply(values[pattern.head], args)) != term:
                    return False
                continue
            rows.setdefault(pattern.head, []).append((args, term))
        return all(_common(_full(row)) for row in rows.values())


def _shifted(args: tuple[Term, ...], term: Term) -> tuple[Term, Term] | None:
    """For a pattern `x + 2`: the pair to match instead if the term is `y + 5`, or the literal `5`."""
    least = int(args[1].head)
    if term.head == "+" and len(term.args) == 2 and term.args[1].head.isdecimal():
        more = int(term.args[1].head) - least
        if more > 0:
            return args[0], Term("+", (term.args[0], Term(str(more))))
    elif term.head.isdecimal() and int(term.head) >= least:
        return args[0], Term(str(int(term.head) - least))
    return None


def _full(rows: Sequence[Row]) -> list[Row]:
    """The rows with as many arguments each: `f a` being `g` says the same as `f a x` being `g x`."""
    most = max(len(args) for args, _ in rows)
    full: list[Row] = []
    for args, value in rows:
        more = tuple(Term(f"{MARK}full{place}") for place in range(len(args), most))
        full.append((args + more, normal(apply(value, more))))
    return full


def _common(rows: Sequence[Row]) -> bool:
    """Whether there is one function that has, for the arguments of each row, the row's value."""
    head, args = rows[0][1]
    if any(all(given[place] == value for given, value in rows) for place in range(len(rows[0][0]))):
        return True
    if head[0] == MARK or any(value.head != head or len(value.args) != len(args) for _, value in rows):
        return False
    return all(_common([(given, value.args[place]) for given, value in rows]) for place in range(len(args)))
