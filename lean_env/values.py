"""The values that cross a package border: what is to be proved, and what Lean said about a proof.

Every class is a frozen dataclass, so a value can be shared between tasks, hashed and written to
disk as it is. Offsets count characters (Unicode code points) of the text they speak of; lines
start at 1 and columns at 0, as in Lean's own messages.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

MAX_SUMMARY = 300
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def printable(text: str) -> str:
    """Text with a mark in place of each character that commands a terminal, line ends too."""
    return _CONTROL.sub("\ufffd", text)


def one_line(text: str) -> str:
    """A message of Lean's, or a name, on one line that only shows, of at most `MAX_SUMMARY` characters."""
    line = printable(" ".join(text.split()))
    return line if len(line) <= MAX_SUMMARY else f"{line[:MAX_SUMMARY]}…"


class Verdict(StrEnum):
    """The outcome of one check. The set is closed: callers may match on it exhaustively."""

    PROVED = "PROVED"
    """Lean accepted the proof, and nothing in it breaks the rules of `soundness.md`."""
    FAILED = "FAILED"
    """Lean rejected the proof."""
    INCOMPLETE = "INCOMPLETE"
    """No step is wrong, but goals remain or the proof says `sorry`."""
    TIMEOUT = "TIMEOUT"
    """The check used up its time; nothing is known about the proof."""
    OUT_OF_MEMORY = "OUT_OF_MEMORY"
    """The check used up its memory; nothing is known about the proof."""
    CHEAT = "CHEAT"
    """The text tries to pass without proving the statement; `Check.reason` says how."""
    FAULT = "FAULT"
    """Our side failed (lost worker, broken toolchain). Retried; never counts as a failed proof."""


class Severity(StrEnum):
    """How serious Lean considers a message."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a theorem comes from."""

    source: str = ""
    """File or benchmark, as the user named it; empty for a statement typed by hand."""
    line: int = 0
    """First line of the theorem in `source`, from 1; 0 where there is none."""


@dataclass(frozen=True, slots=True)
class Theorem:
    """A statement to prove.

    Lean sees `header`, then `statement`, then the proof on the following lines, indented.
    """

    name: str
    """Fully qualified name of the constant that the statement declares."""
    statement: str
    """The declaration up to and including `:= by`."""
    header: str = ""
    """All that precedes the statement: imports, `open`, options, the file's earlier declarations."""
    footer: str = ""
    """What closes the header's `namespace`s and `section`s; empty when nothing is open."""
    informal: str = ""
    """The statement in words, if its source gives it."""
    provenance: Provenance = field(default_factory=Provenance)

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of all that gives the statement its meaning."""
        return _digest(self.header, self.statement, self.footer)


@dataclass(frozen=True, slots=True)
class Message:
    """One message of Lean's, placed in the proof text."""

    severity: Severity
    text: str
    line: int
    """Line within the proof, from 1; 0 or less when the message lies before the proof."""
    column: int
    """Column within that line, from 0, in characters."""
    offset: int
    """Offset into the proof text; 0 when the message lies before the proof."""


@dataclass(frozen=True, slots=True)
class Step:
    """One tactic of a proof, and the state that it leaves."""

    text: str
    start: int
    """Offset of the tactic's first character in the proof text."""
    end: int
    """Offset just behind the tactic's last character in the proof text."""
    goals: tuple[str, ...]
    """The goals after the tactic, as Lean prints them, main goal first; empty: no goals."""


@dataclass(frozen=True, slots=True)
class Check:
    """What the check service found out about one proof."""

    verdict: Verdict
    proof: str
    """The proof text that was checked, as given."""
    reason: str = ""
    """One line for a person: the first error, the cheat, or the fault."""
    messages: tuple[Message, ...] = ()
    steps: tuple[Step, ...] = ()
    """The tactics before the first error, in order; empty unless steps were asked for."""
    valid_prefix: str = ""
    """The longest beginning of `proof` that Lean accepts as a beginning (RMaxTS truncates here)."""
    seconds: float = 0.0
    """Wall-clock seconds from handing the proof to a worker until its verdict."""
    worker: int = -1
    """Which worker of the pool gave the verdict; -1 if none was needed."""
    toolchain: str = ""
    """The toolchain's one-line description."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the strict audit established about a proof, and how to establish it again."""

    theorem: str
    statement: str
    proof: str
    axioms: tuple[str, ...]
    toolchain: str
    """Lean's version and commit."""
    library: str
    """What the toolchain's library is, with its revision or hash."""
    source_sha256: str
    """Of the file that was compiled: header, statement, proof, footer."""
    olean_sha256: str
    replayed: bool
    """Whether an independent kernel replayed the compiled file (`leanchecker`, Lean ≥ 4.28)."""
    commands: tuple[str, ...]
    """Shell commands that repeat the audit on the source file."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A theorem with a proof that passed the strict audit."""

    theorem: Theorem
    text: str
    certificate: Certificate


@lru_cache(maxsize=4096)  # Asked for several times a check.
def _digest(header: str, statement: str, footer: str) -> str:
    return hashlib.sha256(f"{header}\0{statement}\0{footer}".encode()).hexdigest()
