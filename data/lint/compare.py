"""Statements that are the same, or that two copies of a benchmark have in two forms."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from data.benchmarks.values import Problem
from data.hygiene import Statement, Text, is_instance, read_statement
from data.lint.values import Finding, Rule
from lean_env.lexer import words_of


def duplicates(problems: Sequence[Problem]) -> Iterator[tuple[str, Finding]]:
    """Each later statement that is equal to an earlier one up to names and notation, as `data.hygiene`
    compares them."""
    texts: dict[Text, str] = {}
    filed: dict[object, list[tuple[str, Statement]]] = defaultdict(list)
    for problem in problems:
        read = read_statement(problem.theorem.statement)
        if isinstance(read, Text):
            if (first := texts.setdefault(read, problem.name)) != problem.name:
                yield problem.name, _same(first)
            continue
        alike = filed[frozenset(read.symbols - read.variables.keys()), len(read.premises)]
        for name, other in alike:
            if is_instance(read, other) and is_instance(other, read):
                yield problem.name, _same(name)
                break
        else:
            alike.append((problem.name, read))


def differences(
    problems: Sequence[Problem], others: Mapping[str, Problem], called: str
) -> Iterator[tuple[str, Finding]]:
    """Each statement that another copy, called `called`, has under the same name in another form: other
    tokens in the statement or before it. Blanks and comments make no difference."""
    for problem in problems:
        other = others.get(problem.name)
        if other is None:
            continue
        for part, ours, theirs in (
            ("", problem.theorem.statement, other.theorem.statement),
            ("header: ", problem.theorem.header, other.theorem.header),
        ):
            if changes := list(_changes(_tokens(ours), _tokens(theirs))):
                yield problem.name, Finding(Rule.DIFFERENT, f"{called} has {part}{'; '.join(changes)}")


def _tokens(text: str) -> list[str]:
    return [token.text for token in words_of(text)]


def _changes(ours: list[str], theirs: list[str]) -> Iterator[str]:
    """What was replaced by what, with a token on either side to find the place by."""
    for kind, a, b, c, d in difflib.SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if kind != "equal":
            ours_part, theirs_part = (
                " ".join(part) for part in (ours[max(0, a - 1) : b + 1], theirs[max(0, c - 1) : d + 1])
            )
            yield f"`{theirs_part}` instead of `{ours_part}`"


def _same(name: str) -> Finding:
    return Finding(Rule.DUPLICATE, f"says the same as {name}")
