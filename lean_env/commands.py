"""Where each command of a Lean text begins, and what kind of command it is, found without running Lean.

Lean's grammar is open to extension, so this goes by the words and the layout that people write: a command
begins with a command's keyword, those that are also words of tactics (`open`, `set_option`, `lemma`) only
at a line's start and no further right than the command before.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from lean_env.keywords import CODE_RUNNERS, COMMANDS, MODIFIERS, SOFT_COMMANDS
from lean_env.lexer import Kind, Token, words_of

OPENING, CLOSING = frozenset("([{⟨⟦"), frozenset(")]}⟩⟧")
THEOREMS = frozenset({"theorem", "lemma", "example"})
_AT_LINE_START = SOFT_COMMANDS | CODE_RUNNERS | {"open", "set_option"}
_PAIRS = {("class", "inductive"), ("class", "abbrev"), ("open", "private"), ("deriving", "instance")}


def command_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Where each command of a text starts and ends."""
    return tuple((command[0].start, command[-1].end) for command in commands_of(text, words_of(text)))


def commands_of(text: str, words: Sequence[Token]) -> list[Sequence[Token]]:
    """The tokens of each command; what ends in `in` is one command with what follows."""
    starts: list[int] = []
    depth, column = 0, 0
    declared = True
    """Whether the command's own keyword has been seen, not only attributes and modifiers."""
    for index, token in enumerate(words):
        before = words[index - 1] if index else None
        indent = token.start - (text.rfind("\n", 0, token.start) + 1)
        leftmost = (before is None or "\n" in text[before.end : token.start]) and indent <= column
        if not starts or ((depth == 0 or leftmost) and _begins(words, index, leftmost)):
            continues = before is not None and before.text == "in"
            if declared and not continues:
                starts.append(index)
                column = indent
            depth, declared = 0, False
        if token.text in OPENING:
            depth += 1
        elif token.text in CLOSING:
            depth = max(0, depth - 1)
        elif depth == 0 and token.text not in MODIFIERS and token.text != "@":
            declared = True
    return [words[start:end] for start, end in itertools.pairwise([*starts, len(words)])]


def _begins(words: Sequence[Token], index: int, leftmost: bool) -> bool:
    """Whether a command can begin at this token; `leftmost`: it starts a line, far enough left."""
    if index >= len(words):
        return False
    token, before = words[index], words[index - 1] if index else None
    after = words[index + 1].text if index + 1 < len(words) else ""
    if token.kind is Kind.SYMBOL:
        return leftmost and (token.text == "#" or (token.text, after) == ("@", "["))
    if token.kind is not Kind.WORD:
        return False
    if before is not None and ((before.text, token.text) in _PAIRS or _is_field(before, token)):
        return False
    if token.text == "deriving":
        return after == "instance"
    return token.text in COMMANDS or (leftmost and token.text in _AT_LINE_START)


def _is_field(dot: Token, word: Token) -> bool:
    return dot.text == "." and dot.end == word.start


def keyword_of(command: Sequence[Token]) -> Token | None:
    """What kind of command it is: its first word behind attributes, modifiers and each `… in`."""
    depth = 0
    found: Token | None = None
    for index, token in enumerate(command):
        if token.text in OPENING:
            depth += 1
        elif token.text in CLOSING:
            depth -= 1
        elif depth == 0 and token.text == "in" and _begins(command, index + 1, True):
            found = None
        elif depth == 0 and found is None and token.kind is Kind.WORD and token.text not in MODIFIERS:
            found = token
            if found.text in THEOREMS:
                break
    return found
