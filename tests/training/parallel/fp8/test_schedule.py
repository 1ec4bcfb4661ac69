"""The tiles that the partitions of a program on Hopper agree on, computed with plain numbers."""

from __future__ import annotations

from collections import Counter
from itertools import accumulate
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.parallel.fp8.tiles import most_tiles

pytest.importorskip("triton", minversion="3.6")
from training.parallel.fp8 import schedule

BAND = 3


class Number(int):
    def to(self, _: object) -> Number:
        return self


class Ends(NamedTuple):
    """A pointer to the ends of groups."""

    ends: list[int]
    at: int = 0

    def __add__(self, step: int) -> Ends:  # type: ignore[override]
        return self._replace(at=self.at + step)


class Plain:
    """What the schedule takes from Gluon."""

    int32 = None
    maximum, minimum = max, min

    @staticmethod
    def load(place: Ends) -> Number:
        return Number(place.ends[place.at])

    @staticmethod
    def where(test: bool, one: int, other: int) -> int:
        return one if test else other


@pytest.fixture(autouse=True)
def with_plain_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "gl", Plain)
    monkeypatch.setattr(schedule, "_TILE", 128)


def taken(
    counts: list[int], rows: int, columns: int, steps: int, tiles: int, programs: int, of_weight: bool
) -> Counter[tuple[int, int, int, int, int]]:
    """Expert, row and column of the output, and terms of each tile that has any, by all programs."""
    found: Counter[tuple[int, int, int, int, int]] = Counter()
    ends = Ends(list(accumulate(counts)))
    for program in range(programs):
        state = schedule.first_group.fn(ends)
        for tile in range(program, tiles, programs):
            state = schedule.walk.fn(ends, tile, *state, rows, columns, len(counts), of_weight)
            expert, start, end, _ = state
            row, column, first, last = schedule.place_in.fn(
                tile, *state, rows, columns, steps, of_weight, BAND
            )
            if of_weight or first < last:
                found[expert, row, column, first, last] += 1
                assert of_weight or start + row < end
            else:
                assert start + row >= end or column >= columns
    return found


GROUPS = st.lists(st.integers(0, 700), min_size=1, max_size=6)
SIDES = st.integers(1, 1100)


@settings(max_examples=60, deadline=None)
@given(GROUPS, SIDES, st.integers(1, 9))
def test_every_tile_of_the_output_is_taken_once(counts: list[int], columns: int, programs: int) -> None:
    tiles = most_tiles(sum(counts), len(counts)) * -(-columns // 256)
    found = taken(counts, sum(counts), columns, 5, tiles, programs, of_weight=False)
    assert found == Counter(
        (expert, row, column, 0, 5)
        for expert, count in enumerate(counts)
        for row in range(0, count, 128)
        for column in range(0, columns, 256)
    )


@settings(max_examples=60, deadline=None)
@given(GROUPS, SIDES, SIDES, st.integers(1, 9))
def test_every_tile_of_the_gradient_is_taken_once_with_its_terms(
    counts: list[int], rows: int, columns: int, programs: int
) -> None:
    tiles = len(counts) * -(-rows // 128) * -(-columns // 256)
    found = taken(counts, rows, columns, 1, tiles, programs, of_weight=True)
    lasts = list(accumulate(-(-count // 128) for count in counts))
    assert found == Counter(
        (expert, row, column, last - -(-counts[expert] // 128), last)
        for expert, last in enumerate(lasts)
        for row in range(0, rows, 128)
        for column in range(0, columns, 256)
    )
