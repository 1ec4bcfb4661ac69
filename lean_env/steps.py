"""Where the tactics of a proof end, read from its text alone.

A search tree needs the state after every tactic, and a place to cut a failed proof and go on. Lean
tells the state at any position in a few milliseconds; this module says which positions to ask for.
It works on the layout that Lean itself requires of tactic blocks, so it needs no parse tree and no
particular version of Lean: a tactic ends at a `;`, or at the end of a line whose next line is not
indented deeper, unless brackets are open. A line that opens a block (`by`, `=>`, `·`) ends a step
too: what follows it is worth a state of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from lean_env.lexer import Kind, Token, words_of

_OPENING, _CLOSING = "([{⟨⟦", ")]}⟩⟧"
_OPENS_BLOCK = frozenset({"by", "=>", "·", ".", "do", "then", "else"})


@dataclass(frozen=True, slots=True)
class Boundary:
    """The end of one step."""

    start: int
    """Offset of the step's first character."""
    end: int
    """Offset just behind its last character."""


@lru_cache(maxsize=2048)  # Of one proof, whoever reads, checks and continues it asks.
def boundaries(proof: str) -> tuple[Boundary, ...]:
    """The steps of `proof` in order, comments left out."""
    tokens = words_of(proof)
    places = [_place(proof, token) for token in tokens]
    steps: list[Boundary] = []
    depth, first = 0, 0
    margins = {places[0][1]} if tokens else set()  # Where a line must start to be a new tactic.
    for index, token in enumerate(tokens):
        if token.kind is Kind.SYMBOL:
            depth += (token.text in _OPENING) - (token.text in _CLOSING)
            if token.text == ";" and depth <= 0:
                if first < index:
                    steps.append(Boundary(tokens[first].start, _end(tokens[index - 1])))
                first = index + 1
                continue
        opens = token.text in _OPENS_BLOCK
        if index + 1 < len(tokens):
            line, column = places[index + 1]
            if line == places[index][0]:
                if opens and depth <= 0:
                    margins.add(column)  # The block begins on this line: its next tactic stands below.
                continue
            if depth > 0:
                continue
            if (
                not opens
                and column > min(margins)
                and column not in margins
                and tokens[index + 1].text != "|"
            ):
                continue
            margins = {margin for margin in margins if margin < column} | {column}
        steps.append(Boundary(tokens[first].start, _end(token)))
        first, depth = index + 1, 0
    return tuple(step for step in steps if step.start < step.end)


def block_end(proof: str, offset: int) -> int:
    """The end of the block that the text at `offset` opens: of all that is indented deeper than
    the line of `offset`; of that line, when nothing is."""
    line_start = proof.rfind("\n", 0, offset) + 1
    own = _indent(proof[line_start:])
    end = len(proof)
    for found in re.finditer(r"\n([ ]*)(?=\S)", proof[offset:]):
        if len(found[1]) <= own:
            end = offset + found.start()
            break
    return len(proof[:end].rstrip())


def _place(text: str, token: Token) -> tuple[int, int]:
    """Where the token's line starts, and the token's column."""
    line = text.rfind("\n", 0, token.start) + 1
    return line, token.start - line


def _end(token: Token) -> int:
    """Where the token ends; a string that is never closed may end in blanks."""
    return token.start + len(token.text.rstrip())


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
