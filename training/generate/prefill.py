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
BATCH = {"cpu": 8192, "gpu": 32_768}
"""New tokens, with padding, that one batch reads; with known ones it may have four times as many."""
SPREAD = {"cpu": BLOCK, "gpu": 8 * BLOCK}
"""By how many new tokens prompts of a batch differ: a GPU pads sooner than it starts another batch."""


@dataclass(frozen=True, slots=True)
class Read:
    """One prompt, read in a batch of them."""

    batch: Tensor
    """Latents of the whole batch (layers, rows, columns, E): prompts end with the last column, and what is
    before them means nothing."""
    row: int
    """Of the batch."""
    length: int
    """Tokens."""
    logits_V: Tensor
    """FP32: of the token that follows."""

    @property
    def latents(self) -> Tensor:
        """(layers, tokens, E)"""
        return self.batch[:, self.row, -self.length :]


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
    kind = "cpu" if engine.device.type == "cpu" else "gpu"
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
        for batch in _batches(now, BATCH[kind], SPREAD[kind]):
            for prompt, read in zip(batch, _read(engine, batch), strict=True):
                found[prompt.place] = read
                cache.add(prompt.keys, read.latents)
        waiting = later
    return [found[place] for place in range(len(prompts))]


def lay_out(read: Sequence[Read], cache: Tensor, end: int) -> None:
    """The latents of each prompt into its row of `cache` (layers, rows, columns, E), so that they end before
    column `end`; what comes to stand before them means nothing."""
    rows_of: dict[int, list[int]] = {}
    for row, prompt in enumerate(read):
        rows_of.setdefault(id(prompt.batch), []).append(row)
    for rows in rows_of.values():
        batch = read[rows[0]].batch
        to = torch.tensor(rows, device=cache.device)
        of = torch.tensor([read[row].row for row in rows], device=cache.device)
        for into, layer in zip(cache[:, :, end - batch.shape[2] : end], batch, strict=True):
            into.index_copy_(0, to, layer.index_select(0, of))


def _batches(prompts: list[_Waiting], size: int, spread: int) -> list[list[_Waiting]]:
    """Prompts with about equally many new tokens together, so that little is padding."""
    batches: list[list[_Waiting]] = []
    longest = 0
    for prompt in sorted(prompts, key=lambda prompt: prompt.new):
        last = batches[-1] if batches else []
        rows, longest = len(last) + 1, max(longest, len(prompt.ids))
        near = last and prompt.new <= last[0].new + spread
        if near and prompt.new * rows <= size and longest * rows <= 4 * size:
            last.append(prompt)
        else:
            batches.append([prompt])
            longest = len(prompt.ids)
    return batches


def _read(engine: Engine, batch: list[_Waiting]) -> list[Read]:
    """Rows with less to compute than the longest compute some known tokens again, at their own places."""
    longest = max(len(prompt.ids) for prompt in batch)
    new = max(prompt.new for prompt in batch)
    kept = engine.new_cache(len(batch), longest)
    pads = [longest - len(prompt.ids) for prompt in batch]
    for row, (prompt, pad) in enumerate(zip(batch, pads, strict=True)):
        if prompt.known:
            kept[:, row, pad : pad + len(prompt.known) * BLOCK] = torch.cat(prompt.known, dim=1)
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
    return [Read(kept, row, len(prompt.ids), logits_BV[row]) for row, prompt in enumerate(batch)]
