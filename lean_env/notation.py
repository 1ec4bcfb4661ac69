"""The notation of terms: operators and their precedences, and text cut into the pieces that they are made of.

`lean_env.lexer` knows no operators of more than one character, since Lean's table of them grows; those that
Lean's library declares are put together here. Whoever needs fewer of them takes a part of the table.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple

from lean_env.lexer import Kind, words_of
from lean_env.names import components


class UnreadableError(Exception):
    """Not in the part of Lean that is read here."""


class Shape(Enum):
    """What a piece looks like."""

    NAME = auto()
    """A keyword, or a name with what is dotted onto it, such as `h.1.symm`."""
    NUMBER = auto()
    STRING = auto()
    FIELD = auto()
    """A name or a number that is dotted onto something else, without the dot."""
    SYMBOL = auto()
    OTHER = auto()
    """Characters, literals of names, and strings that do not end; no term that is read here has them."""


class Piece(NamedTuple):
    """A part of a term's text, in one spelling."""

    text: str
    shape: Shape
    glued: bool
    """Whether it follows the piece before it without a blank."""


_RELATIONS = "= ≠ == != < ≤ > ≥ ∣ ∈ ∉ ⊆ ⊂ ≈ ~ <+ <+:"
INFIX: dict[str, tuple[int, int, int]] = {
    # operator: (precedence, least precedence on its left, on its right), as in Lean's notation files
    "<|": (10, 11, 10),
    "$": (10, 11, 10),
    "↔": (20, 21, 21),
    "→": (25, 26, 25),
    "∨": (30, 31, 30),
    "||": (30, 30, 31),
    "∧": (35, 36, 35),
    "&&": (35, 35, 36),
    "×": (35, 36, 35),
    "⊕": (30, 31, 30),
    **dict.fromkeys(_RELATIONS.split(), (50, 51, 51)),
    "<|>": (20, 20, 21),
    ">>=": (55, 55, 56),
    "∪": (65, 65, 66),
    "∩": (70, 70, 71),
    "+": (65, 65, 66),
    "-": (65, 65, 66),
    "++": (65, 65, 66),
    "::": (67, 68, 67),
    "*": (70, 70, 71),
    "/": (70, 70, 71),
    "%": (70, 70, 71),
    "^": (75, 76, 75),
    "∘": (90, 91, 90),
}
PREFIX: dict[str, tuple[int, int]] = {"¬": (1024, 40), "!": (1024, 40), "-": (75, 75), "↑": (1024, 1024)}
"""Precedence, and least precedence of the operand."""
BINDERS = frozenset({"∀", "∃", "∃!", "fun"})
KEYWORDS = frozenset({"then", "else", "with", "from", "in", "do", "by", "at", "match", "let", "have", "show"})
"""Words that no argument begins with."""
BRACKETS = {"(": ")", "{": "}", "[": "]", "⦃": "⦄", "⟨": "⟩"}
_SPELLINGS = {
    "->": "→",
    "<->": "↔",
    "\\/": "∨",
    "/\\": "∧",
    "<=": "≤",
    ">=": "≥",
    "λ": "fun",
    "Not": "¬",
}
"""Symbols that are written in two ways."""
_SYMBOLS = frozenset(
    symbol[:length] for symbol in (*INFIX, *_SPELLINGS, "∃!") for length in range(2, len(symbol) + 1)
)
"""With their beginnings, since they are put together one character after the other."""
_ENDINGS = frozenset("✝⁰¹²³⁴⁵⁶⁷⁸⁹")
"""What Lean prints behind a name that nobody can write, such as `x✝¹`."""


def read_pieces(text: str) -> list[Piece]:
    """The pieces of a term, or of a statement; comments are none."""
    pieces: list[Piece] = []
    end = -1
    for token in words_of(text):
        glued = token.start == end
        end = token.end
        word = _SPELLINGS.get(token.text, token.text)
        if token.kind is Kind.SYMBOL:
            joined = pieces[-1].text + word if glued else ""
            if joined in _SYMBOLS or (word in _ENDINGS and glued and pieces[-1].shape is Shape.NAME):
                pieces[-1] = pieces[-1]._replace(text=_SPELLINGS.get(joined, joined))
            else:
                pieces.append(Piece(word, Shape.SYMBOL, glued))
        elif glued and pieces[-1].text == "." and pieces[-1].glued:
            pieces.pop()
            fields = components(word)
            if pieces[-1].shape is Shape.NAME:
                pieces[-1] = pieces[-1]._replace(text=".".join((pieces[-1].text, *fields)))
            else:
                pieces += [Piece(field, Shape.FIELD, True) for field in fields]
            if word.endswith("."):  # `h.1.symm` has the number `1.` in it.
                pieces.append(Piece(".", Shape.SYMBOL, True))
        else:
            shape = _SHAPES.get(token.kind, Shape.OTHER) if token.closed else Shape.OTHER
            pieces.append(Piece(word, shape, glued))
    return pieces


_SHAPES = {Kind.WORD: Shape.NAME, Kind.NUMBER: Shape.NUMBER, Kind.STRING: Shape.STRING}
