"""Drawing one token for each row of a batch, all rows at once.

Each row brings a number between 0 and 1 that its own generator gave, and the token is where the cumulated
probabilities pass it. So a row's tokens do not depend on which others share its batch.

Shapes: B rows, V vocabulary, W words considered.
"""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

LIKELY = 64
"""So many words nearly always hold the nucleus, and are found faster than the order of all."""


def draw(logits_BV: Tensor, uniform_B: Tensor, temperature: float, top_p: float) -> tuple[Tensor, Tensor]:
    """A token for each row, and its log-prob at temperature 1 without nucleus, both (B).

    The nucleus is the fewest words that have probability `top_p` (arXiv 1904.09751).
    """
    if temperature == 0:
        tokens_B = logits_BV.argmax(-1)
    else:
        chances_BV = torch.softmax(logits_BV / temperature, -1)
        tokens_B = (
            _everything(chances_BV, uniform_B) if top_p >= 1 else _nucleus(chances_BV, uniform_B, top_p)
        )
    logits_B = logits_BV.gather(-1, tokens_B[:, None])[:, 0]
    return tokens_B, logits_B - logits_BV.logsumexp(-1)


def _everything(chances_BV: Tensor, uniform_B: Tensor) -> Tensor:
    cumulated_BV = chances_BV.cumsum(-1)
    passed_B = (cumulated_BV <= uniform_B[:, None] * cumulated_BV[:, -1:]).sum(-1)
    return passed_B.clamp(max=chances_BV.shape[-1] - 1)


def _nucleus(chances_BV: Tensor, uniform_B: Tensor, top_p: float) -> Tensor:
    words = chances_BV.shape[-1]
    chances_BW, words_BW = chances_BV.topk(min(LIKELY, words))
    if words > LIKELY and bool((chances_BW.sum(-1) < top_p).any()):
        chances_BW, words_BW = chances_BV.sort(dim=-1, descending=True)
    before_BW = chances_BW.cumsum(-1) - chances_BW
    chances_BW = chances_BW * (before_BW < top_p)
    cumulated_BW = chances_BW.cumsum(-1)
    passed_B = (cumulated_BW <= uniform_B[:, None] * cumulated_BW[:, -1:]).sum(-1)
    last_B = (chances_BW > 0).sum(-1) - 1
    return words_BW.gather(-1, torch.minimum(passed_B, last_B)[:, None])[:, 0]


def uniform(seed: int, prompt: int, sample: int, count: int) -> Tensor:
    """The numbers of one sample, FP32 (count); different for each prompt, sample and seed."""
    digest = hashlib.sha256(f"{seed} {prompt} {sample}".encode()).digest()
    return torch.rand(count, generator=torch.Generator().manual_seed(int.from_bytes(digest[:7])))
