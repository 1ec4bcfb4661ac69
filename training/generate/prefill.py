"""Reading prompts: what of them is known comes from the prefix cache, the rest is computed in batches.

Prompts of one call that share a beginning wait for the first of them, so that it is computed once.

Shapes: B prompts of a batch, S columns: prompts end in the last one, with padding before them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from training.generate.engine import Engine
from training.generate.prefix import BLOCK, PrefixCache, block_keys

CHUNK = 256
"""Tokens of a prompt that are read in one pass: bounds what attention needs."""
BATCH = 8192
"""New tokens, with padding, that one batch reads."""


@dataclass(frozen=True, slots=True)
class Read:
    """One prompt, read."""

    latents: Tensor
    """(layers, tokens, E)"""
    logits_V: Tensor
    """FP32: of the token that follows."""


@dataclass(eq=False, slots=True)
class _Waiting:
    """A prompt to be read."""

    place: int
    ids: Sequence[int]
    keys: list[bytes]
    known: list[Tensor]

    @property
    def new(self) -> int:
        """How many tokens are not known."""
        return len(self.ids) - BLOCK * len(self.known)


def read_prompts(engine: Engine, prompts: Sequence[Sequence[int]], cache: PrefixCache) -> list[Read]:
    """Read distinct prompts, none empty; what is new goes into `cache`."""
    found: dict[int, Read] = {}
    waiting = [_Waiting(place, ids, block_keys(ids), []) for place, ids in enumerate(prompts)]
    while waiting:
        claimed: set[bytes] = set()
        now: list[_Waiting] = []
        later: list[_Waiting] = []
        for prompt in waiting:
            prompt.known = cache.find(prompt.keys)
            unknown = prompt.keys[len(prompt.known) :]
            (later if unknown and unknown[0] in claimed else now).append(prompt)
            claimed.update(unknown)
        for batch in _batches(now):
            for prompt, read in zip(batch, _read(engine, batch), strict=True):
                found[prompt.place] = read
                cache.add(prompt.keys, read.latents)
        waiting = later
    return [found[place] for place in range(len(prompts))]


def _batches(prompts: list[_Waiting]) -> list[list[_Waiting]]:
    """Prompts with about equally many new tokens together, so that little is padding."""
    batches: list[list[_Waiting]] = []
    for prompt in sorted(prompts, key=lambda prompt: prompt.new):
        last = batches[-1] if batches else []
        if last and prompt.new <= last[0].new + BLOCK and prompt.new * (len(last) + 1) <= BATCH:
            last.append(prompt)
        else:
            batches.append([prompt])
    return batches


def _read(engine: Engine, batch: list[_Waiting]) -> list[Read]:
    """Rows with less to compute than the longest compute some known tokens again, at their own places."""
    longest = max(len(prompt.ids) for prompt in batch)
    new = max(prompt.new for prompt in batch)
    kept = engine.new_cache(len(batch), longest)
    pads = [longest - len(prompt.ids) for prompt in batch]
    for row, (prompt, pad) in enumerate(zip(batch, pads, strict=True)):
        for place, block in enumerate(prompt.known):
            kept[:, row, pad + place * BLOCK : pad + (place + 1) * BLOCK] = block
    tokens_BS = torch.tensor([[0] * pad + list(p.ids) for pad, p in zip(pads, batch, strict=True)])
    tokens_BS = tokens_BS.to(engine.device)
    pads_B1 = torch.tensor(pads, device=engine.device)[:, None]
    columns_S = torch.arange(longest, device=engine.device)
    for start in range(longest - new, longest, CHUNK):
        end = min(start + CHUNK, longest)
        chunk_L = columns_S[start:end]
        # Padding sees itself, or its softmax would have nothing to divide by.
        seen_BLS = (columns_S[:end] >= pads_B1)[:, None] & (columns_S[:end] <= chunk_L[:, None])
        seen_BLS = seen_BLS | (columns_S[:end] == chunk_L[:, None])
        bias_BLS = torch.zeros(seen_BLS.shape, dtype=engine.dtype, device=engine.device)
        bias_BLS.masked_fill_(~seen_BLS, float("-inf"))
        positions_BL = (chunk_L - pads_B1).clamp(min=0)
        logits_BV = engine.advance(tokens_BS[:, start:end], positions_BL, kept, start, bias_BLS)
    return [Read(kept[:, row, pad:], logits_BV[row]) for row, pad in enumerate(pads)]
