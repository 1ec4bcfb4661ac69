"""Sampling without replacement: an answer that a prompt has got is not drawn for it again.

A small model repeats itself: of 64 answers to one statement half are copies, and a copy tells a search
nothing. After Shi et al., "Incremental sampling without replacement for sequence models" (arXiv
2002.09067): a tree of tokens remembers for each prompt which share of the probability its answers have used
up, and each word is drawn in proportion to what is left behind it. The next answer then comes from the
model's own distribution with the earlier answers taken out, and no draw is thrown away.

Shapes: B rows, V vocabulary.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from training.generate.sampling import nucleus, pick

PROMPTS = 4096
"""So many prompts are remembered, those asked last."""
USED_UP = 1e-6
"""If less probability than this is left behind a word, it counts as none."""


@dataclass(slots=True)
class Node:
    """The beginning of some answers."""

    left: float = 1.0
    """Share of the probability behind this beginning that no answer has used up."""
    next: dict[int, tuple[float, Node]] = field(default_factory=dict)
    """For each token that an answer goes on with, the probability that it was drawn with; what follows."""


class Walk:
    """One answer under way, followed through the tree of its prompt's earlier answers."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._node: Node | None = root
        self._path: list[tuple[int, float]] = []

    def left(self) -> dict[int, float]:
        """Of the next tokens that an earlier answer had at this place: what is left behind each."""
        if self._node is None:
            return {}
        return {token: node.left for token, (_, node) in self._node.next.items() if node.left < 1}

    def step(self, token: int, probability: float) -> None:
        """`token` was drawn, with this probability before anything was taken out."""
        self._path.append((token, probability))
        if self._node is not None:
            _, self._node = self._node.next.get(token, (0.0, None))

    def finish(self) -> bool:
        """Take the answer out of what is left; False if it was out already, as another row's answer."""
        nodes = [self._root]
        for token, probability in self._path:
            _, node = nodes[-1].next.setdefault(token, (probability, Node()))
            nodes.append(node)
        if nodes[-1].left == 0:
            return False
        nodes[-1].left = 0.0
        for node in reversed(nodes[:-1]):
            node.left = 1 - sum(p * (1 - child.left) for p, child in node.next.values())
            if node.left < USED_UP:
                node.left = 0.0
        return True


class Answers:
    """The trees of the prompts that were asked last."""

    def __init__(self) -> None:
        self._roots: OrderedDict[tuple[int, ...], Node] = OrderedDict()

    def walk(self, prompt: tuple[int, ...]) -> Walk:
        """A new answer to a prompt. If its answers have used up everything, all may come again."""
        root = self._roots.pop(prompt, None)
        if root is None or root.left == 0:
            root = Node()
        self._roots[prompt] = root
        if len(self._roots) > PROMPTS:
            self._roots.popitem(last=False)
        return Walk(root)


def draw_distinct(
    logits_BV: Tensor, uniform_B: Tensor, temperature: float, top_p: float, walks: Sequence[Walk]
) -> tuple[Tensor, Tensor]:
    """A token for each row, and its log-prob at temperature 1 without nucleus, both (B); the walks go on.

    The nucleus is that of what is left, so it widens as answers are used up. `temperature` must be positive.
    """
    chances_BV = torch.softmax(logits_BV / temperature, -1)
    left_BV = torch.ones_like(chances_BV)
    if used := [(row, *one) for row, walk in enumerate(walks) for one in walk.left().items()]:
        rows, tokens, left = (torch.tensor(part, device=left_BV.device) for part in zip(*used, strict=True))
        left_BV[rows, tokens] = left.to(left_BV.dtype)
    remaining_BV = chances_BV * left_BV
    remaining_BV /= remaining_BV.sum(-1, keepdim=True).clamp_min(torch.finfo(remaining_BV.dtype).tiny)
    tokens_B = pick(nucleus(remaining_BV, top_p).cumsum(-1), uniform_B)
    own_B = chances_BV.gather(-1, tokens_B[:, None])[:, 0]
    for walk, token, probability in zip(walks, tokens_B.tolist(), own_B.tolist(), strict=True):
        walk.step(token, probability)
    logits_B = logits_BV.gather(-1, tokens_B[:, None])[:, 0]
    return tokens_B, logits_B - logits_BV.logsumexp(-1)
