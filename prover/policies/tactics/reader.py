"""Terms as Lean prints them, read back well enough to plan with.

No elaborator: implicit arguments, types and coercions are not there, and what cannot be read
becomes one opaque atom. The result only steers guesses; Lean judges what comes of them.
"""

from __future__ import annotations

import re

from prover.policies.tactics.terms import BINDERS, HOLE, INFIX, OPAQUE, PREFIX, Term, apply

_ASCII = {"->": "→", "<->": "↔", "\\/": "∨", "/\\": "∧", "<=": "≤", ">=": "≥", "λ": "fun", "Not": "¬"}
_FUNCTION_FIRST = frozenset({"map", "filter", "filterMap", "foldl", "foldr", "all", "any"})
"""Functions that take the object of `object.function` after their first argument."""

_PART = r"(?:[^\W\d][\w'!?₀-₉✝¹²³⁰⁴-⁹]*|«[^»]*»)"
_TOKEN = re.compile(
    rf"(?P<name>@?{_PART}(?:\.(?:{_PART}|\d+))*)|(?P<number>\d+)|(?P<string>\"[^\"]*\")"
    r"|(?P<symbol><->|->|=>|:=|::|\+\+|&&|\|\||==|!=|<=|>=|<\||\|>\.?|\\/|/\\|∃!|\.\d+|\.[A-Za-z]\w*|·|[^\s])"
)
_KEYWORDS = frozenset(
    {"then", "else", "with", "from", "in", "do", "by", "at", "match", "let", "have", "show"}
)


def parse(text: str) -> Term:
    """The term that `text` shows; an opaque atom if it cannot be read."""
    try:
        reader = _Reader(text)
        term = reader.term(0)
        return term if reader.peek() == "" else Term(OPAQUE)
    except (_UnreadableError, RecursionError):
        return Term(OPAQUE)


class _UnreadableError(Exception):
    """Not in the small language that is read here."""


class _Reader:
    """An operator-precedence parser."""

    def __init__(self, text: str) -> None:
        self._tokens = [_ASCII.get(found[0], found[0]) for found in _TOKEN.finditer(text)]
        self._kinds = [found.lastgroup for found in _TOKEN.finditer(text)]
        starts = [(found.start(), found.end()) for found in _TOKEN.finditer(text)]
        self._glued = [index > 0 and starts[index - 1][1] == start for index, (start, _) in enumerate(starts)]
        self._at = 0

    def peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        if not token or (expected and token != expected):
            raise _UnreadableError
        self._at += 1
        return token

    def term(self, level: int) -> Term:
        left = self._prefixed()
        while (known := INFIX.get(self.peek())) and known[0] >= level:
            operator = self.take()
            left = Term(operator, (left, self.term(known[2])))
        return left

    def _prefixed(self) -> Term:
        token = self.peek()
        if token in BINDERS or token == "∃!":
            return self._binder()
        if token in PREFIX:
            self.take()
            return Term(token, (self.term(PREFIX[token][1]),))
        if token == "if":
            self.take()
            if self._tokens[self._at + 1 : self._at + 2] == [":"]:
                raise _UnreadableError
            condition = self.term(0)
            self.take("then")
            yes = self.term(0)
            self.take("else")
            return Term("ite", (condition, yes, self.term(0)))
        return self._application()

    def _application(self) -> Term:
        function = self._atom()
        args = []
        while self._starts_atom():
            if self.peek() == "(" and self._tokens[self._at + 2 : self._at + 3] == [":="]:
                self._skip_named()
                continue
            args.append(self._atom())
        if self.peek() in BINDERS and args:  # `f fun x => …`
            args.append(self._binder())
        if not args:
            return function
        if function.symbol in _FUNCTION_FIRST and function.head.startswith(".") and function.args:
            return Term(function.head[1:], (args[0], *function.args, *args[1:]))
        return apply(function, tuple(args))

    def _starts_atom(self) -> bool:
        token = self.peek()
        if not token or token in _KEYWORDS or token in INFIX:
            return False
        if token[0] == "." and self._glued[self._at]:
            return False
        kind = self._kinds[self._at]
        word = kind in ("name", "number", "string") and token not in BINDERS and token != "if"
        return word or token in "([⟨{"

    def _skip_named(self) -> None:
        depth = 0
        while True:
            token = self.take()
            depth += (token == "(") - (token == ")")
            if depth == 0:
                return

    def _atom(self) -> Term:
        kind = self._kinds[self._at] if self._at < len(self._kinds) else ""
        token = self.take()
        if token in _KEYWORDS:
            raise _UnreadableError
        if kind in ("number", "string"):
            result = Term(token)
        elif kind == "name":
            result = _dotted(token.removeprefix("@"))
        elif token == "(":
            result = self._parenthesised()
        elif token == "[":
            result = _list(self._items("]"))
        elif token == "⟨":
            result = Term("⟨⟩", tuple(self._items("⟩")))
        else:
            raise _UnreadableError
        while self.peek().startswith(".") and len(self.peek()) > 1 and self._glued[self._at]:
            result = Term(self.take(), (result,))
        return result

    def _parenthesised(self) -> Term:
        if self.peek() == ")":
            self.take()
            return Term("()")
        first = self.term(0)
        if self.peek() == ":":  # A type ascription.
            self.take()
            self.term(0)
            self.take(")")
            return first
        parts = [first]
        while self.peek() == ",":
            self.take()
            parts.append(self.term(0))
        self.take(")")
        pair = parts.pop()
        while parts:
            pair = Term("(,)", (parts.pop(), pair))
        return pair

    def _items(self, closing: str) -> list[Term]:
        items: list[Term] = []
        while self.peek() != closing:
            items.append(self.term(0))
            if self.peek() != closing:
                self.take(",")
        self.take(closing)
        return items

    def _binder(self) -> Term:
        keyword = self.take()
        separator = "=>" if keyword == "fun" else ","
        groups: list[tuple[str, Term]] = []
        bounds: list[Term] = []
        while self.peek() != separator:
            token = self.take()
            if token in "([{⦃":
                if token == "[" and self._tokens[self._at + 1 : self._at + 2] != [":"]:
                    groups.append(("inst✝", self.term(0)))
                    self.take("]")
                    continue
                names = []
                while self.peek() != ":":
                    names.append(self.take())
                self.take(":")
                kind = self.term(0)
                self.take()
                groups += [(name, kind) for name in names]
            elif token == ":":
                kind = self.term(0)
                groups = [(name, kind if known.head == HOLE else known) for name, known in groups]
            elif token in INFIX and groups:  # `∀ x < n, …`, `∃ x ∈ l, …`
                bounds.append(Term(token, (Term(groups[-1][0]), self.term(51))))
            elif token == "=>" or token == ",":
                raise _UnreadableError
            else:
                groups.append((token, Term(HOLE)))
        self.take(separator)
        body = self.term(0)
        for bound in bounds:
            body = Term("→" if keyword == "∀" else "∧", (bound, body))
        for name, kind in reversed(groups):
            body = Term(keyword, (kind, body), name)
        return body


def _dotted(token: str) -> Term:
    """A constant, or a variable with projections behind it: `as.reverse.length`."""
    parts = re.findall(r"«[^»]*»|[^.«»]+", token)
    if len(parts) == 1 or not (parts[0][0].islower() or parts[0][0] in "«_"):
        return Term(token)
    result = Term(parts[0])
    for part in parts[1:]:
        result = Term(f".{part}", (result,))
    return result


def _list(items: list[Term]) -> Term:
    result = Term("[]")
    for item in reversed(items):
        result = Term("::", (item, result))
    return result
