"""Pipelines over several processes learn what one process learns."""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor

from tests.training.model.tiny import tiny_model, tokens
from tests.training.parallel.processes import together
from training.model import Transformer
from training.parallel.experts import spread_experts
from training.parallel.layers import layers_of
from training.parallel.mesh import Member, Mesh, join_mesh
from training.parallel.pipeline import Pipeline
from training.parallel.schedule import Schedule
from training.parallel.schedules import SCHEDULES
from training.parallel.split import make_splittable
from training.parallel.stages import Stages
from training.sft.objective import Batch, Losses, Objective, Targets

LAYERS = 8
SIZES = (1, 2, 4)
MESHES = [
    *(Mesh(4, pipeline, experts) for pipeline in SIZES for experts in SIZES if pipeline * experts <= 4),
    Mesh(4, 1, 4, node=2),
]
UNEVEN = {2: (8, 0), 4: (0, 5, 3, 0), 8: (0, 1, 1, 3, 1, 1, 1, 0)}
"""Layers of stages, by their number: the first may only embed, the last only have the head."""


def model_of(layers: int = LAYERS) -> Transformer:
    return tiny_model(num_hidden_layers=layers, num_nextn_predict_layers=1, tie_word_embeddings=True)


def batch_of(seed: int) -> Batch:
    """Two documents in a row of two, padding behind them."""
    generator = torch.Generator().manual_seed(seed)
    segments_BL = torch.tensor([[0] * 9 + [1] * 6 + [-1] * 2, [0] * 17])

    def targets() -> Targets:
        index_N = torch.randperm(30, generator=generator)[:11].sort().values
        return Targets(index_N, torch.randint(0, 257, (11,), generator=generator))

    return Batch(tokens(2, 17, seed), segments_BL, None, targets(), targets())


def loss_of(losses: Losses) -> Tensor:
    return losses.next / 100 + 0.3 * losses.second / 100 + 0.01 * losses.balance / 16


def expected(batches: list[Batch]) -> tuple[Transformer, Losses]:
    """One process: its model with gradients, and the sums of the losses."""
    objective = Objective(model_of(), compile_=False)
    sums = []
    for batch in batches:
        losses = objective(batch)
        loss_of(losses).backward()
        sums.append(Losses(*(value.detach() for value in losses)))
    added = (torch.stack(values).sum(0) for values in zip(*sums, strict=True))
    return objective.model, Losses(*added)


def compare(rank: int) -> dict[tuple[Mesh, str, tuple[int, ...]], float]:
    """The relative error of losses and gradient, for each mesh, each schedule that it can have, and layers
    that are shared out evenly and not."""
    found = {}
    wanted: dict[int, tuple[Transformer, Losses]] = {}
    for mesh in MESHES:
        number = 2 * mesh.pipeline
        every = [[batch_of(number * way + index) for index in range(number)] for way in range(mesh.ways)]
        batches = [batch for part in every for batch in part]
        wanted[len(batches)] = wanted.get(len(batches)) or expected(batches)
        member = join_mesh(mesh, model_of().config, torch.device("cpu"))
        for name, make in SCHEDULES.items():
            if mesh.pipeline == 1 and name in ("DualPipe", "Chimera"):
                continue  # They need two places.
            schedule = make(mesh.pipeline, number)
            for counts in ((), UNEVEN[schedule.stages]) if mesh.pipeline > 1 else ((),):
                worst = error(schedule, counts, member, every[member.way], wanted[len(batches)])
                found[mesh, name, counts] = worst
    return found


def error(
    schedule: Schedule,
    counts: tuple[int, ...],
    member: Member,
    batches: list[Batch],
    wanted: tuple[Transformer, Losses],
) -> float:
    """Of one schedule, with so many layers in its stages."""
    whole, losses = wanted
    model = model_of()
    make_splittable(model)
    here = slice(None)
    if member.experts is not None:
        spread_experts(model, member.experts)
        here = slice(member.experts.first, member.experts.first + member.experts.number)
    stages = Stages(model, layers_of(LAYERS, schedule, counts), schedule.stages_of(member.place))
    found = Pipeline(stages, schedule, member.place, member.channels, overlap=True).step(batches, loss_of)
    mine = dict(stages.model.named_parameters())
    squares = torch.zeros(2)
    for name, parameter in whole.named_parameters():
        # What several processes hold is added up; each takes part, also those without the parameter.
        part = mine.get(name)
        assert parameter.grad is not None
        grad = torch.zeros_like(parameter)
        if part is not None and part.grad is not None:
            (grad[here] if ".experts." in name else grad).copy_(part.grad)
        dist.all_reduce(grad)
        difference = grad - parameter.grad
        assert difference.norm() < 5e-6 * parameter.grad.norm(), name
        squares += torch.stack([difference.square().sum(), parameter.grad.square().sum()])
    added = torch.zeros(3)
    for own in found.values():
        added += torch.stack([own.next, own.second, own.balance])
    dist.all_reduce(added)
    right = torch.stack([losses.next, losses.second, losses.balance])
    return max(float((squares[0] / squares[1]).sqrt()), float(((added - right) / right).abs().max()))


def test_any_mesh_and_schedule_learns_what_one_process_learns() -> None:
    """Every combination of data, pipeline and expert parallelism on four processes."""
    for found in together(compare, 4):
        assert len(found) == sum(3 if mesh.pipeline == 1 else 2 * 5 for mesh in MESHES)
        assert all(worst < 1e-6 for worst in found.values()), found
