"""What an algorithm is: a small frozen config that says where to expand and what a rollout was worth.

All algorithms here grow the same tree from the same observations. They differ in the node that they
expand next, in how much the policy writes there, and in the reward that they give a rollout.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import Field, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from lean_env.values import Verdict
from search.tree import ROOT, Path, Tree

if TYPE_CHECKING:
    from search.events import Observation


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


@dataclass(frozen=True, slots=True)
class Draft:
    """A proof that Lean refused, which the next one may learn from."""

    proof: str
    round: int
    """Of the rollout that corrects it: 1 for the first correction of a fresh proof."""


class Drafts(Protocol):
    """Chooses the refused proofs that rollouts are to correct. Like a `Selector` it knows nothing that the
    observations do not imply, but for what is under way."""

    def take(self, path: Path, id: int) -> Draft | None:  # noqa: A002 - as an event calls it
        """What the rollout `id`, at the end of `path`, is to correct; None: nothing."""
        ...

    def release(self, id: int) -> None:  # noqa: A002
        """The rollout is no longer under way; whatever it took is as if it had never been taken."""
        ...

    def observed(self, event: Observation) -> None:
        """A rollout has ended and counts; it was released before."""
        ...


class NoDrafts:
    """Of a rule that corrects nothing."""

    def take(self, path: Path, id: int) -> Draft | None:  # noqa: A002
        """Nothing, ever."""
        return None

    def release(self, id: int) -> None:  # noqa: A002
        """Nothing was taken."""

    def observed(self, event: Observation) -> None:
        """Nothing to note."""


CORRIGIBLE = frozenset({Verdict.FAILED, Verdict.INCOMPLETE})
"""Verdicts that say what is wrong with a proof, so that it can be corrected."""


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

    def drafts(self) -> Drafts:
        """What chooses the proofs to correct, before anything was observed."""
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
        return AtRoot()

    def drafts(self) -> Drafts:
        """Corrects nothing."""
        return NoDrafts()


class AtRoot:
    """Selects the root, always."""

    def select(self, rng: random.Random) -> Path:
        """The path that ends where it begins."""
        return (ROOT,)

    def changed(self, names: Iterable[str]) -> None:
        """Whatever it is, it changes nothing here."""


def check_max_prefix(max_prefix: int | None) -> None:
    """Raise `ValueError` for a limit that leaves no room."""
    if max_prefix is not None and max_prefix < 1:
        raise ValueError(f"max_prefix must be at least 1, not {max_prefix}")
