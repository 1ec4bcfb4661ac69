"""RMaxTS: tree search that is rewarded for finding states not seen before.

DeepSeek-Prover-V1.5 (arXiv 2408.08152), §3.2-3.3. A rollout goes down the tree to a node, the policy
writes the rest of the proof from there, and its reward is 1 if its valid part reached at least one new
state, else 0 (RMax: assume the best of what is unknown). Selection at node s is by the upper confidence
bound of discounted statistics,

    argmax over a in children(s) ∪ {⊘} of  W_γ(s,a)/N_γ(s,a) + sqrt(2 ln Σ_b N_γ(s,b) / N_γ(s,a)),

where ⊘ is to expand s itself. An untried choice has an infinite bonus. Of equal choices the one found
first is taken, ⊘ before the children, so that selection is deterministic.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from search.discounted import Discounted
from search.rules import CORRIGIBLE, Draft, Drafts, NoDrafts, Selector, Unit, check_max_prefix
from search.tree import ROOT, Path, Tree

if TYPE_CHECKING:
    from search.events import Observation


@dataclass(frozen=True)
class RMaxTS:
    """The algorithm's settings; the defaults are the paper's."""

    gamma: float = 0.99
    """Discount per update, in (0, 1]; 1 is plain UCB1."""
    intrinsic: bool = True
    """Reward for new states. Without it (the paper's ablation: plain UCT) only a proof is rewarded."""
    transpositions: bool = False
    """Beyond the paper: a state that shows all goals is one node, whatever led there."""
    prior_weight: float = 0.0
    """Beyond the paper: adds prior_weight · prior / (1 + N_γ) to a choice's score (progressive bias,
    Chaslot et al. 2008) and lets the prior decide between untried choices."""
    max_prefix: int | None = None
    """Longest prefix, in characters, that is worth a node; the policy's context limits it."""

    feedback: bool = False
    """Beyond the paper: a rollout is told what became of the latest proof that failed at its node."""

    algorithm: ClassVar[str] = "rmaxts"
    unit: ClassVar[Unit] = Unit.PROOF

    def __post_init__(self) -> None:
        if not 0.0 < self.gamma <= 1.0:
            raise ValueError(f"gamma must be in (0, 1], not {self.gamma}")
        if not 0.0 <= self.prior_weight < math.inf:
            raise ValueError(f"prior_weight must be 0 or more, not {self.prior_weight}")
        check_max_prefix(self.max_prefix)

    def reward(self, added: int, proved: bool) -> float:
        """§3.3, intrinsic reward: 1 if the rollout added at least one node."""
        return float(added > 0) if self.intrinsic else float(proved)

    def selector(self, tree: Tree) -> Selector:
        """Keeps no index: the statistics are in the nodes."""
        return _Descent(self, tree)

    def drafts(self) -> Drafts:
        """With feedback, the latest failure at each node."""
        return _LatestFailures() if self.feedback else NoDrafts()


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to go on at a node."""

    child: str | None
    """None is ⊘: expand the node itself."""
    statistics: Discounted
    """With virtual losses for the rollouts under way."""
    prior: float


def choices(tree: Tree, name: str, gamma: float) -> list[Choice]:
    """What can be selected at a node: ⊘, then its children in order. Complete proofs are no choice."""
    node = tree.nodes[name]
    found = [Choice(None, node.own.with_virtual_loss(node.pending_own, gamma), node.prior)]
    for child in map(tree.nodes.__getitem__, node.children):
        if not child.proved:
            statistics = child.subtree.with_virtual_loss(child.pending_subtree, gamma)
            found.append(Choice(child.name, statistics, child.prior))
    return found


def scores(options: Sequence[Choice], prior_weight: float = 0.0) -> list[float]:
    """The upper confidence bound of each choice; infinite for an untried one."""
    total = sum(option.statistics.visits for option in options)

    def score(option: Choice) -> float:
        visits = option.statistics.visits
        if visits == 0.0:
            return math.inf
        # Each N_γ here is 1 or more, and so the logarithm is not negative.
        bonus = math.sqrt(2.0 * math.log(total) / visits)
        return option.statistics.value + bonus + prior_weight * option.prior / (1.0 + visits)

    return [score(option) for option in options]


@dataclass(frozen=True, slots=True)
class _Descent:
    rule: RMaxTS
    tree: Tree

    def select(self, rng: random.Random) -> Path:
        path = [ROOT]
        while True:
            options = choices(self.tree, path[-1], self.rule.gamma)
            ranks = scores(options, self.rule.prior_weight)
            if self.rule.prior_weight:
                keys = [(rank, option.prior) for rank, option in zip(ranks, options, strict=True)]
            else:
                keys = [(rank, 0.0) for rank in ranks]
            best = options[max(range(len(options)), key=keys.__getitem__)]
            if best.child is None:
                return tuple(path)
            path.append(best.child)

    def changed(self, names: Iterable[str]) -> None:
        pass


@dataclass(slots=True)
class _LatestFailures:
    """For each node, the latest refused proof whose valid part ended there: its next step was wrong in the
    very state that is expanded."""

    proofs: dict[str, str] = field(default_factory=dict)

    def take(self, path: Path, id: int) -> Draft | None:  # noqa: A002
        proof = self.proofs.get(path[-1])
        return None if proof is None else Draft(proof, 1)

    def release(self, id: int) -> None:  # noqa: A002
        pass

    def observed(self, event: Observation) -> None:
        if event.verdict in CORRIGIBLE and event.proof.strip():
            self.proofs[event.visits[-1].node if event.visits else ROOT] = event.proof
