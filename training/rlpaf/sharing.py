"""Packed rows in which a prompt stands once, however many completions it got.

Sixteen answers of ten tokens to a prompt of two hundred are 360 tokens instead of 3,360, for both passes of
every step. Each completion is a document of its own that goes on from the prompt's (`parents_BL` of
`Transformer.forward`), at the positions that follow it. The prompt's last token, which predicts the first of
each answer, is repeated before each: so the sums are those of separate rows, up to rounding.

Shapes: R rows, L places in each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from training.sft.packing import IGNORED, PADDING, Ints, Rows, TokenExample, best_fit

NO_PARENT = -2
"""In place of a document's number; padding has another."""


class Bundle(NamedTuple):
    """Examples with one prompt, that stand together in a row."""

    members: tuple[int, ...]
    size: int
    """Places that they take."""


def bundles(examples: Sequence[TokenExample], length: int) -> list[Bundle]:
    """The examples by prompt, in order; no bundle is larger than a row, into which each of them fits."""
    found: list[Bundle] = []
    last: dict[tuple[int, ...], int] = {}
    for number, example in enumerate(examples):
        prompt = tuple(example.tokens[: example.prompt])
        answer = len(example.tokens) - example.prompt
        place = last.get(prompt)
        if place is not None and found[place].size + answer <= length:
            found[place] = Bundle((*found[place].members, number), found[place].size + answer)
        else:
            last[prompt] = len(found)
            found.append(Bundle((number,), len(example.tokens) - 1))
    return found


def assign(examples: Sequence[TokenExample], length: int) -> list[list[Bundle]]:
    """The bundles of each row, best fit; so the examples of a row are in the order of its bundles."""
    every = bundles(examples, length)
    return [[every[number] for number in row] for row in best_fit([one.size for one in every], length)]


def fill(
    rows: Sequence[Sequence[Bundle]], examples: Sequence[TokenExample], length: int
) -> tuple[Rows, Ints]:
    """Rows of the bundles given for each, and each token's parent, (R, L)."""
    shape = (len(rows), length)
    tokens, positions = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    targets, segments = np.full(shape, IGNORED, np.int32), np.full(shape, PADDING, np.int32)
    parents = np.full(shape, NO_PARENT, np.int32)
    for row, bundled in enumerate(rows):
        start = document = 0
        for bundle in bundled:
            first = examples[bundle.members[0]]
            prompt = np.asarray(first.tokens[: first.prompt], np.int32)
            parent, end = document, start + len(prompt) - 1
            tokens[row, start:end] = prompt[:-1]
            positions[row, start:end] = np.arange(end - start)
            segments[row, start:end] = parent
            for member in bundle.members:
                document += 1
                answer = np.asarray(examples[member].tokens[first.prompt :], np.int32)
                start, end = end, end + len(answer)
                tokens[row, start:end] = (prompt[-1], *answer[:-1])
                targets[row, start:end] = answer
                segments[row, start:end] = document
                positions[row, start:end] = len(prompt) - 1 + np.arange(len(answer))
                parents[row, start:end] = parent
            start, document = end, document + 1
    return Rows(tokens, targets, segments, positions), parents
