"""The proof in a reasoning model's reply, or why there is none.

Such a reply is a plan, drafts of the proof in fenced blocks, and at last a block that states the theorem
once more and proves it. It is read as what it evidently means: the last complete Lean block that restates
*this* theorem, word for word, holds the proof. What is no such thing is refused with a reason. A statement
that was changed is refused, never mended: what proves another statement is no attempt at this one.
(Whatever comes out of here, Lean checks it against the statement as it was given, never as it is restated.)
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from lean_env.cheats import MAX_CHARACTERS
from lean_env.commands import THEOREMS
from lean_env.lexer import Kind, words_of
from lean_env.outline import Entry, Form, outline
from lean_env.values import Theorem

_FENCE = re.compile(r"[ \t]*(?:[-*>][ \t]+)?(`{3,}|~{3,})[ \t]*([^`\s]*)[^`]*")
_LEAN = frozenset({"lean4", "lean", ""})
_DECLARES = THEOREMS | {
    *("def", "abbrev", "structure", "class", "inductive", "instance", "axiom", "opaque", "macro"),
}
_END = re.compile(r":=\s*(?:by\b)?\s*\Z")
_OPENS, _CLOSES = "<think>", "</think>"


@dataclass(frozen=True, slots=True)
class Extracted:
    """A proof, as tactics."""

    tactics: str
    whole: bool
    """Whether it is known to be the proof from its start: the block states the theorem."""


@dataclass(frozen=True, slots=True)
class Refused:
    """No proof, and why: one line."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Block:
    language: str
    text: str
    complete: bool


def extract(theorem: Theorem, reply: str, *, cut: bool = False) -> Extracted | Refused:
    """The proof in `reply`; `cut` says that the token limit ended it. Never raises.

    Blocks that restate the theorem go before a block of tactics alone, complete ones before one that the
    reply's end cuts off, proofs before `sorry`, and later ones before earlier.
    """
    if len(reply) > MAX_CHARACTERS:
        return Refused(f"the reply is longer than {MAX_CHARACTERS:,} characters")
    text = reply.replace("\r\n", "\n").replace("\r", "\n")
    if _CLOSES in text:
        text = text.rpartition(_CLOSES)[2]
    elif _OPENS in text:
        return Refused("the reply ends inside of its reasoning")
    blocks = [block for block in _blocks(text) if block.language in _LEAN and block.text.strip()]
    complete = [block.text for block in blocks if block.complete]
    found = _restated(theorem, complete)
    if isinstance(found, Extracted):
        return found
    partial = [block.text for block in blocks if not block.complete]
    if cut:
        partial = [_without_last_line(one) for one in partial]
    if isinstance(rest := _restated(theorem, partial), Extracted):
        return rest
    if found is None and complete and not _declared(complete[-1]) and words_of(complete[-1]):
        return Extracted(complete[-1], False)
    if refused := found or rest:
        return refused
    if not blocks:
        if isinstance(bare := _restated(theorem, [_without_last_line(text) if cut else text]), Extracted):
            return bare
        return bare or Refused("the reply holds no Lean block")
    if not complete:
        return Refused("the reply's Lean block does not end, and does not state the theorem")
    others = _declared(complete[-1])
    if others:
        return Refused(f"the reply's Lean block is about {others[0]}, not about {theorem.name}")
    return Refused("the reply's Lean block holds comments only")


def _restated(theorem: Theorem, blocks: list[str]) -> Extracted | Refused | None:
    """The best proof in the blocks that restate the theorem; else what is wrong with the last of them;
    None if no block does."""
    own = _last(theorem.name)
    wrong: Refused | None = None
    draft: Extracted | None = None
    for block in reversed(blocks):
        if own not in block:
            continue
        for entry in reversed(outline(block)):
            if _last(entry.name) != own:
                continue
            found = _proof_of(theorem, entry)
            if isinstance(found, Refused):
                wrong = wrong or found
            elif not entry.is_open:
                return found
            else:
                draft = draft or found
    return draft or wrong


def _proof_of(theorem: Theorem, entry: Entry) -> Extracted | Refused:
    """The proof of a theorem with the right name."""
    if _statement(entry.statement) != _statement(theorem.statement):
        return Refused(f"the reply changes the statement of {_last(theorem.name)}")
    if entry.form is Form.MISSING:
        return Refused("the reply states the theorem without a proof")
    if entry.form is Form.CASES:
        return Refused("the reply's proof is by cases of a definition, not by tactics")
    helpers = set(_declared(entry.text[: entry.start])) - set(_declared(theorem.header))
    helpers -= {_last(theorem.name)}
    used = helpers & {part for word in words_of(entry.proof) for part in word.text.split(".")}
    if used:
        return Refused(f"the proof uses {min(used)}, which the reply declares before the theorem; "
                       "only what stands inside of the proof counts")  # fmt: skip
    if entry.form is Form.TERM:
        first, *others = entry.proof.strip("\n").split("\n")
        return Extracted("\n".join([f"exact {first.strip()}", *(f"    {line}" for line in others)]), True)
    return Extracted(entry.proof, True)


def _blocks(text: str) -> list[_Block]:
    """The fenced blocks in order, nested ones as blocks of their own.

    A fence with a language begins a block wherever it stands. One without ends the block that is open, unless
    it stands inside of one of its comments; so do backticks at the end of a line of code.
    """
    blocks: list[_Block] = []
    lines: list[str] | None = None
    language = ""
    comments = 0
    for line in text.split("\n"):
        fence = _FENCE.fullmatch(line)
        if fence is not None and (lines is None or fence[2]):
            if lines is not None:
                blocks.append(_Block(language, "\n".join(lines), False))
            lines, language, comments = [], fence[2].lower(), 0
            continue
        if lines is None:
            continue
        bare = line.rstrip()
        if comments <= 0 and (fence is not None or bare.endswith("```")):
            if fence is None:
                lines.append(bare.rstrip("`"))
            blocks.append(_Block(language, "\n".join(lines), True))
            lines = None
            continue
        lines.append(line)
        comments += line.count("/-") - line.count("-/")
    if lines is not None:
        blocks.append(_Block(language, "\n".join(lines), False))
    return blocks


def _statement(statement: str) -> list[str]:
    """The words behind the theorem's name, without `:= by`, comments and blanks."""
    words = [token.text for token in words_of(_END.sub("", statement.rstrip()))]
    at = next((index for index, word in enumerate(words) if word in THEOREMS), -1)
    return words[at + 2 :]


def _declared(text: str) -> list[str]:
    """The last components of the names that `text` declares."""
    words = [token.text for token in words_of(text) if token.kind is Kind.WORD]
    return [_last(name) for keyword, name in itertools.pairwise(words) if keyword in _DECLARES]


def _last(name: str) -> str:
    return name.rsplit(".", 1)[-1]


def _without_last_line(text: str) -> str:
    """What the token limit cut off may end in the middle of a word."""
    return text.rpartition("\n")[0]
