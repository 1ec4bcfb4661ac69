"""Shorter proofs, cheaply: what a corpus needs is proofs without dead ends, not the shortest ones.

`prover.minimise` leaves steps out one after the other and audits the result; for tens of thousands of
proofs that is too slow. Here all the ways to leave one thing out are checked at once, in one of Lean's
large documents, and then all that may go alone is left out together.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence

from lean_env.steps import Boundary, boundaries
from prover.minimise import without

MAX_STEPS = 16
"""Longer proofs are left as they are."""
ROUNDS = 3

_LEMMAS = re.compile(r"(?<=simp|_all|impa) \[([^\[\]]*)\]")

Accepts = Callable[[str], Awaitable[bool]]
"""Whether Lean accepts a proof."""


async def shortened(proof: str, accepts: Accepts, start: int = 0) -> str:
    """A proof that says less behind `start`, where Lean accepts one; else `proof`."""
    for _ in range(ROUNDS):
        steps = [step for step in boundaries(proof) if step.start >= start]
        if len(steps) > MAX_STEPS:
            return proof
        left_out = {step: without(proof, step.start, step.end) for step in steps}
        left_out = {step: text for step, text in left_out.items() if text[start:].strip()}
        simpler = [
            proof[: step.start] + tactic + proof[step.end :]
            for step in steps
            for tactic in simpler_tactics(proof[step.start : step.end])
        ]
        texts = list(dict.fromkeys([*left_out.values(), *simpler]))
        found = [text for text, fine in zip(texts, await _all(accepts, texts), strict=True) if fine]
        if not found:
            return proof
        needless = [step for step, text in left_out.items() if text in found]
        if len(needless) > 1:
            least = _without_all(proof, needless)
            if least[start:].strip() and await accepts(least):
                found.append(least)
        proof = min(found, key=length)
    return proof


def simpler_tactics(tactic: str) -> list[str]:
    """For `a <;> b` its two halves; for `simp [a, b]` the same without lemmas, or without one of them."""
    first, both, second = tactic.partition(" <;> ")
    if both and "(" not in first and "\n" not in tactic:
        return [first, second]
    named = _LEMMAS.search(tactic)
    if named is None:
        return []
    lemmas = named[1].split(", ")
    fewer = [", ".join(lemmas[:place] + lemmas[place + 1 :]) for place in range(len(lemmas))]
    lists = ["", *(f" [{some}]" for some in fewer if some)]
    return [tactic[: named.start(0)] + list_ + tactic[named.end(0) :] for list_ in lists]


def length(proof: str) -> tuple[int, int]:
    """What makes a proof longer than another: steps first, then characters."""
    return len(boundaries(proof)), len(proof)


def _without_all(proof: str, steps: Sequence[Boundary]) -> str:
    for step in reversed(steps):
        proof = without(proof, step.start, step.end)
    return proof


async def _all(accepts: Accepts, texts: Sequence[str]) -> list[bool]:
    return list(await asyncio.gather(*map(accepts, texts)))
