"""Terms for comparing statements: what differs in notation only is equal here.

Locally nameless: a variable bound inside of a term is an index (`#0` is the innermost binder's), a free one
is a name that occurs nowhere else. So terms that differ in bound names are equal as they stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

BINDERS = ("∀", "∃", "∃!", "fun")
HOLE = "_"
"""Head of a type that nobody wrote."""


class Term(NamedTuple):
    """A head applied to arguments. Operators, constants, variables and literals are heads; a binder has
    the type and the body as arguments."""

    head: str
    args: tuple[Term, ...] = ()

    def __str__(self) -> str:
        if not self.args:
            return self.head
        return f"({self.head} {' '.join(map(str, self.args))})"


FALSE = Term("False")
ONE = Term("1")


def is_index(term: Term) -> bool:
    """Whether the head is a variable that is bound outside of the term."""
    return term.head[0] == "#" and len(term.head) > 1


def opened(body: Term, value: Term, depth: int = 0) -> Term:
    """The body of a binder with `value`, which has no loose index, for the bound variable."""
    head, args = body
    if args:
        inner = depth + 1 if head in BINDERS else depth
        if head in BINDERS:
            args = (opened(args[0], value, depth), opened(args[1], value, inner))
        else:
            args = tuple([opened(arg, value, depth) for arg in args])
    if head[0] == "#" and len(head) > 1:
        index = int(head[1:])
        if index == depth:
            return apply(value, args)
    return Term(head, args)


def closed(term: Term, name: str, depth: int = 0) -> Term:
    """The body of a binder for the free variable `name`: the opposite of `opened`."""
    head, args = term
    if head in BINDERS and len(args) == 2:
        args = (closed(args[0], name, depth), closed(args[1], name, depth + 1))
    else:
        args = tuple([closed(arg, name, depth) for arg in args])
    return Term(f"#{depth}" if head == name else head, args)


def apply(function: Term, args: tuple[Term, ...]) -> Term:
    """The application, contracted if the function is a `fun`."""
    while args and function.head == "fun":
        function, args = opened(function.args[1], args[0]), args[1:]
    return Term(function.head, function.args + args) if args else function


def substituted(term: Term, values: Mapping[str, Term]) -> Term:
    """The term with free variables replaced. The values have no loose index."""
    head, args = term
    args = tuple([substituted(arg, values) for arg in args])
    value = values.get(head)
    return Term(head, args) if value is None else normal(apply(value, args))


def heads(term: Term) -> set[str]:
    """All heads that occur, but for those of types of bound variables, which not everybody writes."""
    found = {term.head}
    for arg in term.args[1:] if term.head in BINDERS else term.args:
        found |= heads(arg)
    return found


_FLIPPED = {">": "<", "≥": "≤"}
_NEGATED = {"≠": "=", "∉": "∈", "!=": "=="}


def normal(term: Term) -> Term:
    """One form for what Lean takes as the same by its definition, at the root: the arguments are normal.

    `¬ A` is `A → False`, `a < b` is `a + 1 ≤ b`, `succ n` is `n + 1`, literals are added up, `fun x => f x`
    is `f`.
    """
    head, args = term
    match len(args):
        case 1:
            if head == "¬":
                return Term("→", (args[0], FALSE))
            if head == "succ":
                return normal(Term("+", (args[0], ONE)))
        case 2:
            left, right = args
            if head in _FLIPPED:
                return normal(Term(_FLIPPED[head], (right, left)))
            if head in _NEGATED:
                return Term("→", (Term(_NEGATED[head], args), FALSE))
            if head == "<":
                return Term("≤", (normal(Term("+", (left, ONE))), right))
            if head == "+" and right.head.isdecimal():
                if left.head.isdecimal():
                    return Term(str(int(left.head) + int(right.head)))
                if left.head == "+" and left.args[1].head.isdecimal():
                    return Term("+", (left.args[0], Term(str(int(left.args[1].head) + int(right.head)))))
            if head == "fun" and right.args and right.args[-1] == Term("#0"):
                function = Term(right.head, right.args[:-1])
                if function.head != "#0" and function.head not in BINDERS and not _mentions(function, 0):
                    return _lowered(function)
        case 3:
            if head == "∘":  # `(f ∘ g) x`
                return apply(args[0], (apply(args[1], (args[2],)),))
    return term


def _mentions(term: Term, depth: int) -> bool:
    if term.head == f"#{depth}":
        return True
    return any(
        _mentions(arg, depth + (term.head in BINDERS and place == 1)) for place, arg in enumerate(term.args)
    )


def _lowered(term: Term, depth: int = 0) -> Term:
    """The term with one binder less around it."""
    head, args = term
    args = tuple([_lowered(arg, depth + (head in BINDERS and place == 1)) for place, arg in enumerate(args)])
    if is_index(term) and int(head[1:]) > depth:
        head = f"#{int(head[1:]) - 1}"
    return Term(head, args)
