"""What holds for every run: random worlds, random orders of events, rollouts lost on the way."""

from __future__ import annotations

import copy
import random
from dataclasses import dataclass, field, replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lean_env.values import Verdict
from search import (
    Abandonment,
    BestFirst,
    Event,
    Expansion,
    Observation,
    RMaxTS,
    Rule,
    Sampling,
    Search,
    merge,
    read,
    replay,
    to_line,
)
from search.discounted import UNVISITED
from tests.search.reference import Reference
from tests.search.world import THEOREM, automaton

UNHURRIED = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])

tree_rules = st.builds(
    RMaxTS,
    gamma=st.sampled_from([0.5, 0.9, 0.99, 1.0]),
    intrinsic=st.booleans(),
    transpositions=st.just(False),
)
rules: st.SearchStrategy[Rule] = st.one_of(
    tree_rules,
    st.builds(
        RMaxTS,
        transpositions=st.just(True),
        prior_weight=st.sampled_from([0.0, 1.0]),
        max_prefix=st.sampled_from([None, 7]),
    ),
    st.builds(BestFirst, width=st.integers(1, 3), length_exponent=st.sampled_from([0.0, 0.5, 1.0])),
    st.just(Sampling()),
)
scripts = st.lists(st.tuples(st.sampled_from("ppppoooatf"), st.integers(0, 99)), max_size=60)
"""Each letter is something that happens: propose, observe, abandon, timeout, fault."""


@dataclass
class Run:
    """A search, everything that happened in it, and the reference beside it."""

    search: Search
    reference: Reference
    events: list[Event] = field(default_factory=list)


def perform(rule: Rule, world_seed: int, script: list[tuple[str, int]], finish: bool = True) -> Run:
    """Let the script happen. Success does not end the run, so that it can go on for any length."""
    world = automaton(world_seed)
    search = Search(THEOREM, rule, goals=world.show(world.start))
    run = Run(search, Reference(rule.gamma), [search.start])
    if finish:
        script = [*script, *[("o", 0)] * sum(letter == "p" for letter, _ in script)]
    for letter, number in script:
        search.proof = None
        waiting = list(search.under_way.values())
        if letter == "p":
            expansion = search.propose(random.Random(number), float(len(run.events)))
            assert expansion is not None
            require_open(search, expansion)
            if isinstance(rule, RMaxTS) and not rule.prior_weight:
                run.reference.require_selected(search.tree, expansion.path)
            run.reference.under_way.append(expansion.path)
            run.events.append(expansion)
        elif waiting:
            expansion = waiting[number % len(waiting)]
            run.reference.under_way.remove(expansion.path)
            seconds = float(len(run.events))
            if letter == "a":
                run.events.append(search.abandon(expansion, seconds=seconds))
                continue
            proof, sample = world.write(expansion, random.Random(number))
            check = world.check(proof)
            if letter in "tf":
                check = replace(check, verdict=Verdict.TIMEOUT if letter == "t" else Verdict.FAULT)
            sample = replace(sample, logprob=-float(number % 7), value=None if number % 2 else 0.25)
            event = search.observe(expansion, check, sample, seconds)
            run.events.append(event)
            if isinstance(event, Observation):
                run.reference.ended.append((event.path, event.reward))
    return run


def require_open(search: Search, expansion: Expansion) -> None:
    nodes = search.tree.nodes
    assert not any(nodes[name].proved for name in expansion.path)
    assert expansion.path[0] == "root"
    for above, below in zip(expansion.path, expansion.path[1:], strict=False):
        assert below in nodes[above].children
    assert expansion.prefix in nodes[expansion.node].prefixes
    assert expansion.goals == nodes[expansion.node].goals


@UNHURRIED
@given(rules, st.integers(0, 50), scripts)
def test_selection_and_statistics_are_those_of_the_formulas(
    rule: Rule, world: int, script: list[tuple[str, int]]
) -> None:
    run = perform(rule, world, script, finish=False)
    run.reference.require_statistics(run.search.tree)


@UNHURRIED
@given(rules, st.integers(0, 50), scripts)
def test_a_replayed_trace_is_the_search(rule: Rule, world: int, script: list[tuple[str, int]]) -> None:
    run = perform(rule, world, script)
    run.search.proof = next(
        (e.proof for e in run.events if isinstance(e, Observation) and e.verdict is Verdict.PROVED), None
    )
    again = replay(read([to_line(event) for event in run.events]), theorem=THEOREM, rule=rule)
    assert again == run.search
    assert list(again.tree.nodes) == list(run.search.tree.nodes)
    for name, node in run.search.tree.nodes.items():
        assert list(again.tree.nodes[name].prefixes) == list(node.prefixes)
    again.proof = run.search.proof = None
    seeds = [random.Random(seed) for seed in range(6)]
    onwards = [again.propose(rng, 1e6) for rng in copy.deepcopy(seeds)]
    assert onwards == [run.search.propose(rng, 1e6) for rng in seeds]


@UNHURRIED
@given(rules, st.integers(0, 50), scripts)
def test_a_trace_survives_being_written(rule: Rule, world: int, script: list[tuple[str, int]]) -> None:
    events = perform(rule, world, script, finish=False).events
    assert list(read([to_line(event) for event in events])) == events


@UNHURRIED
@given(rules, st.integers(0, 50), scripts, st.integers(0, 200))
def test_two_parts_of_a_run_merge_to_the_run(
    rule: Rule, world: int, script: list[tuple[str, int]], cut: int
) -> None:
    run = perform(rule, world, script)
    cut = 1 + cut % len(run.events)
    merged = merge(run.events[:cut], run.events[cut:])
    again, whole = replay(merged), replay(run.events)
    assert again.tree == whole.tree == run.search.tree
    assert again.statistics == whole.statistics
    assert [outcome(event) for event in merged[1:]] == [
        outcome(event) for event in run.events[1:] if not isinstance(event, Expansion)
    ]


def outcome(event: Event) -> Event:
    assert isinstance(event, Observation | Abandonment)
    return replace(event, id=0)


@UNHURRIED
@given(tree_rules, st.integers(0, 50), scripts, st.integers(0, 200))
def test_the_statistics_of_two_parts_join_to_those_of_the_run(
    rule: RMaxTS, world: int, script: list[tuple[str, int]], cut: int
) -> None:
    """What `merge` claims about the choices of its tree, checked with the parts' own statistics."""
    run = perform(rule, world, script)
    ended = run.reference.ended
    cut %= len(ended) + 1
    for node in run.search.tree.nodes.values():
        parts = []
        for part in (ended[:cut], ended[cut:]):
            statistics = UNVISITED
            for path, reward in part:
                if node.name in path:
                    statistics = statistics.update(reward, rule.gamma)
            parts.append(statistics)
        joined = parts[0].then(parts[1], rule.gamma)
        assert joined.count == node.subtree.count
        assert abs(joined.reward - node.subtree.reward) < 1e-9
        assert abs(joined.visits - node.subtree.visits) < 1e-9


@UNHURRIED
@given(rules, st.integers(0, 50), scripts, scripts, scripts)
def test_merging_runs_is_associative_and_rewards_a_state_once(
    rule: Rule,
    world: int,
    first: list[tuple[str, int]],
    second: list[tuple[str, int]],
    third: list[tuple[str, int]],
) -> None:
    a, b, c = (perform(rule, world, script).events for script in (first, second, third))
    left = merge(merge(a, b), c)
    assert left == merge(a, merge(b, c))
    tree = replay(left).tree
    found = [name for event in left if isinstance(event, Observation) for name in event.added]
    assert sorted(found) == sorted(name for name in tree.nodes if name != "root")
    both = {name for events in (a, b, c) for name in replay(events).tree.nodes}
    assert set(tree.nodes) == both


@UNHURRIED
@given(rules, st.integers(0, 50), scripts, st.integers(1, 8), st.randoms(use_true_random=False))
def test_abandoning_restores(
    rule: Rule, world: int, script: list[tuple[str, int]], count: int, rng: random.Random
) -> None:
    search = perform(rule, world, script, finish=False).search
    search.proof = None
    before = copy.deepcopy(search)
    begun = [search.propose(rng) for _ in range(count)]
    rng.shuffle(begun)
    for expansion in begun:
        assert expansion is not None
        search.abandon(expansion)
    assert search.tree == before.tree
    assert search.under_way == before.under_way
    assert replace(search.statistics, abandoned=0) == replace(before.statistics, abandoned=0)
    seeds = [random.Random(seed) for seed in range(6)]
    paths = [getattr(search.propose(rng), "path", None) for rng in copy.deepcopy(seeds)]
    assert paths == [getattr(before.propose(rng), "path", None) for rng in seeds]


@UNHURRIED
@given(rules, st.integers(0, 50), scripts)
def test_the_tree_hangs_together(rule: Rule, world: int, script: list[tuple[str, int]]) -> None:
    tree = perform(rule, world, script).search.tree
    for position, (name, node) in enumerate(tree.nodes.items()):
        assert node.name == name
        assert node.index == position
        assert node.prefixes
        assert bool(node.parents) == (name != "root")
        assert len(set(node.children)) == len(node.children)
        assert all(name in tree.nodes[child].parents for child in node.children)
        assert all(name in tree.nodes[parent].children for parent in node.parents)
        assert node.pending_own == node.pending_subtree == 0
        assert rule.transpositions or len(node.parents) <= 1
        if node.parents:
            assert node.depth == tree.nodes[node.parents[0]].depth + 1
    depths = [node.depth for node in tree.nodes.values() if not node.proved]
    assert tree.nodes[tree.deepest].depth == max(depths)


@UNHURRIED
@given(rules, st.integers(0, 50), scripts)
def test_a_reward_is_for_new_states(rule: Rule, world: int, script: list[tuple[str, int]]) -> None:
    seen = {"root"}
    for event in perform(rule, world, script).events:
        if isinstance(event, Observation):
            new = [visit.node for visit in event.visits if visit.node not in seen]
            assert list(event.added) == list(dict.fromkeys(new))
            if isinstance(rule, RMaxTS) and rule.intrinsic:
                assert event.reward == float(bool(new))
            seen.update(new)
