"""The theorems in a Lean text, and what belongs to each, found without running Lean.

A reader of tokens, not a parser: it knows the commands (`lean_env.commands`), which namespaces and
sections are open, and where a declaration's statement ends and its proof begins. What Lean thinks of
the text, Lean is asked later.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lean_env.commands import CLOSING, OPENING, THEOREMS, commands_of, keyword_of
from lean_env.lexer import BLANKS, Kind, Token, code, tokenize
from lean_env.names import components
from lean_env.values import Provenance, Theorem


class Form(StrEnum):
    """How a theorem's proof is written."""

    TACTICS = "tactics"
    """`:= by` and a block of tactics."""
    TERM = "term"
    """`:=` and a term."""
    CASES = "cases"
    """Alternatives `| … => …`, or `where` and fields."""
    MISSING = "missing"
    """Nothing: the statement stands alone."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A theorem as it stands in a text."""

    text: str
    """All of the text; entries share it."""
    name: str
    """Fully qualified name; made up for an `example`."""
    statement: str
    """As its author wrote it, up to and including `:=` or `:= by` where that is there."""
    proof: str
    """Fits behind `statement`: a block of tactics with its indentation, or the text itself."""
    form: Form
    is_open: bool
    """Whether there is no proof yet: it is missing, or all of it is `sorry`."""
    is_private: bool
    is_example: bool
    footer: str
    """What closes the scopes that are open here."""
    informal: str
    """The documentation comment's text."""
    header_end: int
    """Offset of the documentation comment, or else `start`."""
    start: int
    """Offset of the declaration, behind its documentation comment."""
    keyword: int
    """Offset of the word `theorem`, `lemma` or `example`."""
    proof_start: int
    """Offset at which the statement ends: behind `:=` or `by`, or before the first alternative."""
    end: int
    """Offset just behind the proof."""
    line: int
    """The keyword's line, from 1."""
    source: str

    @property
    def theorem(self) -> Theorem:
        """The statement with all that precedes it as its header, but for its documentation comment."""
        header = self.text[: self.header_end]
        return Theorem(
            name=self.name,
            statement=self.statement,
            header=header if header.strip() else "",
            footer=self.footer,
            informal=self.informal,
            provenance=Provenance(self.source, self.line),
        )


@dataclass(frozen=True, slots=True)
class _Scope:
    """An open `namespace`, `section` or `mutual`."""

    keyword: str
    name: str

    @property
    def closing(self) -> str:
        return f"end {self.name}".rstrip()


def outline(text: str, source: str = "") -> tuple[Entry, ...]:
    """All theorems, lemmas and examples by tactics of `text`, whose line ends are plain, in order."""
    tokens = tokenize(text)
    comments = {token.end: token for token in tokens if token.kind in (Kind.COMMENT, Kind.DOC)}
    line_ends = [offset for offset, character in enumerate(text) if character == "\n"]
    scopes: list[_Scope] = []
    entries: list[Entry] = []
    commands = commands_of(text, code(tokens))
    for number, command in enumerate(commands):
        keyword = keyword_of(command)
        if keyword is None:
            continue
        if keyword.text not in THEOREMS:
            _follow(scopes, command, keyword)
            continue
        body = command[command.index(keyword) + 1 :]
        is_example = keyword.text == "example"
        form, cut = _split(body)
        if form is not Form.TACTICS if is_example else not body or body[0].kind is not Kind.WORD:
            continue
        first, last = command[0], command[-1]
        line = bisect.bisect_left(line_ends, keyword.start) + 1
        own = f"example_line_{line}" if is_example else body[0].text
        border = last.end if cut is None else cut.start if form is Form.CASES else cut.end
        statement = text[first.start : border] + (" := by" if form is Form.MISSING else "")
        if is_example:
            at = keyword.start - first.start
            statement = f"{statement[:at]}theorem {own}{statement[at + len(keyword.text) :]}"
        spoken = [token.text for token in body if token.start >= border]
        header_end, informal = _documentation(text, first.start, comments)
        closings = [scope.closing for scope in reversed(scopes) if scope.keyword != "mutual"]
        if any(scope.keyword == "mutual" for scope in scopes):
            closings.insert(0, _rest_of_mutual(text, commands[number + 1 :]))
        entries.append(
            Entry(
                text=text,
                name=_qualified(own, scopes),
                statement=statement,
                proof=_proof(text, border, last.end, form),
                form=form,
                is_open=spoken in ([], ["sorry"], ["admit"], ["exact", "sorry"]),
                is_private=any(token.text == "private" for token in command[: command.index(keyword)]),
                is_example=is_example,
                footer="".join(f"{closing}\n" for closing in closings),
                informal=informal,
                header_end=header_end,
                start=first.start,
                keyword=keyword.start,
                proof_start=border,
                end=last.end,
                line=line,
                source=source,
            )
        )
    return tuple(entries)


def _follow(scopes: list[_Scope], command: Sequence[Token], keyword: Token) -> None:
    """Open or close scopes as the command does."""
    index = command.index(keyword)
    name = ""
    if index + 1 < len(command) and command[index + 1].kind is Kind.WORD:
        name = command[index + 1].text
    if keyword.text == "mutual":
        scopes.append(_Scope("mutual", ""))
    elif keyword.text in ("namespace", "section"):
        scopes.extend(_Scope(keyword.text, part) for part in components(name) or [""])
    elif keyword.text == "end":
        del scopes[max(0, len(scopes) - max(1, len(components(name)))) :]


def _split(body: Sequence[Token]) -> tuple[Form, Token | None]:
    """How the proof is written, and the token that ends the statement (for cases: begins the proof).

    `let x := v`, `have` and `if let` in the statement take a `:=` of their own, `fun` and `match`
    their `=>`s.
    """
    depth = lets = 0
    matching = False
    for index, token in enumerate(body):
        if token.text in OPENING:
            depth += 1
        elif token.text in CLOSING:
            depth -= 1
        elif depth > 0 or token.kind not in (Kind.WORD, Kind.SYMBOL):
            continue
        elif token.text in ("let", "have", "letI", "haveI"):
            lets += 1
        elif token.text == "match":
            matching = True
        elif token.text == ":=" and lets:
            lets -= 1
        elif token.text == ":=":
            after = body[index + 1] if index + 1 < len(body) else None
            return (Form.TACTICS, after) if after is not None and after.text == "by" else (Form.TERM, token)
        elif token.text == "where" or (token.text == "|" and not matching and _is_case(body[index + 1 :])):
            return Form.CASES, token
    return Form.MISSING, None


def _is_case(rest: Sequence[Token]) -> bool:
    """Whether a `|` begins an alternative, not an absolute value: its `=>` comes before any `:=`."""
    functions = 0
    for token in rest:
        if token.text in ("fun", "λ"):
            functions += 1
        elif token.text == "=>" and functions:
            functions -= 1
        elif token.text in ("=>", ":="):
            return token.text == "=>"
    return False


def _proof(text: str, start: int, end: int, form: Form) -> str:
    """The proof between two offsets; a block of tactics keeps the column at which it begins."""
    raw = text[start:end]
    if form is not Form.TACTICS:
        return raw
    block = raw.lstrip(" \n")
    begin = start + len(raw) - len(block)
    if "\n" not in block:
        return block
    return " " * (begin - (text.rfind("\n", 0, begin) + 1)) + block


def _rest_of_mutual(text: str, commands: Sequence[Sequence[Token]]) -> str:
    """What follows within the innermost `mutual`, its `end` included: without it the block is none."""
    for command in commands:
        keyword = keyword_of(command)
        if keyword is not None and keyword.text == "end":
            return text[commands[0][0].start : command[-1].end]
    return ""


def _qualified(name: str, scopes: Sequence[_Scope]) -> str:
    """The constant's full name, written as Lean text."""
    parts = components(name)
    if parts[0] == "_root_":
        return ".".join(parts[1:])
    return ".".join([*(scope.name for scope in scopes if scope.keyword == "namespace"), name])


def _documentation(text: str, start: int, comments: Mapping[int, Token]) -> tuple[int, str]:
    """Where the documentation comment before `start` begins, whatever plain comments lie between, and
    what it says; `start` and nothing if there is none."""
    position = start
    while True:
        while position and text[position - 1] in BLANKS:
            position -= 1
        comment = comments.get(position)
        if comment is None or comment.text.startswith("/-!"):
            return start, ""
        if comment.kind is Kind.DOC:
            return comment.start, comment.text[3:-2].strip()
        position = comment.start
