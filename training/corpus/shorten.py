"""Shorter proofs, cheaply: what a corpus needs is proofs without dead ends, not the shortest ones.

`prover.minimise` leaves steps out one after the other and audits the result; for tens of thousands of
proofs that is too slow. Here all the ways to leave one thing out are checked at once, in one of Lean's
large documents, and then all that may go alone is left out together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from lean_env.steps import Boundary, boundaries
from prover.minimise import without

MAX_STEPS = 16
"""Longer proofs are left as they are."""
ROUNDS = 3

Accepts = Callable[[str], Awaitable[bool]]
"""Whether Lean accepts a proof."""


async def shortened(proof: str, accepts: Accepts, start: int = 0) -> str:
    """A proof with fewer steps behind `start`, where Lean accepts one; else `proof`."""
    for _ in range(ROUNDS):
        steps = [step for step in boundaries(proof) if step.start >= start]
        if len(steps) > MAX_STEPS:
            return proof
        fewer = [
            (step, text) for step in steps if usable(text := without(proof, step.start, step.end), start)
        ]
        halves = [text for step in steps for text in halved(proof, step)]
        verdicts = await _all(accepts, [text for _, text in fewer] + halves)
        needless = [step for (step, _), fine in zip(fewer, verdicts, strict=False) if fine]
        found = [text for (_, text), fine in zip(fewer, verdicts, strict=False) if fine]
        found += [text for text, fine in zip(halves, verdicts[len(fewer) :], strict=True) if fine]
        if not found:
            return proof
        if (
            len(needless) > 1
            and usable(least := _without_all(proof, needless), start)
            and await accepts(least)
        ):
            found.append(least)
        proof = min(found, key=lambda text: (len(boundaries(text)), len(text)))
    return proof


def halved(proof: str, step: Boundary) -> list[str]:
    """For a step `a <;> b` on one line: the proof with `a` in its place, and with `b`."""
    first, found, second = proof[step.start : step.end].partition(" <;> ")
    if not found or "\n" in first + second or "(" in first:
        return []
    return [proof[: step.start] + half + proof[step.end :] for half in (first, second)]


def usable(text: str, start: int) -> bool:
    """Whether something is left behind `start`."""
    return bool(text[start:].strip())


def _without_all(proof: str, steps: Sequence[Boundary]) -> str:
    for step in reversed(steps):
        proof = without(proof, step.start, step.end)
    return proof


async def _all(accepts: Accepts, texts: Sequence[str]) -> list[bool]:
    return list(await asyncio.gather(*map(accepts, texts)))
