"""What needs a GPU: two processes that share one, over gloo, do what one does alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed as dist
from torch import Tensor

from tests.training.parallel.processes import together, twice
from training.model import Drawn, ModelConfig, Transformer
from training.parallel.fast import FastHop
from training.parallel.learner import MeshLearner
from training.parallel.spread import Hop
from training.sft.config import BatchConfig, DataConfig, MeshConfig, ModelTable, RunConfig, SftConfig
from training.sft.learner import Learner
from training.sft.packing import Rows
from training.sft.presets import PRESETS
from training.sft.world import World

GPU = torch.device("cuda", 0)
EXPERTS, CHOICES, HIDDEN = 16, 4, 256
SIZE = ModelConfig(**PRESETS["tiny"] | {"num_hidden_layers": 4}, vocab_size=512)
ROWS, LENGTH = 4, 128
KINDS: dict[str, dict[str, Any]] = {"BF16": {}, "FP8": {"fp8": True}, "compiled": {"compile": True}}

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")


@pytest.fixture(autouse=True)
def one_for_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_SYMM_MEM_ALLOW_OVERLAPPING_DEVICES", "1")
    monkeypatch.setenv("TORCH_SYMM_MEM_DISABLE_MULTICAST", "1")


def there_and_back(hop: Hop, device: torch.device, given: tuple[Tensor, ...]) -> dict[str, Tensor]:
    x_ND, chosen_NK, weights_NK = (tensor.to(device, copy=True) for tensor in given)
    x_ND.requires_grad_()
    weights_NK.requires_grad_()
    arrived = hop.go(x_ND, chosen_NK, weights_NK)
    y_ND = hop.back((arrived.x_RD * 2).to(x_ND.dtype), arrived.route)
    (y_ND.float().square().sum() + arrived.weights_RK.square().sum()).backward()  # type: ignore[no-untyped-call]
    again_RB = hop.again(x_ND.detach().view(torch.uint8), arrived.route)
    assert x_ND.grad is not None
    assert weights_NK.grad is not None
    found = {
        "x": arrived.x_RD,
        "choices": arrived.chosen_RK,
        "weights": arrived.weights_RK,
        "bytes": again_RB,
    }
    sums = {"sum": y_ND, "gradient of x": x_ND.grad, "of weights": weights_NK.grad}
    pairs = {"bytes": again_RB, "pairs": torch.tensor(arrived.pairs)}
    return {name: tensor.detach().cpu() for name, tensor in (found | sums | pairs).items()}


def fast(rank: int) -> list[str]:
    """What the fast hop does on a GPU and the plain one on processors does not."""
    torch.cuda.set_device(GPU)
    assert dist.group.WORLD is not None
    owner_E = torch.arange(EXPERTS) // (EXPERTS // 2)
    plain, quick = Hop(twice(dist.group.WORLD), owner_E), FastHop(dist.group.WORLD, owner_E.to(GPU), 16)
    wrong = []
    for seed in range(12):
        generator = torch.Generator().manual_seed(1000 * seed + rank)
        rows = [300, 1, 0 if rank else 77, 1500, 0, 5000][seed % 6]
        liking = torch.rand(rows, EXPERTS, generator=generator)
        if seed % 3 == 1:
            liking[:, : EXPERTS // 2] += 2
        chosen_NK = liking.topk(CHOICES, dim=1).indices.masked_fill(liking[:, :CHOICES] < 0.1, -1)
        x_ND = torch.randn(rows, HIDDEN, generator=generator).bfloat16()
        given = x_ND, chosen_NK, torch.rand(rows, CHOICES, generator=generator)
        expected, found = (
            there_and_back(hop, device, given) for hop, device in ((plain, torch.device("cpu")), (quick, GPU))
        )
        for name, right in expected.items():
            near = 1e-2 if name in ("sum", "gradient of x") else 0.0
            if not torch.allclose(found[name].float(), right.float(), rtol=near, atol=near):
                wrong.append(f"{seed}: {name}")
    return wrong


def test_the_fast_path_is_as_the_plain_one() -> None:
    assert together(fast, 2) == [[], []]


def rows_of() -> Rows:
    numbers = torch.randint(
        SIZE.vocab_size, (ROWS, LENGTH + 1), generator=torch.Generator().manual_seed(0)
    ).numpy()
    places = np.broadcast_to(np.arange(LENGTH), (ROWS, LENGTH))
    return Rows(numbers[:, :-1], numbers[:, 1:], np.zeros_like(places), places)


def steps(rank: int, kind: str, meshes: list[MeshConfig]) -> list[list[float]]:
    """Losses and norms of three steps of each mesh; of one process, too, if it is the first."""
    torch.cuda.set_device(GPU)
    found = []
    for mesh in meshes:
        config = SftConfig(
            DataConfig((Path("none"),), length=LENGTH),
            ModelTable("tiny"),
            BatchConfig(ROWS * LENGTH, 1),
            run=RunConfig(steps=1, dtype="bf16", **KINDS[kind]),
            mesh=mesh,
        )
        learner: Learner | MeshLearner
        if mesh.divides:
            learner = MeshLearner(SIZE, Drawn(SIZE, 0), config, World(rank, 2, GPU))
        elif rank == 0:
            learner = Learner(Transformer.drawn(SIZE, 0), config, World(0, 1, GPU))
        else:
            continue
        figures = [learner.step(rows_of(), 1e-3) for _ in range(3)]
        found.append([float(number) for one in figures for number in (one.loss, one.gradient_norm)])
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_experts_on_two_processes_learn_as_on_one(kind: str) -> None:
    meshes = [MeshConfig(), MeshConfig(experts=2), MeshConfig(experts=2, fast=True)]
    first, second = together(steps, 2, kind, meshes[:2] if kind == "compiled" else meshes)
    alone, *others = first
    assert others == second, "all processes say the same"
    for other in others:
        assert other == pytest.approx(alone, rel=5e-3)
