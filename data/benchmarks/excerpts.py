"""A theorem cut out of a file by LeanDojo's places, with all that precedes it as its header."""

from __future__ import annotations

from lean_env.errors import SourceError
from lean_env.lexer import Kind, tokenize, words_of
from lean_env.names import components
from lean_env.outline import outline
from lean_env.source import parse_statement
from lean_env.values import Provenance, Theorem

AHEAD = 10_000
"""So many characters of comments may stand before a theorem's name, beyond twice the theorem's length."""


def theorem_of(code: str, name: str, header: str, footer: str | None, path: str, line: int) -> Theorem:
    """The statement in its context; without a footer, the header gets the namespace of the name."""
    words = words_of(code)
    place = next((i for i, token in enumerate(words) if token.text in ("theorem", "lemma")), None)
    if place is None or place + 1 >= len(words):
        raise SourceError(f"the code of {name} is no theorem")
    end = len(words)
    while end > place and words[end - 1].text in (":=", "by"):  # LeanDojo cuts before them or behind.
        end -= 1
    code = code[: words[end - 1].end]
    local, full = components(words[place + 1].text), components(name)
    if footer is None:
        outer = full[: len(full) - len(local)] if full[len(full) - len(local) :] == local else []
        space = ".".join(outer)
        header += f"\nnamespace {space}\n\n" if space else "\n"
        footer = f"end {space}\n" if space else ""
    found = parse_statement(f"{code} := by", header)
    return Theorem(name, found.statement, header, footer, found.informal, Provenance(path, line))


def offset(text: str, place: tuple[int, ...]) -> int:
    """The offset of a line from 1 and a column from 1, as LeanDojo counts."""
    lines = text.split("\n")
    if not 1 <= place[0] <= len(lines):
        raise SourceError(f"line {place[0]} is beyond the end of the file: these are not the sources")
    return sum(len(line) + 1 for line in lines[: place[0] - 1]) + max(0, place[1] - 1)


def expect(code: str, text: str, start: tuple[int, ...]) -> None:
    """Raises `SourceError` unless a theorem stands in a text where LeanDojo saw it, up to its name."""
    at = offset(text, start)
    words = [token.text for token in words_of(code)]
    last = next((i for i, word in enumerate(words) if word in ("theorem", "lemma")), 0) + 2
    there = [token.text for token in words_of(text[at : at + 2 * len(code) + AHEAD])]
    if words[:last] != there[:last]:
        said = " ".join(words[:last])
        raise SourceError(f"line {start[0]} of the source does not say `{said}`: it is of another revision")


def before(text: str, start: tuple[int, ...]) -> str:
    """What precedes a theorem, but for its documentation."""
    head = text[: offset(text, start)]
    tokens = tokenize(head)
    return head[: tokens[-1].start] if tokens and tokens[-1].kind is Kind.DOC else head


def closing(header: str) -> str:
    """What closes the scopes that a header leaves open."""
    entries = outline(f"{header}\ntheorem _last : True := by sorry\n")
    return entries[-1].footer if entries else ""


def say(error: BaseException) -> str:
    """An error in one line."""
    if isinstance(error, KeyError):
        return f"the field {error} is missing"
    return " ".join(f"{error}".split()) or type(error).__name__
