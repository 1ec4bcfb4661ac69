"""What a run tells of pass@k, against the truth that simulated runs were made from."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.evaluation.estimates import Known, Outcomes, Share, _of_all, _of_first
from prover.evaluation.reading import Run
from prover.evaluation.records import ProblemLine, Result, RunSettings
from tests.prover.evaluation.folders import problem, result, settings, simulate

RATES = [0.0, 0.002, 0.01, 0.03, 0.1, 0.5]
"""The chance of a sample, by problem; in 32 samples they have a proof with chances from 0 to 1."""


def run_of(problems: Sequence[ProblemLine], results: Sequence[Result], of: RunSettings) -> Run:
    return Run(Path("run"), of, tuple(problems), tuple(results))


def truth(k: int, samples: int) -> float:
    """pass@k of a search with so many samples."""
    return float(np.mean([1 - (1 - rate) ** (samples * k) for rate in RATES]))


@pytest.mark.parametrize("stop_early", [False, True])
@pytest.mark.parametrize(("k", "within"), [(1, None), (1, 8), (2, None), (3, 8), (4, None)])
def test_estimates_of_simulated_runs_are_unbiased(stop_early: bool, k: int, within: int | None) -> None:
    """Also of runs that stop early, where Chen's estimate from what has ended would not be."""
    of = settings(samples=32, repeats=4, stop_early=stop_early)
    estimates, chens = [], []
    for seed in range(400):
        outcomes = Outcomes(run_of(*simulate(RATES, of, seed), of))
        estimates.append(outcomes.estimate(k, within))
        ended = [[r for r in outcomes.results(p) if r.verdict != "STOPPED"] for p in outcomes.problems]
        passed = [sum(r.verdict == "PROVED" for r in some) / len(some) for some in ended]
        chens.append(np.mean(passed))
    if stop_early and k > 1 and within is not None:  # Repeats are given up for a proof beyond the limit, too.
        assert None in {estimate.value for estimate in estimates}
        low, high = np.mean([estimate.bounds for estimate in estimates], axis=0)
        assert low < truth(k, within) < high
        return
    values = [estimate.value for estimate in estimates if estimate.value is not None]
    assert len(values) == len(estimates)
    error = float(np.std(values) / np.sqrt(len(values)))
    assert np.mean(values) == pytest.approx(truth(k, within or 32), abs=4 * error + 1e-9)
    if (k, within) == (1, None):
        assert bool(np.mean(chens) > truth(1, 32) + 0.05) is stop_early
    spreads = [estimate.luck for estimate in estimates]
    if stop_early or k > 2:
        assert set(spreads) == {None}
    else:
        variance = np.mean([spread**2 for spread in spreads if spread is not None])
        assert np.sqrt(variance) == pytest.approx(np.std(values), rel=0.12)


@given(st.lists(st.sampled_from(Known), min_size=1, max_size=5), st.data())
def test_bounds_hold_whatever_the_unknown_repeats_would_have_been(
    known: list[Known], data: st.DataObject
) -> None:
    k = data.draw(st.integers(1, len(known)))
    unknown = [place for place, one in enumerate(known) if one not in (Known.YES, Known.NO)]
    values, firsts = [], []
    for filled in itertools.product((Known.YES, Known.NO), repeat=len(unknown)):
        whole = list(known)
        for place, one in zip(unknown, filled, strict=True):
            whole[place] = one
        values.append(_of_all(whole, k).value)
        firsts.append(_of_first(whole, k).value)
    share, first = _of_all(known, k), _of_first(known, k)
    assert (share.low, share.high) == (
        min(v for v in values if v is not None),
        max(v for v in values if v is not None),
    )
    if Known.FAULT not in known:
        assert first.low == min(v for v in firsts if v is not None)
        assert first.high == max(v for v in firsts if v is not None)
        assert (first.value is None) == (first.low < first.high)


def test_of_the_first_repeats() -> None:
    one, zero, some = Fraction(1), Fraction(0), frozenset
    assert _of_first([Known.NO, Known.YES, Known.STOPPED], 1) == Share(zero, zero, zero, None, some())
    assert _of_first([Known.NO, Known.YES, Known.STOPPED], 3) == Share(one, one, one, None, some())
    assert _of_first([Known.STOPPED, Known.YES, Known.NO], 1) == Share(
        None, zero, one, None, some({Known.STOPPED})
    )
    assert _of_first([Known.FAULT, Known.NO, Known.YES], 1) == Share(zero, zero, zero, None, some())
    assert _of_first([Known.NO, Known.FAULT, Known.NO], 3).unknown == {Known.FAULT}
    with pytest.raises(ValueError, match="no pass@4 of 3"):
        _of_first([Known.NO] * 3, 4)


PROBLEM = problem(0)


@pytest.mark.parametrize(
    ("verdict", "samples", "within", "expected"),
    [
        ("PROVED", 8, None, Known.YES),
        ("PROVED", 8, 8, Known.YES),
        ("PROVED", 8, 7, Known.NO),
        ("FAILED", 64, 8, Known.NO),
        ("FAILED", 20, 64, Known.NO),  # The time was up: that is one of the run's limits.
        ("STOPPED", 8, 8, Known.NO),
        ("STOPPED", 8, 9, Known.STOPPED),
        ("STOPPED", 8, None, Known.STOPPED),
        ("FAULT", 8, 8, Known.NO),
        ("FAULT", 8, 9, Known.FAULT),
    ],
)
def test_what_a_repeat_tells_of_a_limit(
    verdict: str, samples: int, within: int | None, expected: Known
) -> None:
    of = settings(repeats=2, stop_early=True)
    run = run_of([PROBLEM], [result(PROBLEM, verdict, 1, samples)], of)
    assert Outcomes(run).known(PROBLEM, within)[1] is expected
    seconds = None if within is None else within / 2  # A sample of `folders.py` takes half a second.
    assert Outcomes(run).known(PROBLEM, seconds, "seconds")[1] is expected


def test_repeats_that_never_began_were_given_up_only_behind_a_proof() -> None:
    of = settings(repeats=3, stop_early=True)
    proved = Outcomes(run_of([PROBLEM], [result(PROBLEM)], of))
    assert proved.known(PROBLEM) == [Known.YES, Known.STOPPED, Known.STOPPED]
    assert proved.estimate(3).value == 1.0
    failed = Outcomes(run_of([PROBLEM], [result(PROBLEM, "FAILED")], of))
    assert failed.known(PROBLEM) == [Known.NO, Known.MISSING, Known.MISSING]
    assert failed.estimate(3).value is None
    assert failed.estimate(3).bounds == (0.0, 1.0)
    all_repeats = Outcomes(run_of([PROBLEM], [result(PROBLEM)], replace(of, stop_early=False)))
    assert all_repeats.known(PROBLEM) == [Known.YES, Known.MISSING, Known.MISSING]


def test_faults_are_left_out_and_counted() -> None:
    problems = [problem(index) for index in range(4)]
    results = [
        result(problems[0]),
        result(problems[1], "FAILED", samples=64),
        result(problems[2], "FAULT", samples=9),
        result(problems[3], "FAULT", samples=0),
    ]
    outcomes = Outcomes(run_of(problems, results, settings()))
    whole, early = outcomes.estimate(), outcomes.estimate(within=9)
    assert (whole.value, whole.problems, whole.faults, whole.bounds) == (0.5, 2, 2, (0.25, 0.75))
    assert (early.value, early.problems, early.faults) == (pytest.approx(1 / 3), 3, 1)


def test_an_unfinished_run_says_what_is_missing() -> None:
    problems = [problem(index) for index in range(3)]
    outcomes = Outcomes(run_of(problems, [result(problems[0])], settings()))
    estimate = outcomes.estimate()
    assert (estimate.value, estimate.problems, estimate.missing) == (1.0, 1, 2)
    assert estimate.bounds == (pytest.approx(1 / 3), 1.0)
    assert outcomes.estimate(problems=problems[1:]).value is None


def test_skipped_problems_take_no_part() -> None:
    problems = [problem(0), problem(1, skipped="needs Mathlib")]
    outcomes = Outcomes(run_of(problems, [result(problems[0])], settings()))
    assert (outcomes.estimate().value, outcomes.estimate().problems) == (1.0, 1)


def test_a_proof_that_does_not_count_is_no_proof_of_the_figure() -> None:
    """With early stop the other repeats were given up for it, and are not known."""
    run = run_of([PROBLEM], [result(PROBLEM)], settings(repeats=2, stop_early=True))
    outcomes = Outcomes(run, lambda problem, result: False)
    assert outcomes.known(PROBLEM) == [Known.NO, Known.STOPPED]
    assert (outcomes.estimate(1).value, outcomes.estimate(2).value) == (0.0, None)


def test_repeats_that_ran_side_by_side_and_were_stopped_give_bounds_only() -> None:
    """The second repeat had its proof while the first was under way: nobody knows what the first would do."""
    dice = random.Random(0)
    problems = [problem(index) for index in range(20)]
    results = []
    for one in problems:
        at = dice.randint(1, 30)
        results += [result(one, "STOPPED", 0, at), result(one, "PROVED", 1, at)]
    outcomes = Outcomes(run_of(problems, results, settings(repeats=2, stop_early=True)))
    assert (outcomes.estimate(1).value, outcomes.estimate(1).stopped) == (None, 20)
    assert outcomes.estimate(1).interval is None
    assert outcomes.estimate(2).value == 1.0
    assert outcomes.estimate(1, within=1).value == 0.0
