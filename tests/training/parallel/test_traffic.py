"""What is sent, against what is expected."""

from __future__ import annotations

import random
from dataclasses import replace
from math import sqrt

import pytest
import torch
import torch.distributed as dist

from tests.training.model.tiny import TINY
from tests.training.parallel.processes import together, twice
from training.model.router import Router
from training.parallel.experts import one_hop
from training.parallel.traffic import counted, expected_places, expected_ratio

DRAWS = 20_000


@pytest.mark.parametrize(
    ("experts", "places", "choices", "limit"),
    [(256, 8, 8, None), (256, 8, 8, 4), (16, 4, 4, 2), (12, 4, 6, 2), (8, 8, 3, None), (8, 2, 8, 2)],
)
def test_expectations_against_draws(experts: int, places: int, choices: int, limit: int | None) -> None:
    rng = random.Random(0)
    a_place = experts // places
    found = []
    for _ in range(DRAWS):
        open_ = rng.sample(range(places), limit or places)
        pool = [expert for place in open_ for expert in range(place * a_place, (place + 1) * a_place)]
        found.append(len({expert // a_place for expert in rng.sample(pool, choices)}))
    expected = expected_places(experts, places, choices, limit)
    mean = sum(found) / DRAWS
    deviation = sqrt(sum((value - mean) ** 2 for value in found) / DRAWS)
    assert abs(mean - expected) <= 4 * deviation / sqrt(DRAWS) + 1e-9


def test_deepseeks_numbers() -> None:
    # 256 experts on 8 nodes, 8 a token, at most 4 nodes; each of 4 GPUs as a node, at most 2.
    assert expected_places(256, 8, 8, 4) == pytest.approx(3.63, abs=0.01)
    assert expected_places(256, 8, 8) == pytest.approx(5.30, abs=0.01)
    assert expected_ratio(256, 4, 8, 2) == pytest.approx(0.55, abs=0.01)
    assert expected_places(8, 2, 8) == 2, "all experts are everywhere"


def most_places(router: Router, x_BLD: torch.Tensor, a_place: int) -> int:
    """The largest number of places of any token."""
    chosen = router(x_BLD)[1].chosen_BLK.flatten(0, 1).tolist()
    return max(len({expert // a_place for expert in choices}) for choices in chosen)


def test_no_token_visits_more_nodes_than_the_router_allows() -> None:
    config = replace(TINY, n_routed_experts=32, n_group=8, topk_group=3, num_experts_per_tok=6)
    router = Router(config)
    torch.manual_seed(0)
    torch.nn.init.normal_(router.weight, std=1.0)
    router.e_score_correction_bias.normal_(std=0.5)
    x_BLD = torch.randn(4, 500, config.hidden_size)
    assert most_places(router, x_BLD, 4) == 3
    free = Router(replace(config, topk_group=8))
    free.load_state_dict(router.state_dict())
    assert most_places(free, x_BLD, 4) > 3


def send(rank: int) -> tuple[int, int, int, float]:
    assert dist.group.WORLD is not None
    (hop,) = one_hop(TINY, twice(dist.group.WORLD), torch.device("cpu")).hops
    chosen_NK = torch.tensor([[0, 1, 2], [0, 4, 7], [5, 6, 7]])
    for _ in range(2):
        hop.go(torch.randn(3, 32).bfloat16(), chosen_NK, torch.rand(3, 3))
    told = counted(hop)
    return told.rows, told.local, told.bytes, told.wire_share


def test_bytes_are_counted_where_they_cross() -> None:
    # Two processes with four experts each: rows 0 and 1 go to the first, 1 and 2 to the second.
    row = 32 * 2 + 3 * (4 + 4)
    assert together(send, 2) == [(4, 4, 4 * row, 0.5), (4, 4, 4 * row, 0.5)]


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((8, 3, 2, None), "8 experts cannot be divided evenly among 3 places"),
        ((8, 4, 2, 5), "a limit of 5 places lies outside 1 to 4"),
        ((8, 4, 2, 0), "a limit of 0 places lies outside 1 to 4"),
        ((8, 4, 3, 1), "1 places of 2 experts do not have 3"),
        ((8, 4, 0, 1), "1 places of 2 experts do not have 0"),
    ],
)
def test_numbers_that_do_not_fit(numbers: tuple[int, int, int, int | None], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        expected_places(*numbers)
