"""The gradients of what is combined go to the experts in FP8: what they are there, and what that costs."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
import torch.distributed as dist
from torch import Tensor

from tests.training.parallel.processes import together, twice
from tests.training.parallel.test_dispatch_fp8 import (
    CONFIG,
    RATE,
    WAYS,
    Step,
    apart,
    rows,
    step,
    whole_experts,
)
from tests.training.parallel.test_spread import CPU, ROUTINGS, place
from tests.training.sft.tiny import write
from training.model.experts import Experts
from training.parallel.experts import Place, SpreadExperts, one_hop
from training.parallel.fp8.experts import Fp8Experts, Fp8SpreadExperts
from training.parallel.fp8.tiles import from_tiles, to_tiles
from training.parallel.fp8.wire import row_bytes
from training.sft.config import MeshConfig

KINDS = (*ROUTINGS, "one node")
ARRIVING = {"one hop": (0, 1, 2, 3), "two hops": (0, 2, 1, 3)}
"""The order in which four processes' rows arrive: those of the same place in each node first."""
E4M3 = 0.026
"""The error of rounding to three bits behind the first, of normally distributed numbers."""


class Given(NamedTuple):
    """Of one process, or of several one after the other."""

    x_ND: Tensor
    chosen_NK: Tensor
    weights_NK: Tensor
    grad_ND: Tensor
    """Of what is combined."""


def given(kind: str, rank: int) -> Given:
    """`one node`: routing is limited to a node for each token, and its experts are on two processes."""
    x_ND, chosen_NK, weights_NK = rows("even" if kind == "one node" else kind, 0, rank)
    generator = torch.Generator().manual_seed(17 + rank)
    if kind == "one node":
        liking = torch.rand(len(x_ND), CONFIG.n_routed_experts, generator=generator)
        nodes = torch.arange(CONFIG.n_routed_experts) // 8
        liking += nodes == torch.randint(2, (len(x_ND), 1), generator=generator)
        chosen_NK = liking.topk(CONFIG.num_experts_per_tok).indices
    grad_ND = torch.randn(x_ND.shape, generator=generator) * 10 ** torch.linspace(-6, 2, len(x_ND))[:, None]
    return Given(x_ND, chosen_NK, weights_NK, grad_ND.bfloat16())


def computed(experts: Experts, told: Given) -> list[Tensor]:
    """The sums, and the gradients of the tokens and of the choices' weights."""
    x_ND, weights_NK = told.x_ND.clone().requires_grad_(), told.weights_NK.clone().requires_grad_()
    y_ND = experts(x_ND, told.chosen_NK, weights_NK)
    y_ND.backward(told.grad_ND)
    assert x_ND.grad is not None
    assert weights_NK.grad is not None
    return [y_ND.detach(), x_ND.grad, weights_NK.grad]


def of_experts(experts: Experts) -> list[Tensor]:
    """The gradients of the experts."""
    found = []
    for weight in experts.parameters():
        assert weight.grad is not None
        found.append(weight.grad)
    return found


def in_fp8(whole: Experts, mine: Place) -> SpreadExperts:
    spread = SpreadExperts(whole, CONFIG, mine)
    spread.__class__ = Fp8SpreadExperts
    return spread


def differences(mine: Place, arriving: tuple[int, ...], rank: int, kind: str) -> list[str]:
    """What spread experts have otherwise than one process that computes the tokens of all."""
    whole = whole_experts(Fp8Experts)
    spread = in_fp8(whole, mine)
    of_all = [given(kind, other) for other in arriving]
    found = computed(spread, given(kind, rank))
    sizes = [len(told.x_ND) for told in of_all]
    all_of_it = computed(whole, Given(*map(torch.cat, zip(*of_all, strict=True))))
    wanted = [part.split(sizes)[arriving.index(rank)] for part in all_of_it]
    here = slice(mine.first, mine.first + mine.number)
    exact = {
        "of choices' weights": (found[2], wanted[2]),
        "of gate and up": (of_experts(spread)[0], of_experts(whole)[0][here]),
        "of down": (of_experts(spread)[1], of_experts(whole)[1][here]),
    }
    # The sums of several processes are rounded to BF16 each.
    bar = 0 if kind == "one process" else 2**-7
    wrong = [name for name, pair in exact.items() if not torch.equal(*pair)]
    wrong += [name for name, *pair in zip(("sum", "of x"), found, wanted, strict=False) if apart(*pair) > bar]
    return [f"{kind}: {name}" for name in wrong]


def sent_backward(kind: type[SpreadExperts], mine: Place, rank: int) -> tuple[Counter[str], int]:
    """Bytes of a backward pass by type, and the rows that the forward pass has sent."""
    experts = SpreadExperts(whole_experts(Experts), CONFIG, mine)
    experts.__class__ = kind
    told, bytes_ = given("even", rank), Counter[str]()
    before = sum(int(hop.sent_W.sum()) for hop in mine.hops)
    y_ND = experts(told.x_ND.requires_grad_(), told.chosen_NK, told.weights_NK.requires_grad_())
    sends = dist.all_to_all_single

    def counts(out: Tensor, x: Tensor, *sizes: Any, **named: Any) -> None:
        bytes_[str(x.dtype)] += x.numel() * x.element_size()
        sends(out, x, *sizes, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dist, "all_to_all_single", counts)
        y_ND.backward(told.grad_ND)
    return bytes_, sum(int(hop.sent_W.sum()) for hop in mine.hops) - before


class OfFour(NamedTuple):
    """What each of four processes finds."""

    wrong: list[str]
    sent: dict[str, list[tuple[Counter[str], int]]]
    steps: list[Step]
    """With whole backward passes, with split ones, and with these beside forward passes."""


def on_four(rank: int, folder: Path) -> OfFour:
    wrong, sent = [], {}
    for way in WAYS:
        mine = place(way, rank, CONFIG)
        for kind in KINDS:
            wrong += [f"{way}, {what}" for what in differences(mine, ARRIVING[way], rank, kind)]
        sent[way] = [sent_backward(kind, mine, rank) for kind in (SpreadExperts, Fp8SpreadExperts)]
    mesh = MeshConfig(pipeline=2, experts=2)
    split = replace(mesh, schedule="DualPipe", overlap=False)
    meshes = mesh, split, replace(split, overlap=True)
    return OfFour(wrong, sent, [step(rank, folder, mesh, 4) for mesh in meshes])


def on_two(rank: int) -> list[str]:
    """What differs."""
    mine = one_hop(CONFIG, twice(dist.group.WORLD), CPU)
    return [what for kind in KINDS for what in differences(mine, (0, 1), rank, kind)]


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> list[OfFour]:
    folder = tmp_path_factory.mktemp("fp8")
    write(folder, model__sizes__num_nextn_predict_layers=1, model__sizes__num_hidden_layers=4)
    return together(on_four, 4, folder)


def test_two_processes_compute_what_one_does() -> None:
    assert together(on_two, 2) == [[]] * 2


def test_four_behind_one_hop_or_two_compute_what_one_does(four: list[OfFour]) -> None:
    assert [each.wrong for each in four] == [[]] * 4


def test_a_split_backward_pass_makes_the_same_step_beside_a_forward_pass_too(four: list[OfFour]) -> None:
    whole, split, beside = four[0].steps
    assert split.said == beside.said == pytest.approx(whole.said, rel=1e-6)
    for name, value in whole.state.items():
        assert torch.equal(split.state[name], beside.state[name])
        # Micro-batches are added up in another order.
        torch.testing.assert_close(split.state[name], value, rtol=0, atol=RATE / 100)


def test_half_the_bytes_of_a_gradient_go_to_the_experts(four: list[OfFour]) -> None:
    width, choices = CONFIG.hidden_size, CONFIG.num_experts_per_tok
    for way in WAYS:
        for each in four:
            (plain, rows_sent), (packed, same) = each.sent[way]
            assert rows_sent == same
            # The gradients of the tokens, and beside them those of the choices' weights, are what they were.
            back = packed["torch.bfloat16"]
            assert back > 0
            assert back % (2 * width + 4 * choices) == 0
            assert plain == {"torch.bfloat16": back + rows_sent * 2 * width}
            assert packed == {"torch.bfloat16": back, "torch.uint8": rows_sent * row_bytes(width)}
    assert 0.51 < row_bytes(7168) / (2 * 7168) < 0.52


def test_one_process_alone_rounds_the_gradient_as_well_and_only_once() -> None:
    told = given("even", 0)
    rounded_ND = from_tiles(to_tiles(told.grad_ND, power_of_two=True)).bfloat16()
    assert 0.9 * E4M3 < apart(rounded_ND, told.grad_ND) < 1.1 * E4M3
    found = []
    for grad_ND in (told.grad_ND, rounded_ND):
        experts = whole_experts(Fp8Experts)
        found.append([*computed(experts, told._replace(grad_ND=grad_ND)), *of_experts(experts)])
    assert all(map(torch.equal, *found)), "what is rounded already is not rounded again"


def test_choices_weights_learn_from_the_rounded_gradient_and_each_experts_output() -> None:
    told, experts = given("even", 0), whole_experts(Fp8Experts)
    with torch.no_grad():
        ones_N1 = torch.ones(len(told.x_ND), 1)
        outs_KND = [experts(told.x_ND, chosen_N[:, None], ones_N1) for chosen_N in told.chosen_NK.t()]
    outs_NKD = torch.stack(outs_KND, 1).float()
    rounded_ND = from_tiles(to_tiles(told.grad_ND, power_of_two=True))
    found_NK = computed(experts, told)[2]
    assert apart(found_NK, (outs_NKD * rounded_ND[:, None]).sum(2)) < 1e-6
    # Every token has its own scales: none is the worse for others that are larger.
    exact_NK = (outs_NKD * told.grad_ND.float()[:, None]).sum(2)
    sizes_NK = outs_NKD.norm(dim=2) * told.grad_ND.float().norm(dim=1, keepdim=True)
    error_NK = (found_NK - exact_NK) / sizes_NK * CONFIG.hidden_size**0.5
    assert 0.8 * E4M3 < error_NK.square().mean().sqrt() < 1.2 * E4M3
    assert error_NK.abs().max() < 4 * E4M3


def test_gradients_of_experts_and_tokens_are_within_the_noise() -> None:
    """Beside experts in FP32 that get the same. No gradient has gone through more than a dozen roundings, and
    their errors do not know of each other."""
    told, found = given("even", 0), []
    for kind in (Fp8Experts, Experts):
        experts = whole_experts(kind)
        if kind is Experts:
            experts.float()
            told = told._replace(x_ND=told.x_ND.float(), grad_ND=told.grad_ND.float())
        found.append([*computed(experts, told), *of_experts(experts)])
    for low, exact in zip(*found, strict=True):
        assert E4M3 < apart(low, exact) < 12**0.5 * E4M3


def test_passes_at_the_same_time_keep_their_gradients_apart() -> None:
    experts, tokens = whole_experts(Fp8Experts), [given("even", rank) for rank in range(4)]
    alone = [computed(experts, told) for told in tokens]
    with ThreadPoolExecutor(len(tokens)) as pool:
        at_once = list(pool.map(lambda told: computed(experts, told), tokens))
    for found, wanted in zip(at_once, alone, strict=True):
        assert all(map(torch.equal, found, wanted))


@pytest.mark.parametrize("bad", [torch.inf, torch.nan])
def test_a_gradient_that_is_not_finite_spoils_what_is_made_of_it(bad: float) -> None:
    told, experts = given("even", 0), whole_experts(Fp8Experts)
    clean = computed(experts, told)
    told.grad_ND[4, 7] = bad
    experts.zero_grad()
    _, of_x_ND, of_weights_NK = computed(experts, told)
    others = torch.arange(len(told.x_ND)) != 4
    assert of_x_ND[4].isnan().all()
    assert of_weights_NK[4].isnan().all()
    assert torch.equal(of_x_ND[others], clean[1][others])
    assert torch.equal(of_weights_NK[others], clean[2][others])
    for grad in of_experts(experts):
        assert grad[told.chosen_NK[4]].isnan().any(), "it shows in the gradient's norm"
