"""From Lean's messages about a document to a verdict for each proof in it. Pure: starts nothing.

This is the fast tier's judgement. Whatever is not plainly a success is not one: an error anywhere
in the item's lines, a `sorry`, or a sentinel that did not print.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lean_env.assemble import Document, Item, Part, Place
from lean_env.server import Diagnostic
from lean_env.steps import block_end, boundaries
from lean_env.values import Message, Severity, Verdict, one_line

UNSOLVED = "unsolved goals"
KERNEL = "(kernel)"
_SORRY = ("declaration uses 'sorry'", "declaration uses `sorry`")


@dataclass(frozen=True, slots=True)
class Ruling:
    """What Lean's messages say about one item."""

    verdict: Verdict
    reason: str
    messages: tuple[Message, ...]
    valid_end: int
    """Offset in the proof up to which nothing is wrong."""
    suspect_statement: bool
    """Whether the errors may be the statement's own; only the statement alone can tell."""


def rule(document: Document, diagnostics: Sequence[Diagnostic]) -> list[Ruling]:
    """One ruling for each item of `document`, from all of Lean's messages about it."""
    mine: list[list[tuple[Diagnostic, Place]]] = [[] for _ in document.items]
    context: list[tuple[Diagnostic, Place]] = []
    for diagnostic in diagnostics:
        place = document.locate(*diagnostic.start)
        (mine[place.item] if place.item >= 0 else context).append((diagnostic, place))
    return [_rule(document, index, found, context) for index, found in enumerate(mine)]


def _rule(
    document: Document,
    index: int,
    found: list[tuple[Diagnostic, Place]],
    context: list[tuple[Diagnostic, Place]],
) -> Ruling:
    item = document.items[index]
    proof = item.proof
    heard = [(d, p) for d, p in found if p.part is not Part.SENTINEL]
    messages = tuple(_message(document, d, p) for d, p in heard)
    header_error = next(
        (d for d, p in context if d.severity is Severity.ERROR and p.part is Part.HEADER), None
    )
    errors = _causes([(d, p) for d, p in found if d.severity is Severity.ERROR])
    printed = any(
        p.part is Part.SENTINEL and d.severity is Severity.INFORMATION and d.text == item.sentinel
        for d, p in found
    )
    wrong = [(d, p) for d, p in errors if not d.text.startswith(UNSOLVED)]
    suspect = header_error is not None or any(p.part is Part.STATEMENT for _, p in wrong)
    valid_end = _valid_end(proof, errors)

    def ruling(verdict: Verdict, reason: str) -> Ruling:
        return Ruling(verdict, reason, messages, valid_end, suspect)

    if header_error is not None:
        return ruling(Verdict.FAILED, f"before the statement: {one_line(header_error.text)}")
    if wrong:
        return ruling(Verdict.FAILED, one_line(_said(item, wrong[0][0])))
    if errors:
        return ruling(Verdict.INCOMPLETE, one_line(_said(item, errors[0][0])))
    if any(d.text.startswith(_SORRY) for d, _ in heard):
        return ruling(Verdict.INCOMPLETE, "the proof says `sorry`")
    if item.sentinel and not printed:
        return ruling(Verdict.CHEAT, "what follows the proof was swallowed")
    return ruling(Verdict.PROVED, "")


def _valid_end(proof: str, errors: Sequence[tuple[Diagnostic, Place]]) -> int:
    """Where a continuation may begin: behind the last step that ends before the first error.

    "Unsolved goals" is no error of the steps before it: there the block that lacks steps ends.
    """
    end = len(proof.rstrip())
    if not errors:
        return end
    for diagnostic, place in errors:
        if diagnostic.text.startswith(UNSOLVED):
            if place.part is Part.PROOF:
                end = min(end, block_end(proof, place.offset))
        elif place.part is Part.PROOF:
            end = min(end, place.offset)
        elif place.part is Part.STATEMENT:
            end = 0
    ends = [step.end for step in boundaries(proof) if step.end <= end]
    return ends[-1] if ends else 0


def _causes(errors: list[tuple[Diagnostic, Place]]) -> list[tuple[Diagnostic, Place]]:
    """The errors in the order of the text, without what only follows from another.

    Lean reports them in any order. And behind a step that failed it may hand to its kernel what is left,
    whose complaint then stands at the theorem's name, sometimes: that says nothing about the statement.
    """
    errors = sorted(errors, key=lambda error: error[0].start)
    if any(p.part is Part.PROOF and not d.text.startswith(UNSOLVED) for d, p in errors):
        return [(d, p) for d, p in errors if p.part is not Part.STATEMENT or not d.text.startswith(KERNEL)]
    return errors


def _said(item: Item, diagnostic: Diagnostic) -> str:
    """Lean's words with the theorem under its own name, not the one that the document gives it."""
    suffix = item.name.removeprefix(item.theorem.name)
    return diagnostic.text.replace(suffix, "") if suffix else diagnostic.text


def _message(document: Document, diagnostic: Diagnostic, place: Place) -> Message:
    """Lean's message with its position in the proof's own text."""
    proof = document.items[place.item].proof
    before = proof[: place.offset]
    inside = place.part is Part.PROOF
    return Message(
        severity=diagnostic.severity,
        text=_said(document.items[place.item], diagnostic),
        line=before.count("\n") + 1 if inside else 0,
        column=len(before) - (before.rfind("\n") + 1) if inside else 0,
        offset=place.offset if inside else 0,
    )
