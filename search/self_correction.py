"""Self-correction: whole proofs, each of which Lean's word on it may send back to its author.

Goedel-Prover-V2's mode (arXiv 2508.03613, section 3): a fresh proof that Lean refuses is corrected, with
what Lean said, up to `rounds` times, each time from the latest proof of its chain; then the next fresh
proof begins. A proof is corrected as soon as possible, so chains are finished before new ones are begun,
and with one rollout at a time they follow one another. Every round is a sample, with tokens of its own.

What was cheated or ran out of time is not corrected (Lean said nothing about it that would help), and
neither is a reply that held no proof.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import ClassVar

from search.events import Observation
from search.rules import CORRIGIBLE, AtRoot, Draft, Drafts, Selector, Unit
from search.tree import Path, Tree


@dataclass(frozen=True)
class SelfCorrection:
    """The algorithm's settings; the default is Goedel-Prover-V2's."""

    rounds: int = 2
    """Corrections of a fresh proof, at most."""

    algorithm: ClassVar[str] = "self-correction"
    unit: ClassVar[Unit] = Unit.PROOF
    gamma: ClassVar[float] = 1.0
    transpositions: ClassVar[bool] = False
    max_prefix: ClassVar[int | None] = None

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise ValueError(f"rounds must be at least 1, not {self.rounds}; without any it is `sampling`")

    def reward(self, added: int, proved: bool) -> float:
        """1 for a proof."""
        return float(proved)

    def selector(self, tree: Tree) -> Selector:
        """Selects the root, always: a correction is a whole proof too."""
        return AtRoot()

    def drafts(self) -> Drafts:
        """The ends of all chains that may go on."""
        return _Chains(self.rounds)


@dataclass(slots=True)
class _Chains:
    """The latest proofs of the chains that may go on and that no rollout under way corrects, oldest first."""

    rounds: int
    waiting: list[tuple[int, Draft]] = field(default_factory=list)
    """A heap by the order in which they were observed."""
    taken: dict[int, tuple[int, Draft]] = field(default_factory=dict)
    """By the ids of the rollouts that correct them."""
    observations: int = 0

    def take(self, path: Path, id: int) -> Draft | None:  # noqa: A002
        if not self.waiting:
            return None
        self.taken[id] = heapq.heappop(self.waiting)
        return self.taken[id][1]

    def release(self, id: int) -> None:  # noqa: A002
        if (item := self.taken.pop(id, None)) is not None:
            heapq.heappush(self.waiting, item)

    def observed(self, event: Observation) -> None:
        self.observations += 1
        if event.revises:
            draft = Draft(event.revises, event.round)
            corrected = [item for item in self.waiting if item[1] == draft]
            if corrected:  # It is not there if traces of several runs were merged.
                self.waiting.remove(min(corrected))
                heapq.heapify(self.waiting)
        if event.verdict in CORRIGIBLE and event.proof.strip() and event.round < self.rounds:
            heapq.heappush(self.waiting, (self.observations, Draft(event.proof, event.round + 1)))
