"""Many steps on many processes, against as many on one."""

from __future__ import annotations

import pytest
import torch
import torch.distributed as dist

from tests.training.parallel.processes import together
from tests.training.parallel.test_pipeline import batch_of, loss_of, model_of
from training.parallel.dualpipe import dualpipe
from training.parallel.experts import spread_experts
from training.parallel.layers import layers_of
from training.parallel.mesh import Mesh, join_mesh
from training.parallel.pipeline import Pipeline
from training.parallel.split import make_splittable
from training.parallel.stages import Stages
from training.parallel.zero import ShardedAdamW
from training.sft.config import OptimizerConfig
from training.sft.objective import Objective
from training.sft.optimizer import clip_gradients, make_optimizer

CONFIG = OptimizerConfig(clip=0.05)
STEPS, BATCHES, LAYERS, RATE, BIAS_RATE = 20, 4, 3, 1e-3, 1e-3
DTYPES = [torch.float32, torch.bfloat16]


def alone() -> tuple[list[float], list[float], dict[str, torch.Tensor]]:
    """Losses, norms and weights of one process that learns from the same."""
    objective = Objective(model_of(LAYERS), compile_=False)
    parameters = dict(objective.model.named_parameters())
    optimizer = make_optimizer(parameters, CONFIG)
    losses, norms = [], []
    for _ in range(STEPS):
        total, counts = 0.0, []
        for number in range(2 * BATCHES):
            found = objective(batch_of(number))
            loss_of(found).backward()
            total += float(found.next.detach())
            counts.append(found.counts_ME)
        losses.append(total)
        norms.append(float(clip_gradients(parameters, CONFIG.clip)))
        for group in optimizer.param_groups:
            group["lr"] = RATE
        optimizer.step()
        optimizer.zero_grad()
        objective.model.update_balance_bias(list(torch.stack(counts).sum(0)), BIAS_RATE)
    return losses, norms, objective.model.state_dict()


def learn(rank: int) -> tuple[list[float], list[float], dict[str, torch.Tensor], tuple[int, int]]:
    """The same as a pipeline of two places, each of two processes that share experts and batches."""
    model = model_of(LAYERS)
    make_splittable(model)
    member = join_mesh(Mesh(4, pipeline=2, experts=2), model.config, torch.device("cpu"))
    experts = member.experts
    assert experts is not None
    spread_experts(model, experts)
    schedule = dualpipe(2, BATCHES)
    stages = Stages(model, layers_of(LAYERS, schedule), schedule.stages_of(member.place))
    pipeline = Pipeline(stages, schedule, member.place, member.channels)
    held = {member.key(name): value for name, value in stages.model.named_parameters()}
    optimizer = ShardedAdamW(held, CONFIG)
    losses, norms = [], []
    batches = [batch_of(BATCHES * member.way + number) for number in range(BATCHES)]
    for _ in range(STEPS):
        found = pipeline.step(batches, loss_of)
        added = stages.added(found)
        dist.all_reduce(added.next)
        dist.all_reduce(added.counts_ME)
        losses.append(float(added.next))
        norms.append(float(optimizer.step(RATE)))
        stages.update_balance_bias(added.counts_ME, BIAS_RATE)
    return losses, norms, stages.model.state_dict(), (experts.first, experts.number)


def test_twenty_steps_are_those_of_one_process() -> None:
    losses, norms, weights = alone()
    assert losses[-1] < 0.9 * losses[0]
    seen = set()
    for found, told, mine, (first, number) in together(learn, 4):
        assert found == pytest.approx(losses, rel=1e-5)
        assert told == pytest.approx(norms, rel=1e-4)
        seen |= mine.keys()
        for name, value in mine.items():
            expected = weights[name]
            if ".experts." in name:
                expected = expected[first : first + number]
            assert float((value - expected).norm() / expected.norm()) < 1e-4, name
    assert seen == weights.keys()


def one_step(rank: int) -> list[list[float]]:
    """The norm, and what both processes hold, process 1 alone has, and takes no part, after a step."""
    found = []
    for dtype in DTYPES:
        both = torch.nn.Parameter(torch.tensor([1.0, 2.0, 3.0], dtype=dtype))
        idle = torch.nn.Parameter(torch.tensor([[4.0]], dtype=dtype))
        own = torch.nn.Parameter(torch.tensor([5.0], dtype=dtype))
        frozen = torch.nn.Parameter(torch.tensor([[6.0]], dtype=dtype), requires_grad=False)
        held = {"both": both, "idle": idle, "frozen": frozen} | ({"own": own} if rank else {})
        optimizer = ShardedAdamW(held, OptimizerConfig(clip=100.0, weight_decay=0.5))
        (both * torch.tensor([3.0, 0.0, -1.0], dtype=dtype)).sum().mul(1 + rank).backward()
        (own * -12).sum().backward()
        norm = float(optimizer.step(0.25))
        assert frozen.item() == 6
        found.append([norm, *both.tolist(), *own.tolist(), *idle.flatten().tolist()])
    return found


def test_a_step_worked_out_by_hand() -> None:
    # Added up: 9, 0, -3 and -12. AdamW's first step is the rate against the sign; matrices lose an eighth.
    norm = (81 + 9 + 144) ** 0.5
    zero, one = together(one_step, 2)
    for found in zero:
        assert found == pytest.approx([norm, 0.75, 2.0, 3.25, 5.0, 3.5], rel=1e-6)
    for found in one:
        assert found == pytest.approx([norm, 0.75, 2.0, 3.25, 5.25, 3.5], rel=1e-6)


def differ(rank: int) -> str:
    try:
        ShardedAdamW({"weight": torch.nn.Parameter(torch.zeros(2 + rank))}, CONFIG)
    except ValueError as error:
        return str(error)
    return ""


def test_copies_must_be_alike() -> None:
    expected = "weight is (2,) torch.float32 in process 0 and (3,) torch.float32 in process 1"
    assert together(differ, 2) == [expected] * 2
