"""RMaxTS node by node: a run worked out by hand, and what selection chooses."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace

import pytest

from lean_env.values import Verdict
from search import ROOT, Budget, Expansion, Observation, RMaxTS, Sample, Search, Tree
from search.discounted import UNVISITED, Discounted
from search.rmaxts import Choice, choices, scores
from search.tree import Node
from tests.search.world import THEOREM, World, lines, maze, rollout, run

RNG = random.Random(0)

ARROWS = {("A", "a"): "B", ("A", "d"): "B", ("B", "b"): "C", ("B", "c"): "B", ("C", "e"): ""}
WORLD = World("A", tuple("abcde"), 3, lambda state, tactic: ARROWS.get((state, tactic)))


def started(rule: RMaxTS | None = None, **options: object) -> Search:
    return Search(THEOREM, rule or RMaxTS(**options), goals=("⊢ A",))  # type: ignore[arg-type]


def play(search: Search, *tactics: str, verdict: Verdict | None = None) -> Observation:
    """One rollout with a given proof."""
    expansion = search.propose(RNG)
    assert expansion is not None
    return settle(search, expansion, *tactics, verdict=verdict)


def settle(
    search: Search, expansion: Expansion, *tactics: str, verdict: Verdict | None = None
) -> Observation:
    check = WORLD.check(lines(*tactics))
    if verdict is not None:
        check = replace(check, verdict=verdict)
    event = search.observe(expansion, check)
    assert isinstance(event, Observation)
    return event


@dataclass(frozen=True)
class Golden:
    goals: tuple[str, ...]
    parent: str
    depth: int
    prefixes: tuple[str, ...]
    own: tuple[float, float, int]
    subtree: tuple[float, float, int]
    proved: bool = False


def golden(tree: Tree, node: Node) -> Golden:
    parent = tree.nodes[node.parents[0]].goals[0] if node.parents else ""
    own, subtree = node.own, node.subtree
    return Golden(
        node.goals,
        parent,
        node.depth,
        tuple(node.prefixes),
        (own.reward, own.visits, own.count),
        (subtree.reward, subtree.visits, subtree.count),
        node.proved,
    )


def test_a_run_worked_out_by_hand() -> None:
    search = started(gamma=0.5)
    names: list[str] = [ROOT]

    # The root is a leaf: it is expanded. Two new states.
    first = play(search, "a", "b", "wrong")
    assert (first.path, first.reward, len(first.added)) == ((ROOT,), 1.0, 2)
    names += first.added
    # B is untried, and below it ⊘ comes before C. `c` changes nothing, so nothing is new.
    second = play(search, "a", "c", "wrong")
    assert (second.path, second.reward, second.added) == ((ROOT, names[1]), 0.0, ())
    # ⊘ 1/1 + sqrt(2 ln 2 / 1) = 2.18 against B 0 + sqrt(2 ln 2 / 1) = 1.18. Another way to B and C.
    third = play(search, "d", "b", "wrong")
    assert (third.path, third.reward) == ((ROOT,), 0.0)
    # ⊘ 0.5/1.5 + sqrt(2 ln 2.5 / 1.5) = 1.44 against B sqrt(2 ln 2.5 / 1) = 1.35.
    fourth = play(search, "a", "b", "e", verdict=Verdict.TIMEOUT)
    assert (fourth.path, fourth.reward, fourth.visits) == ((ROOT,), 0.0, ())
    # ⊘ 0.25/1.75 + sqrt(2 ln 2.75 / 1.75) = 1.22 against B sqrt(2 ln 2.75 / 1) = 1.42; then C, untried.
    fifth = play(search, "d", "b", "e")
    assert (fifth.path, fifth.reward) == ((ROOT, names[1], names[2]), 1.0)
    names += fifth.added

    nodes = search.tree.nodes
    assert list(nodes) == names
    assert [golden(search.tree, node) for node in nodes.values()] == [
        Golden(("⊢ A",), "", 0, ("",), (0.25, 1.75, 3), (1.0625, 1.9375, 5)),
        Golden(("⊢ B",), "⊢ A", 1, ("  a", "  d"), (0.0, 1.0, 1), (1.0, 1.5, 2)),
        Golden(("⊢ C",), "⊢ B", 2, ("  a\n  b", "  d\n  b"), (1.0, 1.0, 1), (1.0, 1.0, 1)),
        Golden((), "⊢ C", 3, ("  d\n  b\n  e",), (0.0, 0.0, 0), (0.0, 0.0, 0), proved=True),
    ]
    assert search.proof == "  d\n  b\n  e"


def test_scores_are_the_formula_of_the_paper() -> None:
    options = [
        Choice(None, Discounted(1.5, 3.0, 4), 0.0),
        Choice("x", Discounted(0.5, 1.0, 1), 0.0),
        Choice("y", UNVISITED, 0.0),
    ]
    assert scores(options) == [
        pytest.approx(0.5 + math.sqrt(2 * math.log(4) / 3)),
        pytest.approx(0.5 + math.sqrt(2 * math.log(4) / 1)),
        math.inf,
    ]


def test_the_only_choice_visited_once_has_no_bonus() -> None:
    assert scores([Choice(None, Discounted(0.0, 1.0, 1), 0.0)]) == [0.0]


def test_rollouts_under_way_are_visits_without_reward() -> None:
    search = started(gamma=0.5)
    play(search, "a", "b", "wrong")
    child = search.tree.nodes[ROOT].children[0]
    for _ in range(2):
        assert search.propose(RNG) is not None
    own, below = choices(search.tree, ROOT, 0.5)
    assert (own.statistics.count, below.statistics.count) == (2, 1)
    assert own.statistics == Discounted(0.5, 1.5, 2)
    assert below.statistics == Discounted(0.0, 1.0, 1)
    assert search.tree.nodes[child].subtree == UNVISITED


def test_rollouts_under_way_spread_over_the_tree() -> None:
    search = started()
    play(search, "a", "b", "wrong")
    under_way = [search.propose(RNG) for _ in range(60)]
    counts = {node.name: node.pending_own for node in search.tree.nodes.values()}
    assert sum(counts.values()) == len(under_way)
    assert all(count >= 5 for count in counts.values())


def test_an_untried_state_comes_before_every_tried_one() -> None:
    search = started(gamma=1.0)
    for _ in range(50):
        play(search, "wrong")
    first = play(search, "a", "wrong")
    second = search.propose(RNG)
    assert second is not None
    assert second.node == first.added[0]
    assert second.prefix == "  a"
    assert second.goals == ("⊢ B",)


def test_a_complete_proof_is_never_expanded() -> None:
    search = started()
    play(search, "a", "b", "e")
    assert search.propose(RNG) is None
    search.proof = None  # As if the proof had not counted.
    proved = next(node.name for node in search.tree.nodes.values() if node.proved)
    for _ in range(40):
        expansion = search.propose(RNG)
        assert expansion is not None
        assert proved not in expansion.path
        settle(search, expansion, "wrong")


def test_without_intrinsic_reward_only_a_proof_is_worth_something() -> None:
    search = started(intrinsic=False)
    assert play(search, "a", "b", "wrong").reward == 0.0
    assert play(search, "a", "b", "e").reward == 1.0


def test_each_prefix_of_a_node_is_as_likely() -> None:
    search = started()
    settle(search, search.propose(RNG), "a", "wrong")  # type: ignore[arg-type]
    first = search.propose(RNG)
    assert first is not None
    settle(search, first, "d", "wrong")
    node = search.tree.nodes[search.tree.nodes[ROOT].children[0]]
    rng = random.Random(1)
    drawn = [node.random_prefix(rng) for _ in range(1000)]
    assert sorted(set(drawn)) == ["  a", "  d"]
    assert 400 < drawn.count("  a") < 600


def test_equal_states_below_different_states_are_different_nodes() -> None:
    arrows = {("A", "x"): "X", ("A", "y"): "Y", ("X", "z"): "Z", ("Y", "z"): "Z"}
    world = World("A", tuple("xyz"), 2, lambda state, tactic: arrows.get((state, tactic)))
    for transpositions, count in [(False, 2), (True, 1)]:
        search = started(transpositions=transpositions)
        for tactics in [("x", "z", "w"), ("y", "z", "w")]:
            expansion = search.propose(RNG)
            assert expansion is not None
            search.observe(expansion, world.check(lines(*tactics)))
        same = [node for node in search.tree.nodes.values() if node.goals == ("⊢ Z",)]
        assert len(same) == count
        assert [len(node.parents) for node in same] == ([1, 1] if count == 2 else [2])
        assert len({prefix for node in same for prefix in node.prefixes}) == 2


def test_transpositions_never_close_a_cycle() -> None:
    arrows = {("A", "x"): "X", ("X", "y"): "Y", ("Y", "x"): "X", ("Y", "a"): "A", ("A", "y"): "Y"}
    world = World("A", tuple("xya"), 6, lambda state, tactic: arrows.get((state, tactic)))
    search = Search(THEOREM, RMaxTS(transpositions=True), Budget(samples=300), ("⊢ A",))
    run(search, world, seed=5, workers=4)
    assert {node.goals[0] for node in search.tree.nodes.values()} == {"⊢ A", "⊢ X", "⊢ Y"}
    assert len(search.tree.nodes) == 3
    assert len(search.tree.nodes[ROOT].prefixes) > 1
    above: dict[str, set[str]] = {}

    def ancestors(name: str) -> set[str]:
        if name not in above:
            above[name] = set()
            above[name] = {
                found
                for parent in search.tree.nodes[name].parents
                for found in ({parent} | ancestors(parent))
            }
        return above[name]

    assert all(name not in ancestors(name) for name in search.tree.nodes)


def test_a_prior_orders_what_is_untried_and_fades_with_visits() -> None:
    def options(visits: float) -> list[Choice]:
        return [Choice(str(prior), Discounted(0.0, visits, int(visits)), prior) for prior in (0.0, 1.0)]

    assert scores(options(1.0), 3.0)[1] - scores(options(1.0), 3.0)[0] == pytest.approx(1.5)
    assert scores(options(9.0), 3.0)[1] - scores(options(9.0), 3.0)[0] == pytest.approx(0.3)

    arrows = {("A", "x"): "X", ("A", "y"): "Y"}
    world = World("A", tuple("xy"), 2, lambda state, tactic: arrows.get((state, tactic)))
    for weight, chosen in [(0.0, "⊢ X"), (1.0, "⊢ Y")]:
        search = started(prior_weight=weight)
        both = [search.propose(RNG), search.propose(RNG)]
        for expansion, tactic, value in zip(both, "xy", (0.2, 0.8), strict=True):
            assert expansion is not None
            search.observe(expansion, world.check(lines(tactic, "w")), Sample(value=value))
        following = search.propose(RNG)
        assert following is not None
        assert following.goals == (chosen,)


def test_an_estimate_is_the_prior_of_what_the_rollout_found() -> None:
    search = started()
    for tactics, value in [("a", 0.25), ("ab", 0.0)]:
        expansion = search.propose(RNG)
        assert expansion is not None
        search.observe(expansion, WORLD.check(lines(*tactics, "wrong")), Sample(value=value))
    assert [node.prior for node in search.tree.nodes.values()] == [0.5, 0.25, 0.0]


def test_without_an_estimate_fewer_goals_are_better() -> None:
    search = started()
    play(search, "a", "wrong")
    assert [node.prior for node in search.tree.nodes.values()] == [0.5, 0.5]
    assert Tree.plant(("⊢ A", "⊢ B")).nodes[ROOT].prior == pytest.approx(1 / 3)


@pytest.mark.parametrize("gamma", [0.0, -0.5, 1.01, math.nan])
def test_a_discount_out_of_range_is_refused(gamma: float) -> None:
    with pytest.raises(ValueError, match="gamma"):
        RMaxTS(gamma=gamma)


@pytest.mark.parametrize("weight", [-1.0, math.inf, math.nan])
def test_a_weight_out_of_range_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="prior_weight"):
        RMaxTS(prior_weight=weight)


def test_a_limit_on_prefixes_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="max_prefix"):
        RMaxTS(max_prefix=0)


def test_the_same_seed_gives_the_same_tree() -> None:
    world = maze(6, 3)
    trees = []
    for _ in range(2):
        search = Search(THEOREM, RMaxTS(), Budget(samples=60))
        while rollout(search, world, seed=9):
            pass
        trees.append(search.tree)
    assert trees[0] == trees[1]
