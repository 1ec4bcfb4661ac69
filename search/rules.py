"""What an algorithm is: a small frozen config that says where to expand and what a rollout was worth.

All algorithms here grow the same tree from the same observations. They differ in the node that they
expand next, in how much the policy writes there, and in the reward that they give a rollout.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import Field, dataclass
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from search.tree import ROOT, Path, Tree


class Unit(StrEnum):
    """What the policy is to write behind a prefix."""

    PROOF = "proof"
    """The rest of the proof. Behind a finished proof the right answer is the empty text."""
    TACTIC = "tactic"
    """The next tactic."""


class Selector(Protocol):
    """Chooses nodes of one tree. May keep an index of it, but nothing that the tree does not imply."""

    def select(self, rng: random.Random) -> Path:
        """The way from the root to the node to expand; never ends at a complete proof."""
        ...

    def changed(self, names: Iterable[str]) -> None:
        """The nodes of these names are new, or something about them has changed."""
        ...


class Rule(Protocol):
    """A configured algorithm. Implementations are frozen dataclasses of numbers and booleans."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    algorithm: ClassVar[str]
    """Its name on the command line and in traces."""
    unit: ClassVar[Unit]

    @property
    def gamma(self) -> float:
        """Discount of a node's statistics at each of its updates."""
        ...

    @property
    def transpositions(self) -> bool:
        """Whether equal states are one node wherever they occur."""
        ...

    @property
    def max_prefix(self) -> int | None:
        """Longest prefix, in characters, that the policy can go on from; None: any."""
        ...

    def reward(self, added: int, proved: bool) -> float:
        """What a rollout was worth that added so many nodes; in [0, 1]."""
        ...

    def selector(self, tree: Tree) -> Selector:
        """A selector for `tree` as it is now, rollouts under way included."""
        ...


@dataclass(frozen=True)
class Sampling:
    """Whole proofs, each written from the start: the baseline of every comparison.

    Its tree is a record of what was tried, and is never asked.
    """

    algorithm: ClassVar[str] = "sampling"
    unit: ClassVar[Unit] = Unit.PROOF
    gamma: ClassVar[float] = 1.0
    transpositions: ClassVar[bool] = False
    max_prefix: ClassVar[int | None] = None

    def reward(self, added: int, proved: bool) -> float:
        """1 for a proof."""
        return float(proved)

    def selector(self, tree: Tree) -> Selector:
        """Selects the root, always."""
        return _AtRoot()


class _AtRoot:
    def select(self, rng: random.Random) -> Path:
        return (ROOT,)

    def changed(self, names: Iterable[str]) -> None:
        pass


def check_max_prefix(max_prefix: int | None) -> None:
    """Raise `ValueError` for a limit that leaves no room."""
    if max_prefix is not None and max_prefix < 1:
        raise ValueError(f"max_prefix must be at least 1, not {max_prefix}")
