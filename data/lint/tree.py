"""A statement as a tree with places: what `data.lint.parser` reads, and the checks go over.

Unlike `data.hygiene`, which forgets what does not matter to compare statements, this keeps what a reader's
eye slips over: where a sum's body ends, and of which type a division is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lean_env.lexer import words_of


class UnreadableError(Exception):
    """Not in the part of Lean that is read here."""


@dataclass(frozen=True, slots=True)
class Binder:
    """Variables, or names of hypotheses, that are bound together."""

    names: tuple[str, ...]
    type: Node | None
    """None if nobody wrote one."""
    start: int
    end: int
    bracket: str = ""
    """`(`, `{`, `[` or `⦃`; empty for none."""
    limit: Node | None = None
    """What `∀ x < limit`, `∑ x in limit` compare with."""
    relation: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """A term, and where it stands: offsets into the statement."""

    head: str
    """An operator, a binder's keyword, `name`, `number`, `app`, `( )`, `( : )`, or another bracket."""
    args: tuple[Node, ...] = ()
    start: int = 0
    end: int = 0
    text: str = ""
    """Of names and numbers."""
    binders: tuple[Binder, ...] = field(default=())

    def walk(self) -> Iterator[Node]:
        """The node and all below it, types and limits of binders included."""
        yield self
        for binder in self.binders:
            for part in (binder.type, binder.limit):
                if part is not None:
                    yield from part.walk()
        for arg in self.args:
            yield from arg.walk()


@dataclass(frozen=True, slots=True)
class Tree:
    """A whole statement."""

    text: str
    name: str
    binders: tuple[Binder, ...]
    """Before the colon."""
    claim: Node

    @property
    def variables(self) -> tuple[str, ...]:
        """Names bound before the colon, hypotheses included."""
        return tuple(name for binder in self.binders for name in binder.names)

    def words(self, node: Node) -> str:
        """The node's text on one line."""
        return " ".join(self.text[node.start : node.end].split())


def binder_groups(statement: str) -> tuple[int, tuple[tuple[int, int], ...], int, int] | None:
    """Where the binders before the colon begin, each of them, and where the claim begins and ends.

    Goes by brackets alone, so that it works on statements that the tree's reader does not understand; None
    for what is no `theorem … : … := by`.
    """
    words = words_of(statement)
    place = next((i for i, token in enumerate(words) if token.text in ("theorem", "lemma")), None)
    if place is None or len(words) < place + 4 or [w.text for w in words[-2:]] != [":=", "by"]:
        return None
    groups: list[tuple[int, int]] = []
    depth, begin = 0, 0
    for token in words[place + 2 :]:
        if token.text in "([{⦃⟨":
            begin = begin if depth else token.start
            depth += 1
        elif token.text in ")]}⦄⟩":
            depth -= 1
            if depth == 0:
                groups.append((begin, token.end))
        elif depth == 0 and token.text == ":":
            return words[place + 1].end, tuple(groups), token.end, words[-2].start
    return None
