"""The corpus on disk: one verified proof a line, with the states that Lean showed on its way.

The states are stored because they are what a truncated proof is resumed with, and asking Lean for them
again for every epoch would cost more than training. A file that does not fit is refused with the line at
fault, rather than trained on as far as it goes.
"""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, Literal

from lean_env.errors import SourceError
from lean_env.lexer import Kind, words_of
from lean_env.names import components
from lean_env.values import Theorem

StepState = tuple[int, tuple[str, ...]]
"""The end of a step, an offset into the proof in characters, and the goals behind it as Lean prints them,
main goal first; no goals if nothing is left in focus."""

_TEXTS = ("name", "statement", "proof", "header", "kind", "domain")
_REQUIRED = ("name", "statement", "proof")
_FIELDS = frozenset((*_TEXTS, "start", "steps", "hints"))
_END = re.compile(r":=\s*by\s*\Z")


class CorpusError(SourceError):
    """A corpus that cannot be used: one line that names the file, and the line in it."""


@dataclass(frozen=True, slots=True)
class CorpusRecord:
    """A statement and one proof of it that Lean accepted."""

    name: str
    """Of the constant that the statement declares. Proofs of one statement share it."""
    statement: str
    """The declaration up to and including `:= by`."""
    proof: str
    """A block of tactics, indented as below a statement, without a line end behind it."""
    header: str = ""
    """What Lean must read before the statement."""
    kind: str = ""
    """The generator that made the statement."""
    domain: str = ""
    start: int = 0
    """Where the part to be learnt begins. What precedes it is a detour on which a search has found a
    state that is worth an example, not something to imitate; 0 for a proof that is good as a whole."""
    steps: tuple[StepState, ...] | None = None
    """The steps in order; None if nobody asked Lean."""
    hints: tuple[tuple[str, ...], ...] = ()
    """Tactics with library lemmas that a prompt may show, before the first step and behind each; empty if
    nobody has looked them up. Another version of the library, or of the look-up, gives others."""

    def __post_init__(self) -> None:
        """Raise `ValueError` for offsets that do not lie in the proof."""
        if not 0 <= self.start < max(1, len(self.proof)):
            raise ValueError(f"start is {self.start}, but the proof has {len(self.proof)} characters")
        before = 0
        for end, _ in self.steps or ():
            if not before < end <= len(self.proof):
                raise ValueError(f"a step ends at {end}, behind {before} of {len(self.proof)} characters")
            before = end

    @property
    def theorem(self) -> Theorem:
        """The statement as the rest of the program wants it."""
        return Theorem(self.name, self.statement, self.header)

    def name_span(self) -> tuple[int, int]:
        """Where in the statement its theorem's name stands, without a namespace before it: start and end.

        Raises `ValueError` for a statement that declares no theorem, or one without a name.
        """
        usual = f"theorem {self.name}"
        if self.statement.startswith(f"{usual} "):  # As our own are, and cutting text into tokens takes time.
            return len(usual) - len(components(self.name)[-1]), len(usual)
        for keyword, name in pairwise(words_of(self.statement)):
            if keyword.text in ("theorem", "lemma") and name.kind is Kind.WORD:
                return name.end - len(components(name.text)[-1]), name.end
        raise ValueError("the statement must say `theorem` or `lemma`, and a name")

    def named(self, name: str) -> CorpusRecord:
        """The record with its theorem under another name, in the same namespace."""
        start, end = self.name_span()
        *namespace, own = components(self.name)
        whole = ".".join([*namespace, name]) if own == self.statement[start:end] else name
        return replace(self, name=whole, statement=self.statement[:start] + name + self.statement[end:])


def to_line(record: CorpusRecord) -> str:
    """The record as a line of JSON, line end included; fields with their default value are left out."""
    fields: dict[str, Any] = {name: text for name in _TEXTS if (text := getattr(record, name))}
    if record.start:
        fields["start"] = record.start
    if record.steps is not None:
        fields["steps"] = record.steps
    if record.hints:
        fields["hints"] = record.hints
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")) + "\n"


def from_line(line: str) -> CorpusRecord:
    """The record of a line of JSON. Raises `ValueError` that says what is wrong with it."""
    fields = json.loads(line)
    if not isinstance(fields, dict):
        raise ValueError("a JSON object is needed")
    if unknown := fields.keys() - _FIELDS:
        raise ValueError(f"unknown field {min(unknown)!r}")
    for name in _TEXTS:
        if not isinstance(fields.get(name, ""), str):
            raise ValueError(f"the field {name!r} must be a text")
    if missing := [name for name in _REQUIRED if not fields.get(name)]:
        raise ValueError(f"the field {missing[0]!r} is missing")
    start = fields.get("start", 0)
    if not _is_offset(start):
        raise ValueError("the field 'start' must be an offset")
    steps = fields.get("steps")
    if not isinstance(steps, list | None):
        raise ValueError("the field 'steps' must be a list")
    hints = fields.get("hints", [])
    if not isinstance(hints, list) or not all(map(_are_texts, hints)):
        raise ValueError("the field 'hints' must be a list of lists of texts")
    if hints and len(hints) != 1 + len(steps or ()):
        raise ValueError("the field 'hints' must have one entry more than there are steps")
    texts = {name: fields[name] for name in _TEXTS if name in fields}
    record = CorpusRecord(
        **texts,
        start=start,
        steps=None if steps is None else tuple(map(_step, steps)),
        hints=tuple(map(tuple, hints)),
    )
    if not components(record.name):
        raise ValueError(f"the field 'name' must be a name, not {record.name!r}")
    record.name_span()  # Or a `ValueError`.
    if not _END.search(record.statement):
        raise ValueError("the statement must end in `:= by`")
    for text in (*texts.values(), *_inner_texts(record)):
        text.encode()  # Or a `ValueError`: JSON can name half a character.
    return record


def read_corpus(path: Path) -> tuple[CorpusRecord, ...]:
    """All records of a file, in order. Raises `CorpusError` that names the first line at fault."""
    return tuple(record for _, record in numbered(path))


def numbered(path: Path) -> Iterator[tuple[int, CorpusRecord]]:
    """The records of a file with the lines, from 1, on which they stand; errors as `read_corpus`."""
    number = 0
    try:
        with open_text(path, "rt") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, from_line(line)
    except (OSError, EOFError, lzma.LZMAError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise CorpusError(f"{path} cannot be read: {said}") from None
    except UnicodeDecodeError:
        raise CorpusError(f"{path} is not UTF-8 behind line {number}; build the corpus again") from None
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"{path}:{number}: {error}; remove the line, or build the corpus again") from None


def write_corpus(path: Path, records: Iterable[CorpusRecord]) -> int:
    """Write the records to a file, whole or not at all, and return how many there were."""
    partial = path.with_name(f"partial.{path.name}")
    count = 0
    with open_text(partial, "wt") as file:
        for record in records:
            file.write(to_line(record))
            count += 1
    partial.replace(path)
    return count


def open_text(path: Path, mode: Literal["rt", "wt"]) -> IO[str]:
    """Open a text file, which is compressed if its name ends in `.xz`."""
    return (
        lzma.open(path, mode, encoding="utf-8") if path.suffix == ".xz" else path.open(mode, encoding="utf-8")
    )


def _inner_texts(record: CorpusRecord) -> Iterator[str]:
    for _, goals in record.steps or ():
        yield from goals
    for hints in record.hints:
        yield from hints


def _step(value: Any) -> StepState:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("a step must be an offset and a list of goals")
    end, goals = value
    if not _is_offset(end) or not _are_texts(goals):
        raise ValueError("a step must be an offset and a list of goals")
    return end, tuple(goals)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _is_offset(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
