"""From a file with open theorems to statements to prove, and back to the completed file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lean_env.outline import Entry, Form
from lean_env.values import Theorem

INDENT = 2


def task(entry: Entry) -> Theorem:
    """The theorem of an open entry as search wants it: its statement ends in `:= by`.

    It begins at a line's start, even if it is indented in the file: Lean wants a proof to be indented
    deeper than its theorem.
    """
    theorem = entry.theorem
    before, _, margin = theorem.header.rpartition("\n")
    if not margin.strip():
        theorem = replace(theorem, header=f"{before}\n" if before else "")
    if entry.form is Form.TERM:
        return replace(theorem, statement=f"{theorem.statement} by")
    return theorem


def completed(text: str, proofs: Mapping[Entry, str]) -> str:
    """`text`, of which the entries are, with these proofs in place of what stood there.

    Everything else stays as it was, to the letter. A proof's lines are moved as a whole to stand
    `INDENT` deeper than the theorem's own line.
    """
    for entry in sorted(proofs, key=lambda entry: entry.start, reverse=True):
        line_start = text.rfind("\n", 0, entry.start) + 1
        margin = entry.start - line_start if not text[line_start : entry.start].strip() else 0
        joint = {Form.TACTICS: "", Form.TERM: " by"}.get(entry.form, " := by")
        before = text[: entry.proof_start].rstrip() + joint
        text = before + "\n" + indented(proofs[entry], margin + INDENT) + text[entry.end :]
    return text


def indented(proof: str, margin: int) -> str:
    """The proof's lines, shifted as a whole so that its first tactic begins at column `margin`."""
    lines = proof.strip("\n").split("\n")
    first = next((line for line in lines if line.strip()), "")
    shift = margin - (len(first) - len(first.lstrip(" ")))
    return "\n".join(_shifted(line, shift).rstrip() for line in lines)


def _shifted(line: str, shift: int) -> str:
    if shift >= 0:
        return " " * shift + line
    return line[min(-shift, len(line) - len(line.lstrip(" "))) :]
