"""How much a search may spend, what it has spent, and why it ended."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Budget:
    """The search stops at the first limit that it reaches; None is no limit."""

    samples: int | None = None
    """Completions that were checked; `FAULT`s and what was cancelled do not count."""
    seconds: float | None = None
    """Wall-clock seconds since the search began, as the caller counts them."""
    tokens: int | None = None
    """Tokens that the policy wrote."""
    overruns: int | None = None
    """Samples whose check ran into its limit on time or memory; each costs as much as many others."""

    def __post_init__(self) -> None:
        for name in ("samples", "seconds", "tokens", "overruns"):
            limit = getattr(self, name)
            if limit is not None and not limit >= 0:
                raise ValueError(f"{name} must be 0 or more, not {limit}")


class Stop(StrEnum):
    """Why a search has ended."""

    PROVED = "proved"
    SAMPLES = "samples"
    SECONDS = "seconds"
    TOKENS = "tokens"
    OVERRUNS = "overruns"


@dataclass(frozen=True, slots=True)
class Sample:
    """What the caller knows about a completion besides its check."""

    tokens: int = 0
    """Tokens that the policy wrote."""
    logprob: float = 0.0
    """Log-probability of the completion under the policy, in nats; best-first search needs it."""
    value: float | None = None
    """Estimated probability, in [0, 1], that the states found can be proved; None: no estimate."""
    seconds: float = 0.0
    """This completion's share of the time in which the policy wrote it and others at once."""

    def __post_init__(self) -> None:
        if self.tokens < 0:
            raise ValueError(f"tokens must be 0 or more, not {self.tokens}")
        if not math.isfinite(self.logprob):
            raise ValueError(f"logprob must be finite, not {self.logprob}")
        if self.value is not None and not 0.0 <= self.value <= 1.0:
            raise ValueError(f"value must be in [0, 1], not {self.value}")


@dataclass(frozen=True, slots=True)
class Statistics:
    """A search at a glance."""

    samples: int
    """Rollouts that count."""
    abandoned: int
    """Rollouts that do not: cancelled, or lost to a fault of ours."""
    under_way: int
    tokens: int
    seconds: float
    """Of wall-clock time, as last told by the caller."""
    verdicts: dict[str, int]
    """How many of the samples ended with each verdict."""
    rewarded: int
    """Samples with a reward above 0."""
    nodes: int
    """The root among them."""
    depth: int
    """Of the deepest node that is no complete proof."""
    best_prefix: str
    """A prefix that reached the deepest node."""
    stopped: Stop | None
    proof: str | None
    """The first proof that was found."""
    faults: int = 0
    """Those of `abandoned` that a fault of ours ended, instead of somebody's will."""
    lean_seconds: float = 0.0
    """Sum over the samples' checks; several run at a time."""
    policy_seconds: float = 0.0
    """Sum over the samples' shares of the policy's time (`Sample.seconds`)."""
    corrections: int = 0
    """Those of `samples` that were to correct an earlier proof."""
    proof_round: int = 0
    """The round in which `proof` was found: 0 for a fresh proof, else how many proofs it corrects in turn."""
