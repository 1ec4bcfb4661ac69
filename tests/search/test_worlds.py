"""The algorithms from beginning to end, on worlds made so that the difference must show."""

from __future__ import annotations

import pytest

from search import BestFirst, Budget, RMaxTS, Rule, Sampling, Search
from tests.search.world import THEOREM, World, maze, mean, run

SEEDS = range(24)
SAMPLES = 600


def samples_needed(rule: Rule, world: World, seed: int, workers: int = 1) -> int:
    """Samples until the proof; the budget if there was none."""
    search = Search(THEOREM, rule, Budget(samples=SAMPLES), world.show(world.start))
    run(search, world, seed, workers)
    if search.proof is not None:
        assert world.check(search.proof).verdict == "PROVED"
        return search.statistics.samples
    assert search.statistics.samples == SAMPLES
    return SAMPLES


def mean_needed(rule: Rule, world: World, workers: int = 1) -> float:
    return mean([samples_needed(rule, world, seed, workers) for seed in SEEDS])


@pytest.mark.parametrize("workers", [1, 8])
def test_rmaxts_finds_a_deep_proof_sooner_than_sampling(workers: int) -> None:
    """Six steps with three tactics to choose from at each: one sample in 729 is the proof."""
    world = maze(depth=6, width=3)
    sampling, rmaxts = (mean_needed(rule, world, workers) for rule in (Sampling(), RMaxTS()))
    assert sampling > 400
    assert rmaxts < sampling / 2


@pytest.mark.parametrize(
    "rule",
    [
        RMaxTS(gamma=1.0),
        RMaxTS(transpositions=True),
        RMaxTS(prior_weight=0.2),
        RMaxTS(transpositions=True, prior_weight=0.1, max_prefix=400),
        BestFirst(width=4),
    ],
)
def test_so_does_every_other_search(rule: Rule) -> None:
    world = maze(depth=6, width=3)
    assert mean_needed(rule, world) < mean_needed(Sampling(), world) / 1.5


def test_the_reward_for_new_states_shortens_the_search() -> None:
    world = maze(depth=6, width=3)
    assert mean_needed(RMaxTS(), world) < mean_needed(RMaxTS(intrinsic=False), world)


def test_best_first_and_rmaxts_have_each_a_world_of_their_own() -> None:
    """With as many samples for every state, best-first goes deep where there are few states, and drowns
    where there is no end of them."""
    best_first, rmaxts = BestFirst(width=4), RMaxTS()
    few, endless = maze(depth=6, width=3), maze(depth=6, width=3, endless=True)
    assert mean_needed(best_first, few) < mean_needed(rmaxts, few)
    assert mean_needed(rmaxts, endless) < mean_needed(best_first, endless)


def test_a_shallow_proof_is_found_by_all_of_them() -> None:
    world = maze(depth=2, width=3)
    rules: list[Rule] = [Sampling(), RMaxTS(), RMaxTS(intrinsic=False), BestFirst()]
    for rule in rules:
        assert all(samples_needed(rule, world, seed) < SAMPLES for seed in SEEDS)


def test_the_intrinsic_reward_is_worth_its_name() -> None:
    """Of two ways from the root, one leads to ever new states, the other nowhere: RMaxTS goes where
    something is new, plain UCT without a reward to be had spreads its samples evenly."""

    def apply(state: str, tactic: str) -> str | None:
        if tactic == "x":
            return None
        if state == "start":
            return {"r": "rich", "p": "poor"}[tactic]
        return f"{state}{tactic}" if state.startswith("rich") and len(state) < 40 else None

    world = World("start", ("r", "p", "x"), 6, apply)
    shares = {}
    for intrinsic in (True, False):
        search = Search(THEOREM, RMaxTS(intrinsic=intrinsic), Budget(samples=200), world.show("start"))
        run(search, world, seed=1)
        (rich,) = [node for node in search.tree.nodes.values() if node.goals == ("⊢ rich",)]
        (poor,) = [node for node in search.tree.nodes.values() if node.goals == ("⊢ poor",)]
        shares[intrinsic] = rich.subtree.count / poor.subtree.count
    assert shares[True] > 2 * shares[False]


def test_merging_transpositions_makes_the_tree_smaller() -> None:
    """The order of independent steps does not matter: n of them give n! ways, but 2^n states."""

    def apply(state: str, tactic: str) -> str | None:
        return "".join(sorted(state + tactic)) if tactic not in state else None

    world = World("-", tuple("abcd"), 4, apply)
    sizes = {}
    for transpositions in (False, True):
        search = Search(THEOREM, RMaxTS(transpositions=transpositions), Budget(samples=800), ("⊢ -",))
        run(search, world, seed=2)
        sizes[transpositions] = len(search.tree.nodes)
    assert sizes == {False: 65, True: 16}
