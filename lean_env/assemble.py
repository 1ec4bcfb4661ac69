"""The document that Lean sees, and the way back from a place in it to the candidate's text.

A document is the header that its items share, then for each item the statement, the proof, and a
sentinel: `#print "nonce"`, whose answer shows that nothing in the proof swallowed what follows it.
Nothing here runs Lean or decides anything.

Several items in one document must not see each other, so there each theorem is renamed to a name
that no candidate can guess (`Nat.foo` to `Nat.foo_<nonce>_3`; the namespace stays, since it decides
what names mean). `batchable` says when that changes nothing: not if the proof speaks of its own
theorem, as a recursive one does, nor if the statement leaves more behind than its name, as
`@[simp] theorem` does.

Lines count from 0 and columns in UTF-16 units in `locate` and `position`, as in the language server
protocol; `locate_message` takes what `lean --json` prints.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lean_env.keywords import RESERVED
from lean_env.lexer import Kind, Token, tokenize, words_of
from lean_env.values import Theorem

INDENT = 2
DECLARING = ("theorem", "lemma")


class Part(StrEnum):
    """What a place in a document belongs to."""

    HEADER = "header"
    STATEMENT = "statement"
    PROOF = "proof"
    SENTINEL = "sentinel"
    FOOTER = "footer"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a document, told in the terms of the item that it lies in."""

    part: Part
    item: int
    """Index of the item; -1 in header and footer."""
    offset: int
    """Offset into the item's proof as given; 0 outside of a proof."""


@dataclass(frozen=True, slots=True)
class Item:
    """One theorem and its proof, as they stand in a document. Lines are counted from 0."""

    theorem: Theorem
    proof: str
    name: str
    """Fully qualified name that the document gives to the theorem."""
    sentinel: str
    """The text that the sentinel prints; empty if there is none."""
    statement_line: int
    proof_line: int
    """First line of the proof; a proof that continues the statement's last line counts from there."""
    sentinel_line: int
    """The line behind the proof's last line, whether or not a sentinel stands there."""
    origins: tuple[tuple[int, int, int], ...]
    """For each of the proof's lines: its offset in `proof`, its first column in the document (in
    characters) that holds the proof's text, and how many characters of that text it holds."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text for Lean, and what lies where in it."""

    text: str
    items: tuple[Item, ...]
    footer_line: int
    starts: tuple[int, ...]
    """Offset at which each line starts."""

    def locate(self, line: int, utf16_column: int) -> Place:
        """Where the language server's position lies; a position past a line's end is its end."""
        return self._place(line, _characters(self._line(line), utf16_column))

    def locate_message(self, line: int, column: int) -> Place:
        """Where a position of `lean --json` lies: lines from 1, columns in characters."""
        return self._place(line - 1, column)

    def position(self, item: int, offset: int) -> tuple[int, int]:
        """The language server's position of an offset into an item's proof."""
        placed = self.items[item]
        index = max(0, bisect.bisect_right(placed.origins, offset, key=lambda origin: origin[0]) - 1)
        start, column, length = placed.origins[index]
        line = placed.proof_line + index
        text = self._line(line)[: column + min(offset - start, length)]
        return line, len(text) + sum(character > "\uffff" for character in text)

    def _line(self, line: int) -> str:
        if not 0 <= line < len(self.starts):
            return ""
        end = self.starts[line + 1] - 1 if line + 1 < len(self.starts) else len(self.text)
        return self.text[self.starts[line] : end]

    def _place(self, line: int, column: int) -> Place:
        if line >= self.footer_line:
            return Place(Part.FOOTER, -1, 0)
        index = bisect.bisect_right(self.items, line, key=lambda item: item.statement_line) - 1
        if index < 0:
            return Place(Part.HEADER, -1, 0)
        item = self.items[index]
        if line >= item.sentinel_line:
            return Place(Part.SENTINEL, index, len(item.proof))
        if line < item.proof_line:
            return Place(Part.STATEMENT, index, 0)
        start, first, length = item.origins[line - item.proof_line]
        if column < first and line == item.proof_line and item.proof_line == item.statement_line:
            return Place(Part.STATEMENT, index, 0)
        return Place(Part.PROOF, index, start + min(max(0, column - first), length))


def assemble(items: Sequence[tuple[Theorem, str]], nonce: str) -> Document:
    """One document for all `items`, which must share header and footer.

    An empty `nonce` leaves the sentinels out. More than one item needs each to be `batchable`.
    """
    assert items, "a document needs an item"
    header, footer = items[0][0].header, items[0][0].footer
    assert all(t.header == header and t.footer == footer for t, _ in items), "items must share their header"
    assert len(items) == 1 or nonce, "several items need a nonce"
    lines: list[str] = _normal(header).split("\n") if header else [""]
    carried = lines.pop()  # a statement that is indented in its file continues the header's last line
    if carried.strip():
        lines.append(carried)
        carried = ""
    placed: list[Item] = []
    for index, (theorem, proof) in enumerate(items):
        suffix = f"_{nonce}_{index}" if len(items) > 1 else ""
        statement = _normal(rename(theorem.statement, suffix) if suffix else theorem.statement)
        statement_line = len(lines)
        lines += (carried + statement).split("\n")
        if is_tactic_statement(theorem.statement):
            while len(lines) > statement_line + 1 and not lines[-1].strip():
                lines.pop()
            proof_line, body, origins = len(lines), *_block(proof)
        else:  # a term or the cases of a definition: the author's text, to the letter
            proof_line = len(lines) - 1
            body, origins = _verbatim(lines.pop(), proof)
        lines += body
        sentinel = f"{nonce}_{index}" if nonce else ""
        sentinel_line = len(lines)
        if sentinel:
            lines.append(f'#print "{sentinel}"')
        placed.append(
            Item(
                theorem=theorem,
                proof=proof,
                name=theorem.name + suffix,
                sentinel=sentinel,
                statement_line=statement_line,
                proof_line=proof_line,
                sentinel_line=sentinel_line,
                origins=origins,
            )
        )
    footer_line = len(lines)
    text = "\n".join([*lines, _normal(footer)]) if footer else "\n".join(lines) + "\n"
    starts = [0]
    starts += [offset + 1 for offset, character in enumerate(text) if character == "\n"]
    return Document(text, tuple(placed), footer_line, tuple(starts))


def batchable(theorem: Theorem, proof: str) -> bool:
    """Whether the pair means the same beside others in one document, under another name."""
    if not is_tactic_statement(theorem.statement):
        return False
    words = words_of(theorem.statement)
    place = _name_token(words)
    if place is None or words.index(place) != 1 or place.text.endswith("»"):
        return False
    last = place.text.rsplit(".", 1)[-1]
    if last in RESERVED:
        return False  # Under its own name it is no statement.
    return all(last not in token.text.split(".") for token in tokenize(proof) if token.kind is Kind.WORD)


def rename(statement: str, suffix: str) -> str:
    """The statement with `suffix` appended to the name that it declares."""
    place = _name_token(words_of(statement))
    if place is None:
        return statement
    end = place.end - 1 if place.text.endswith("»") else place.end
    return statement[:end] + suffix + statement[end:]


def is_tactic_statement(statement: str) -> bool:
    """Whether what follows the statement is a block of tactics: it ends in `by`."""
    words = words_of(statement)
    return bool(words) and words[-1].text == "by"


def _name_token(words: Sequence[Token]) -> Token | None:
    """The token behind the first `theorem` or `lemma`."""
    for keyword, name in itertools.pairwise(words):
        if keyword.text in DECLARING and keyword.kind is Kind.WORD and name.kind is Kind.WORD:
            return name
    return None


def _block(proof: str) -> tuple[list[str], tuple[tuple[int, int, int], ...]]:
    """The lines of a block of tactics and their origins, shifted as a whole to at least `INDENT`.

    The first line alone decides the shift, so a proof and its continuation are shifted alike. Lines
    that begin inside of a string stay where they are: their blanks mean something.
    """
    first = next((line for line in proof.split("\n") if line.strip()), "")
    shift = max(0, INDENT - (len(first) - len(first.lstrip(" "))))
    inside = {
        token.start + place + 1
        for token in tokenize(proof)
        if token.kind is Kind.STRING and "\n" in token.text
        for place, character in enumerate(token.text)
        if character == "\n"
    }
    lines, origins, offset = [], [], 0
    for line in proof.split("\n"):
        text = line.removesuffix("\r")
        indent = 0 if offset in inside or not text else shift
        lines.append(" " * indent + text)
        origins.append((offset, indent, len(text)))
        offset += len(line) + 1
    return lines, tuple(origins)


def _verbatim(last: str, proof: str) -> tuple[list[str], tuple[tuple[int, int, int], ...]]:
    """The proof's lines behind the statement's last line, unchanged, and their origins."""
    lines, origins, offset = [], [], 0
    for index, line in enumerate(proof.split("\n")):
        text, before = line.removesuffix("\r"), last if index == 0 else ""
        lines.append(before + text)
        origins.append((offset, len(before), len(text)))
        offset += len(line) + 1
    return lines, tuple(origins)


def _normal(text: str) -> str:
    """Line ends as Lean counts them; it reads CRLF as LF."""
    return text.replace("\r\n", "\n")


def _characters(line: str, utf16_column: int) -> int:
    """How many characters of the line lie before a UTF-16 column."""
    units = 0
    for count, character in enumerate(line):
        units += 2 if character > "\uffff" else 1
        if units > utf16_column:
            return count
    return len(line)
