"""A slow, plain RMaxTS: no running sums, only the list of what happened and the paper's formulas."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from search import Tree
from search.tree import Path


@dataclass
class Reference:
    """The rewards of all rollouts so far, and the paths of those under way."""

    gamma: float
    ended: list[tuple[Path, float]] = field(default_factory=list)
    under_way: list[Path] = field(default_factory=list)

    def rewards(self, name: str, own: bool) -> list[float]:
        """R_1 … R_N of ⊘ at a node, or of the choice to go there, without virtual losses."""
        return [reward for path, reward in self.ended if (path[-1] == name if own else name in path)]

    def pending(self, name: str, own: bool) -> int:
        return sum(path[-1] == name if own else name in path for path in self.under_way)

    def sums(self, rewards: Sequence[float]) -> tuple[float, float]:
        """W_γ and N_γ."""
        n = len(rewards)
        weighted = math.fsum(self.gamma ** (n - t) * reward for t, reward in enumerate(rewards, 1))
        return weighted, math.fsum(self.gamma**t for t in range(n))

    def scores(self, tree: Tree, name: str) -> dict[str | None, float]:
        """The score of ⊘ (None) and of each child that is no complete proof, in order."""
        sums: dict[str | None, tuple[float, float]] = {}
        for choice in (None, *tree.nodes[name].children):
            if choice is not None and tree.nodes[choice].proved:
                continue
            at, own = (name, True) if choice is None else (choice, False)
            sums[choice] = self.sums([*self.rewards(at, own), *[0.0] * self.pending(at, own)])
        total = math.fsum(visits for _, visits in sums.values())
        return {
            choice: math.inf if not visits else reward / visits + math.sqrt(2 * math.log(total) / visits)
            for choice, (reward, visits) in sums.items()
        }

    def require_selected(self, tree: Tree, path: Path) -> None:
        """Fail unless `path` is one that the formulas select; ties within rounding may go either way."""
        for name, choice in zip(path, (*path[1:], None), strict=True):
            scores = self.scores(tree, name)
            best = max(scores.values())
            if best == math.inf:
                first = next(option for option, score in scores.items() if score == math.inf)
                assert choice == first, (name, scores)
            else:
                assert scores[choice] >= best - 1e-9, (name, scores)

    def require_statistics(self, tree: Tree) -> None:
        """Fail unless the tree's running sums are the formulas' values."""
        for node in tree.nodes.values():
            for own, statistics in ((True, node.own), (False, node.subtree)):
                rewards = self.rewards(node.name, own)
                weighted, visits = self.sums(rewards)
                assert statistics.count == len(rewards)
                assert math.isclose(statistics.reward, weighted, rel_tol=1e-9, abs_tol=1e-12)
                assert math.isclose(statistics.visits, visits, rel_tol=1e-9)
            assert node.pending_own == self.pending(node.name, own=True)
            assert node.pending_subtree == self.pending(node.name, own=False)
