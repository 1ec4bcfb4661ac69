"""A set to draw from at random: adding, removing and drawing take the same time whatever its size."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence


class Pool:
    """Distinct texts, and their places in a list, so that a random one is at hand."""

    def __init__(self) -> None:
        self._items: list[str] = []
        self._places: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[str]:
        """In the order that, if items are added in it again, makes the same draws."""
        return iter(self._items)

    def add(self, item: str) -> None:
        """Put an item in that is not there."""
        assert item not in self._places, item
        self._places[item] = len(self._items)
        self._items.append(item)

    def remove(self, item: str) -> None:
        """Take an item out; the last one gets its place. Raises `KeyError`."""
        place = self._places.pop(item)
        last = self._items.pop()
        if last != item:
            self._items[place] = last
            self._places[last] = place

    def draw(self, rng: random.Random) -> str:
        """Take out an item, each with the same chance. Raises `IndexError` if there is none."""
        item = rng.choice(self._items)
        self.remove(item)
        return item


def draw_weighted(pools: Sequence[Pool], weights: Sequence[float], rng: random.Random) -> str | None:
    """Take out an item, whose chance is proportional to the weight of its pool; None if all are empty."""
    totals = [len(pool) * weight for pool, weight in zip(pools, weights, strict=True)]
    if not any(totals):
        return None
    return rng.choices(pools, totals)[0].draw(rng)
