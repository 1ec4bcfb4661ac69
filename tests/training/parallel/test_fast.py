"""The fast path's kernels, interpreted: processes that share memory do with them what a plain hop does."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import Tensor

from tests.training.model.tiny import TINY
from tests.training.parallel.processes import together, twice
from training.parallel import fast
from training.parallel.experts import SpreadExperts, one_hop
from training.parallel.fast import FastHop
from training.parallel.fp8.experts import Fp8Experts, Fp8SpreadExperts
from training.parallel.fp8.wire import pack
from training.parallel.spread import Arrived, Hop
from training.parallel.stage import FastRoute, Layout, Stage

needs_triton = pytest.mark.skipif(
    importlib.util.find_spec("triton") is None, reason="Triton is not installed"
)

RANKS, EXPERTS, CHOICES, HIDDEN = 3, 12, 3, 24
ROUTINGS = ("even", "one expert", "few experts", "no row", "one row", "no row on some ranks")


class FileStage(Stage):
    """Memory that is shared through files."""

    made = 0

    def _quiet(self) -> None:
        dist.barrier(self._group)

    def _allocate(self, size: int) -> tuple[Tensor, Any]:
        self.made += 1
        folder = tempfile.TemporaryDirectory()
        mine = Path(folder.name) / "stage"
        mine.write_bytes(bytes(size))
        paths: list[Any] = [None] * self.layout.peers
        dist.all_gather_object(paths, str(mine), group=self._group)
        views = [torch.from_file(path, shared=True, size=size, dtype=torch.uint8) for path in paths]
        dist.barrier(self._group)
        return torch.tensor([view.data_ptr() for view in views]), (folder, views)


class Interpreted(FastHop):
    """On CPUs: kernels run as Triton's interpreter runs them."""

    programs = 3
    """Several times as many chunks: each program has some of them."""

    def _kernels(self) -> tuple[ModuleType, ModuleType]:
        from training.parallel import move_kernels, route_kernels

        return route_kernels, move_kernels

    def _make_stage(self, capacity: int) -> Stage:
        return FileStage(self.group, self.owner_E.device, capacity)

    def _read(self, counts_2WW: Tensor) -> Callable[[], list[list[list[int]]]]:
        return counts_2WW.tolist

    def _aside(self) -> AbstractContextManager[None]:
        return nullcontext()


def inputs(kind: str, seed: int, rank: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1000 * seed + rank)
    rows = {"one row": 1, "no row on some ranks": 6 * (rank % 2), "no row": 0}.get(kind, 6 + 3 * rank)
    liking = torch.rand(rows, EXPERTS, generator=generator)
    if kind == "one expert":
        liking[:, 7] += 2
    elif kind == "few experts":
        liking[:, 3:7] += 2
    chosen_NK = liking.topk(CHOICES, dim=1).indices
    chosen_NK[liking[:, :CHOICES] < 0.2] = -1
    return (
        torch.randn(rows, HIDDEN, generator=generator),
        chosen_NK,
        torch.rand(rows, CHOICES, generator=generator),
    )


def there_and_back(hop: Hop, given: tuple[Tensor, Tensor, Tensor]) -> tuple[Arrived, list[Tensor]]:
    """What arrives; and the results and all gradients of something done with it."""
    x_ND, chosen_NK, weights_NK = given
    x_ND, weights_NK = x_ND.clone().requires_grad_(), weights_NK.clone().requires_grad_()
    arrived = hop.go(x_ND, chosen_NK, weights_NK)
    scale_R = (arrived.weights_RK * (arrived.chosen_RK >= 0)).sum(1)
    y_ND = hop.back((arrived.x_RD * scale_R[:, None]).to(arrived.x_RD.dtype), arrived.route)
    direction_ND = torch.linspace(-1, 1, y_ND.numel(), dtype=y_ND.dtype).view_as(y_ND)
    (y_ND * direction_ND).sum().backward()
    assert x_ND.grad is not None
    assert weights_NK.grad is not None
    return arrived, [y_ND.detach(), x_ND.grad, weights_NK.grad]


def differences(plain: Hop, quick: FastHop, given: tuple[Tensor, Tensor, Tensor]) -> list[str]:
    """What is not as with a plain hop."""
    (expected, results), (found, quick_results) = (there_and_back(hop, given) for hop in (plain, quick))
    assert isinstance(found.route, FastRoute)
    assert found.pairs == expected.pairs == int((found.chosen_RK >= 0).sum())
    moved = {
        "x": (expected.x_RD, found.x_RD),
        "choices": (expected.chosen_RK, found.chosen_RK),
        "weights": (expected.weights_RK, found.weights_RK),
        "rows": (expected.route.rows_S, found.route.rows_S.long()),
        "slots": (expected.route.slots_NC, found.route.slots_NC.long()),
        "sent": (plain.sent_W, quick.sent_W),
    }
    wrong = [name for name, (a, b) in moved.items() if a.dtype != b.dtype or not torch.equal(a, b)]
    # Added in another order; and the interpreter cuts off what a BF16 cannot hold, where GPUs round.
    bar = 1e-6 if given[0].dtype == torch.float32 else 2**-7
    for name, a, b in zip(("sum", "gradient of x", "of weights"), results, quick_results, strict=True):
        if a.dtype != b.dtype or not torch.allclose(a, b, bar, bar):
            wrong.append(name)
    return wrong


def packed(plain: Hop, quick: FastHop, given: tuple[Tensor, Tensor, Tensor]) -> list[str]:
    """What is not as with a plain hop where rows travel in FP8."""
    x_ND, *told = given
    found: list[list[Tensor]] = []
    for hop in (plain, quick):
        here_ND = x_ND.clone().requires_grad_()
        arrived = hop.go(here_ND, *told, pack(x_ND))
        assert arrived.packed_RB is not None
        of_x = torch.linspace(-1, 1, arrived.x_RD.numel()).view_as(arrived.x_RD)
        arrived.x_RD.backward(of_x)
        assert here_ND.grad is not None
        found.append([arrived.packed_RB, hop.again(pack(-x_ND), arrived.route), here_ND.grad])
    (*bytes_, grad_ND), (*quick_bytes, quick_ND) = found
    wrong = [] if all(map(torch.equal, bytes_, quick_bytes)) else ["bytes"]
    return wrong if torch.allclose(grad_ND, quick_ND, 1e-6, 1e-6) else [*wrong, "gradient of x"]


def compare(rank: int, capacity: int, kinds: tuple[str, ...]) -> tuple[dict[str, list[str]], int]:
    """What differs from a plain hop, by routing, and how many stages were made."""
    assert dist.group.WORLD is not None
    found, stages = {}, 0
    # The second time the last peer has no expert.
    for owners in (RANKS, RANKS - 1):
        owner_E = torch.arange(EXPERTS) % min(owners, dist.get_world_size())
        plain, quick = Hop(twice(dist.group.WORLD), owner_E), Interpreted(dist.group.WORLD, owner_E, capacity)
        for seed, kind in enumerate(kinds):
            x_ND, *told = inputs(kind, seed, rank)
            dtype = (torch.float32, torch.bfloat16)[(seed + owners) % 2]
            found[f"{kind}, {owners}, {dtype}"] = differences(plain, quick, (x_ND.to(dtype), *told))
        found[f"{kind}, {owners}, packed"] = packed(plain, quick, (x_ND, *told))
        assert isinstance(quick.stage, FileStage)
        stages += quick.stage.made
    return {case: wrong for case, wrong in found.items() if wrong}, stages


@needs_triton
def test_as_a_plain_hop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    found = together(compare, RANKS, 64, ROUTINGS)
    assert found == [({}, 3)] * RANKS, "one of both begins with BF16, and rows in FP32 are wider"


@needs_triton
def test_a_stage_grows_where_rows_exceed_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    found = together(compare, 2, 3, ("one row", "few experts"))
    assert [wrong for wrong, _ in found] == [{}] * 2
    (_, stages), (_, others) = found
    assert stages == others
    assert stages > 2


def blocks(rank: int) -> list[str]:
    """What differs from a plain hop where programs plan for 8 rows each."""
    assert dist.group.WORLD is not None
    fast.BLOCK_ROWS = 8
    owner_E = torch.arange(EXPERTS) % 2
    hops = Hop(twice(dist.group.WORLD), owner_E), Interpreted(dist.group.WORLD, owner_E, 64)
    x_ND, *others = inputs("even", 0, 4 + rank)
    return differences(*hops, (x_ND, *others))


@needs_triton
def test_many_rows_are_planned_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    assert together(blocks, 2) == [[]] * 2


def experts_in_fp8(rank: int) -> list[str]:
    """What experts in FP8 have otherwise behind the fast path, by routing."""
    assert dist.group.WORLD is not None
    config = replace(TINY, n_routed_experts=EXPERTS, hidden_size=HIDDEN)
    plain = one_hop(config, twice(dist.group.WORLD), torch.device("cpu"))
    quick = plain._replace(hops=[Interpreted(dist.group.WORLD, plain.hops[0].owner_E, 64)])
    wrong = []
    for seed, kind in enumerate(ROUTINGS):
        x_ND, chosen_NK, weights_NK = inputs(kind, seed, rank)
        found = []
        for place in (plain, quick):
            torch.manual_seed(0)
            whole = Fp8Experts(config)
            for weight in whole.parameters():
                torch.nn.init.normal_(weight, std=0.2)
            experts = SpreadExperts(whole, config, place)
            experts.__class__ = Fp8SpreadExperts
            leaves = [x_ND.clone().requires_grad_(), weights_NK.clone().requires_grad_()]
            y_ND = experts(leaves[0], chosen_NK, leaves[1])
            y_ND.backward(torch.linspace(-1, 1, y_ND.numel()).view_as(y_ND))
            found.append([y_ND.detach(), *(leaf.grad for leaf in (*leaves, *experts.parameters()))])
        names = ("sum", "of x", "of choices' weights", "of gate and up", "of down")
        # Two terms have one sum.
        wrong += [
            f"{kind}: {name}" for name, a, b in zip(names, *found, strict=True) if not torch.equal(a, b)
        ]
    return wrong


@needs_triton
def test_experts_in_fp8_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    assert together(experts_in_fp8, 2) == [[]] * 2


def told(rank: int, kind: str) -> str:
    assert dist.group.WORLD is not None
    owner_E = torch.zeros(EXPERTS, dtype=torch.int64)
    try:
        if kind == "no CUDA":
            FastHop(dist.group.WORLD, owner_E, 8)
        else:
            Interpreted(dist.group.WORLD, owner_E, 0)
    except ValueError as error:
        return str(error)
    return ""


def test_what_is_missing_is_said() -> None:
    expected = "the fast path needs CUDA, and the experts' owners are on the cpu"
    assert together(told, 1, "no CUDA") == [expected]


@needs_triton
def test_numbers_that_do_not_fit() -> None:
    assert together(told, 1, "no room") == ["the capacity must be positive, not 0"]


def test_parts_of_a_stage_do_not_overlap() -> None:
    layout = Layout(3, 50, 96, 5)
    even, odd = layout.offsets(0), layout.offsets(1)
    ends = [*even[1:], odd[0], *odd[1:], layout.size]
    needed = [3 * 13 * 4, 50 * 96, 50 * 5 * 4, 50 * 5 * 4]
    for start, end, bytes_ in zip([*even, *odd], ends, needed * 2, strict=True):
        assert start % 128 == 0
        assert end - start >= bytes_
    assert even[0] >= 128 + 2 * 9 * 4, "behind the peers' words and counts"


def test_the_benchmark_runs_on_processors(tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    root = Path(__file__).parents[3]
    script = root / "benchmarks" / "expert_dispatch.py"
    environment = os.environ | {"PYTHONPATH": str(root)}
    arguments = [sys.executable, str(script), "--device", "cpu", "--processes", "2", "--out", str(out)]
    ran = subprocess.run(arguments, capture_output=True, text=True, timeout=100, env=environment)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    figures = {figure["name"]: figure for figure in json.loads(out.read_text())["figures"]}
    assert all(figure["met"] for figure in figures.values())
    assert figures["node-limited: rows over the wire − expected"]["at_most"] is not None
