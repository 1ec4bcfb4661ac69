"""Reads a statement as Lean text, without Lean: enough of the language for what benchmarks and generators
write in it. What is not understood raises `UnreadableError`, and is then compared as text.
"""

from __future__ import annotations

from collections.abc import Sequence

from data.hygiene.notation import (
    CLOSING,
    CONSTANTS,
    FUNCTION_FIRST,
    INFIX,
    PREFIX,
    STOPS,
    UnreadableError,
    read_tokens,
)
from data.hygiene.terms import HOLE, Term, apply, closed, normal

Binder = tuple[str, Term, bool]
"""Unique name, type, and whether Lean looks for it by itself (`[…]`)."""


class Reader:
    """An operator-precedence parser of one statement; names of variables come out unique."""

    def __init__(self, text: str) -> None:
        self._tokens, self._glued = read_tokens(text)
        self._at = 0
        self._count = 0
        self._scope: dict[str, str] = {}

    def peek(self, ahead: int = 0) -> str:
        """A token to come; empty behind the last."""
        return self._tokens[self._at + ahead] if self._at + ahead < len(self._tokens) else ""

    def take(self, expected: str = "") -> str:
        """The next token. Raises `UnreadableError` if it is not the expected one."""
        token = self.peek()
        if not token or (expected and token != expected):
            raise UnreadableError
        self._at += 1
        return token

    def statement(self) -> tuple[list[Binder], Term]:
        """The binders before the colon, and what is claimed."""
        if self.take() not in ("theorem", "lemma", "example"):
            raise UnreadableError
        self.take()
        binders: list[Binder] = []
        while self.peek() != ":":
            binders += self._group()
        self.take(":")
        claim = self.term(0)
        if self.peek() == ":=":
            self.take()
            self.take("by")
        if self.peek():
            raise UnreadableError
        return binders, claim

    def term(self, level: int) -> Term:
        """A term whose operators bind at least as strongly as `level`."""
        left = self._prefixed()
        while (known := INFIX.get(self.peek())) and known[0] >= level:
            operator = self.take()
            right = self.term(known[2])
            left = apply(left, (right,)) if operator in ("<|", "$") else normal(Term(operator, (left, right)))
        return left

    def _prefixed(self) -> Term:
        token = self.peek()
        if token in ("∀", "∃", "∃!", "fun"):
            return self._binder()
        if token == "↑":
            self.take()
            return self.term(1024)
        if token in PREFIX:
            self.take()
            operand = self.term(PREFIX[token])
            return normal(Term("neg" if token == "-" else token, (operand,)))
        if token == "if":
            return self._conditional()
        if token == "(" and self._is_arrow_domain():
            return self._dependent()
        return self._application()

    def _conditional(self) -> Term:
        self.take("if")
        if self.peek(1) == ":":
            raise UnreadableError
        condition = self.term(0)
        self.take("then")
        yes = self.term(0)
        self.take("else")
        return Term("ite", (condition, yes, self.term(0)))

    def _application(self) -> Term:
        function = self._atom()
        args: list[Term] = []
        while self._starts_atom():
            if self.peek() == "(" and self.peek(2) == ":=":
                self._skip_named()
            else:
                args.append(_settled(self._atom()))
        if self.peek() == "fun":
            args.append(self._binder())
        if not args:
            return _settled(function)
        if function.head.startswith(".") and function.args:  # `object.function`, its first argument now known
            first = (
                (args[0], *function.args)
                if function.head[1:] in FUNCTION_FIRST
                else (*function.args, args[0])
            )
            return normal(Term(_projected(function.head), (*first, *args[1:])))
        return normal(apply(function, tuple(args)))

    def _starts_atom(self) -> bool:
        token = self.peek()
        if not token or token in STOPS or token in INFIX or token in (":", ":=", "=>", ",", "fun", "if"):
            return False
        if token in ("∀", "∃", "∃!") or token in CLOSING.values() or token in ("¬", "|", "}", ";"):
            return False
        return not (token in (".", "[") and self._glued[self._at])

    def _starts_word(self) -> bool:
        return self.peek()[:1].isalpha() or self.peek()[:1] in ("_", "«")

    def _skip_named(self) -> None:
        depth = 0
        while True:
            token = self.take()
            depth += (token == "(") - (token == ")")
            if depth == 0:
                return

    def _atom(self) -> Term:
        token = self.take()
        if token == "(":
            result = self._parenthesised()
        elif token == "[":
            result = Term("[]")
            for item in reversed(self._items("]")):
                result = Term("::", (item, result))
        elif token == "⟨":
            result = Term("⟨⟩", tuple(self._items("⟩")))
        elif token == "↑":
            return self._atom()
        elif token in ("Type", "Sort"):
            if self.peek() and (self.peek().isdecimal() or self.peek() in ("u", "v", "w", "*", "_")):
                self.take()
            result = Term("Type")
        elif token[0].isdigit():
            if not token.isdecimal():
                raise UnreadableError
            result = Term(token)
        elif token[0].isalpha() or token[0] in "_«@":
            result = self._named(token)
        else:
            raise UnreadableError
        while self.peek() in (".", "[") and self._glued[self._at]:
            if self.take() == "[":  # `xs[i]`, `xs[i]?`, `xs[i]!`
                result = Term("getElem", (_settled(result), self.term(0)))
                self.take("]")
                if self.peek() in ("?", "!") and self._glued[self._at]:
                    result = Term(f"getElem{self.take()}", result.args)
                continue
            for part in self.take().split("."):
                result = _field(result, part)
        return result

    def _named(self, token: str) -> Term:
        """A variable with the projections behind it, or a constant."""
        if token == "@":
            token = self.take()
        first, *fields = token.split(".")
        if first in self._scope:
            result = Term(self._scope[first])
            for field in fields:
                result = _field(result, field)
            return result
        if token == HOLE:
            return Term(HOLE)
        last = fields[-1] if fields else first
        return Term(CONSTANTS.get(last, last))

    def _parenthesised(self) -> Term:
        if self.peek() == ")":
            self.take()
            return Term("()")
        if self.peek() == "·":
            raise UnreadableError
        if self.peek() in INFIX and self.peek(1) == ")":  # `(·+·)` in its old spelling
            raise UnreadableError
        parts = [self.term(0)]
        if self.peek() == ":":
            self.take()
            self.term(0)
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

    def _is_arrow_domain(self) -> bool:
        """Whether `(x y : T) → …` stands here."""
        place = 1
        while self.peek(place) and (self.peek(place)[0].isalpha() or self.peek(place)[0] == "_"):
            place += 1
        if place == 1 or self.peek(place) != ":":
            return False
        depth = 1
        while depth and self.peek(place):
            place += 1
            depth += (self.peek(place) == "(") - (self.peek(place) == ")")
        return self.peek(place + 1) == "→"

    def _dependent(self) -> Term:
        scope = dict(self._scope)
        binders = self._group()
        self.take("→")
        body = self.term(25)
        self._scope = scope
        return _bound("∀", binders, body)

    def _binder(self) -> Term:
        keyword = self.take()
        separator = "=>" if keyword == "fun" else ","
        scope = dict(self._scope)
        binders: list[Binder] = []
        bounds: list[Term] = []
        while self.peek() != separator:
            token = self.peek()
            if token in "([{⦃":
                binders += self._group()
                continue
            names: list[str] = []
            while (
                self.peek()
                and (self.peek()[0].isalpha() or self.peek()[0] in "_«")
                and self.peek() not in INFIX
            ):
                names.append(self.take())
            if not names:
                raise UnreadableError
            kind = Term(HOLE)
            if self.peek() == ":":
                self.take()
                kind = self.term(0)
            binders += self._declare(names, kind)
            if self.peek() in INFIX:  # `∀ x < n, …`, `∃ x ∈ l, …`
                operator = self.take()
                limit = self.term(51)
                bounds += [
                    normal(Term(operator, (Term(name), limit))) for name, _, _ in binders[-len(names) :]
                ]
        self.take(separator)
        body = self.term(0)
        self._scope = scope
        for bound in reversed(bounds):
            body = Term("→" if keyword == "∀" else "∧", (bound, body))
        return _bound(keyword, binders, body)

    def _group(self) -> list[Binder]:
        """The variables of one bracket, which are in scope from now on."""
        opening = self.take()
        if opening not in CLOSING:
            raise UnreadableError
        names: list[str] = []
        if opening == "[":
            if self.peek(1) == ":":
                names = [self.take()]
                self.take()
            kind = self.term(0)
            self.take("]")
            return [(name, kind, True) for name, kind, _ in self._declare(names or ["_"], kind)]
        while self.peek() not in (":", CLOSING[opening]):
            names.append(self.take())
        kind = Term(HOLE)
        if self.peek() == ":":
            self.take()
            kind = self.term(0)
        self.take(CLOSING[opening])
        return self._declare(names, kind)

    def _declare(self, names: Sequence[str], kind: Term) -> list[Binder]:
        binders: list[Binder] = []
        for name in names:
            self._count += 1
            unique = f"{name}%{self._count}"
            self._scope[name] = unique
            binders.append((unique, kind, False))
        return binders


def _bound(keyword: str, binders: Sequence[Binder], body: Term) -> Term:
    for name, kind, found in reversed(binders):
        if not found:
            body = normal(Term(keyword, (kind, closed(body, name))))
    return body


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
