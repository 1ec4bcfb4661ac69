"""What the roles of a run hand to each other."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lean_env.values import Theorem, Verdict

RefusedProof = tuple[str, str]
"""The digest of a theorem, and a proof of it that the strict audit has refused."""


class Source(StrEnum):
    """How a rollout came about."""

    SAMPLING = "sampling"
    """One of a group of independent proofs of the statement."""
    SEARCH = "search"
    """Written in a search tree, behind the prefix of one of its nodes."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """One completion of the policy, and what Lean made of it."""

    prompt: str
    """As the policy read it."""
    ids: tuple[int, ...]
    """The tokens that the policy wrote, an end token included."""
    logprobs: tuple[float, ...]
    """Of each of them under the policy that wrote it: natural logarithm, at temperature 1 and without
    nucleus, as it was drawn."""
    version: int
    """Of the policy that wrote it: how many updates it had seen."""
    proof: str
    """The whole proof, the prefix included; without what the policy wrote if that was no proof."""
    prefix: str
    """What the search had before it; empty for a proof from the start."""
    verdict: Verdict
    reason: str
    """Why it is not `PROVED`."""
    source: Source = Source.SAMPLING

    @property
    def reward(self) -> float:
        """1 for a proof, 0 for everything else; a cheat is worth nothing. Not to be asked of a `FAULT`."""
        assert self.verdict is not Verdict.FAULT, "a fault says nothing about the policy"
        return float(self.verdict is Verdict.PROVED)


@dataclass(frozen=True, slots=True)
class Group:
    """Rollouts of one theorem, which are compared with each other."""

    theorem: Theorem
    rollouts: tuple[Rollout, ...]

    @property
    def judged(self) -> tuple[Rollout, ...]:
        """Those that Lean judged: faults are ours, and no word about the policy."""
        return tuple(rollout for rollout in self.rollouts if rollout.verdict is not Verdict.FAULT)

    @property
    def rewards(self) -> tuple[float, ...]:
        """Of the judged rollouts."""
        return tuple(rollout.reward for rollout in self.judged)

    @property
    def informative(self) -> bool:
        """Whether some rollout did better than another: otherwise all advantages are zero."""
        return len(set(self.rewards)) > 1

    def teaches(self, k: int) -> bool:
        """Whether an advantage is not zero where pass@k is to rise: k tries do not prove the theorem anyway.
        For k = 1 the same as `informative`."""
        proved = sum(reward > 0 for reward in self.rewards)
        return 0 < proved <= len(self.rewards) - max(1, min(k, len(self.rewards)) - 1)

    @property
    def searched(self) -> bool:
        """Whether these are the rollouts of a search tree."""
        return any(rollout.source is Source.SEARCH for rollout in self.rollouts)

    @property
    def version(self) -> int:
        """Of the oldest policy that wrote some of it."""
        return min(rollout.version for rollout in self.rollouts)
