"""What happens in a search, as values: a trace is a `Start` and then these, one JSON object a line.

`Search` returns an event for everything that changes it. Whoever keeps them, in order, can have the
search back (`search.trace`): the tree is a function of the observations alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lean_env.values import Theorem, Verdict
from search.budget import Budget, Sample
from search.rules import Unit
from search.tree import Path, Visit

VERSION = 1
"""Of the format; a reader refuses others."""
CANCELLED = "cancelled"
"""The reason of an abandonment that is nobody's fault."""


@dataclass(frozen=True, slots=True)
class Start:
    """What is searched for and how. Budgets are not part of it: a search can be resumed with more."""

    theorem: Theorem
    algorithm: str
    settings: dict[str, Any]
    """The rule's fields."""
    goals: tuple[str, ...]
    """Before the first step; empty if not asked for."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """With what the search goes on from here. It says nothing of the tree, and a trace that was resumed
    has several."""

    policy: str
    """The name that the user gave."""
    policy_version: str
    toolchain: str
    seed: int
    workers: int
    budget: Budget


@dataclass(frozen=True, slots=True)
class Expansion:
    """A rollout that has begun: the policy is to go on from `prefix`."""

    id: int
    """From 0, in order. After an interruption, ids of rollouts that were lost may be used again."""
    path: Path
    """From the root to the node that is expanded."""
    prefix: str
    """The beginning of the proof; ends with its last tactic, without a line break."""
    goals: tuple[str, ...]
    """The state after the prefix; empty if nothing is left in focus, or nothing known of the root."""
    unit: Unit
    """What the policy is to write."""
    seconds: float
    """When, on the caller's clock."""
    revises: str = ""
    """An earlier proof that Lean refused and that this rollout is to correct; empty: there is none."""
    round: int = 0
    """How many proofs of its chain of corrections came before; 0: there is nothing to correct."""

    @property
    def node(self) -> str:
        """The node that is expanded."""
        return self.path[-1]


@dataclass(frozen=True, slots=True)
class Observation:
    """A rollout that has ended and counts."""

    id: int
    path: Path
    verdict: Verdict
    reason: str
    """The check's one line for a person."""
    proof: str
    """All of the text that was checked, the prefix included."""
    visits: tuple[Visit, ...]
    """The nodes that the valid part reached, from the root on, each once per change of state."""
    sample: Sample
    check_seconds: float
    worker: int
    seconds: float
    """When, on the caller's clock."""
    added: tuple[str, ...] = ()
    """The nodes that were new. Worked out afresh whenever the event is applied, as is `reward`."""
    reward: float = 0.0
    revises: str = ""
    """The expansion's; so is `round`."""
    round: int = 0


@dataclass(frozen=True, slots=True)
class Abandonment:
    """A rollout that was cancelled, or lost to a fault of ours, and counts for nothing."""

    id: int
    reason: str
    seconds: float


Event = Start | Circumstances | Expansion | Observation | Abandonment
