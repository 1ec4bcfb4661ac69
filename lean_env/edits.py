"""Edits of a Lean text that leave the author's own untouched, and the ways between places and offsets."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from dataclasses import dataclass

from lean_env.compile import Spoken
from lean_env.outline import Entry, Form

_SORRY = {Form.TACTICS: " sorry", Form.TERM: " sorry", Form.CASES: " := sorry", Form.MISSING: " := sorry"}


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text from `start` to `end`."""

    start: int
    end: int
    text: str


class EditedText:
    """An edited text, and the way back into the original."""

    def __init__(self, original: str, edits: Iterable[Edit]) -> None:
        pieces: list[str] = []
        self._anchors: list[tuple[int, int, bool]] = []
        """Edited offset, original offset, and whether the piece that starts there is an edit."""
        length = position = 0
        for edit in [*edits, Edit(len(original), len(original), "")]:
            if edit.start < position:
                continue
            for piece, start, edited in (
                (original[position : edit.start], position, False),
                (edit.text, edit.start, True),
            ):
                self._anchors.append((length, start, edited))
                pieces.append(piece)
                length += len(piece)
            position = edit.end
        self.text = "".join(pieces)
        self._starts = [0, *(offset + 1 for offset, character in enumerate(self.text) if character == "\n")]

    def original(self, message: Spoken) -> int:
        """The original offset that a message about the edited text speaks of."""
        line = min(message.line, len(self._starts)) - 1
        offset = self._starts[line] + message.column
        index = bisect.bisect_right(self._anchors, offset, key=lambda anchor: anchor[0]) - 1
        edited, original, is_edit = self._anchors[index]
        return original if is_edit else original + offset - edited


def sorry(entry: Entry, *, keep_lines: bool = False) -> Edit:
    """`sorry` for a theorem's proof; with `keep_lines` on as many lines, so that Lean's line numbers stay
    right."""
    lines = entry.text.count("\n", entry.proof_start, entry.end) if keep_lines else 0
    return Edit(entry.proof_start, entry.end, _SORRY[entry.form] + "\n" * lines)


def position(text: str, offset: int) -> tuple[int, int]:
    """Line from 1 and column from 0."""
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1)


def offset_of(text: str, line: int, column: int) -> int:
    """The offset of a place; what `position` undoes."""
    offset = 0
    for _ in range(line - 1):
        offset = text.find("\n", offset) + 1
    return offset + column
