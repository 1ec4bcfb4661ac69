"""What may be said of a prover after so many tries on so many problems: estimates and their intervals.

Shares and differences are exact fractions until somebody prints them. Intervals have a level of 95 % and
are about the *problems*, taken as drawn from many like them: they hold both the luck of the draw and the
luck of the seeds. `luck` is about the seeds alone, on these very problems.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from statistics import NormalDist

LEVEL = 0.95
EXACT = 4096
"""Sums of differences that can be told apart: up to so many, distributions are worked out exactly."""
RESAMPLES = 10_000
"""Else so many are drawn, from a fixed seed."""

Interval = tuple[float, float]


@lru_cache(maxsize=4096)
def pass_at_k(tries: int, passed: int, k: int) -> Fraction:
    """Probability that k of `tries`, drawn without repetition, hold one of the `passed`.

    For independent tries, whose number was fixed beforehand, this is the unbiased estimate of pass@k (Chen
    et al. 2021, arXiv 2107.03374, equation 1). Raises `ValueError` unless 1 ≤ k ≤ `tries`.
    """
    return 1 - _none_of(tries, passed, k)


@lru_cache(maxsize=4096)
def luck(tries: int, passed: int, k: int) -> Fraction | None:
    """The unbiased estimate of the variance of `pass_at_k` over seeds; None if 2k > `tries`.

    With Q(j) = C(n-c, j) / C(n, j), which is unbiased for (1-p)^j, the variance E[Q(k)²] - (1-p)^2k is
    estimated by Q(k)² - Q(2k). It is never negative, and for k = 1 it is c(n-c) / (n²(n-1)).
    """
    if 2 * k > tries:
        return None
    return _none_of(tries, passed, k) ** 2 - _none_of(tries, passed, 2 * k)


def wilson(passed: Fraction | float, total: int, level: float = LEVEL) -> Interval:
    """Wilson's score interval of a share (Wilson 1927; Brown, Cai and DasGupta 2001, section 3.1.1).

    `passed` may be a sum of numbers between 0 and 1: no such number varies more than one that is either 0 or
    1 and has the same mean, and so the interval is then wider than it need be, not narrower.
    """
    if not total:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = float(passed) / total
    scale = 1 + z * z / total
    centre = (share + z * z / (2 * total)) / scale
    radius = z / scale * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return max(0.0, centre - radius), min(1.0, centre + radius)


def bootstrap(differences: Sequence[Fraction | int], level: float = LEVEL) -> Interval | None:
    """The percentile bootstrap's interval of the mean (Efron and Tibshirani 1993, section 13.3).

    What resampling tends to is worked out, not drawn, where the sums are few (`EXACT`). None if all the
    differences are equal: a bootstrap cannot see what did not happen, and its interval would be a point.
    """
    if len(set(differences)) < 2:
        return None
    ints, unit = _as_ints(differences)
    count = len(ints)
    low, high = (1 - level) / 2, (1 + level) / 2
    if count * (max(ints) - min(ints)) <= EXACT:
        base = min(ints)
        one = [0.0] * (max(ints) - base + 1)
        for value, times in Counter(ints).items():
            one[value - base] = times / count
        below = list(accumulate(_power(one, count)))
        ends = [next((i for i, p in enumerate(below) if p >= q), len(below) - 1) for q in (low, high)]
        first, last = (end + base * count for end in ends)
    else:
        dice = random.Random(0)
        sums = sorted(sum(dice.choices(ints, k=count)) for _ in range(RESAMPLES))
        first, last = sums[math.ceil(low * RESAMPLES) - 1], sums[math.ceil(high * RESAMPLES) - 1]
    return first / (unit * count), last / (unit * count)


def sign_flip(differences: Sequence[Fraction | int]) -> float:
    """How probable a mean at least this far from 0 is if each difference might as well have the other sign.

    The exact paired permutation test, two-sided (Fisher 1935, section 21). For differences of -1, 0 and 1
    it is McNemar's exact test.
    """
    ints, _ = _as_ints([difference for difference in differences if difference])
    if len(set(map(abs, ints))) < 2:
        return mcnemar(sum(value > 0 for value in ints), sum(value < 0 for value in ints))
    seen, most = abs(sum(ints)), sum(map(abs, ints))
    if most <= EXACT:
        ways = [1]  # ways[i]: choices of signs that make the sum i - most.
        for size in map(abs, ints):
            wider = ways + [0] * (2 * size)
            for index, number in enumerate(ways):
                wider[index + 2 * size] += number
            ways = wider
        far = sum(number for index, number in enumerate(ways) if abs(index - most) >= seen)
        return far / (1 << len(ints))
    dice = random.Random(0)
    drawn = (abs(sum(value if dice.random() < 0.5 else -value for value in ints)) for _ in range(RESAMPLES))
    return (1 + sum(value >= seen for value in drawn)) / (1 + RESAMPLES)


def mcnemar(wins: int, losses: int) -> float:
    """McNemar's exact test, two-sided (McNemar 1947; here by the binomial distribution)."""
    count = wins + losses
    tail = sum(math.comb(count, k) for k in range(min(wins, losses) + 1))
    return min(1.0, 2 * tail / (1 << count))


def _none_of(tries: int, passed: int, k: int) -> Fraction:
    """Probability that k of `tries` hold none of the `passed`."""
    if not (1 <= k <= tries and 0 <= passed <= tries):
        raise ValueError(f"no pass@{k} of {tries} tries, {passed} of which passed")
    return Fraction(math.comb(tries - passed, k), math.comb(tries, k))


def _as_ints(values: Sequence[Fraction | int]) -> tuple[list[int], int]:
    """The values as multiples of 1 / unit, and the unit."""
    unit = math.lcm(*(Fraction(value).denominator for value in values))
    return [int(value * unit) for value in values], unit


def _power(one: list[float], count: int) -> list[float]:
    """The distribution of a sum of `count` independent numbers with the distribution `one`."""
    result = [1.0]
    for bit in f"{count:b}":
        result = _convolved(result, result)
        if bit == "1":
            result = _convolved(result, one)
    return result


def _convolved(first: list[float], second: list[float]) -> list[float]:
    whole = [0.0] * (len(first) + len(second) - 1)
    for i, p in enumerate(first):
        if p > 1e-18:
            for j, q in enumerate(second, i):
                whole[j] += p * q
    return whole
