"""Lean 4 text cut into tokens, without Lean.

What may stand in a candidate's proof is decided before Lean sees it, and where a user's theorem
ends is decided without elaborating it; both need to know what is a comment, what a string and what
code, exactly as Lean's own tokenizer does (`Lean.Parser.whitespace`, `tokenFnAux`). The one thing
that is not knowable here is Lean's table of symbols, which grows with every `notation`: symbols
therefore come out as single characters, but for a few that matter. That is the safe direction:
a longer symbol never turns code into a comment unless it ends where a comment would begin, and
`lean_env.cheats` refuses such places.

Any text has tokens: what Lean would refuse becomes a `SYMBOL`, what does not end has `closed` false.
Between two tokens lie only blanks, so the tokens and the blanks are the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

BLANKS = " \t\r\n"

_FIRST = (
    "A-Za-z_"
    "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f"  # Latin letters with marks, but not × and ÷
    "\u0391-\u039f\u03a1-\u03a2\u03a4-\u03a9\u03b1-\u03ba\u03bc-\u03c9"  # Greek, but not Π, Σ and λ
    "\u03ca-\u03fb\u1f00-\u1ffe\u2100-\u214f\U0001d49c-\U0001d59f"
)
_REST = _FIRST + r"0-9'!?" + "\u2080-\u2089\u2090-\u209c\u1d62-\u1d6a\u2c7c"
_PART = f"(?:[{_FIRST}][{_REST}]*+|«[^»]*+»)"
_NAME = rf"{_PART}(?:\.{_PART})*+"

_TOKEN = re.compile(
    rf"""
    (?P<blank>   [{BLANKS}]++ )
  | (?P<line>    --[^\n]*+ )
  | (?P<doc>     /-[-!] )
  | (?P<block>   /- )
  | (?P<raw>     r\#*+" )
  | (?P<string>  " )
  | (?P<char>    '(?:\\(?:x[0-9A-Fa-f]{{2}}|u[0-9A-Fa-f]{{4}}|.)|[^'\\])' )
  | (?P<number>  0[xX][0-9A-Fa-f_]++ | 0[bB][01_]++ | 0[oO][0-7_]++
               | [0-9][0-9_]*+(?:\.(?:[0-9][0-9_]*+)?+)?+(?:[eE][+-]?+[0-9][0-9_]*+)?+ )
  | (?P<name>    `{{1,2}}{_NAME} )
  | (?P<word>    {_NAME} )
  | (?P<open>    « )
  | (?P<symbol>  := | => | <- | <;> | \.\.\.?+ | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"-/|/-")
_STRING_REST = re.compile(r'(?:[^"\\]|\\.)*+"', re.DOTALL)
_PIECE_REST = re.compile(r'(?:[^"\\{]|\\.)*+["{]', re.DOTALL)
_INTERPOLATING = frozenset({"throwError", "logInfo", "logWarning", "logError", "dbg_trace", "trace"})


class Kind(StrEnum):
    """What a token is."""

    WORD = "word"
    """A keyword, an identifier or a dotted name, with any `«…»` in it."""
    SYMBOL = "symbol"
    NUMBER = "number"
    STRING = "string"
    """A whole string; of an interpolated one, a piece between two holes, with its quotes and braces."""
    CHAR = "char"
    NAME = "name"
    """A name literal: a back-tick, or two, and a name."""
    COMMENT = "comment"
    DOC = "doc"
    """A documentation comment, which to Lean is a token and not a blank."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token, and where it starts (an offset in characters)."""

    kind: Kind
    text: str
    start: int
    closed: bool = True
    """False for a comment, string or `«` that the end of the text cuts off."""

    @property
    def end(self) -> int:
        """The offset just behind the token."""
        return self.start + len(self.text)


_KINDS = {
    "line": Kind.COMMENT,
    "char": Kind.CHAR,
    "number": Kind.NUMBER,
    "name": Kind.NAME,
    "word": Kind.WORD,
    "symbol": Kind.SYMBOL,
}


@lru_cache(maxsize=2048)  # One check asks several times about the same proof and statement.
def tokenize(text: str) -> tuple[Token, ...]:
    """All tokens of `text` in order, comments included; never raises."""
    tokens: list[Token] = []
    holes: list[int] = []  # open braces in each interpolation hole that we are in
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        assert found is not None, "the last alternative takes any character"
        group, end, closed = found.lastgroup, found.end(), True
        if group == "blank":
            position = end
            continue
        kind = _KINDS.get(group or "", Kind.SYMBOL)
        if group in ("block", "doc"):
            kind = Kind.DOC if group == "doc" else Kind.COMMENT
            end, closed = _comment_end(text, end)
        elif group == "raw":
            kind, quote = Kind.STRING, '"' + "#" * (end - position - 2)
            stop = text.find(quote, end)
            end, closed = (stop + len(quote), True) if stop >= 0 else (len(text), False)
        elif group == "string":
            kind = Kind.STRING
            if _interpolates(tokens):
                end, closed, hole = _piece_end(text, end)
                if hole:
                    holes.append(0)
            else:
                rest = _STRING_REST.match(text, end)
                end, closed = (rest.end(), True) if rest else (len(text), False)
        elif group == "open":
            kind, end, closed = Kind.WORD, len(text), False
        elif holes and found[0] == "{":
            holes[-1] += 1
        elif holes and found[0] == "}":
            if holes[-1]:
                holes[-1] -= 1
            else:  # the hole ends, the string goes on
                kind = Kind.STRING
                end, closed, hole = _piece_end(text, end)
                if not hole:
                    holes.pop()
        tokens.append(Token(kind, text[position:end], position, closed))
        position = end
    if holes:  # the text ends inside of an interpolated string's hole
        tokens[-1] = replace(tokens[-1], closed=False)
    return tuple(tokens)


def _comment_end(text: str, position: int) -> tuple[int, bool]:
    """Where the block comment ends whose inside starts at `position`; comments nest."""
    depth = 1
    for edge in _COMMENT_EDGE.finditer(text, position):
        depth += 1 if edge[0] == "/-" else -1
        if depth == 0:
            return edge.end(), True
    return len(text), False


def _piece_end(text: str, position: int) -> tuple[int, bool, bool]:
    """The end of an interpolated string's piece, whether it is closed, and whether a hole follows."""
    rest = _PIECE_REST.match(text, position)
    if rest is None:
        return len(text), False, False
    return rest.end(), True, rest[0].endswith("{")


def _interpolates(tokens: list[Token]) -> bool:
    """Whether a string that follows these tokens has holes: after `s!`, `m!`, `throwError` and the like."""
    if not tokens or tokens[-1].kind is not Kind.WORD:
        return False
    return tokens[-1].text.endswith("!") or tokens[-1].text in _INTERPOLATING


def code(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """The tokens without the comments; documentation comments count as comments here."""
    return tuple(token for token in tokens if token.kind not in (Kind.COMMENT, Kind.DOC))


@lru_cache(maxsize=2048)
def words_of(text: str) -> tuple[Token, ...]:
    """All tokens of `text` but the comments."""
    return code(tokenize(text))
