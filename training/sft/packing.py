"""Rows of one length, made of whole examples.

Attention stays inside an example (each has its own segment number, and positions from 0), so packing
changes what a step costs and not what it learns. An example of n + 1 tokens takes n places: token t is
the input, token t + 1 the target. Only tokens of the completion are targets.

Shapes: R rows, L places in each.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

IGNORED = -100
"""A target that counts in no loss."""
PADDING = -1
"""The segment number of places that nothing fills."""

Ints = NDArray[np.int32]


class TokenExample(NamedTuple):
    """A tokenised example."""

    tokens: Sequence[int] | Ints
    prompt: int
    """How many of them are the prompt: at least one."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Packed examples; all arrays are (R, L)."""

    tokens_RL: Ints
    targets_RL: Ints
    """The next token where it is to be learnt, else `IGNORED`."""
    segments_RL: Ints
    """Number of the example within its row, or `PADDING`."""
    positions_RL: Ints
    """Place within the example."""

    def __len__(self) -> int:
        return len(self.tokens_RL)

    def __getitem__(self, chosen: slice | Ints) -> Rows:
        return Rows(
            self.tokens_RL[chosen],
            self.targets_RL[chosen],
            self.segments_RL[chosen],
            self.positions_RL[chosen],
        )

    @property
    def second_targets_RL(self) -> Ints:  # noqa: N802
        """The token after the next, for multi-token prediction, where that is to be learnt."""
        out = np.full_like(self.targets_RL, IGNORED)
        same = self.segments_RL[:, 1:] == self.segments_RL[:, :-1]
        out[:, :-1] = np.where(same, self.targets_RL[:, 1:], IGNORED)
        return out


def pack(examples: Iterable[TokenExample], length: int) -> tuple[Rows, int]:
    """Rows in which each example that fits a row stands once, and how many examples were too long."""
    every = list(examples)
    fitting = [example for example in every if fits(example, length)]
    sizes = [len(example.tokens) - 1 for example in fitting]
    rows = [[fitting[number] for number in row] for row in best_fit(sizes, length)]
    return fill(rows, length), len(every) - len(fitting)


def fits(example: TokenExample, length: int) -> bool:
    """Whether a row has room for it."""
    return len(example.tokens) - 1 <= length


def best_fit(sizes: Sequence[int], length: int) -> list[list[int]]:
    """The numbers of the items of each row; each of them must fit.

    An item goes into the fullest row that still has room for it, among all rows so far.
    """
    room: list[tuple[int, int]] = []  # (free places, row), sorted
    rows: list[list[int]] = []
    for number, size in enumerate(sizes):
        place = bisect_left(room, (size, -1))
        if place == len(room):
            free, row = length, len(rows)
            rows.append([])
        else:
            free, row = room.pop(place)
        rows[row].append(number)
        insort(room, (free - size, row))
    return rows


def empty_rows(count: int, length: int) -> Rows:
    """Rows of padding only."""
    return fill([[] for _ in range(count)], length)


def concatenate(parts: Sequence[Rows]) -> Rows:
    """Several lots of rows as one."""
    return Rows(
        np.concatenate([part.tokens_RL for part in parts]),
        np.concatenate([part.targets_RL for part in parts]),
        np.concatenate([part.segments_RL for part in parts]),
        np.concatenate([part.positions_RL for part in parts]),
    )


def fill(rows: Sequence[Sequence[TokenExample]], length: int) -> Rows:
    """Rows of the examples given for each, one behind the other; so targets come in the examples' order."""
    shape = (len(rows), length)
    tokens, positions = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    targets, segments = np.full(shape, IGNORED, np.int32), np.full(shape, PADDING, np.int32)
    for row, examples in enumerate(rows):
        start = 0
        for number, example in enumerate(examples):
            ids = np.asarray(example.tokens, np.int32)
            end = start + len(ids) - 1
            tokens[row, start:end] = ids[:-1]
            targets[row, start + example.prompt - 1 : end] = ids[example.prompt :]
            segments[row, start:end] = number
            positions[row, start:end] = np.arange(end - start)
            start = end
    return Rows(tokens, targets, segments, positions)
