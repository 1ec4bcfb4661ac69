"""What a reader must know to read a run's figures right."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prover.evaluation.report import RunReport


def notes_of(report: RunReport) -> tuple[str, ...]:
    """A sentence or two each."""
    settings, searches = report.settings, report.searches
    low, high = report.figures[0].estimates[0].bounds
    notes = []
    if count := searches.get("MISSING", 0):
        notes.append(
            f"The run is not finished: {_count(count, 'search', 'searches')} to come. What ends first is "
            f"what is easy, so that figures may be too high as they stand; pass@1 ends between {low:.1%} "
            f"and {high:.1%}."
        )
    if skipped := sum(report.skipped.values()):
        notes.append(f"{skipped} of {report.problems} problems were skipped; they are in no figure.")
    if count := searches.get("FAULT", 0):
        notes.append(
            f"{_count(count, 'search', 'searches')} ended in faults of ours and count neither as proved nor "
            f"as failed; whatever they would have been, pass@1 is between {low:.1%} and {high:.1%}."
        )
    if settings.stop_early and settings.repeats > 1:
        notes.append(
            "Repeats were given up once one had a proof: pass@k is that of the first k repeats. Where some "
            "were given up too early to tell there is no estimate, only bounds."
        )
    if settings.repeats == 1:
        notes.append("One search a problem: the run says nothing of what other seeds would give.")
    if cheats := report.verdicts.get("CHEAT", 0):
        notes.append(f"{_count(cheats, 'sample', 'samples')} tried to cheat; they count as failed.")
    if report.corrections:
        told = (
            f"{proofs:,} {'fresh' if number == '0' else f'in round {number}'}"
            for number, proofs in report.rounds.items()
        )
        notes.append(
            f"{report.corrections:,} of {report.costs.samples:,} samples were to correct an earlier proof; "
            f"proofs: {', '.join(told) or 'none'}."
        )
    limits = [f"{settings.seconds:g} seconds"] if settings.seconds is not None else []
    limits += [f"{settings.tokens:,} tokens"] if settings.tokens is not None else []
    if limits:
        notes.append(
            f"A search also ended after {' or '.join(limits)}: within so many samples means within that, too."
        )
    return tuple(notes)


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
