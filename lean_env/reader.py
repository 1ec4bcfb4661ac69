"""Reads terms without Lean: an operator-precedence parser for what statements and goals are written in.

What is not understood raises `UnreadableError`. Nothing is elaborated; what a piece of syntax means is for
those to say who ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lean_env.notation import (
    BINDERS,
    BRACKETS,
    INFIX,
    KEYWORDS,
    PREFIX,
    Piece,
    Shape,
    UnreadableError,
)
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

_ATOMS = frozenset({Shape.NAME, Shape.NUMBER, Shape.STRING})
_OPENINGS = frozenset("([⟨↑@")
_NO_ARGUMENTS = frozenset({*KEYWORDS, "fun", "if"})
_CLOSING = frozenset(BRACKETS.values())
_END = Piece("", Shape.SYMBOL, False)


def read_term(pieces: Sequence[Piece]) -> Syntax:
    """The term that all of the pieces are. Raises `UnreadableError`."""
    reader = _Reader(pieces)
    term = reader.term(0)
    reader.take("")
    return term


@dataclass(frozen=True, slots=True)
class Parameters:
    """A bracket before a statement's colon, its parts not yet read."""

    bracket: str
    """The opening one."""
    names: tuple[str, ...]
    """Empty if there is no colon."""
    type: Sequence[Piece]
    """Or what else there is; a default value is left out."""


def split_signature(pieces: Sequence[Piece]) -> tuple[list[Parameters], Sequence[Piece]]:
    """The brackets that a statement has behind its name, and what follows them.

    The parts come unread, so that one that cannot be read does not take the others with it.
    """
    brackets: list[Parameters] = []
    start = _closing(pieces, 1) + 1 if [piece.text for piece in pieces[:2]] == [".", "{"] else 0
    while start < len(pieces) and (bracket := pieces[start].text) in BRACKETS:
        end = _closing(pieces, start)
        inside = pieces[start + 1 : end]
        colon = _first(":", inside)
        if bracket == "[" and colon != 1:  # `[DecidablePred fun x : Nat => p x]`
            colon = -1
        names = tuple(piece.text for piece in inside[: max(0, colon)])
        kind = inside[colon + 1 :]
        default = _first(":=", kind)
        brackets.append(Parameters(bracket, names, kind if default < 0 else kind[:default]))
        start = end + 1
    return brackets, pieces[start:]


def _first(text: str, pieces: Sequence[Piece]) -> int:
    """Where a symbol stands outside of brackets; -1 if nowhere."""
    depth = 0
    for place, piece in enumerate(pieces):
        depth += (piece.text in BRACKETS) - (piece.text in _CLOSING)
        if depth == 0 and piece.text == text:
            return place
    return -1


def _closing(pieces: Sequence[Piece], start: int) -> int:
    """Where the bracket at `start` is closed; the last piece if it is not."""
    depth = 0
    for place in range(start, len(pieces)):
        depth += (pieces[place].text in BRACKETS) - (pieces[place].text in _CLOSING)
        if depth == 0:
            return place
    return len(pieces) - 1


class _Reader:
    """A place in a row of pieces."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = [*pieces, _END, _END, _END]  # So far ahead is looked.
        self._at = 0

    def peek(self, ahead: int = 0) -> str:
        """The text of a piece to come; empty behind the last."""
        return self._pieces[self._at + ahead].text

    def take(self, expected: str) -> None:
        """Go past a piece, which must be this one; the empty one is the end."""
        if self._pieces[self._at].text != expected:
            raise UnreadableError
        self._at += 1

    def term(self, level: int) -> Syntax:
        """A term whose operators bind at least as strongly as `level`."""
        left = self._prefixed()
        while (known := INFIX.get(operator := self.peek())) and known[0] >= level:
            self._at += 1
            left = Infix(operator, left, self.term(known[2]))
        return left

    def _prefixed(self) -> Syntax:
        text = self.peek()
        if text in BINDERS:
            return self._binder()
        if text in PREFIX:
            self._at += 1
            return Prefix(text, self.term(PREFIX[text][1]))
        if text == "if":
            return self._conditional()
        return self._application()

    def _conditional(self) -> Syntax:
        self.take("if")
        if self.peek(1) == ":":
            raise UnreadableError
        condition = self.term(0)
        self.take("then")
        yes = self.term(0)
        self.take("else")
        return Conditional(condition, yes, self.term(0))

    def _application(self) -> Syntax:
        function = self._atom()
        arguments: list[Syntax] = []
        while self._starts_argument():
            if self.peek() == "(" and self.peek(2) == ":=":
                self._at = _closing(self._pieces, self._at)
                self.take(")")
            else:
                arguments.append(self._atom())
        if self.peek() == "fun":
            arguments.append(self._binder())
        return Application(function, tuple(arguments)) if arguments else function

    def _starts_argument(self) -> bool:
        text, shape, _ = self._pieces[self._at]
        return (shape in _ATOMS or text in _OPENINGS) and text not in _NO_ARGUMENTS

    def _atom(self) -> Syntax:
        text, shape, _ = self._pieces[self._at]
        self._at += 1
        atom: Syntax
        if shape is Shape.NAME:
            if text in ("Type", "Sort") and self.peek() == "*":
                self._at += 1
                return Name(f"{text}*")
            atom = Name(text)
        elif shape is Shape.NUMBER:
            atom = Number(text)
        elif shape is Shape.STRING:
            atom = String(text)
        elif text == "(":
            atom = self._parenthesised()
        elif text in ("[", "⟨"):
            atom = Items(text, self._items(BRACKETS[text]))
        elif text == "↑":
            return Prefix(text, self._atom())
        elif text == "@" and self._pieces[self._at].shape is Shape.NAME:
            return self._atom()
        else:
            raise UnreadableError
        return self._projected(atom) if self._pieces[self._at].glued else atom

    def _projected(self, atom: Syntax) -> Syntax:
        """The atom with the fields and indices behind it."""
        while True:
            text, shape, glued = self._pieces[self._at]
            if shape is Shape.FIELD:
                self._at += 1
                atom = Field(atom, text)
            elif text == "[" and glued and self.peek(1) != "]":
                self._at += 1
                place = self.term(0)
                self.take("]")
                mark, _, glued = self._pieces[self._at]
                mark = mark if glued and mark in ("?", "!") else ""
                self._at += len(mark)
                atom = Index(atom, place, mark)
            else:
                return atom

    def _parenthesised(self) -> Syntax:
        if self.peek() == ")":
            self.take(")")
            return Items("(", ())
        items = [self.term(0)]
        while self.peek() == ",":
            self.take(",")
            items.append(self.term(0))
        if len(items) > 1:
            self.take(")")
            return Items("(", tuple(items))
        kind = self._type()
        self.take(")")
        return Parenthesised(items[0], kind)

    def _type(self) -> Syntax | None:
        """What stands behind a colon, if there is one."""
        if self.peek() != ":":
            return None
        self.take(":")
        return self.term(0)

    def _items(self, closing: str) -> tuple[Syntax, ...]:
        items: list[Syntax] = []
        while self.peek() != closing:
            items.append(self.term(0))
            if self.peek() != closing:
                self.take(",")
        self.take(closing)
        return tuple(items)

    def _binder(self) -> Syntax:
        keyword = self.peek()
        self._at += 1
        separator = "=>" if keyword == "fun" else ","
        bounds: list[Bound] = []
        while self.peek() != separator:
            bounds.append(self._bracketed() if self.peek() in BRACKETS else self._bare())
        self.take(separator)
        return Binder(keyword, tuple(bounds), self.term(0))

    def _bracketed(self) -> Bound:
        bracket = self.peek()
        self._at += 1
        if bracket == "[" and self.peek(1) != ":":
            bound = Bound((), self.term(0), bracket)
        else:
            bound = Bound(self._names(), self._type(), bracket)
        self.take(BRACKETS[bracket])
        return bound

    def _bare(self) -> Bound:
        names, kind = self._names(), self._type()
        if kind is None and (relation := self.peek()) in INFIX:  # `∀ x < n, …`, `∃ x ∈ l, …`
            self._at += 1
            return Bound(names, None, "", (relation, self.term(51)))
        return Bound(names, kind, "")

    def _names(self) -> tuple[str, ...]:
        start = self._at
        while self._pieces[self._at].shape is Shape.NAME:
            self._at += 1
        if self._at == start:
            raise UnreadableError
        return tuple(piece.text for piece in self._pieces[start : self._at])
