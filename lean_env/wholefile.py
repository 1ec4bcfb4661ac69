"""Verdicts on all theorems of a Lean file, each in its own context, from few compilations.

What the author of the file wrote is trusted, but for what would make a theorem of nothing: `sorry`, an
axiom, a kernel that was switched off. One compilation judges a sound file. Lean writes no compiled file
as long as there is an error, so where there is one the theorem at fault gets `sorry` for a proof, a
command at fault goes, and the rest is compiled again; the compiled file then tells each theorem's
axioms. If the file as a whole runs out of time or memory, each theorem is tried alone, the others
with `sorry`, to find those to blame.
"""

from __future__ import annotations

import asyncio
import bisect
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lean_env.audit import certify, inspect_file, judge
from lean_env.commands import command_spans
from lean_env.compile import Compilation, Spoken, compile_text
from lean_env.edits import Edit, EditedText, position, sorry
from lean_env.lexer import tokenize
from lean_env.outline import Entry, Form
from lean_env.source import LeanFile
from lean_env.toolchain import Toolchain
from lean_env.values import Certificate, Severity, Verdict

MAX_ROUNDS = 12
"""Compilations of one file; each but the last finds what is wrong behind what was wrong before."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """The verdict on one theorem of a file."""

    entry: Entry
    verdict: Verdict | None
    """None if the statement itself does not elaborate."""
    reason: str
    line: int
    """Where in the file: the first error, or the theorem."""
    column: int
    axioms: tuple[str, ...] = ()
    certificate: Certificate | None = None


@dataclass(frozen=True, slots=True)
class FileReport:
    """All that was found in one file."""

    verdicts: tuple[FileVerdict, ...]
    """In the order of the file."""
    stray: tuple[tuple[int, int, str], ...]
    """Errors outside of all theorems: line, column, message."""


@dataclass
class _State:
    """What is known so far."""

    file: LeanFile
    spans: tuple[tuple[int, int], ...]
    found: dict[int, FileVerdict] = field(default_factory=dict)
    """By the theorem's index; the others look good as yet."""
    removed: set[tuple[int, int]] = field(default_factory=set)
    stray: list[tuple[int, int, str]] = field(default_factory=list)
    says_sorry: set[int] = field(default_factory=set)
    blamed: bool = False
    """Whether theorems were tried alone."""

    def edits(self, only: int | None = None) -> list[Edit]:
        """What to change: proofs at fault (with `only`, all others too) become `sorry`, and so on."""
        edits = [Edit(start, end, "") for start, end in self.removed]
        for index, entry in enumerate(self.file.entries):
            if any(start <= entry.start and entry.end <= end for start, end in self.removed):
                continue
            if entry.is_example:
                name = f"theorem {entry.name.rsplit('.', 1)[-1]}"
                edits.append(Edit(entry.keyword, entry.keyword + len("example"), name))
            if index in self.found or (only is not None and index != only):
                edits.append(sorry(entry))
        return sorted(edits, key=lambda edit: edit.start)


async def check_file(
    toolchain: Toolchain,
    file: LeanFile,
    *,
    seconds: float,
    memory_bytes: int,
    workers: int,
    strict: bool,
    progress: Progress | None = None,
) -> FileReport:
    """Judge all theorems of `file`. `seconds` are for one theorem, `memory_bytes` for one process.

    `strict` adds certificates. Raises `AuditError` if a process cannot be started.
    """
    state = _State(file, command_spans(file.text))
    for token in tokenize(file.text)[-1:]:
        if not token.closed:
            state.removed.add((token.start, len(file.text)))
            state.stray.append((*position(file.text, token.start), f"this does not end: {token.text[:20]!r}"))
    for index, entry in enumerate(file.entries):
        if entry.form is Form.MISSING or not entry.proof.strip():
            state.found[index] = _verdict(file, entry, Verdict.INCOMPLETE, "there is no proof", entry.keyword)
    with tempfile.TemporaryDirectory(prefix="prover-file-", ignore_cleanup_errors=True) as name:
        compiled: Compilation | None = None
        for round_ in range(MAX_ROUNDS):
            if progress:
                progress(f"compiling {file.path.name}" + (f", round {round_ + 1}" if round_ else ""))
            edited = EditedText(file.text, state.edits())
            alive = len(file.entries) - len(state.found)
            # A file that runs longer than most is taken apart; what is left then gets its full time.
            allowance = seconds * (alive + 1) if state.blamed else seconds + alive
            compiled = await compile_text(
                toolchain,
                edited.text,
                Path(name) / f"round{round_}",
                seconds=allowance,
                memory_bytes=memory_bytes,
            )
            if compiled.finished.trouble is not None:
                if state.blamed:
                    return _give_up(state, *compiled.finished.trouble)
                await _blame(toolchain, state, Path(name), seconds, memory_bytes, workers)
            elif not compiled.errors:
                break
            elif not _learn(state, edited, compiled):
                return _give_up(
                    state, Verdict.FAILED, f"the file does not compile: {compiled.errors[0].summary}"
                )
        if compiled is None or not compiled.succeeded:
            return _give_up(state, Verdict.FAULT, "Lean compiled the file and wrote nothing")
        _hear_sorries(state, edited, compiled)
        await _inspect(toolchain, state, compiled, memory_bytes, strict)
    return _report(state)


def _learn(state: _State, edited: EditedText, compiled: Compilation) -> bool:
    """Take note of a compilation's errors; false if that leads nowhere."""
    file, known = state.file, (len(state.found), len(state.removed), len(state.stray))
    broken: set[int] = set()
    for error in compiled.errors:
        offset = _blamed(state, edited.original(error), error)
        index = bisect.bisect_right(file.entries, offset, key=lambda entry: entry.start) - 1
        if _is_stray(error) and index >= 0 and file.entries[index].start < offset < file.entries[index].end:
            state.removed.add((offset, file.entries[index].end))  # It only stands behind the theorem.
            state.stray.append((*position(file.text, offset), error.summary))
            continue
        if index >= 0 and offset <= file.entries[index].end:
            entry = file.entries[index]
            if index not in state.found:
                unsolved = error.text.startswith("unsolved goals")
                verdict = Verdict.INCOMPLETE if unsolved else Verdict.FAILED
                state.found[index] = _verdict(file, entry, verdict, error.summary, offset)
                broken.add(index)
            elif index not in broken and (entry.header_end, entry.end) not in state.removed:
                # With `sorry` as its proof it still is wrong.
                reason = f"the statement does not elaborate: {error.summary}"
                if state.found[index].verdict is not Verdict.INCOMPLETE or entry.form is not Form.TACTICS:
                    state.found[index] = _verdict(file, entry, None, reason, offset)
                state.removed.add((entry.header_end, entry.end))
        else:
            span = next(((s, e) for s, e in state.spans if s <= offset <= e), None)
            place = (*position(file.text, offset), error.summary)
            if place not in state.stray:
                state.stray.append(place)
            if span is None or span in state.removed or _is_import(file.text, span):
                return False
            state.removed.add(span)
    return known != (len(state.found), len(state.removed), len(state.stray))


def _is_stray(error: Spoken) -> bool:
    """Whether Lean had expected a command, so that what stands there is at fault, and nothing before it."""
    return error.text.startswith("unexpected") and error.text.endswith("expected command")


def _blamed(state: _State, offset: int, error: Spoken) -> int:
    """The offset to blame: an unexpected first word of a command is the previous one's fault."""
    starts = [start for start, _ in state.spans]
    index = bisect.bisect_left(starts, offset)
    at_start = index < len(starts) and starts[index] == offset
    if _is_stray(error):
        return offset
    if error.text.startswith("unexpected") and index > 0 and (at_start or offset > state.spans[index - 1][1]):
        return state.spans[index - 1][1]
    return offset


async def _blame(
    toolchain: Toolchain, state: _State, directory: Path, seconds: float, memory_bytes: int, workers: int
) -> None:
    """Try each theorem alone, the others with `sorry`, and note those that run into a limit.

    It is worth going on after that, even if none does: then all together just need their time.
    """
    turn = asyncio.Semaphore(workers)

    async def alone(index: int) -> tuple[Verdict, str] | None:
        async with turn:
            compiled = await compile_text(
                toolchain,
                EditedText(state.file.text, state.edits(only=index)).text,
                directory / f"alone{index}",
                seconds=seconds,
                memory_bytes=memory_bytes,
            )
            return compiled.finished.trouble

    state.blamed = True
    suspects = [index for index in range(len(state.file.entries)) if index not in state.found]
    troubles = await asyncio.gather(*(alone(index) for index in suspects))
    for index, trouble in zip(suspects, troubles, strict=True):
        if trouble is not None:
            entry = state.file.entries[index]
            state.found[index] = _verdict(state.file, entry, *trouble, entry.keyword)


def _hear_sorries(state: _State, edited: EditedText, compiled: Compilation) -> None:
    """Note which theorems say `sorry` themselves."""
    for message in compiled.messages:
        if message.severity is Severity.WARNING and message.text.startswith("declaration uses"):
            offset = edited.original(message)
            index = bisect.bisect_right(state.file.entries, offset, key=lambda entry: entry.start) - 1
            if index >= 0 and offset <= state.file.entries[index].end:
                state.says_sorry.add(index)


async def _inspect(
    toolchain: Toolchain, state: _State, compiled: Compilation, memory_bytes: int, strict: bool
) -> None:
    """Judge by the compiled file the theorems that look good."""
    file = state.file
    good = [index for index in range(len(file.entries)) if index not in state.found]
    if not good:
        return
    names = [file.entries[index].name for index in good]
    replay = strict or not toolchain.checker  # the embedded kernel answers in no time, leanchecker does not
    inspection = await inspect_file(
        toolchain, compiled, None, names, memory_bytes=memory_bytes, replay=replay
    )
    for index in good:
        entry = file.entries[index]
        facts = inspection.theorems[entry.name]
        verdict, reason = judge(inspection, entry.name)
        if not facts.found:
            verdict, reason = Verdict.FAILED, f"Lean did not get to it: the file declares no {entry.name}"
        elif verdict is Verdict.INCOMPLETE and index not in state.says_sorry:
            reason = "rests on something that is not proved"
        certificate = None
        if strict and verdict is Verdict.PROVED:
            replayed = inspection.replayed
            certificate = certify(toolchain, entry.theorem, entry.proof, compiled, facts, replayed)
        line, column = position(file.text, entry.keyword)
        state.found[index] = FileVerdict(entry, verdict, reason, line, column, facts.axioms, certificate)


def _give_up(state: _State, verdict: Verdict, reason: str) -> FileReport:
    """The report if the file cannot be compiled, whatever is left out of it."""
    for index, entry in enumerate(state.file.entries):
        if index not in state.found:
            state.found[index] = _verdict(state.file, entry, verdict, reason, entry.keyword)
    return _report(state)


def _report(state: _State) -> FileReport:
    verdicts = tuple(state.found[index] for index in range(len(state.file.entries)))
    return FileReport(verdicts, tuple(sorted(state.stray)))


def _verdict(file: LeanFile, entry: Entry, verdict: Verdict | None, reason: str, offset: int) -> FileVerdict:
    return FileVerdict(entry, verdict, reason, *position(file.text, offset))


def _is_import(text: str, span: tuple[int, int]) -> bool:
    return "import" in text[span[0] : span[1]].split()[:2]
