"""Packing puts every example somewhere once, whole, and learns from its completion alone."""

from __future__ import annotations

import random

import numpy as np

from training.sft.packing import IGNORED, PADDING, Rows, TokenExample, concatenate, empty_rows, pack


def random_examples(count: int, longest: int) -> list[TokenExample]:
    rng = random.Random(0)
    examples = []
    for number in range(count):
        size = rng.randrange(3, longest)
        tokens = [1000 * (number + 1) + place for place in range(size)]
        examples.append(TokenExample(tokens, rng.randrange(1, size - 1)))
    return examples


def unpacked(rows: Rows) -> list[tuple[list[int], list[int]]]:
    """Inputs and targets of every example in the rows."""
    found = []
    for row in range(len(rows)):
        segments = rows.segments_RL[row]
        for number in range(segments.max() + 1):
            places = np.flatnonzero(segments == number)
            assert (np.diff(places) == 1).all()
            assert rows.positions_RL[row, places].tolist() == list(range(len(places)))
            found.append((rows.tokens_RL[row, places].tolist(), rows.targets_RL[row, places].tolist()))
    return found


def test_every_example_stands_once_with_targets_in_its_completion_only() -> None:
    examples = random_examples(200, 60)
    rows, too_long = pack(examples, 64)
    expected = []
    for tokens, prompt in examples:
        targets = [token if place >= prompt else IGNORED for place, token in enumerate(tokens)][1:]
        expected.append((list(tokens)[:-1], targets))
    assert too_long == 0
    assert sorted(unpacked(rows)) == sorted(expected)


def test_rows_are_nearly_full() -> None:
    rows, _ = pack(random_examples(500, 60), 128)
    assert (rows.segments_RL != PADDING).mean() > 0.97
    assert (rows.targets_RL[rows.segments_RL == PADDING] == IGNORED).all()


def test_what_does_not_fit_is_counted_and_what_just_fits_is_kept() -> None:
    examples = [TokenExample(list(range(size)), 1) for size in (17, 18)]
    rows, too_long = pack(examples, 16)
    assert (len(rows), too_long) == (1, 1)
    assert rows.tokens_RL.tolist() == [list(range(16))]
    assert rows.targets_RL.tolist() == [list(range(1, 17))]


def test_second_targets_are_the_tokens_after_the_next() -> None:
    rows, _ = pack([TokenExample([1, 2, 3, 4], 2), TokenExample([5, 6, 7], 1)], 8)
    assert rows.tokens_RL.tolist() == [[1, 2, 3, 5, 6, 0, 0, 0]]
    assert rows.targets_RL.tolist() == [[IGNORED, 3, 4, 6, 7, IGNORED, IGNORED, IGNORED]]
    assert rows.second_targets_RL.tolist() == [[3, 4, IGNORED, 7, *[IGNORED] * 4]]


def test_rows_can_be_cut_and_joined() -> None:
    rows, _ = pack(random_examples(30, 40), 64)
    joined = concatenate([rows[:2], rows[2:], empty_rows(2, 64)])
    assert (joined.tokens_RL[:-2] == rows.tokens_RL).all()
    assert (joined.segments_RL[-2:] == PADDING).all()
