"""Experts on several processes compute what they compute on one, whatever the routing."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from typing import NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor

from tests.training.model.tiny import TINY, tiny_model, tokens
from tests.training.parallel.processes import together, twice
from training.model.config import ModelConfig
from training.model.experts import Experts
from training.parallel.experts import Place, SpreadExperts, one_hop, spread_experts, two_hops

CONFIG = replace(TINY, n_routed_experts=16, n_group=4, topk_group=2, num_experts_per_tok=4)
RANKS = 4
CPU = torch.device("cpu")
ROUTINGS = ("even", "one expert", "one process", "skewed", "few tokens", "no token on some ranks")


class Inputs(NamedTuple):
    """Of one rank."""

    x_ND: Tensor
    chosen_NK: Tensor
    weights_NK: Tensor
    direction_ND: Tensor
    """What the output is multiplied with for a scalar."""


def inputs(kind: str, seed: int, rank: int) -> Inputs:
    generator = torch.Generator().manual_seed(1000 * seed + rank)
    count = {"few tokens": 1, "no token on some ranks": 5 * (rank % 2)}.get(kind, 20 + 3 * rank)
    experts, width = CONFIG.n_routed_experts, CONFIG.num_experts_per_tok
    liking = torch.rand(count, experts, generator=generator)
    if kind == "one expert":
        liking[:, 5] += 2
    elif kind == "one process":
        liking[:, 4:8] += 2
    elif kind == "skewed":
        liking *= torch.arange(experts) ** 2
    return Inputs(
        torch.randn(count, CONFIG.hidden_size, generator=generator),
        liking.topk(width, dim=1).indices,
        torch.rand(count, width, generator=generator),
        torch.randn(count, CONFIG.hidden_size, generator=generator),
    )


def whole_experts() -> Experts:
    torch.manual_seed(0)
    experts = Experts(CONFIG)
    for parameter in experts.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return experts


def place(kind: str, rank: int, config: ModelConfig = CONFIG) -> Place:
    assert dist.group.WORLD is not None
    if kind == "one hop":
        return one_hop(config, twice(dist.group.WORLD), CPU)
    across = [dist.new_group([index, index + 2]) for index in (0, 1)][rank % 2]
    inside = [dist.new_group([2 * node, 2 * node + 1]) for node in (0, 1)][rank // 2]
    return two_hops(config, twice(across), twice(inside), CPU)


def computed(experts: Experts, given: Inputs) -> tuple[Tensor, Tensor | None, Tensor | None]:
    x_ND, weights_NK = given.x_ND.requires_grad_(), given.weights_NK.requires_grad_()
    y_ND = experts(x_ND, given.chosen_NK, weights_NK)
    (y_ND * given.direction_ND).sum().backward()
    return y_ND.detach(), x_ND.grad, weights_NK.grad


def error(found: Tensor | None, expected: Tensor | None) -> float:
    """The difference's norm, in units of the expected one."""
    assert found is not None
    assert expected is not None
    assert found.shape == expected.shape
    return float((found - expected).norm() / expected.norm().clamp(min=1e-30))


def compare(rank: int) -> dict[tuple[str, str], float]:
    """The largest error of each way and routing, over some seeds and all gradients."""
    found = {}
    for way, kind in product(("one hop", "two hops"), ROUTINGS):
        mine = place(way, rank)
        here = slice(mine.first, mine.first + mine.number)
        worst = 0.0
        for seed in range(5):
            whole = whole_experts()
            experts = SpreadExperts(whole, CONFIG, mine)
            outcome = computed(experts, inputs(kind, seed, rank))
            expected = [computed(whole, inputs(kind, seed, other)) for other in range(RANKS)]
            pairs = list(zip(outcome, expected[rank], strict=True))
            for part, all_of_it in zip(experts.parameters(), whole.parameters(), strict=True):
                assert all_of_it.grad is not None
                # In units of the gradient of all experts: these may have none.
                grad = torch.zeros_like(part) if part.grad is None else part.grad
                worst = max(worst, float((grad - all_of_it.grad[here]).norm() / all_of_it.grad.norm()))
            worst = max([worst, *(error(one, other) for one, other in pairs)])
        found[way, kind] = worst
    return found


def test_any_routing_gives_what_one_process_gives() -> None:
    for found in together(compare, RANKS):
        assert len(found) == 2 * len(ROUTINGS)
        assert all(worst < 1e-6 for worst in found.values()), found


def traffic(rank: int) -> dict[str, tuple[list[int], int, int]]:
    """For one hop and for two: rows sent to each peer by each hop, and the tokens that there were."""
    given = inputs("even", 0, rank)
    found = {}
    for way in ("one hop", "two hops"):
        mine = place(way, rank)
        SpreadExperts(whole_experts(), CONFIG, mine)(*given[:3])
        owners = given.chosen_NK // mine.number
        nodes = sum(len(set((row // 2).tolist())) for row in owners)
        processes = sum(len(set(row.tolist())) for row in owners)
        found[way] = ([int(hop.sent_W.sum()) for hop in mine.hops], processes, nodes)
    return found


def test_a_row_crosses_once_for_each_process_or_node() -> None:
    found = together(traffic, RANKS)
    for one in found:
        sent, processes, _ = one["one hop"]
        assert sent == [processes]
        (across, _), _, nodes = one["two hops"]
        assert across == nodes
    inside = sum(one["two hops"][0][1] for one in found)
    assert inside == sum(one["one hop"][1] for one in found), "from node to process, in all as often"


def whole_model(rank: int) -> tuple[float, float]:
    """By how much the gradient differs in a model whose experts are spread and one that is whole; and that of
    the one weight in which they differ most."""
    changes = {"n_routed_experts": 16, "num_experts_per_tok": 4}
    whole, spread = tiny_model(0, **changes), tiny_model(0, **changes)
    mine = place("two hops", rank, whole.config)
    spread_experts(spread, mine)
    batches = [tokens(2, 17, seed) for seed in range(RANKS)]
    spread.logits(spread(batches[rank]).hidden_BLD).square().mean().backward()
    for batch in batches:
        whole.logits(whole(batch).hidden_BLD).square().mean().backward()
    worst, squares, all_squares = 0.0, 0.0, 0.0
    for (name, part), all_of_it in zip(spread.named_parameters(), whole.parameters(), strict=True):
        assert part.grad is not None
        assert all_of_it.grad is not None
        expected = all_of_it.grad
        if ".experts." in name:
            expected = expected[mine.first : mine.first + mine.number]
        else:
            dist.all_reduce(part.grad)
        difference = float((part.grad - expected).norm())
        worst = max(worst, difference / float(all_of_it.grad.norm()))
        squares, all_squares = squares + difference**2, all_squares + float(all_of_it.grad.norm()) ** 2
    return math.sqrt(squares / all_squares), worst


def test_a_whole_model_learns_the_same() -> None:
    for of_all, of_one in together(whole_model, RANKS):
        assert of_all < 1e-6
        assert of_one < 3e-6


def odd(rank: int) -> str:
    assert dist.group.WORLD is not None
    try:
        one_hop(replace(TINY, n_routed_experts=8), twice(dist.group.WORLD), CPU)
    except ValueError as error:
        return str(error)
    return ""


def test_experts_must_be_divisible() -> None:
    assert together(odd, 3) == ["8 experts cannot be divided evenly among 3 processes"] * 3
