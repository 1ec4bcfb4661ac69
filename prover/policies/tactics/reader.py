"""Terms as Lean prints them, read back well enough to plan with.

No elaborator: implicit arguments, types and coercions are not there, and what cannot be read
becomes one opaque atom. The result only steers guesses; Lean judges what comes of them.

`lean_env.reader` reads more than `tactics-1` ever planned with. What is left out or bent here, marked as a
habit, stays until that version ends: other terms are other lemmas and other scripts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from lean_env.names import components
from lean_env.notation import KEYWORDS, Piece, UnreadableError, read_pieces
from lean_env.reader import read_term
from lean_env.syntax import (
    Application,
    Binder,
    Bound,
    Conditional,
    Field,
    Index,
    Infix,
    Items,
    Name,
    Number,
    Parenthesised,
    Prefix,
    String,
    Syntax,
)
from prover.policies.tactics.terms import HOLE, INFIX, OPAQUE, Term, apply

_FUNCTION_FIRST = frozenset({"map", "filter", "filterMap", "foldl", "foldr", "all", "any"})
"""Functions that take the object of `object.function` after their first argument."""
_FIELD = re.compile(r"\d+|[A-Za-z]\w*")


@lru_cache(maxsize=16_384)  # Goals that follow each other share most of their hypotheses.
def parse(text: str) -> Term:
    """The term that `text` shows; an opaque atom if it cannot be read."""
    return planned(read_pieces(text))


def planned(pieces: Sequence[Piece]) -> Term:
    """The term that the pieces are; an opaque atom if it cannot be read."""
    try:
        return _term(read_term(pieces))
    except (UnreadableError, RecursionError):
        return Term(OPAQUE)


def planned_type(pieces: Sequence[Piece]) -> Term:
    """The type of a parameter; habit: opaque if there is a named argument in it."""
    return Term(OPAQUE) if any(piece.text == ":=" for piece in pieces) else planned(pieces)


def _term(syntax: Syntax) -> Term:
    match syntax:
        case Name(text) | Number(text):
            return _named(text)
        case Infix(operator, left, right):
            if operator not in INFIX:
                raise UnreadableError
            return Term(operator, (_term(left), _term(right)))
        case Application(function, arguments):
            if len(arguments) == 1 and isinstance(arguments[0], Binder):
                raise UnreadableError  # Habit: no `f fun x => y`, but `f a fun x => y`.
            return _applied([part for atom in (function, *arguments) for part in _parts(atom)])
        case Field() | Index():
            return _applied(_parts(syntax))
        case Parenthesised(inner):
            return _term(inner)
        case String(text):
            return Term(text)
        case Prefix(operator, operand):
            return Term(operator, (_term(operand),))
        case Binder(keyword, bounds, body):
            return _bound(keyword, bounds, body)
        case Items(bracket, items):
            return _items(bracket, items)
        case Conditional(condition, yes, no):
            return Term("ite", (_term(condition), _term(yes), _term(no)))


def _named(text: str) -> Term:
    """A constant, or a variable with projections behind it: `as.reverse.length`."""
    if text in KEYWORDS or text.endswith("*"):
        raise UnreadableError
    if "." not in text or not (text[0].islower() or text[0] in "«_0123456789"):
        return Term(text)
    first, *fields = components(text)
    result = Term(first)
    for name in fields:
        result = Term(f".{name}", (result,))
    return result


def _parts(atom: Syntax) -> list[Term]:
    """A function or an argument; habit: `xs[i]` is two of them, `xs` and a list."""
    match atom:
        case Index(object_, place, ""):
            return [*_parts(object_), _items("[", (place,))]
        case Field(object_, name) if _FIELD.fullmatch(name):
            *before, last = _parts(object_)
            return [*before, Term(f".{name}", (last,))]
        case Index() | Field() | Prefix():  # Habit: no `xs[i]?`, `(xs ++ ys).head?` and `f ↑n`.
            raise UnreadableError
    return [_term(atom)]


def _applied(terms: Sequence[Term]) -> Term:
    function, args = terms[0], tuple(terms[1:])
    if args and function.symbol in _FUNCTION_FIRST and function.head.startswith(".") and function.args:
        return Term(function.head[1:], (args[0], *function.args, *args[1:]))
    return apply(function, args)


def _items(bracket: str, items: Sequence[Syntax]) -> Term:
    terms = [_term(item) for item in items]
    if bracket == "⟨":
        return Term("⟨⟩", tuple(terms))
    operator, last = ("::", Term("[]")) if bracket == "[" else ("(,)", terms.pop() if terms else Term("()"))
    while terms:
        last = Term(operator, (terms.pop(), last))
    return last


def _bound(keyword: str, bounds: Sequence[Bound], body: Syntax) -> Term:
    result = _term(body)
    groups: list[tuple[list[str], Term]] = []
    names: list[str] = []
    for bound in bounds:
        if names:  # Habit: `(x) (h : p)` binds four names of one type, `)` and `(` among them.
            if not (bound.names and bound.bracket):
                raise UnreadableError
            names += [")", bound.bracket]
        names += bound.names or ["inst✝"]
        if bound.bracket and bound.type is None:
            continue
        if bound.limit is not None:
            relation, limit = bound.limit
            limited = Term(relation, (Term(names[-1]), _term(limit)))
            result = Term("→" if keyword == "∀" else "∧", (limited, result))
        groups.append((names, Term(HOLE) if bound.type is None else _term(bound.type)))
        names = []
    if names:
        raise UnreadableError
    for names, kind in reversed(groups):
        for name in reversed(names):
            result = Term(keyword, (kind, result), name)
    return result
