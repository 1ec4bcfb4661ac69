"""Estimates and intervals: against scipy, statsmodels, brute force, exact expectation and simulation."""

from __future__ import annotations

import itertools
import math
import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar
from statsmodels.stats.proportion import proportion_confint

from prover.evaluation import statistics
from prover.evaluation.statistics import bootstrap, luck, mcnemar, pass_at_k, sign_flip, wilson

TRIES = [(n, c) for n in (1, 2, 3, 5, 8, 16) for c in range(n + 1)]
RATES = [Fraction(0), Fraction(1, 50), Fraction(1, 3), Fraction(9, 10), Fraction(1)]


def binomial(n: int, p: Fraction) -> list[Fraction]:
    """The probability of c successes in n tries, for each c."""
    return [math.comb(n, c) * p**c * (1 - p) ** (n - c) for c in range(n + 1)]


@pytest.mark.parametrize(("n", "c"), TRIES)
def test_pass_at_k_is_the_hypergeometric_one_and_the_papers(n: int, c: int) -> None:
    for k in range(1, n + 1):
        ours = float(pass_at_k(n, c, k))
        assert ours == pytest.approx(1 - stats.hypergeom(n, c, k).pmf(0), abs=1e-12)
        paper = 1.0 if n - c < k else 1 - np.prod(1 - k / np.arange(n - c + 1, n + 1))  # Figure 3.
        assert ours == pytest.approx(paper, abs=1e-12)


def test_pass_at_k_counts_subsets() -> None:
    tries = [True, False, False, True, False, False, False]
    for k in range(1, 8):
        subsets = list(itertools.combinations(tries, k))
        assert pass_at_k(7, 2, k) == Fraction(sum(map(any, subsets)), len(subsets))


@pytest.mark.parametrize("p", RATES)
@pytest.mark.parametrize("n", [1, 2, 5, 9])
def test_pass_at_k_and_its_variance_are_unbiased(n: int, p: Fraction) -> None:
    for k in range(1, n + 1):
        chances, values = binomial(n, p), [pass_at_k(n, c, k) for c in range(n + 1)]
        mean = sum(map(Fraction.__mul__, chances, values), Fraction())
        assert mean == 1 - (1 - p) ** k
        squares = [(value - mean) ** 2 for value in values]
        variance = sum(map(Fraction.__mul__, chances, squares), Fraction())
        estimates = [luck(n, c, k) for c in range(n + 1)]
        if 2 * k > n:
            assert set(estimates) == {None}
        else:
            found = [estimate for estimate in estimates if estimate is not None]
            assert min(found) >= 0
            assert sum(map(Fraction.__mul__, chances, found), Fraction()) == variance


def test_luck_of_one_try_is_the_textbooks_variance() -> None:
    for c in range(8):
        assert luck(7, c, 1) == Fraction(c * (7 - c), 7 * 7 * 6)


@pytest.mark.parametrize(("n", "c", "k"), [(0, 0, 1), (3, 4, 1), (3, -1, 1), (3, 1, 4), (3, 1, 0)])
def test_what_cannot_be_estimated_is_refused(n: int, c: int, k: int) -> None:
    with pytest.raises(ValueError, match="no pass@"):
        pass_at_k(n, c, k)


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
@pytest.mark.parametrize("total", [1, 2, 10, 244, 488])
def test_wilson_is_statsmodels(total: int, level: float) -> None:
    for passed in {0, 1, total // 3, total - 1, total}:
        reference = proportion_confint(passed, total, alpha=1 - level, method="wilson")
        assert wilson(passed, total, level) == pytest.approx(reference, abs=1e-12)
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("spread", [0.0, 0.2, 1.0])
def test_wilson_covers_the_mean_of_shares(spread: float) -> None:
    """Problems of unequal difficulty, several tries each: at least 95 % of the intervals hold the truth."""
    dice, problems, tries = np.random.default_rng(1), 100, 4
    share = 0.4
    held = 0
    for _ in range(1500):
        if spread:
            rates = dice.beta(share / spread, (1 - share) / spread, problems)
        else:
            rates = np.full(problems, share)
        low, high = wilson(float((dice.binomial(tries, rates) / tries).sum()), problems)
        held += low <= share <= high
    assert held / 1500 > 0.93


def test_wilson_of_single_tries_holds_as_often_as_it_says() -> None:
    dice = np.random.default_rng(2)
    for problems, share in [(50, 0.1), (244, 0.5), (283, 0.95)]:
        passed = dice.binomial(problems, share, 4000)
        held = np.mean([low <= share <= high for low, high in (wilson(int(c), problems) for c in passed)])
        exact = sum(
            stats.binom(problems, share).pmf(c)
            for c in range(problems + 1)
            if wilson(c, problems)[0] <= share <= wilson(c, problems)[1]
        )
        assert held == pytest.approx(exact, abs=0.015)
        assert exact == pytest.approx(0.95, abs=0.025)


@given(st.integers(0, 40), st.integers(0, 40))
def test_mcnemar_is_statsmodels_and_the_binomial_test(wins: int, losses: int) -> None:
    ours = mcnemar(wins, losses)
    assert ours == pytest.approx(reference_mcnemar([[3, wins], [losses, 5]], exact=True).pvalue)
    if wins + losses:
        assert ours == pytest.approx(stats.binomtest(wins, wins + losses).pvalue)
    assert sign_flip([1] * wins + [0] * 7 + [-1] * losses) == pytest.approx(ours)


@given(st.lists(st.sampled_from([Fraction(i, 4) for i in range(-4, 5)]), min_size=2, max_size=9))
def test_sign_flip_counts_all_choices_of_signs(differences: list[Fraction]) -> None:
    seen = abs(sum(differences))
    flips = itertools.product((1, -1), repeat=len(differences))
    sums = [abs(sum(map(Fraction.__mul__, differences, map(Fraction, signs)))) for signs in flips]
    assert sign_flip(differences) == pytest.approx(sum(value >= seen for value in sums) / len(sums))


def test_sign_flip_is_scipys_permutation_test(monkeypatch: pytest.MonkeyPatch) -> None:
    differences = [Fraction(i, 3) for i in (3, 2, 2, 1, 1, 0, 0, 3, -1, -2, 1, 2)]
    reference = stats.permutation_test(
        (np.array([float(value) for value in differences]),),
        np.mean,
        permutation_type="samples",
        n_resamples=np.inf,
    ).pvalue
    assert sign_flip(differences) == pytest.approx(reference)
    monkeypatch.setattr(statistics, "EXACT", 0)
    assert sign_flip(differences) == pytest.approx(reference, abs=0.01)


DIFFERENCES = [
    [1] * 7 + [-1] + [0] * 275,
    [1] * 3 + [-1] * 18 + [0] * 220,
    [Fraction(i, 4) for i in (4, 3, 2, 1, -1, -1, -4, 0) * 9],
]


def convolved(plain: np.ndarray) -> tuple[float, float]:
    """The quantiles of a resample's mean, from its distribution added up one problem at a time."""
    units = np.rint(plain * 4).astype(int)
    one = np.bincount(units + 4, minlength=9) / len(units)
    whole = np.ones(1)
    for _ in units:
        whole = np.convolve(whole, one)
    below = whole.cumsum()
    low, high = np.searchsorted(below, [0.025, 0.975]) - 4 * len(units)
    return low / len(units) / 4, high / len(units) / 4


@pytest.mark.parametrize("differences", DIFFERENCES, ids=["7:1", "3:18", "quarters"])
def test_bootstrap_is_scipys(differences: list[Fraction], monkeypatch: pytest.MonkeyPatch) -> None:
    plain = np.array([float(value) for value in differences])
    reference = stats.bootstrap((plain,), np.mean, method="percentile", n_resamples=40_000, rng=0)
    ours = bootstrap(differences)
    assert ours == pytest.approx(tuple(reference.confidence_interval), abs=1.01 / len(plain))
    assert ours == pytest.approx(convolved(plain), abs=1e-9)
    monkeypatch.setattr(statistics, "EXACT", 0)
    drawn = bootstrap(differences)
    assert drawn == pytest.approx(tuple(reference.confidence_interval), abs=0.006)


def test_bootstrap_of_pairs_counts_every_resample() -> None:
    """Three problems have 27 resamples; their quantiles can be counted."""
    differences = [1, 0, -1]
    means = sorted(sum(chosen) / 3 for chosen in itertools.product(differences, repeat=3))
    for level in (0.5, 0.8, 0.9):
        low, high = means[math.ceil((1 - level) / 2 * 27) - 1], means[math.ceil((1 + level) / 2 * 27) - 1]
        assert bootstrap(differences, level) == pytest.approx((low, high))


@pytest.mark.parametrize("differences", [[], [1], [0] * 50, [-1] * 50])
def test_a_bootstrap_of_equal_differences_says_nothing(differences: list[int]) -> None:
    assert bootstrap(differences) is None


def test_bootstrap_holds_as_often_as_it_says() -> None:
    """One run proves 12 % of the problems that the other does not, and loses 6 %."""
    dice, held, rounds = random.Random(3), 0, 600
    for _ in range(rounds):
        interval = bootstrap(dice.choices([1, -1, 0], [12, 6, 82], k=244))
        assert interval is not None
        held += interval[0] <= 0.06 <= interval[1]
    assert 0.92 < held / rounds < 0.975


def test_counting_samples_of_a_search_that_stops_at_its_proof_is_biased() -> None:
    """Why tries are searches: n samples that end with a proof are no n samples of which one passed.

    The mean of 1 / n over searches is far above the chance of one sample; whether the search had its proof
    within k samples is right for every k.
    """
    dice, chance, budget, rounds = random.Random(4), 0.05, 64, 20_000
    ends = [next((i for i in range(1, budget + 1) if dice.random() < chance), None) for _ in range(rounds)]
    naive = sum(float(pass_at_k(end, 1, 1)) for end in ends if end) / rounds
    assert naive > 2.5 * chance
    for k in (1, 8, 64):
        share = sum(end is not None and end <= k for end in ends) / rounds
        assert share == pytest.approx(1 - (1 - chance) ** k, abs=0.015)
