"""Dispatch in FP8, combine in BF16: what arrives, what is computed of it, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
import torch.distributed as dist
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.training.model.tiny import TINY
from tests.training.parallel.processes import together, twice
from tests.training.parallel.test_spread import ROUTINGS, inputs, place
from tests.training.sft.tiny import write, written
from training.model import Drawn, ModelConfig, Transformer
from training.model.experts import Experts
from training.parallel.experts import Place, SpreadExperts, one_hop
from training.parallel.fp8.experts import Fp8Experts, Fp8SpreadExperts
from training.parallel.fp8.tiles import Quantised, from_tiles, to_columns, to_tiles
from training.parallel.fp8.wire import pack, unpack
from training.parallel.learner import MeshLearner
from training.parallel.spread import Hop
from training.parallel.traffic import counted
from training.sft.config import BatchConfig, MeshConfig, SftConfig, load_config
from training.sft.dataset import load_dataset
from training.sft.folder import RunFolder
from training.sft.learner import Learner
from training.sft.packing import Rows
from training.sft.presets import model_config
from training.sft.world import World

CONFIG = replace(TINY, hidden_size=160, n_routed_experts=16, n_group=4, topk_group=2, num_experts_per_tok=4)
"""Rows of a whole tile and a part of one."""
TWO, FOUR = MeshConfig(experts=2), MeshConfig(experts=4, node=2)
"""Experts on two processes, and on four of two nodes: behind one hop, and behind two."""
RATE = 1e-3
WAYS = ("one hop", "two hops")


def rows(kind: str, seed: int, rank: int) -> tuple[Tensor, Tensor, Tensor]:
    """A routing of `test_spread` for wider rows, whose sizes differ by orders of magnitude."""
    _, chosen_NK, weights_NK, _ = inputs(kind, seed, rank)
    generator = torch.Generator().manual_seed(seed + rank)
    x_ND = torch.randn(len(chosen_NK), CONFIG.hidden_size, generator=generator)
    return (x_ND * 10 ** torch.linspace(-3, 3, len(x_ND))[:, None]).bfloat16(), chosen_NK, weights_NK


def through(mine: Place, x_ND: Tensor, chosen_NK: Tensor, weights_NK: Tensor, packed: bool) -> Quantised:
    """What arrives behind all hops: packed before the first, or quantised behind the last."""
    packed_NB = pack(x_ND) if packed else None
    for hop in mine.hops:
        x_ND, chosen_NK, weights_NK, _, packed_NB, _ = hop.go(x_ND, chosen_NK, weights_NK, packed_NB)
    if packed_NB is None:
        return to_tiles(x_ND, power_of_two=True)
    assert x_ND.isnan().all(), "nobody can compute with what stands in for the rows"
    return unpack(packed_NB, CONFIG.hidden_size)


def bits(tiles: Quantised) -> tuple[Tensor, Tensor]:
    return tiles.values.view(torch.uint8), tiles.scales.view(torch.int32)


def arrivals(rank: int) -> list[tuple[str, str]]:
    """The cases in which packed rows do not arrive bit by bit as quantising behind the dispatch has them."""
    wrong = []
    for way in WAYS:
        mine = place(way, rank, CONFIG)
        for seed, kind in enumerate(ROUTINGS):
            x_ND, *told = rows(kind, seed, rank)
            if kind == "even":
                x_ND[:2, 3], x_ND[2, -1] = torch.inf, torch.nan
            found, wanted = (bits(through(mine, x_ND, *told, packed)) for packed in (True, False))
            if not all(map(torch.equal, found, wanted)):
                wrong.append((way, kind))
    return wrong


def drawn(rank: int) -> int:
    """Any routing, choices that are nowhere and processes without rows included; how many were tried. All
    processes draw the same cases, since the seeds of both are."""
    assert dist.group.WORLD is not None
    owner_E = torch.arange(6) % dist.get_world_size()
    hop, tried = Hop(twice(dist.group.WORLD), owner_E), []
    choices = st.lists(st.lists(st.integers(-1, 5), min_size=2, max_size=2), max_size=7)

    @settings(max_examples=40, deadline=None, derandomize=True, database=None)
    @given(st.lists(choices, min_size=dist.get_world_size(), max_size=dist.get_world_size()))
    def tell(chosen: list[list[list[int]]]) -> None:
        chosen_NK = torch.tensor(chosen[rank], dtype=torch.int64).view(-1, 2)
        x_ND = torch.randn(len(chosen_NK), 130).bfloat16()
        told = chosen_NK, torch.rand(chosen_NK.shape)
        plain, packed = hop.go(x_ND, *told), hop.go(x_ND, *told, pack(x_ND))
        assert packed.packed_RB is not None
        tiles = unpack(packed.packed_RB, 130), to_tiles(plain.x_RD, power_of_two=True)
        assert all(map(torch.equal, *map(bits, tiles)))
        tried.append(len(x_ND))

    tell()
    return len(tried)


def whole_experts(kind: type[Experts]) -> Experts:
    torch.manual_seed(0)
    experts = kind(CONFIG)
    for parameter in experts.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return experts.bfloat16()


def gradients(experts: Experts, x_ND: Tensor, chosen_NK: Tensor, weights_NK: Tensor) -> list[Tensor]:
    """The output, and the gradients of rows and weights."""
    x_ND, weights_NK = x_ND.clone().requires_grad_(), weights_NK.clone().requires_grad_()
    y_ND = experts(x_ND, chosen_NK, weights_NK)
    direction = torch.randn(y_ND.shape, generator=torch.Generator().manual_seed(1)).bfloat16()
    y_ND.backward(direction)
    assert x_ND.grad is not None
    assert weights_NK.grad is not None
    assert x_ND.grad.dtype == torch.bfloat16
    return [y_ND.detach(), x_ND.grad, weights_NK.grad]


def apart(found: Tensor, wanted: Tensor) -> float:
    return float((found.float() - wanted.float()).norm() / wanted.float().norm().clamp(min=1e-30))


def compare(rank: int) -> dict[tuple[str, str], tuple[float, float]]:
    """How far the spread experts are from one process's in FP8: of rows, and of their weights' gradients."""
    found = {}
    for way, kind in product(WAYS, ROUTINGS):
        mine = place(way, rank, CONFIG)
        here = slice(mine.first, mine.first + mine.number)
        whole = whole_experts(Fp8Experts)
        spread = SpreadExperts(whole, CONFIG, mine)
        spread.__class__ = Fp8SpreadExperts
        x_ND, *told = rows(kind, 0, rank)
        outcome = gradients(spread, x_ND, *told)
        expected = [gradients(whole, *rows(kind, 0, other)) for other in range(4)][rank]
        far = max(map(apart, outcome, expected))
        mine_of = 0.0
        for part, all_of_it in zip(spread.parameters(), whole.parameters(), strict=True):
            assert part.grad is not None
            assert all_of_it.grad is not None
            difference = (part.grad.float() - all_of_it.grad[here].float()).norm()
            mine_of = max(mine_of, float(difference / all_of_it.grad.float().norm()))
        found[way, kind] = far, mine_of
    return found


class Step(NamedTuple):
    """A training step."""

    said: list[float]
    """Losses, the gradient's norm, and the held-out loss behind it."""
    state: dict[str, Tensor]
    """The leading process's weights behind it."""
    row_bytes: list[float]
    """What each hop has sent for a row."""


def step(rank: int, folder: Path, mesh: MeshConfig, accumulation: int = 1) -> Step:
    """Of this process in a mesh, or of one alone."""
    config, size, taken = beginning(folder)
    config = replace(config, mesh=mesh, batch=replace(config.batch, accumulation=accumulation))
    world = World(rank, mesh.pipeline * mesh.experts, torch.device("cpu"))
    learner: Learner | MeshLearner = Learner(Transformer.drawn(size, 0), config, world)
    if mesh.divides:
        learner = MeshLearner(size, Drawn(size, 0), config, world)
    figures = learner.step(taken, RATE)
    said = [float(figures.loss), float(figures.second_loss), float(figures.gradient_norm)]
    hops: Sequence[Hop] = ()
    if isinstance(learner, MeshLearner) and learner.member.experts is not None:
        hops = learner.member.experts.hops
    sent = [float(hop.bytes_W.sum() / hop.sent_W.sum()) for hop in hops]
    learner.save(RunFolder(folder), 1, {})
    world.wait()
    state = written(folder, size).state_dict() if world.leads else {}
    world.wait()
    return Step([*said, learner.validate(taken)], state, sent)


def beginning(folder: Path) -> tuple[SftConfig, ModelConfig, Rows]:
    config = load_config(folder / "sft.toml")
    run = replace(config.run, dtype="bf16", fp8=True)
    config = replace(config, run=run, batch=BatchConfig(128 * 8, 1))
    data = load_dataset(config.data, None, 0)
    size = model_config(config.model, data.tokenizer.get_vocab_size())
    return config, size, data.epoch(0)[0][:8]


def send(width: int) -> tuple[int, int]:
    """Bytes over the wire, of rows in BF16 and of packed ones. Two processes have four experts each."""
    assert dist.group.WORLD is not None
    told = torch.tensor([[0, 1, 2], [0, 4, 7], [5, 6, 7]]), torch.rand(3, 3)
    x_ND = torch.randn(3, width).bfloat16()
    found = []
    for packed_NB in (None, pack(x_ND)):
        (hop,) = one_hop(TINY, twice(dist.group.WORLD), torch.device("cpu")).hops
        hop.go(x_ND, *told, packed_NB)
        found.append(counted(hop).bytes)
    return found[0], found[1]


class OfTwo(NamedTuple):
    """What each of two processes finds."""

    tried: int
    bytes: dict[int, tuple[int, int]]
    step: Step


class OfFour(NamedTuple):
    """What each of four processes finds."""

    wrong: list[tuple[str, str]]
    far: dict[tuple[str, str], tuple[float, float]]
    step: Step


def on_two(rank: int, folder: Path) -> OfTwo:
    return OfTwo(drawn(rank), {width: send(width) for width in (512, 7168)}, step(rank, folder, TWO))


def on_four(rank: int, folder: Path) -> OfFour:
    return OfFour(arrivals(rank), compare(rank), step(rank, folder, FOUR))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fp8")
    write(path, model__sizes__num_nextn_predict_layers=1)
    return path


@pytest.fixture(scope="module")
def two(folder: Path) -> list[OfTwo]:
    return together(on_two, 2, folder)


@pytest.fixture(scope="module")
def four(folder: Path) -> list[OfFour]:
    return together(on_four, 4, folder)


def test_rows_arrive_as_quantising_behind_a_dispatch_in_bf16_has_them(four: list[OfFour]) -> None:
    assert [each.wrong for each in four] == [[]] * 4


def test_whatever_the_imbalance(two: list[OfTwo]) -> None:
    assert [each.tried for each in two] == [40, 40]


def test_spread_experts_compute_what_one_process_computes_in_fp8(four: list[OfFour]) -> None:
    for each in four:
        # Sums in BF16; the weights' gradients of one process come in four parts here, and E4M3 differs by
        # which rows share a tile of 128.
        assert all(far < 2**-7 and of_weights < 0.04 for far, of_weights in each.far.values()), each.far


def test_a_training_step_is_that_of_one_process(folder: Path, two: list[OfTwo], four: list[OfFour]) -> None:
    alone = step(0, folder, MeshConfig())
    before = Transformer.drawn(beginning(folder)[1], 0).state_dict()
    moved = sum(float((alone.state[name] - before[name]).norm()) ** 2 for name in before) ** 0.5
    for found in (two, four):
        for each in found:
            assert each.step.said == pytest.approx(alone.said, rel=1e-3)
            # The embedding's width of 64 and a scale, up to a multiple of 16; two choices of 8 bytes.
            assert each.step.row_bytes == [80 + 2 * 8] * len(each.step.row_bytes)
            assert each.step.row_bytes
        state = found[0].step.state
        error = sum(float((alone.state[name] - state[name]).norm()) ** 2 for name in before) ** 0.5
        assert error < 0.2 * moved


def test_half_the_bytes_cross(two: list[OfTwo]) -> None:
    meta = 3 * (4 + 4)
    for width, packed_bytes in ((512, 512 + 4 * 4), (7168, 7168 + 4 * 56)):
        # Two rows go to the other process.
        wanted = 2 * (2 * width + meta), 2 * (packed_bytes + meta)
        assert [each.bytes[width] for each in two] == [wanted] * 2
        assert 0.51 < packed_bytes / (2 * width) < 0.52


def test_quantising_again_along_the_columns_adds_no_error() -> None:
    """That is what powers of two are for: of other scales it would add as much as there was."""
    x_PD = torch.randn(300, 256, generator=torch.Generator().manual_seed(0)).bfloat16()
    ends_E = torch.tensor([100, 100, 300])
    direct = from_tiles(to_columns(x_PD, ends_E, power_of_two=True))
    for exact in (True, False):
        tiles = to_tiles(x_PD, power_of_two=exact)
        again = from_tiles(to_columns(tiles, ends_E, power_of_two=True))
        assert (apart(again, direct) < 1e-4) is exact


def test_a_row_that_is_not_finite_spoils_what_is_made_of_it() -> None:
    for bad in (torch.inf, -torch.inf, torch.nan):
        experts = whole_experts(Fp8Experts)
        x_ND, chosen_NK, weights_NK = rows("even", 0, 0)
        clean = experts(x_ND, chosen_NK, weights_NK)
        x_ND[4, 7] = bad
        y_ND = experts(x_ND, chosen_NK, weights_NK)
        others = torch.arange(len(x_ND)) != 4
        assert y_ND[4].isnan().all()
        assert torch.equal(y_ND[others], clean[others])
        y_ND.float().sum().backward()
        assert experts.gate_up_proj.grad is not None
        assert experts.gate_up_proj.grad[chosen_NK[4]].isnan().any(), "it shows in the gradient's norm"
