"""Best-first search: the order in which nodes are expanded."""

from __future__ import annotations

import random

import pytest

from search import ROOT, BestFirst, Budget, Expansion, Observation, Sample, Sampling, Search, Unit
from tests.search.world import THEOREM, World, lines

RNG = random.Random(0)
LINE = World("0", tuple("ab"), 9, lambda state, tactic: state + tactic if tactic in "ab" else None)
"""Every proof of `a` and `b` is a way to a state of its own."""


def started(**options: float) -> Search:
    return Search(THEOREM, BestFirst(**options), goals=LINE.show(LINE.start))  # type: ignore[arg-type]


def propose(search: Search) -> Expansion:
    expansion = search.propose(RNG)
    assert expansion is not None
    return expansion


def add(search: Search, tactic: str, logprob: float) -> Observation:
    """Expand the best node by a tactic."""
    expansion = propose(search)
    before = [line.strip() for line in expansion.prefix.split("\n") if line]
    event = search.observe(expansion, LINE.check(lines(*before, tactic)), Sample(logprob=logprob))
    assert isinstance(event, Observation)
    return event


def state(search: Search, expansion: Expansion) -> str:
    return search.tree.nodes[expansion.node].goals[0].removeprefix("⊢ 0")


def test_a_node_is_expanded_by_width_tactics_and_then_the_best_child_is() -> None:
    search = started(width=2)
    assert propose(search).unit is Unit.TACTIC
    search.abandon(search.under_way[0])
    add(search, "a", -3.0)
    assert state(search, propose(search)) == ""
    search.abandon(search.under_way[2])
    add(search, "b", -1.0)
    assert state(search, propose(search)) == "b"


@pytest.mark.parametrize(("exponent", "best"), [(0.0, "b"), (1.0, "aa")])
def test_the_priority_is_normalised_by_length(exponent: float, best: str) -> None:
    search = started(width=2, length_exponent=exponent)
    for tactic, logprob in [("a", -0.5), ("b", -0.95), ("a", -1.0), ("wrong", -1.0)]:
        add(search, tactic, logprob)
    # Σ log p: aa −1.5, b −0.95; for each step: aa −0.75, b −0.95.
    assert state(search, propose(search)) == best


def test_when_all_nodes_are_expanded_the_second_round_begins_with_the_best() -> None:
    search = started(width=2)
    for tactic, logprob in [("a", -1.0), ("wrong", -1.0), ("wrong", -1.0), ("wrong", -1.0)]:
        add(search, tactic, logprob)
    assert [state(search, propose(search)) for _ in range(6)] == ["", "", "a", "a", "", ""]
    new = search.observe(search.under_way[4], LINE.check(lines("b")), Sample(logprob=-9.0))
    assert isinstance(new, Observation)
    assert state(search, propose(search)) == "b", "a node of the first round comes before the second"


def test_an_abandoned_expansion_is_due_again() -> None:
    search = started(width=2)
    add(search, "a", -1.0)
    second = propose(search)
    assert state(search, propose(search)) == "a"
    search.abandon(second)
    assert state(search, propose(search)) == ""


def test_a_better_way_to_a_known_state_raises_it() -> None:
    world = World("0", tuple("abc"), 9, lambda s, t: {"a": "x", "b": "y", "c": "x"}.get(t))
    search = started(width=3)
    for tactic, logprob in [("a", -5.0), ("b", -2.0), ("c", -1.0)]:
        search.observe(propose(search), world.check(lines(tactic)), Sample(logprob=logprob))
    best = propose(search)
    assert best.goals == ("⊢ x",)
    assert list(search.tree.nodes[best.node].prefixes) == ["  a", "  c"]
    assert search.tree.nodes[best.node].logprob == -1.0


def test_the_way_to_a_deep_node_is_the_path_from_the_root() -> None:
    search = started(width=1)
    for _ in range(4):
        add(search, "a", -1.0)
    deep = propose(search)
    assert [search.tree.nodes[name].goals[0] for name in deep.path] == [
        "⊢ 0" + "a" * depth for depth in range(5)
    ]
    assert deep.prefix == lines(*"aaaa")
    assert [search.tree.nodes[name].logprob for name in deep.path] == [0.0, -1.0, -2.0, -3.0, -4.0]


def test_a_complete_proof_is_not_in_the_queue() -> None:
    world = World("0", ("a",), 1, lambda state, tactic: "")
    search = started(width=1)
    search.observe(propose(search), world.check(lines("a")), Sample(logprob=0.0))
    search.proof = None
    assert propose(search).path == (ROOT,)


def test_sampling_starts_at_the_root_whatever_was_found() -> None:
    search = Search(THEOREM, Sampling(), Budget(samples=4), ("⊢ 0",))
    for _ in range(4):
        expansion = propose(search)
        assert (expansion.path, expansion.prefix, expansion.unit) == ((ROOT,), "", Unit.PROOF)
        event = search.observe(expansion, LINE.check(lines("a", "b")))
        assert isinstance(event, Observation)
        assert event.reward == 0.0
    assert len(search.tree.nodes) == 3
    assert search.propose(RNG) is None


@pytest.mark.parametrize(
    "options", [{"width": 0}, {"length_exponent": -0.1}, {"length_exponent": 1.1}, {"max_prefix": 0}]
)
def test_settings_out_of_range_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        BestFirst(**options)  # type: ignore[arg-type]
