"""From a checked proof to the states that it passes through: truncation and the walk from the root.

DeepSeek-Prover-V1.5, §3.2: a proof is cut at its first error, and what remains is walked step by step
from the root. Lean's check did the cutting (`Check.valid_prefix`, `Check.steps`); this module decides
which of the steps count as a change of state, and what the states are called.

**Inside a finished focus.** Lean shows the goals in focus only. After `· exact h`, or at the end of a
`have … := by` block, none are left *there*, although the proof goes on. Such an empty state means
"this part is done". It is told apart from the state of a complete proof, which only the verdict
`PROVED` can give and only to the last step, and it always counts as a change: the step before it had a
goal to close, even if that step, in another part, left no goals either. What remains outside is not
shown, but follows from the way from the root, by which a node of a tree is known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lean_env.values import Check, Step, Verdict

_GIVES_UP = re.compile(r"(?<![\w.«'])(?:sorry|admit)(?![\w.»'])")
_FOCUSES = re.compile(r"\A(?:[.|]|(?:case|next|focus)\b)|·|=>|(?<![\w.])(?:by|do|then|else)(?!\w)")


@dataclass(frozen=True, slots=True)
class Reached:
    """A state on a proof's way."""

    goals: tuple[str, ...]
    """The goals in focus, main goal first."""
    end: int
    """The beginning of the proof that leads here ends before this offset."""
    proved: bool = False
    """Whether the proof is complete here ("no goals")."""
    shows_all: bool = False
    """Whether `goals` are known to be all goals that are left, not only those in focus."""


def walk(check: Check, root: tuple[str, ...] = (), max_prefix: int | None = None) -> tuple[Reached, ...]:
    """The states that the valid part of a proof passes through, in order, the root left out.

    `root` are the goals before the first step, if known: a step that does not change them reaches
    nothing new. Steps that end beyond `max_prefix` characters, where a policy could not go on, are left
    out. A check that found nothing out about the proof (`TIMEOUT`, `OUT_OF_MEMORY`, `FAULT`) has no
    states, and neither has a cheat that Lean accepted from end to end: no step of it can be trusted.
    """
    proved = check.verdict is Verdict.PROVED
    way: list[Reached] = []
    previous = root
    for step in _valid_steps(check):
        if max_prefix is not None and step.end > max_prefix:
            break
        if not step.goals or step.goals != previous:
            way.append(Reached(step.goals, step.end, shows_all=_shows_all(check, step)))
        previous = step.goals
    if proved:
        if way and not way[-1].goals and way[-1].end == check.steps[-1].end:
            way.pop()
        way.append(Reached((), len(check.proof), proved=True))
    return tuple(way)


def closing_prefix(check: Check) -> str | None:
    """A beginning of a refused proof that may be a proof by itself, or None.

    Policies often write on after the last goal is closed, and Lean then says "no goals". Such a
    proof is one check away: of the valid part alone. It is worth that check (which costs no sample)
    with every algorithm alike; if Lean accepts it, observe that check instead of the first.
    Of a check without states, which say it best, only Lean's words can tell.
    """
    if check.verdict is not Verdict.FAILED or len(check.valid_prefix) >= len(check.proof.rstrip()):
        return None
    steps = _valid_steps(check)
    closed = not steps[-1].goals if steps else not check.steps and "no goals" in check.reason.lower()
    return check.valid_prefix or None if closed else None


def _valid_steps(check: Check) -> list[Step]:
    """The steps that are known to be sound, up to the first that gives up (`sorry`)."""
    match check.verdict:
        case Verdict.TIMEOUT | Verdict.OUT_OF_MEMORY | Verdict.FAULT:
            return []
        case Verdict.CHEAT if len(check.valid_prefix) >= len(check.proof.rstrip()):
            return []
    sound: list[Step] = []
    for step in check.steps:
        if step.end > len(check.valid_prefix) or _GIVES_UP.search(step.text):
            break
        sound.append(step)
    return sound


def _shows_all(check: Check, step: Step) -> bool:
    """Whether the step stands in the outermost block, focuses on nothing, and leaves goals.

    Judged by the layout, on the safe side: False where it cannot be told.
    """

    def column(offset: int) -> int:
        return offset - (check.proof.rfind("\n", 0, offset) + 1)

    outermost = column(step.start) <= column(check.steps[0].start)
    return bool(step.goals) and outermost and not _FOCUSES.search(step.text)
