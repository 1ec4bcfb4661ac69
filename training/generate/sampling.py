"""Drawing one token for each row of a batch, all rows at once.

Each row brings numbers between 0 and 1 that its own generator gave, and the token is where the cumulated
probabilities pass them. So a row's tokens do not depend on which others share its batch.

The nucleus (arXiv 1904.09751) is the fewest words that have probability `top_p`. To find it is to sort all
words, which costs as much as a step of a small model. So a word is drawn of all; if it is in the nucleus,
which takes one sum to see, it stands. Only rows that miss are sorted, and draw again inside: a word of
probability p in a nucleus of mass m then has p + (1 - m) p / m = p / m, as it should.

Shapes: B rows, V vocabulary, W words considered.
"""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

NUMBERS = 2
"""How many random numbers a token takes."""
LIKELY = 64
"""So many words mostly hold the nucleus of a trained model, and are found faster than the order of all."""


def draw(logits_BV: Tensor, uniform_B2: Tensor, temperature: float, top_p: float) -> tuple[Tensor, Tensor]:
    """A token for each row, and its log-prob at temperature 1 without nucleus, both (B)."""
    if temperature == 0:
        tokens_B = logits_BV.argmax(-1)
    else:
        chances_BV = torch.softmax(logits_BV if temperature == 1 else logits_BV / temperature, -1)
        tokens_B = pick(chances_BV.cumsum(-1), uniform_B2[:, 0])
        if top_p < 1:
            own_B1 = chances_BV.gather(-1, tokens_B[:, None])
            above_B = torch.where(chances_BV > own_B1, chances_BV, 0.0).sum(-1)
            missed_N = (above_B >= top_p).nonzero()[:, 0]
            if len(missed_N):
                tokens_B[missed_N] = _of_nucleus(chances_BV[missed_N], uniform_B2[missed_N, 1], top_p)
    logits_B = logits_BV.gather(-1, tokens_B[:, None])[:, 0]
    return tokens_B, logits_B - logits_BV.logsumexp(-1)


def nucleus(chances_BV: Tensor, top_p: float) -> Tensor:
    """The chances with those of words outside of the nucleus set to 0, the others brought to a sum of 1."""
    if top_p >= 1:
        return chances_BV
    chances_BW, words_BW = _nucleus(chances_BV, top_p)
    chances_BW = chances_BW / chances_BW.sum(-1, keepdim=True)
    return torch.zeros_like(chances_BV).scatter_(-1, words_BW, chances_BW)


def _of_nucleus(chances_BV: Tensor, uniform_B: Tensor, top_p: float) -> Tensor:
    chances_BW, words_BW = _nucleus(chances_BV, top_p)
    return words_BW.gather(-1, pick(chances_BW.cumsum(-1), uniform_B)[:, None])[:, 0]


def _nucleus(chances_BV: Tensor, top_p: float) -> tuple[Tensor, Tensor]:
    """The most likely words and their chances, those outside of the nucleus with a chance of 0."""
    chances_BW, words_BW = chances_BV.topk(min(LIKELY, chances_BV.shape[-1]))
    if bool((chances_BW.sum(-1) < top_p).any()):
        chances_BW, words_BW = chances_BV.sort(dim=-1, descending=True)
    before_BW = chances_BW.cumsum(-1) - chances_BW
    return torch.where(before_BW < top_p, chances_BW, 0.0), words_BW


def pick(cumulated_BV: Tensor, uniform_B: Tensor) -> Tensor:
    """For each row the word at which the sum passes the number's share of all; never one of probability 0."""
    share_B1 = uniform_B[:, None] * cumulated_BV[:, -1:]
    passed_B = torch.searchsorted(cumulated_BV, share_B1, right=True)[:, 0]
    # A share that rounding has made the whole sum passes nothing: take the last word that adds to it.
    last_B = torch.searchsorted(cumulated_BV, cumulated_BV[:, -1:].contiguous())[:, 0]
    return torch.minimum(passed_B, last_B)


def uniform(seed: int, prompt: int, sample: int, count: int) -> Tensor:
    """The numbers of one sample, FP32 (count, 2); different for each prompt, sample and seed."""
    digest = hashlib.sha256(f"{seed} {prompt} {sample}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:7]))
    return torch.rand(count, NUMBERS, generator=generator)
