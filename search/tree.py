"""The search tree: nodes are tactic states, and know the proof prefixes that lead to them.

The tree is a fold over observations: `grow` adds the states of a checked proof, `backup` its reward.
Rollouts under way are mere counts beside that (`hold`, `release`), so that the tree does not depend on
the order in which rollouts were started.

The tree is updated in place. A run of 6,400 rollouts has tens of thousands of nodes, and copying them
at every rollout would be quadratic; with persistent maps every access would be slower, for snapshots
that nobody takes. Only the methods of `Tree` change it; the statistics inside are frozen values.

A node's name is a hash of its state and its parent's name. So a name means the same in every run on the
same theorem, and traces refer to nodes by it without a table of numbers.
"""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from search.discounted import UNVISITED, Discounted
from search.walk import Reached

ROOT = "root"

Path = tuple[str, ...]
"""Names of nodes from the root on, each a child of the one before."""


@dataclass(slots=True)
class Node:
    """A tactic state."""

    name: str
    goals: tuple[str, ...]
    """The goals in focus; empty if that part is done, and at the root of a theorem not yet asked about."""
    index: int
    """How many nodes were found before it."""
    depth: int
    """Changes of state from the root, on the way by which the node was found first."""
    proved: bool = False
    """Whether this is the state of a complete proof; such a node is never expanded."""
    prior: float = 0.0
    """Estimated probability, in [0, 1], that a proof goes on from here to its end."""
    logprob: float = 0.0
    """Largest cumulative log-probability of the completions by which the node was reached; nats."""
    parents: list[str] = field(default_factory=list)
    """The first is the one the node was found from; there are more only with transpositions."""
    children: list[str] = field(default_factory=list)
    """In the order in which they were found."""
    prefixes: dict[str, None] = field(default_factory=dict)
    """Every distinct beginning of a proof that reached this state, in order (the values mean nothing)."""
    own: Discounted = UNVISITED
    """Of ⊘, the choice to expand this node itself."""
    subtree: Discounted = UNVISITED
    """Of the choice to go to this node: expansions of it and of all below, by paths through it."""
    pending_own: int = 0
    """Rollouts under way from this node."""
    pending_subtree: int = 0
    """Rollouts under way from this node and from those below it, by paths through it."""

    def random_prefix(self, rng: random.Random) -> str:
        """One of the prefixes, each with the same probability."""
        return next(itertools.islice(self.prefixes, rng.randrange(len(self.prefixes)), None))


@dataclass(frozen=True, slots=True)
class Visit:
    """A node on a rollout's way, as it is written to a trace."""

    node: str
    end: int
    """The prefix that reached the node ends here in the rollout's proof."""
    goals: tuple[str, ...] | None
    """The node's state, if the rollout found the node; None if it was known before."""


@dataclass(slots=True)
class Tree:
    """All nodes by name, in the order in which they were found; the root is first."""

    nodes: dict[str, Node]
    deepest: str = ROOT
    """The first node of the greatest depth, those of complete proofs left out."""

    @classmethod
    def plant(cls, goals: tuple[str, ...] = ()) -> Tree:
        """A tree that is only the theorem, whose initial `goals` are given if known."""
        root = Node(ROOT, goals, 0, 0, prior=prior_of(goals), prefixes={"": None})
        return cls({ROOT: root})

    def visits(self, way: Sequence[Reached], transpositions: bool) -> tuple[Visit, ...]:
        """The nodes that lie on a proof's way from the root; changes nothing.

        With `transpositions`, states that show all goals are one node wherever they occur.
        """
        name, visits = ROOT, []
        for reached in way:
            merges = transpositions and reached.shows_all
            if merges and reached.goals == self.nodes[ROOT].goals:
                name = ROOT
            else:
                name = _name("" if merges else name, reached)
            visits.append(Visit(name, reached.end, None if name in self.nodes else reached.goals))
        return tuple(visits)

    def grow(
        self,
        proof: str,
        visits: Sequence[Visit],
        *,
        proved: bool,
        value: float | None = None,
        logprob: float = 0.0,
        path: Path = (ROOT,),
    ) -> tuple[str, ...]:
        """Add what lies on a proof's way, and return the names of the nodes that are new.

        `value` estimates the chances of the new nodes, and `logprob` is the log-probability of the
        completion that was written at the end of `path`. Raises `ValueError` if a node is neither
        known nor described.
        """
        reached_with = self.nodes[path[-1]].logprob + logprob
        parent, added = self.nodes[ROOT], []
        for visit in visits:
            node = self.nodes.get(visit.node)
            if node is None:
                if visit.goals is None:
                    raise ValueError(f"node {visit.node} is neither known nor described")
                node = Node(
                    visit.node,
                    visit.goals,
                    len(self.nodes),
                    parent.depth + 1,
                    proved=proved and visit is visits[-1],
                    prior=prior_of(visit.goals) if value is None else value,
                    logprob=reached_with,
                )
                self.nodes[node.name] = node
                added.append(node.name)
                if not node.proved and node.depth > self.nodes[self.deepest].depth:
                    self.deepest = node.name
            elif visit.node not in path:
                node.logprob = max(node.logprob, reached_with)
            if parent.name not in node.parents and not self._is_ancestor(node, parent):
                parent.children.append(node.name)
                node.parents.append(parent.name)
            node.prefixes[proof[: visit.end]] = None
            parent = node
        return tuple(added)

    def backup(self, path: Path, reward: float, gamma: float) -> None:
        """Update the statistics along `path`, at whose end the rollout began."""
        for name in path:
            node = self.nodes[name]
            node.subtree = node.subtree.update(reward, gamma)
        last = self.nodes[path[-1]]
        last.own = last.own.update(reward, gamma)

    def hold(self, path: Path) -> None:
        """Count a rollout from the end of `path` as under way."""
        self._count(path, 1)

    def release(self, path: Path) -> None:
        """Count a rollout from the end of `path` as no longer under way."""
        self._count(path, -1)

    def _count(self, path: Path, change: int) -> None:
        for name in path:
            self.nodes[name].pending_subtree += change
        self.nodes[path[-1]].pending_own += change

    def _is_ancestor(self, node: Node, of: Node) -> bool:
        """Whether an edge from `of` to `node` would close a cycle (needs a transposition)."""
        if not node.children:
            return node is of
        above, seen = [of.name], {of.name}
        while above:
            name = above.pop()
            if name == node.name:
                return True
            fresh = [parent for parent in self.nodes[name].parents if parent not in seen]
            seen.update(fresh)
            above += fresh
        return False


def prior_of(goals: tuple[str, ...]) -> float:
    """A success prior from the state alone: the fewer goals in focus, the better."""
    return 1.0 / (1 + len(goals))


def _name(parent: str, reached: Reached) -> str:
    state = "\x1e".join(("proved" if reached.proved else "open", *reached.goals))
    return hashlib.blake2b(f"{parent}\x1f{state}".encode(), digest_size=8).hexdigest()
