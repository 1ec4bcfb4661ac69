"""Best-first search over tactics, by the length-normalised log-probability of the way to a state.

As in GPT-f (arXiv 2009.03393) and, with the normalisation, BFS-Prover (arXiv 2502.03438): the node with
the largest  Σ log p(tactic) / length^α  is expanded `width` times, each time by one tactic.

When every node has been expanded that often, or so many rollouts are under way, the second round
begins, again with the best node: a policy that samples writes other tactics the second time, and
neither workers nor the rest of a budget are left idle. That makes a node's place a function of the node
alone, so that the queue can be rebuilt from the tree at any time.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar

from search.rules import Drafts, NoDrafts, Selector, Unit, check_max_prefix
from search.tree import ROOT, Node, Path, Tree

Place = tuple[int, float, int]
"""A node's place in the queue, smallest first: round, negative priority, order of finding."""


@dataclass(frozen=True)
class BestFirst:
    """The algorithm's settings."""

    width: int = 8
    """Expansions of a node in each round."""
    length_exponent: float = 1.0
    """α: 0 compares probabilities (favours short ways), 1 the mean log-probability of a step."""
    max_prefix: int | None = None
    """Longest prefix, in characters, that is worth a node; the policy's context limits it."""

    algorithm: ClassVar[str] = "best-first"
    unit: ClassVar[Unit] = Unit.TACTIC
    gamma: ClassVar[float] = 1.0
    transpositions: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.width < 1:
            raise ValueError(f"width must be at least 1, not {self.width}")
        if not 0.0 <= self.length_exponent <= 1.0:
            raise ValueError(f"length_exponent must be in [0, 1], not {self.length_exponent}")
        check_max_prefix(self.max_prefix)

    def reward(self, added: int, proved: bool) -> float:
        """1 for a new state. Only shown: priorities decide."""
        return float(added > 0)

    def selector(self, tree: Tree) -> Selector:
        """A priority queue of all nodes that can be expanded."""
        queue = _Queue(self, tree)
        queue.changed(tree.nodes)
        return queue

    def drafts(self) -> Drafts:
        """Corrects nothing."""
        return NoDrafts()

    def priority(self, node: Node) -> float:
        """Σ log p / length^α, 0 at the root. A node's length is its depth."""
        return node.logprob / math.pow(max(node.depth, 1), self.length_exponent)


@dataclass(slots=True)
class _Queue:
    """A heap with lazy deletion: an entry counts only if it is the present place of its node."""

    rule: BestFirst
    tree: Tree
    heap: list[tuple[Place, str]] = field(default_factory=list)

    def select(self, rng: random.Random) -> Path:
        while True:
            place, name = self.heap[0]
            if place == self._place(self.tree.nodes[name]):
                return self._path(name)
            heapq.heappop(self.heap)

    def changed(self, names: Iterable[str]) -> None:
        for name in names:
            node = self.tree.nodes[name]
            if not node.proved:
                heapq.heappush(self.heap, (self._place(node), name))

    def _place(self, node: Node) -> Place:
        rounds = (node.own.count + node.pending_own) // self.rule.width
        return rounds, -self.rule.priority(node), node.index

    def _path(self, name: str) -> Path:
        path = [name]
        while path[-1] != ROOT:
            path.append(self.tree.nodes[path[-1]].parents[0])
        return tuple(reversed(path))
