"""Reads a statement as Lean text, without Lean: what `lean_env.reader` understands, brought to one form.

What is not understood raises `UnreadableError`, and is then compared as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from data.hygiene.terms import HOLE, Term, apply, closed, normal
from lean_env.names import components
from lean_env.notation import UnreadableError, read_pieces
from lean_env.reader import Parameters, read_term, split_signature
from lean_env.syntax import (
    Application,
    Binder,
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

Variable = tuple[str, Term, bool]
"""Unique name, type, and whether Lean looks for it by itself (`[…]`)."""

CONSTANTS = {
    "1": "fst",
    "2": "snd",
    "left": "fst",
    "right": "snd",
    "And": "∧",
    "Or": "∨",
    "Iff": "↔",
    "Eq": "=",
    "Ne": "≠",
    "Prod": "×",
    "Dvd": "∣",
    "Mem": "∈",
    "cons": "::",
    "nil": "[]",
    "append": "++",
    "comp": "∘",
    "ℕ": "Nat",
    "ℤ": "Int",
}
"""Names of what also has a notation, a number, or another name."""
_TAKING_FUNCTIONS = "map filter filterMap foldl foldr all any find? takeWhile dropWhile partition"
FUNCTION_FIRST = frozenset(_TAKING_FUNCTIONS.split())
"""Functions that take the object of `object.function` behind their first argument."""
_SORTS = ("Type", "Sort", "Type*", "Sort*")


def read_claim(text: str) -> tuple[list[Variable], Term]:
    """What a statement has before its colon, and what it claims. Raises `UnreadableError`."""
    pieces = read_pieces(text)
    if not pieces or pieces[0].text not in ("theorem", "lemma"):
        raise UnreadableError
    parameters, rest = split_signature(pieces[2:])
    if [piece.text for piece in rest[-2:]] == [":=", "by"]:
        rest = rest[:-2]
    if not rest or rest[0].text != ":":
        raise UnreadableError
    meaning = _Meaning()
    variables = [variable for some in parameters for variable in meaning.parameters(some)]
    return variables, meaning.term(read_term(rest[1:]))


class _Meaning:
    """What syntax means where certain names are bound; names of variables come out unique."""

    def __init__(self) -> None:
        self._count = 0
        self._scope: dict[str, str] = {}

    def parameters(self, given: Parameters) -> list[Variable]:
        """The variables of a bracket, which are in scope from now on."""
        if given.bracket == "[" or given.names:
            return self._declared(given.names, self.term(read_term(given.type)), given.bracket)
        return self._declared([piece.text for piece in given.type], Term(HOLE), given.bracket)

    def term(self, syntax: Syntax) -> Term:
        """The normal form of a term."""
        match syntax:
            case Name() | Field():
                return _settled(self._function(syntax))
            case Infix(operator, left, right):
                return self._infix(operator, left, right)
            case Application(function, arguments):
                return self._application(function, arguments)
            case Parenthesised(inner):
                return self.term(inner)
            case Number(text) if text.isdecimal():
                return Term(text)
            case Number() | String():
                raise UnreadableError
            case Prefix("↑", operand):
                return self.term(operand)
            case Prefix(operator, operand):
                return normal(Term("neg" if operator == "-" else operator, (self.term(operand),)))
            case Binder():
                return self._binder(syntax)
            case Items(bracket, items):
                return _collected(bracket, [self.term(item) for item in items])
            case Index(object_, place, mark):
                return Term(f"getElem{mark}", (self.term(object_), self.term(place)))
            case Conditional(condition, yes, no):
                return Term("ite", (self.term(condition), self.term(yes), self.term(no)))

    def _infix(self, operator: str, left: Syntax, right: Syntax) -> Term:
        if operator == "→" and (domain := _domain(left)) is not None:
            names, kind = domain
            scope = dict(self._scope)
            variables = self._declared(names, self.term(kind), "(")
            body = self.term(right)
            self._scope = scope
            return _quantified("∀", variables, body)
        terms = self.term(left), self.term(right)
        if operator in ("<|", "$"):
            return apply(terms[0], terms[1:])
        return normal(Term(operator, terms))

    def _application(self, syntax: Syntax, arguments: Sequence[Syntax]) -> Term:
        if isinstance(syntax, Name) and syntax.text in _SORTS:
            return Term("Type")
        function = self._function(syntax)
        args = tuple(self.term(argument) for argument in arguments)
        if function.head.startswith(".") and function.args:  # `object.function`, its first argument now known
            first = (
                (args[0], *function.args)
                if function.head[1:] in FUNCTION_FIRST
                else (*function.args, args[0])
            )
            return normal(Term(_projected(function.head), (*first, *args[1:])))
        return normal(apply(function, args))

    def _function(self, syntax: Syntax) -> Term:
        """What is applied to something: a projection is left open."""
        match syntax:
            case Name(text):
                return self._named(text)
            case Field(object_, name):
                return _field(self.term(object_), name)
        return self.term(syntax)

    def _named(self, text: str) -> Term:
        """A variable with the projections behind it, or a constant."""
        if text in _SORTS:
            return Term("Type")
        first, *fields = components(text)
        if first in self._scope:
            result = Term(self._scope[first])
        else:
            while fields and not fields[0].isdecimal():
                first = fields.pop(0)
            result = Term(CONSTANTS.get(first, first))
        for field in fields:
            result = _field(result, field)
        return result

    def _binder(self, syntax: Binder) -> Term:
        scope = dict(self._scope)
        variables: list[Variable] = []
        limits: list[Term] = []
        for bound in syntax.bounds:
            kind = Term(HOLE) if bound.type is None else self.term(bound.type)
            declared = self._declared(bound.names, kind, bound.bracket)
            variables += declared
            if bound.limit is not None:
                relation, limit = bound.limit[0], self.term(bound.limit[1])
                limits += [normal(Term(relation, (Term(name), limit))) for name, _, _ in declared]
        body = self.term(syntax.body)
        self._scope = scope
        for limit in reversed(limits):
            body = Term("→" if syntax.keyword == "∀" else "∧", (limit, body))
        return _quantified(syntax.keyword, variables, body)

    def _declared(self, names: Iterable[str], kind: Term, bracket: str) -> list[Variable]:
        variables: list[Variable] = []
        for name in names or ("_",):
            self._count += 1
            unique = f"{name}%{self._count}"
            self._scope[name] = unique
            variables.append((unique, kind, bracket == "["))
        return variables


def _domain(syntax: Syntax) -> tuple[list[str], Syntax] | None:
    """The names and the type if `(x y : T)` stands here."""
    if not isinstance(syntax, Parenthesised) or syntax.type is None:
        return None
    inner = syntax.term
    words = (inner.function, *inner.arguments) if isinstance(inner, Application) else (inner,)
    names = [word.text for word in words if isinstance(word, Name)]
    return (names, syntax.type) if len(names) == len(words) else None


def _quantified(keyword: str, variables: Sequence[Variable], body: Term) -> Term:
    for name, kind, found in reversed(variables):
        if not found:
            body = normal(Term(keyword, (kind, closed(body, name))))
    return body


def _collected(bracket: str, terms: list[Term]) -> Term:
    """A list, the fields of a structure, or a tuple."""
    if bracket == "⟨":
        return Term("⟨⟩", tuple(terms))
    operator, last = ("::", Term("[]")) if bracket == "[" else ("(,)", terms.pop() if terms else Term("()"))
    while terms:
        last = Term(operator, (terms.pop(), last))
    return last


def _field(value: Term, name: str) -> Term:
    """`value.name`; its place among the arguments is known once these are."""
    return Term(f".{name}", (_settled(value),))


def _settled(term: Term) -> Term:
    """A projection that gets no arguments."""
    if term.head.startswith(".") and len(term.head) > 1 and term.args:
        return normal(Term(_projected(term.head), term.args))
    return term


def _projected(head: str) -> str:
    return CONSTANTS.get(head[1:], head[1:])
