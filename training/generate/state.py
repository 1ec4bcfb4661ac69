"""Where a batch's tensors live while its rows are written, and how they grow and shrink.

Here in shapes that follow the text, which is the least arithmetic: all rows write into the same column of
the cache, step by step, and the last row takes the place of one that has ended. `graphs.py` has the other
way, in fixed shapes, for devices that start operations slower than they do them.

Shapes: B rows still written, S columns of the cache, T tokens at most, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from training.generate.engine import Engine
from training.generate.prefill import Read, lay_out

ROOM = 64
"""Columns by which the cache grows."""

Draw = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""From logits (B, V) and the rows' random numbers (B, 2) to the tokens and their log-probs, both (B)."""


class State(Protocol):
    """A batch under way. What it is asked for belongs to its rows in their present order."""

    def draw(self, draw: Draw, count: int) -> tuple[list[list[int]], list[list[float]]]:
        """The next tokens of each row and their log-probs: equally many for all rows, one to `count`."""

    def remove(self, places: Sequence[int]) -> list[int]:
        """Give up the rows in these places, not all. The former places of the others, in their new order."""


class GrowingState:
    """Tensors as large as the text needs: row b of each belongs to the sample in place b."""

    def __init__(self, engine: Engine, read: Sequence[Read], chances_BT2: Tensor) -> None:
        self._engine = engine
        lengths = [prompt.length for prompt in read]
        self._end = max(lengths)
        self._cache = engine.new_cache(len(read), self._end + ROOM)
        lay_out(read, self._cache, self._end)
        self._positions_B = torch.tensor(lengths, device=engine.device)
        self._bias_B1S = hide_padding(engine, self._positions_B, self._end, self._end + ROOM)
        self._padded = min(lengths) < self._end
        self._chances_BT2 = chances_BT2.to(engine.device)
        self._step = 0
        self._logits_BV = torch.stack([prompt.logits_V for prompt in read])
        self._tokens_B: Tensor | None = None

    def draw(self, draw: Draw, count: int) -> tuple[list[list[int]], list[list[float]]]:
        """One token for each row."""
        if self._tokens_B is not None:
            self._advance(self._tokens_B)
        self._tokens_B, logprobs_B = draw(self._logits_BV, self._chances_BT2[:, self._step])
        self._step += 1
        return self._tokens_B[:, None].tolist(), logprobs_B[:, None].tolist()

    def remove(self, places: Sequence[int]) -> list[int]:
        """The last rows move to the places that become free."""
        assert self._tokens_B is not None
        rows, gone = len(self._tokens_B), set(places)
        left = rows - len(gone)
        order = list(range(left))
        free = [place for place in order if place in gone]
        if free:
            last = [place for place in range(left, rows) if place not in gone]
            for place, source in zip(free, last, strict=True):
                order[place] = source
            to, of = (torch.tensor(which, device=self._engine.device) for which in (free, last))
            for layer in self._cache[:, :, : self._end]:
                layer[to] = layer[of]
            for tensor in (self._bias_B1S, self._positions_B, self._chances_BT2, self._tokens_B):
                tensor[to] = tensor[of]
        self._cache = self._cache[:, :left]
        self._bias_B1S, self._positions_B = self._bias_B1S[:left], self._positions_B[:left]
        self._chances_BT2, self._tokens_B = self._chances_BT2[:left], self._tokens_B[:left]
        return order

    def _advance(self, tokens_B: Tensor) -> None:
        """Read the tokens that were drawn."""
        if self._end == self._cache.shape[2]:
            self._grow()
        bias = self._bias_B1S[..., : self._end + 1] if self._padded else None
        self._logits_BV = self._engine.advance(
            tokens_B[:, None], self._positions_B[:, None], self._cache, self._end, bias
        )
        self._end += 1
        self._positions_B += 1

    def _grow(self) -> None:
        """Room in steps that grow with the batch, so that copying stays a small share."""
        rows, columns = len(self._positions_B), self._end + max(ROOM, self._end // 2)
        cache = self._engine.new_cache(rows, columns)
        cache[:, :, : self._end] = self._cache
        bias = torch.zeros(rows, 1, columns, dtype=cache.dtype, device=cache.device)
        bias[..., : self._end] = self._bias_B1S[..., : self._end]
        self._cache, self._bias_B1S = cache, bias


def hide_padding(engine: Engine, lengths_B: Tensor, end: int, columns: int) -> Tensor:
    """The bias (B, 1, columns) of rows whose prompts end before column `end`: -inf before their prompts."""
    hidden_BS = torch.arange(columns, device=engine.device) < end - lengths_B[:, None]
    bias_BS = torch.zeros(hidden_BS.shape, dtype=engine.dtype, device=engine.device)
    return bias_BS.masked_fill_(hidden_BS, float("-inf"))[:, None]
