"""The driver's interface: budgets, verdicts, what counts and what does not."""

from __future__ import annotations

import copy
import math
import random
from dataclasses import replace

import pytest

from lean_env.values import Check, Step, Verdict
from search import (
    ROOT,
    Abandonment,
    Budget,
    Expansion,
    Observation,
    RMaxTS,
    Sample,
    Search,
    Stop,
    closing_prefix,
)
from tests.search.world import THEOREM, lines, maze

RNG = random.Random(0)
WORLD = maze(depth=3, width=3)
RIGHT, WRONG = ("t0", "t1", "t2"), "t2"
"""A proof, and an error in the first state."""


def started(**limits: float) -> Search:
    return Search(THEOREM, RMaxTS(), Budget(**limits), ("⊢ level 0",))  # type: ignore[arg-type]


def propose(search: Search, seconds: float = 0.0) -> Expansion:
    expansion = search.propose(RNG, seconds)
    assert expansion is not None
    return expansion


def test_a_search_says_where_it_stands() -> None:
    search = started(samples=9)
    first, second, _ = propose(search), propose(search, 1.0), propose(search)
    search.observe(first, WORLD.check(lines("t0", "t1", "t0")), Sample(tokens=7), 2.5)
    search.observe(second, replace(WORLD.check(lines("t0")), verdict=Verdict.TIMEOUT), Sample(tokens=4), 2.0)
    found = search.statistics
    assert (found.samples, found.under_way, found.abandoned, found.tokens) == (2, 1, 0, 11)
    assert found.seconds == 2.5
    assert found.verdicts == {"INCOMPLETE": 1, "TIMEOUT": 1}
    assert (found.rewarded, found.nodes, found.depth) == (1, 4, 3)
    assert found.best_prefix == lines("t0", "t1", "t0")
    assert (found.stopped, found.proof) == (None, None)


def test_a_proof_ends_the_search_and_the_first_is_kept() -> None:
    search = started(samples=9)
    first, second, third = propose(search), propose(search), propose(search)
    event = search.observe(first, WORLD.check(lines(*RIGHT)))
    assert isinstance(event, Observation)
    assert event.verdict is Verdict.PROVED
    assert search.tree.nodes[event.added[-1]].proved
    assert (search.finished, search.stopped) == (True, Stop.PROVED)
    assert search.propose(RNG) is None
    search.observe(second, replace(WORLD.check(lines("t0")), verdict=Verdict.PROVED))
    search.abandon(third)
    assert search.proof == lines(*RIGHT)
    assert search.statistics.best_prefix == lines("t0", "t1")


def test_what_is_under_way_is_set_against_the_samples() -> None:
    search = started(samples=2)
    first, second = propose(search), propose(search)
    assert search.propose(RNG) is None
    assert not search.finished, "a rollout may still be abandoned"
    search.abandon(first)
    third = propose(search)
    for expansion in (second, third):
        assert not search.finished
        search.observe(expansion, WORLD.check(lines(WRONG)))
    assert search.stopped is Stop.SAMPLES
    assert search.statistics.samples == 2


def test_seconds_are_those_that_the_caller_counts() -> None:
    search = started(seconds=10.0)
    first = propose(search, 9.9)
    search.observe(first, WORLD.check(lines(WRONG)), seconds=5.0)
    assert not search.finished
    assert search.propose(RNG, 10.0) is None
    assert search.stopped is Stop.SECONDS
    late = started(seconds=10.0)
    late.observe(propose(late), WORLD.check(lines(WRONG)), seconds=11.0)
    assert late.stopped is Stop.SECONDS


def test_tokens_end_a_search_when_they_are_spent() -> None:
    search = started(tokens=10)
    for tokens, stopped in [(9, None), (1, Stop.TOKENS)]:
        search.observe(propose(search), WORLD.check(lines(WRONG)), Sample(tokens=tokens))
        assert search.stopped is stopped


def test_checks_that_run_into_a_limit_end_a_search_when_there_are_too_many() -> None:
    search = started(overruns=2)
    for verdict, stopped in [
        (Verdict.TIMEOUT, None),
        (Verdict.FAILED, None),
        (Verdict.FAULT, None),
        (Verdict.OUT_OF_MEMORY, Stop.OVERRUNS),
    ]:
        search.observe(propose(search), Check(verdict, lines(WRONG)))
        assert search.stopped is stopped


@pytest.mark.parametrize("limit", ["samples", "seconds", "tokens", "overruns"])
def test_a_budget_of_nothing_is_spent_at_once(limit: str) -> None:
    search = started(**{limit: 0})
    assert search.propose(RNG) is None
    assert search.stopped is Stop[limit.upper()]


@pytest.mark.parametrize(
    "limits", [{"samples": -1}, {"seconds": -0.5}, {"tokens": -1}, {"seconds": math.nan}, {"overruns": -1}]
)
def test_a_budget_below_nothing_is_refused(limits: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(limits))} must be 0 or more"):
        started(**limits)


@pytest.mark.parametrize(
    "sample", [{"tokens": -1}, {"logprob": math.nan}, {"logprob": -math.inf}, {"value": 1.5}]
)
def test_a_sample_out_of_range_is_refused(sample: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(sample))):
        Sample(**sample)  # type: ignore[arg-type]


@pytest.mark.parametrize("verdict", [Verdict.TIMEOUT, Verdict.OUT_OF_MEMORY])
def test_a_check_that_came_to_nothing_is_a_visit_without_reward(verdict: Verdict) -> None:
    search = started()
    event = search.observe(propose(search), replace(WORLD.check(lines("t0")), verdict=verdict))
    assert isinstance(event, Observation)
    assert (event.visits, event.added, event.reward) == ((), (), 0.0)
    root = search.tree.nodes[ROOT]
    assert (root.own.count, root.own.reward, search.statistics.samples) == (1, 0.0, 1)


def test_a_fault_counts_for_nothing() -> None:
    search = started(samples=1)
    before = copy.deepcopy(search.tree)
    expansion = propose(search)
    event = search.observe(expansion, Check(Verdict.FAULT, lines("t0"), "lost worker"), Sample(tokens=5), 3.0)
    assert event == Abandonment(0, "lost worker", 3.0)
    assert search.tree == before
    assert (search.statistics.samples, search.statistics.tokens, search.statistics.abandoned) == (0, 0, 1)
    assert propose(search).id == 1


def test_a_cheat_adds_what_was_sound_before_it() -> None:
    search = started()
    check = replace(WORLD.check(lines("t0", "t1", WRONG)), verdict=Verdict.CHEAT, valid_prefix=lines("t0"))
    event = search.observe(propose(search), check)
    assert isinstance(event, Observation)
    assert len(event.added) == 1
    assert search.proof is None


def test_a_finished_part_can_be_expanded_though_a_proof_ends_at_the_same_place() -> None:
    """`simp` closes all there is, but the policy wrote on: the state behind `simp` is no proof yet."""
    search = started()
    simp = Step("simp", 0, 4, ())
    refused = Check(Verdict.FAILED, "simp\nring", steps=(simp,), valid_prefix="simp")
    search.observe(propose(search), refused)
    expansion = propose(search)
    assert (expansion.prefix, expansion.goals) == ("simp", ())
    prefix = closing_prefix(refused)
    assert prefix == "simp"
    event = search.observe(expansion, Check(Verdict.PROVED, prefix, steps=(simp,), valid_prefix=prefix))
    assert isinstance(event, Observation)
    assert [node.proved for node in search.tree.nodes.values()] == [False, False, True]
    assert search.tree.nodes[event.added[0]].parents == [ROOT]
    assert search.proof == "simp"


def test_rollouts_end_in_any_order_but_only_once() -> None:
    search = started()
    first, second = propose(search), propose(search)
    search.observe(second, WORLD.check(lines(WRONG)))
    search.abandon(first)
    for expansion in (first, second):
        with pytest.raises(ValueError, match=f"rollout {expansion.id} is not under way"):
            search.observe(expansion, WORLD.check(lines(WRONG)))
        with pytest.raises(ValueError, match=f"rollout {expansion.id} is not under way"):
            search.abandon(expansion)
    with pytest.raises(ValueError, match="not under way"):
        started().observe(first, WORLD.check(lines(WRONG)))
    assert search.statistics.samples == 1


def test_an_expansion_is_what_a_prompt_needs() -> None:
    search = started()
    search.observe(propose(search), WORLD.check(lines("t0", "t0")))
    expansion = propose(search)
    assert expansion.prefix == lines("t0")
    assert expansion.goals == ("⊢ level 1",)
    assert expansion.node == expansion.path[-1] == search.tree.nodes[ROOT].children[0]


def test_an_observation_of_unknown_nodes_changes_nothing() -> None:
    search = started()
    event = search.observe(propose(search), WORLD.check(lines("t0")))
    assert isinstance(event, Observation)
    fresh = started()
    lost = replace(event, visits=(replace(event.visits[0], goals=None),))
    for wrong in (replace(event, path=("root", "nowhere")), replace(event, path=()), lost):
        with pytest.raises(ValueError, match="unknown nodes"):
            fresh.apply(wrong)
    assert fresh == started()
    assert fresh.apply(event) == event
