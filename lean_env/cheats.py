"""What may not stand in a candidate's proof, found by token before Lean runs.

A candidate writes tactics and nothing else. Every word that begins a command, declares, changes
notation, attributes or options, runs code, reads files, trusts compiled code or hides a `sorry` has
no place in a proof, so it is refused wherever it stands outside of comments and strings. The list
is closed and its reasons are exact; what slips through is left to Lean, to the sentinel, and in the
end to the strict audit, which trusts none of this.

Comments are harmless, whatever they say. So are strings, unless they could be read in two ways: a
string with braces may be an interpolated one, so its inside is inspected as code as well.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from lean_env.keywords import (
    CLAUSES,
    CODE_RUNNERS,
    COMMANDS,
    COMPILED,
    FILE_READERS,
    HASH_COMMANDS,
    HIDDEN_SORRIES,
    SEARCHES,
    SOFT_COMMANDS,
)
from lean_env.lexer import BLANKS, Kind, Token, tokenize, words_of
from lean_env.values import Verdict

MAX_CHARACTERS = 1_000_000
"""Longer proofs are refused; the longest of miniF2F's known proofs have some 10,000 characters."""
BRACKETS = {"(": ")", "[": "]", "{": "}", "⟨": "⟩"}
MAX_DEPTH = 400
"""Brackets nested deeper than this overflow the stack of Lean's parser before they prove anything."""

HARMLESS_OPTIONS = re.compile(
    r"""max(RecDepth|Heartbeats|SynthPendingDepth) | synthInstance\.max(Heartbeats|Size) | autoImplicit
    | relaxedAutoImplicit | exponentiation\.threshold | simprocs | (pp|linter|backward|tactic|grind)\.[\w.]+
    | push_neg\.use_distrib""",
    re.VERBOSE,
)
_BIDIRECTIONAL = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BEFORE_COMMENT = frozenset(BLANKS + '()[]{}⟨⟩,;·»"')
_BEGINS_TACTIC = {
    "by",
    ";",
    "=>",
    "·",
    "(",
    "{",
    "|",
    "try",
    "repeat",
    "first",
    "<;>",
    "all_goals",
    "any_goals",
}


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a proof is refused without asking Lean."""

    verdict: Verdict
    """`CHEAT`; `INCOMPLETE` for an open `sorry`; `FAILED` for what Lean would refuse anyway."""
    reason: str
    """One line for a person."""
    offset: int
    """Where in the proof; what lies before it may still be a good beginning."""


def inspect(proof: str) -> Rejection | None:
    """The first reason to refuse `proof`, or None if Lean may see it.

    A cheat anywhere comes before a `sorry` anywhere.
    """
    refused = _characters(proof)
    if refused is not None:
        return refused
    tokens = tokenize(proof)
    incomplete: Rejection | None = None
    for rejection in _rejections(proof, tokens):
        if rejection.verdict is Verdict.CHEAT:
            return rejection
        incomplete = incomplete or rejection
    return incomplete


def _characters(proof: str) -> Rejection | None:
    """Refuse what no file can hold, what is too long, and what shows a reader another text."""
    if len(proof) > MAX_CHARACTERS:
        return Rejection(
            Verdict.FAILED, f"the proof is longer than {MAX_CHARACTERS:,} characters", MAX_CHARACTERS
        )
    for offset, character in enumerate(proof):
        if character.isascii() and character != "\0":
            continue
        if character == "\0" or "\ud800" <= character <= "\udfff":
            return Rejection(Verdict.FAILED, f"no Lean text can hold U+{ord(character):04X}", offset)
        if character in _BIDIRECTIONAL:
            name = unicodedata.name(character)
            return Rejection(Verdict.CHEAT, f"{name} makes the text look like another one", offset)
    return None


def _rejections(proof: str, tokens: Sequence[Token]) -> Iterator[Rejection]:
    words = words_of(proof)
    yield from _shape(proof, tokens)
    yield from _brackets(words)
    yield from _words(proof, words)
    if words and words[-1].text == "in":
        yield _cheat(words[-1], "`in` at the end would reach beyond the proof")
    for start, inside in _second_readings(proof, tokens):
        for rejection in _words(inside, words_of(inside)):
            yield replace(rejection, offset=start)


def _shape(proof: str, tokens: Iterable[Token]) -> Iterator[Rejection]:
    """Comments, strings and names that do not end, or whose end is a matter of opinion."""
    for token in tokens:
        if not token.closed:
            yield Rejection(Verdict.FAILED, f"{_noun(token)} does not end", token.start)
        elif token.kind is Kind.DOC and token.text[3] == "/":
            yield _cheat(token, f"`{token.text[:4]}` is read differently by different versions of Lean")
        elif token.kind is Kind.CHAR and ('"' in token.text or "«" in token.text):
            yield _cheat(token, f"{token.text} could hide the end of a string")
        elif "«" in token.text and token.kind in (Kind.WORD, Kind.NAME) and re.search(r'[\n\r"]', token.text):
            yield _cheat(token, "a name with a line end or a quotation mark in it")


def _brackets(words: Iterable[Token]) -> Iterator[Rejection]:
    """Refuse brackets that do not match: an open one could take in what follows the proof, and in a
    document of several proofs another one could close it."""
    open_: list[Token] = []
    for token in words:
        if token.kind is not Kind.SYMBOL:
            continue
        if token.text in BRACKETS:
            open_.append(token)
            if len(open_) > MAX_DEPTH:
                yield Rejection(Verdict.FAILED, f"brackets nest deeper than {MAX_DEPTH}", token.start)
                return
        elif token.text in BRACKETS.values():
            if not open_ or BRACKETS[open_[-1].text] != token.text:
                yield Rejection(Verdict.FAILED, f"`{token.text}` closes nothing", token.start)
                return
            open_.pop()
    if open_:
        yield Rejection(Verdict.FAILED, f"`{open_[0].text}` is never closed", open_[0].start)


def _second_readings(proof: str, tokens: Iterable[Token]) -> Iterator[tuple[int, str]]:
    """What we took for a string or a comment, but what Lean, knowing more symbols, may read as code."""
    for token in tokens:
        before = proof[token.start - 1] if token.start else " "
        if token.kind is Kind.STRING and ("{" in token.text or "}" in token.text):
            yield token.start, token.text.replace('"', " ")
        elif token.kind is Kind.COMMENT and before not in _BEFORE_COMMENT and not _in_word(before):
            yield token.start, token.text[2:]


def _words(text: str, words: Sequence[Token]) -> Iterator[Rejection]:
    """Every refusal that the tokens of `text` give cause for."""
    for index, token in enumerate(words):
        before = words[index - 1] if index else None
        after = words[index + 1] if index + 1 < len(words) else None
        starts_line = before is None or "\n" in text[before.end : token.start]
        if token.kind is Kind.SYMBOL and after is not None and after.start == token.end:
            if token.text == "@" and after.text == "[":
                yield _cheat(token, "`@[` sets an attribute")
            elif token.text == "`" and after.text in BRACKETS:
                yield _cheat(token, "a quotation of syntax; a proof holds only tactics")
            elif token.text == "#" and after.text in HASH_COMMANDS:
                yield _cheat(token, f"`#{after.text}` is a command, not a tactic")
        if token.kind not in (Kind.WORD, Kind.NAME):
            continue
        if not _is_field(words, index):
            yield from _keyword(token, before, words[index + 1 :], starts_line)
        yield from _name(token)
        if token.text == "native" and _is_setting(before, after):
            yield _cheat(token, "`native` trusts compiled code instead of the kernel")


def _keyword(
    token: Token, before: Token | None, rest: Sequence[Token], starts_line: bool
) -> Iterator[Rejection]:
    """Refuse words that leave the block of tactics, and the open `sorry`."""
    if token.text in COMMANDS or (starts_line and token.text in SOFT_COMMANDS):
        yield _cheat(token, f"`{token.text}` belongs to commands; a proof holds only tactics")
    elif token.text in CLAUSES:
        yield _cheat(token, f"`{token.text}` lies outside of the block of tactics")
    elif token.text == "scoped" and (before is None or before.text != "open"):
        yield _cheat(token, "`scoped` belongs to commands; a proof holds only tactics")
    elif token.text == "open" and not _opens_in(rest):
        yield _cheat(token, "`open` without `in` is a command, not a tactic")
    elif token.text == "set_option":
        yield from _option(token, rest[:3])
    elif token.text == "sorry":
        yield Rejection(Verdict.INCOMPLETE, "the proof says `sorry`", token.start)
    elif token.text == "admit" and (starts_line or before is None or before.text in _BEGINS_TACTIC):
        yield Rejection(Verdict.INCOMPLETE, "the proof says `admit`", token.start)


def _name(token: Token) -> Iterator[Rejection]:
    """Refuse names, however qualified or quoted, that stand for something else than a proof."""
    parts = _parts(token.text)
    for part in parts:
        if part in COMPILED:
            yield _cheat(token, f"`{part}` trusts compiled code instead of the kernel")
        elif part in HIDDEN_SORRIES:
            yield _cheat(token, f"`{part}` is a hidden `sorry`")
        elif part in CODE_RUNNERS:
            yield _cheat(token, f"`{part}` runs code while the proof is checked")
    if len(parts) == 1 and parts[0] in FILE_READERS:
        yield _cheat(token, f"`{parts[0]}` reads files or starts programs")
    elif len(parts) == 1 and parts[0] in SEARCHES:
        yield _cheat(token, f"`{parts[0]}` searches for a proof and is not one")


def _parts(name: str) -> list[str]:
    """A dotted name's components without back-ticks and guillemets."""
    return [part.strip("«»") for part in re.findall(r"«[^»]*»|[^.«»`]+", name)] or [name]


def _is_field(words: Sequence[Token], index: int) -> bool:
    """Whether the word is a field as in `(f x).end`: behind one dot that follows a closing bracket."""
    if index < 2:
        return False
    bracket, dot, word = words[index - 2 : index + 1]
    return (
        dot.text == "."
        and bracket.text in (")", "]", "}", "⟩")
        and bracket.end == dot.start
        and dot.end == word.start
    )


def _is_setting(before: Token | None, after: Token | None) -> bool:
    """Whether a word between these two switches an option on: `+native`, `native := true`."""
    return (before is not None and before.text == "+") or (after is not None and after.text == ":=")


def _opens_in(rest: Sequence[Token]) -> bool:
    """Whether `open` is followed by names and `in`, so that it is a tactic or a term."""
    for index, token in enumerate(rest):
        if token.text == "in":
            return index > 0
        if token.kind is Kind.SYMBOL and token.text not in ("(", ")", ",", "→", "-", ">"):
            return False
        if token.kind not in (Kind.SYMBOL, Kind.WORD) or token.text in COMMANDS:
            return False
    return False


def _option(keyword: Token, rest: Sequence[Token]) -> Iterator[Rejection]:
    """Refuse `set_option` unless it is `set_option harmless value in`."""
    if len(rest) < 3 or rest[2].text != "in":
        yield _cheat(keyword, "`set_option` without `in` is a command, not a tactic")
        return
    option = ".".join(_parts(rest[0].text))
    if not HARMLESS_OPTIONS.fullmatch(option):
        yield _cheat(keyword, f"the option `{option}` is not on the list of harmless ones")


def _in_word(character: str) -> bool:
    return character.isalnum() or character in "_'!?"


def _noun(token: Token) -> str:
    if token.kind in (Kind.COMMENT, Kind.DOC):
        return "a comment"
    return "a string" if token.kind is Kind.STRING else "a name"


def _cheat(token: Token, reason: str) -> Rejection:
    return Rejection(Verdict.CHEAT, reason, token.start)
