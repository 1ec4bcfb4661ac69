"""Which theorems are tried next: those on which the policy sometimes succeeds, since only they teach it.

A theorem is fresh until it was tried, active while its success may vary, and retired when group after group
came out the same: always proved, or never. Retired ones come back now and then, for the policy changes. What
is known of a theorem's success is forgotten at the rate at which the policy changes it: a Beta distribution
whose counts are discounted at every group.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lean_env.values import Theorem
from training.rlpaf.config import CurriculumConfig
from training.rlpaf.pool import Pool, draw_weighted
from training.rlpaf.saved import fields_of, theorem_of

DISCOUNT = 0.5
"""What a group leaves of the counts before it."""
PRIOR = 0.5
"""Successes and failures that nobody saw (Jeffreys)."""
LEVELS = 50
"""Classes of active theorems by their estimated success; those of one class are drawn equally often."""
WIDTH = 0.02
"""Distance from the moderate rates over which a theorem's weight falls by a factor of e."""
PATIENCE = 20
"""Batches in a row without any informative group that mean that the run learns nothing."""
BINS = 10
"""Of the histogram of success rates."""


class Status(StrEnum):
    """What the curriculum thinks of a theorem."""

    FRESH = "fresh"
    """Never tried."""
    ACTIVE = "active"
    SOLVED = "solved"
    """Retired: always proved."""
    UNSOLVED = "unsolved"
    """Retired: never proved."""


@dataclass(slots=True)
class Entry:
    """A theorem, and how it went."""

    theorem: Theorem
    status: Status = Status.FRESH
    tries: int = 0
    proofs: int = 0
    successes: float = 0.0
    """Discounted, as are `failures`."""
    failures: float = 0.0
    streak: int = 0
    """Groups in a row without variance: positive if all was proved, negative if nothing was."""

    @property
    def estimate(self) -> float:
        """Of the chance that one try is a proof: in (0, 1)."""
        return (self.successes + PRIOR) / (self.successes + self.failures + 2 * PRIOR)


class Curriculum:
    """All theorems of a run; not for threads. A drawn one is under way until it is reported or given back."""

    def __init__(self, config: CurriculumConfig, seed: int) -> None:
        """Every draw has random numbers of its own, made of the seed and the number of the draw."""
        self._config, self._seed = config, seed
        self._entries: dict[str, Entry] = {}
        self._under_way: set[str] = set()
        self._draws = 0
        self._dull = 0
        self._fresh, self._solved, self._unsolved = Pool(), Pool(), Pool()
        self._levels = [Pool() for _ in range(LEVELS)]
        self._weights = [self._weight((level + 0.5) / LEVELS) for level in range(LEVELS)]

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, theorem: Theorem) -> bool:
        return theorem.digest in self._entries

    def __getitem__(self, theorem: Theorem) -> Entry:
        """What is known of a theorem, to be read only. Raises `KeyError`."""
        return self._entries[theorem.digest]

    def add(self, theorems: Iterable[Theorem]) -> int:
        """Take theorems in as fresh ones, but for those that are there, and return how many were not."""
        before = len(self._entries)
        for theorem in theorems:
            if theorem.digest not in self._entries:
                self._entries[theorem.digest] = Entry(theorem)
                self._fresh.add(theorem.digest)
        return len(self._entries) - before

    def draw(self, count: int) -> list[Theorem]:
        """Theorems to try next, none of them under way; fewer than `count` if there are no more."""
        rng = random.Random(f"{self._seed}:{self._draws}")
        self._draws += 1
        fresh, retired = self._shares(count, rng.random(), rng.random())
        drawn = [self._any_fresh(rng) for _ in range(fresh)]
        drawn += [self._any_retired(rng) for _ in range(retired)]
        found = [digest for digest in drawn if digest is not None]
        while len(found) < count:
            digest = self._any_active(rng) or self._any_fresh(rng) or self._any_retired(rng)
            if digest is None:
                break
            found.append(digest)
        self._under_way.update(found)
        return [self._entries[digest].theorem for digest in found]

    def report(self, theorem: Theorem, proved: int, judged: int) -> None:
        """How a theorem's group went: `proved` of the `judged` tries.

        A group of faults only, of which nothing was judged, says nothing.
        """
        assert 0 <= proved <= judged, (proved, judged)
        entry = self._entries[theorem.digest]
        self._under_way.remove(theorem.digest)
        if judged:
            self._learn(entry, proved, judged)
        self._file(theorem.digest)

    def give_back(self, theorem: Theorem) -> None:
        """A theorem that was drawn was not tried, or in a way that says nothing of its success rate."""
        self._under_way.remove(theorem.digest)
        self._file(theorem.digest)

    def drop(self, theorem: Theorem) -> None:
        """A theorem that was drawn is none: Lean does not understand its statement. It is forgotten."""
        self._under_way.remove(theorem.digest)
        del self._entries[theorem.digest]

    @property
    def wants_fresh(self) -> int:
        """How many fresh theorems are missing to the next batch: its own share of them, and what other
        theorems there are too few of."""
        fresh, retired = self._shares(self._config.theorems, 0.5, 0.5)
        revisited = min(len(self._solved) + len(self._unsolved), retired)
        active = min(sum(map(len, self._levels)), self._config.theorems - fresh - revisited)
        return max(0, self._config.theorems - active - revisited - len(self._fresh))

    @property
    def stuck(self) -> str:
        """One line of advice if the run has long learnt nothing; else empty."""
        if self._dull < PATIENCE * self._config.theorems:
            return ""
        easy = sum(entry.streak > 0 for entry in self._entries.values())
        hard = sum(entry.streak < 0 for entry in self._entries.values())
        said = f"the last {PATIENCE} batches had no theorem that was proved sometimes, but not always"
        if easy > hard:
            return f"{said}: they are too easy; name harder ones in theorems.files"
        return f"{said}: they are too hard; name easier ones in theorems.corpus, or train the model on proofs"

    def figures(self) -> dict[str, float]:
        """For the run's metrics: theorems of each status, and of those that were tried the mean of the
        estimated success rates, the share of moderate ones, and shares by tenths."""
        tried = [entry for entry in self._entries.values() if entry.status is not Status.FRESH]
        estimates = [entry.estimate for entry in tried]
        number = max(1, len(tried))
        bins = [0] * BINS
        for estimate in estimates:
            bins[int(estimate * BINS)] += 1  # An estimate is less than 1.
        moderate = sum(self._config.low <= estimate <= self._config.high for estimate in estimates)
        counts = dict.fromkeys(Status, 0)
        for entry in self._entries.values():
            counts[entry.status] += 1
        return {
            **{f"theorems_{status}": float(count) for status, count in counts.items()},
            "theorems_under_way": float(len(self._under_way)),
            "success_mean": sum(estimates) / number,
            "success_moderate": moderate / number,
            **{f"success_bin_{place}": count / number for place, count in enumerate(bins)},
        }

    def state(self) -> dict[str, Any]:
        """All of it, as JSON knows it. What is under way counts as not drawn."""
        # In the order of the pools, so that the same draws follow.
        digests = [digest for pool in self._pools for digest in pool] + sorted(self._under_way)
        return {
            "draws": self._draws,
            "dull": self._dull,
            "entries": [_row(self._entries[digest]) for digest in digests],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Become what had this state. Raises `ValueError` for what is no state of a curriculum."""
        new = Curriculum(self._config, self._seed)
        try:
            new._draws, new._dull = int(state["draws"]), int(state["dull"])
            for fields, status, *numbers in state["entries"]:
                entry = Entry(theorem_of(fields), Status(status), *numbers)
                new._entries[entry.theorem.digest] = entry
                new._file(entry.theorem.digest)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"no state of a curriculum: {error}") from error
        self.__dict__.update(new.__dict__)

    @property
    def _pools(self) -> tuple[Pool, ...]:
        return (self._fresh, self._solved, self._unsolved, *self._levels)

    def _shares(self, count: int, *luck: float) -> list[int]:
        """How many of a draw are to be fresh, and how many retired; luck in [0, 1) decides on fractions, so
        that draws of a single theorem have their share too."""
        config = self._config
        shares = (config.fresh_share, config.revisited_share)
        fresh, retired = (int(count * share + chance) for share, chance in zip(shares, luck, strict=True))
        return [fresh, min(retired, count - fresh)]

    def _any_fresh(self, rng: random.Random) -> str | None:
        return draw_weighted([self._fresh], [1.0], rng)

    def _any_retired(self, rng: random.Random) -> str | None:
        """One of either kind, however many there are of it."""
        pools = [pool for pool in (self._solved, self._unsolved) if len(pool)]
        return rng.choice(pools).draw(rng) if pools else None

    def _any_active(self, rng: random.Random) -> str | None:
        return draw_weighted(self._levels, self._weights, rng)

    def _weight(self, estimate: float) -> float:
        """1 for a moderate success rate, and less the further away it is."""
        distance = max(0.0, self._config.low - estimate, estimate - self._config.high)
        return math.exp(-distance / WIDTH)

    def _learn(self, entry: Entry, proved: int, judged: int) -> None:
        entry.tries += judged
        entry.proofs += proved
        entry.successes = DISCOUNT * entry.successes + proved
        entry.failures = DISCOUNT * entry.failures + judged - proved
        if 0 < proved < judged:
            entry.streak, self._dull = 0, 0
        else:
            self._dull += 1
            step = 1 if proved else -1
            entry.streak = step if entry.streak * step < 0 else entry.streak + step
        entry.status = Status.ACTIVE
        if abs(entry.streak) >= self._config.retire_after:
            entry.status = Status.SOLVED if entry.streak > 0 else Status.UNSOLVED

    def _file(self, digest: str) -> None:
        """Put a theorem that is not under way where it is drawn from."""
        entry = self._entries[digest]
        level = min(LEVELS - 1, int(entry.estimate * LEVELS))
        places = {Status.FRESH: self._fresh, Status.SOLVED: self._solved, Status.UNSOLVED: self._unsolved}
        places.get(entry.status, self._levels[level]).add(digest)


def _row(entry: Entry) -> list[Any]:
    return [
        fields_of(entry.theorem),
        entry.status.value,
        entry.tries,
        entry.proofs,
        entry.successes,
        entry.failures,
        entry.streak,
    ]
