"""The notation of statements, and their text cut into tokens in one spelling."""

from __future__ import annotations

from lean_env.lexer import Kind, words_of


class UnreadableError(Exception):
    """Not in the part of Lean that is read here."""


_RELATIONS = "= ≠ == != < ≤ > ≥ ∣ ∈ ∉ ⊆ ⊂ ≈ ~ <+ <+:"
INFIX: dict[str, tuple[int, int, int]] = {
    # operator: (precedence, least precedence on its left, on its right)
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
PREFIX = {"¬": 40, "!": 40, "-": 75, "↑": 1024}
SPELLINGS = {
    "->": "→",
    "<->": "↔",
    "\\/": "∨",
    "/\\": "∧",
    "<=": "≤",
    ">=": "≥",
    "λ": "fun",
    "Not": "¬",
    "ℕ": "Nat",
    "ℤ": "Int",
}
"""Tokens that are written in two ways."""
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
}
"""Names of what also has a notation, or a number."""
_SYMBOLS = frozenset({*INFIX, *SPELLINGS, ":=", "=>", "∃!", "<+"})
_TAKING_FUNCTIONS = "map filter filterMap foldl foldr all any find? takeWhile dropWhile partition"
FUNCTION_FIRST = frozenset(_TAKING_FUNCTIONS.split())
"""Functions that take the object of `object.function` behind their first argument."""
STOPS = frozenset({"then", "else", "with", "from", "in", "do", "by", "at", "match", "let", "have", "show"})
CLOSING = {"(": ")", "{": "}", "[": "]", "⦃": "⦄", "⟨": "⟩"}


def read_tokens(text: str) -> tuple[list[str], list[bool]]:
    """The tokens of a statement, and of each whether it follows the one before it without a blank.

    Raises `UnreadableError` for strings, characters and name literals.
    """
    tokens: list[str] = []
    glued: list[bool] = []
    end = -1
    for token in words_of(text):
        if token.kind in (Kind.STRING, Kind.CHAR, Kind.NAME):
            raise UnreadableError
        touches = token.start == end
        joined = tokens[-1] + token.text if touches and token.kind is Kind.SYMBOL else ""
        if joined in _SYMBOLS:  # Symbols come one character at a time.
            tokens[-1] = joined
        else:
            tokens.append(token.text)
            glued.append(touches)
        end = token.end
    return [SPELLINGS.get(token, token) for token in tokens], glued
