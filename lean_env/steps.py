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
from collections.abc import Sequence
from dataclasses import dataclass

from lean_env.lexer import Kind, Token, code, tokenize

_OPENING, _CLOSING = "([{⟨⟦", ")]}⟩⟧"
_OPENS_BLOCK = frozenset({"by", "=>", "·", ".", "do", "then", "else"})


@dataclass(frozen=True, slots=True)
class Boundary:
    """The end of one step."""

    start: int
    """Offset of the step's first character."""
    end: int
    """Offset just behind its last character."""


def boundaries(proof: str) -> tuple[Boundary, ...]:
    """The steps of `proof` in order, comments left out."""
    tokens = code(tokenize(proof))
    columns = _columns(proof, tokens)
    steps: list[Boundary] = []
    depth, first = 0, 0
    line_column = columns[0] if tokens else 0
    for index, token in enumerate(tokens):
        if token.kind is Kind.SYMBOL:
            depth += (token.text in _OPENING) - (token.text in _CLOSING)
            if token.text == ";" and depth <= 0:
                if first < index:
                    steps.append(Boundary(tokens[first].start, tokens[index - 1].end))
                first = index + 1
                continue
        following = columns[index + 1] if index + 1 < len(tokens) else 0
        if following is None or depth > 0:
            continue
        deeper = (
            index + 1 < len(tokens)
            and line_column is not None
            and following > line_column
            and tokens[index + 1].text != "|"
        )
        if not deeper or token.text in _OPENS_BLOCK:
            steps.append(Boundary(tokens[first].start, token.end))
            first = index + 1
            depth = 0
            line_column = following
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


def _columns(text: str, tokens: Sequence[Token]) -> list[int | None]:
    """For each token its column if it is the first of its line, else None."""
    columns: list[int | None] = []
    for token in tokens:
        line_start = text.rfind("\n", 0, token.start) + 1
        before = text[line_start : token.start]
        columns.append(len(before) if not before.strip(" \t\r") else None)
    return columns


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
