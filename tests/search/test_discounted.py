"""The statistics against a slow evaluation of the paper's formulas."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.discounted import UNVISITED, Discounted

gammas = st.one_of(st.just(1.0), st.floats(0.01, 1.0), st.just(0.99))
rewards = st.lists(st.floats(0.0, 1.0), max_size=60)


def after(values: list[float], gamma: float) -> Discounted:
    return reduce(lambda statistics, reward: statistics.update(reward, gamma), values, UNVISITED)


def same(left: Discounted, right: Discounted) -> None:
    assert left.reward == pytest.approx(right.reward, rel=1e-9, abs=1e-12)
    assert left.visits == pytest.approx(right.visits, rel=1e-9)
    assert left.count == right.count


@given(rewards, gammas)
def test_updates_equal_the_sums_of_the_paper(values: list[float], gamma: float) -> None:
    n = len(values)
    direct = Discounted(
        math.fsum(gamma ** (n - t) * reward for t, reward in enumerate(values, 1)),
        math.fsum(gamma**t for t in range(n)),
        n,
    )
    same(after(values, gamma), direct)


@given(rewards, st.integers(0, 300), gammas)
def test_virtual_losses_equal_updates_without_reward(values: list[float], pending: int, gamma: float) -> None:
    same(after(values, gamma).with_virtual_loss(pending, gamma), after([*values, *[0.0] * pending], gamma))


@given(rewards, rewards, gammas)
def test_two_stretches_joined_equal_the_whole(first: list[float], second: list[float], gamma: float) -> None:
    same(after(first, gamma).then(after(second, gamma), gamma), after(first + second, gamma))


@given(rewards, rewards, rewards, gammas)
def test_joining_is_associative(a: list[float], b: list[float], c: list[float], gamma: float) -> None:
    x, y, z = (after(values, gamma) for values in (a, b, c))
    same(x.then(y, gamma).then(z, gamma), x.then(y.then(z, gamma), gamma))


@given(rewards, st.integers(0, 50), st.sampled_from([1e-6, 1e-9, 1e-12, 2.0**-53]))
def test_gamma_just_below_1_is_close_to_1(values: list[float], pending: int, short: float) -> None:
    near = after(values, 1.0 - short).with_virtual_loss(pending, 1.0 - short)
    limit = after(values, 1.0).with_virtual_loss(pending, 1.0)
    bound = 2 * short * (len(values) + pending) ** 2 + 1e-12 * (1 + limit.visits)
    assert abs(near.reward - limit.reward) <= bound
    assert abs(near.visits - limit.visits) <= bound


@pytest.mark.parametrize("short", [1e-5, 1e-7, 1e-9, 1e-13])
@pytest.mark.parametrize("pending", [1, 7, 300])
def test_the_closed_form_loses_no_digits_near_1(short: float, pending: int) -> None:
    gamma = Fraction(1.0 - short)
    exact = sum(gamma**t for t in range(pending))
    closed = UNVISITED.with_virtual_loss(pending, float(gamma)).visits
    assert abs(Fraction(closed) - exact) < exact * Fraction(1, 10**15)


def test_without_discount_they_are_sum_and_count() -> None:
    assert after([1.0, 0.0, 1.0], 1.0).with_virtual_loss(4, 1.0) == Discounted(2.0, 7.0, 7)


def test_the_value_is_the_mean_and_undefined_before_the_first_visit() -> None:
    assert after([1.0, 0.0], 0.5).value == pytest.approx(1 / 3)
    with pytest.raises(ZeroDivisionError):
        _ = UNVISITED.value


@given(rewards.filter(bool), gammas)
def test_a_visited_choice_weighs_at_least_one_visit(values: list[float], gamma: float) -> None:
    statistics = after(values, gamma)
    assert 1.0 <= statistics.visits <= len(values)
    assert 0.0 <= statistics.value <= 1.0 + 1e-12
