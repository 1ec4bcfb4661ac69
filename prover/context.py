"""A file's open theorems in a context that elaborates, whatever else is wrong with the file.

A statement's header is all that its author wrote before it. If a theorem up there does not elaborate, or
its proof is wrong, Lean would refuse every header that holds it. So where Lean objects, the file is
judged once as a whole (`lean_env.wholefile`); then what is broken is left out of the headers, and a
proof that is no proof becomes `sorry`, which the strict audit lets nobody build on. The user's text is
never changed: what is found is put into the original.

A definition that was left out must not be made up for by Lean, which binds unknown names in a statement
by itself: a statement that speaks of such a name is not attempted.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lean_env.commands import command_spans
from lean_env.edits import Edit, offset_of, sorry
from lean_env.errors import AuditError, StatementError
from lean_env.lexer import Kind, words_of
from lean_env.outline import Entry
from lean_env.pool import CheckPool
from lean_env.source import LeanFile
from lean_env.values import Theorem, Verdict
from lean_env.wholefile import FileReport, check_file
from prover.complete import task

_SCOPES = frozenset({"import", "namespace", "section", "end", "mutual", "open", "variable", "universe"})
_DECLARE = frozenset(
    {"def", "abbrev", "structure", "class", "inductive", "instance", "axiom", "opaque", "theorem", "lemma"}
)


@dataclass(frozen=True, slots=True)
class Context:
    """What stands before the theorems of one file."""

    file: LeanFile
    edits: tuple[Edit, ...] = ()
    """What Lean is shown in place of what the author wrote, in order."""
    broken: frozenset[str] = frozenset()
    """Last components of the names that were left out."""

    def theorem(self, entry: Entry) -> Theorem:
        """The statement to prove. Raises `StatementError` if it speaks of what was left out."""
        theorem = task(entry)
        lost = sorted(_names(theorem.statement) & self.broken - {entry.name.rsplit(".", 1)[-1]})
        if lost:
            raise StatementError(f"the statement speaks of {lost[0]}, which does not elaborate")
        if not self.edits or not theorem.header:
            return theorem
        return replace(theorem, header=self._before(len(theorem.header)))

    def _before(self, end: int) -> str:
        pieces, position = [], 0
        for edit in self.edits:
            if edit.end > end:
                break
            pieces += [self.file.text[position : edit.start], edit.text]
            position = edit.end
        return "".join([*pieces, self.file.text[position:end]])


async def context_of(pool: CheckPool, file: LeanFile, entries: Sequence[Entry], workers: int) -> Context:
    """The context of a file of which `entries` are to be proved."""
    whole = Context(file)
    try:
        await pool.validate(whole.theorem(entries[-1]))  # Its header holds all the other headers.
        return whole
    except StatementError:
        pass
    try:
        report = await check_file(
            pool.toolchain,
            file,
            seconds=pool.limits.seconds,
            memory_bytes=pool.limits.memory_bytes,
            workers=workers,
            strict=False,
        )
    except AuditError:
        return whole  # Each theorem is then told by Lean what is wrong.
    return _healed(file, report)


def _healed(file: LeanFile, report: FileReport) -> Context:
    """The context without what the report found broken."""
    text = file.text
    spans = command_spans(text)
    removed = {_span(spans, offset_of(text, line, column)) for line, column, _ in report.stray} - {None}
    theorems = {_span(spans, verdict.entry.start): verdict for verdict in report.verdicts}
    broken: set[str] = set()
    edits: list[Edit] = []
    for span in spans:
        start, end = span
        words = [token for token in words_of(text[start:end]) if token.kind is Kind.WORD]
        verdict = theorems.get(span)
        first = words[0].text if words else ""
        if verdict is not None:
            entry = verdict.entry
            if verdict.verdict is None or _names(entry.statement) & broken:
                broken.add(entry.name.rsplit(".", 1)[-1])
                edits.append(_blank(text, entry.header_end, entry.end))
            elif verdict.verdict is not Verdict.PROVED:
                edits.append(sorry(entry, keep_lines=True))
        elif first != "import" and (
            span in removed or (first not in _SCOPES and _names(text[start:end]) & broken)
        ):
            broken |= _declared([word.text for word in words])
            edits.append(_blank(text, start, end))
    return Context(file, tuple(edits), frozenset(broken))


def _blank(text: str, start: int, end: int) -> Edit:
    """Nothing, on as many lines, so that Lean's line numbers stay right."""
    return Edit(start, end, "\n" * text.count("\n", start, end))


def _declared(words: Sequence[str]) -> set[str]:
    """The last component of the name that a command declares, if it declares one."""
    for keyword, name in itertools.pairwise(words):
        if keyword in _DECLARE:
            return {name.rsplit(".", 1)[-1]}
    return set()


def _names(text: str) -> set[str]:
    """All words of a text, and the components of those with dots."""
    words: Iterable[str] = (token.text for token in words_of(text) if token.kind is Kind.WORD)
    return {part for word in words for part in word.split(".")}


def _span(spans: Sequence[tuple[int, int]], offset: int) -> tuple[int, int] | None:
    """The command that an offset lies in."""
    index = bisect.bisect_right(spans, offset, key=lambda span: span[0]) - 1
    return spans[index] if index >= 0 and offset <= spans[index][1] else None
