"""The pieces of a step on a mesh: schedules beside their simulations, and what a pair of passes hides.

Parts of `parallel_step.py`, which says what they measure.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from typing import Any

import torch
import torch.distributed as dist
from common import Bar
from parallel_common import (
    REPEATS,
    SCHEDULES,
    WARM,
    Size,
    clear,
    make,
    median,
    rows_of,
    say,
    synchronize,
    wait,
)
from torch import Tensor

from training.model.experts import MoE
from training.parallel.learner import MeshLearner
from training.parallel.schedule import Action, Part
from training.parallel.simulate import course
from training.parallel.split import WeightQueue
from training.sft.config import MeshConfig
from training.sft.objective import Batch, Losses
from training.sft.world import World


def schedules(size: Size, layers: int | None, world: World, found: dict[str, Any]) -> list[Bar]:
    """Steps without the optimiser beside their simulations."""
    bars = []
    for number in size.micro_batches:
        rows = rows_of(size, number)
        for name in SCHEDULES:
            mesh = MeshConfig(pipeline=world.size, schedule=name)  # type: ignore[arg-type]
            learner = make(size, layers, mesh, number, world)
            batches = learner._batches(rows, second=False)
            schedule = learner.pipeline.schedule
            measured = median(lambda one=learner, of=batches: one.pipeline.step(of, loss_of), world)
            costs = stage_costs(learner, batches[0], world)

            def seconds(action: Action, costs: Mapping[tuple[int, str], float] = costs) -> float:
                return sum(costs[work.stage, work.part] for work in action)

            simulated = course(schedule, seconds).seconds
            told = {
                "measured": measured,
                "simulated": simulated,
                "costs": {f"{part}@{stage}": value for (stage, part), value in costs.items()},
            }
            found.setdefault("schedules", {})[f"{name}, {number} micro-batches"] = told
            say(world, f"{name}, {number} micro-batches: {told}")
            off = abs(measured / simulated - 1)
            bars.append(Bar(f"{name}, {number} micro-batches: step, s", measured))
            bars.append(Bar(f"{name}, {number}: measured : simulated − 1", off, at_most=0.05))
            del learner
            clear()
    return bars


def overlap(size: Size, layers: int | None, world: World, found: dict[str, Any]) -> list[Bar]:
    """How much of an exchange of tokens a pair hides."""
    mesh = MeshConfig(experts=world.size, schedule="DualPipeV")
    learner = make(size, layers, mesh, 2, world)
    batch = learner._batches(rows_of(size, 2 * world.size), second=False)[0]
    pipeline = learner.pipeline
    stages, lanes = learner.stages, pipeline.lanes
    assert lanes is not None
    x_BLD = _input(learner, batch)

    def forward(stage: int) -> tuple[Tensor, Tensor]:
        with lanes.of(stage):
            x = x_BLD.detach().requires_grad_()
            passed = stages(stage, x, batch)
            return x, loss_of(passed.losses) if passed.out_BLD is None else passed.out_BLD

    def backward(stage: int, out: Tensor) -> None:
        with lanes.of(stage):
            out.backward(torch.ones_like(out))  # type: ignore[no-untyped-call]

    def alone(back: bool) -> float:
        def once() -> float:
            with lanes.open():
                kept = forward(1)
            wait(world)
            began = time.perf_counter()
            with lanes.open():
                backward(1, kept[1]) if back else forward(0)
            wait(world)
            return time.perf_counter() - began

        return statistics.median(once() for _ in range(WARM + REPEATS))

    def together() -> float:
        with lanes.open():
            kept = forward(1)
        wait(world)
        began = time.perf_counter()
        with lanes.open():
            lanes.both(lambda: _drop(forward(0)), lambda: backward(1, kept[1]))
        wait(world)
        return time.perf_counter() - began

    one, other = alone(back=False), alone(back=True)
    both = statistics.median(together() for _ in range(WARM + REPEATS))
    exchanged = sum(exchange_seconds(learner, batch, stage, world) for stage in (0, 1))
    share = (one + other - both) / exchanged
    told = {"forward": one, "backward": other, "both": both, "exchange": exchanged, "overlap": share}
    found["overlap"] = told
    say(world, f"overlap: {told}")
    return [Bar("overlap: (F + B − F&B) / communication", share, at_least=0.8)]


def stage_costs(learner: MeshLearner, batch: Batch, world: World) -> dict[tuple[int, str], float]:
    """What each piece of work takes at each stage, of all places; a stage that several have, the slowest."""
    mine: dict[tuple[int, str], float] = {}
    x_BLD = _input(learner, batch)
    for stage in learner.pipeline.schedule.stages_of(learner.member.place):
        times: dict[str, list[float]] = {part: [] for part in Part}
        for repeat in range(2 * (WARM + REPEATS)):
            with _Timed(times[Part.FORWARD], world):
                x = x_BLD.detach().requires_grad_()
                passed = learner.stages(stage, x if stage else None, batch)
                out = loss_of(passed.losses) if passed.out_BLD is None else passed.out_BLD
            grad = torch.ones_like(out)
            if repeat % 2:
                with _Timed(times[Part.BACKWARD], world):
                    torch.autograd.backward([out], [grad])
                continue
            queue = WeightQueue()
            with _Timed(times[Part.INPUT], world), queue.collect():
                torch.autograd.backward([out], [grad])
            with _Timed(times[Part.WEIGHT], world):
                queue.run()
        mine |= {(stage, part): statistics.median(values[WARM:]) for part, values in times.items()}
    told: list[dict[tuple[int, str], float]] = [{} for _ in range(world.size)]
    dist.all_gather_object(told, mine)
    return {key: max(one[key] for one in told if key in one) for one in told for key in one}


class _Timed:
    def __init__(self, times: list[float], world: World) -> None:
        self._times, self._world = times, world

    def __enter__(self) -> None:
        synchronize(self._world)
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        synchronize(self._world)
        self._times.append(time.perf_counter() - self._began)


def exchange_seconds(learner: MeshLearner, batch: Batch, stage: int, world: World) -> float:
    """What dispatch and combine take in one direction through a stage's layers, when nothing else runs."""
    place = learner.member.experts
    assert place is not None
    blocks = [learner.stages.model.layers[layer] for layer in learner.stages.layers[stage]]
    layers = sum(isinstance(block.mlp, MoE) for block in blocks)
    x_ND = _input(learner, batch).flatten(0, 1).detach()
    config = learner.size
    generator = torch.Generator().manual_seed(0)
    shape = len(x_ND), config.n_routed_experts
    chosen_NK = (
        torch.rand(shape, generator=generator).topk(config.num_experts_per_tok).indices.to(x_ND.device)
    )
    weights_NK = torch.ones(chosen_NK.shape, dtype=x_ND.dtype, device=x_ND.device)
    (hop,) = place.hops

    def once() -> None:
        arrived = hop.go(x_ND, chosen_NK, weights_NK)
        hop.back(arrived.x_RD, arrived.route)

    with torch.no_grad():
        return layers * median(once, world)


def loss_of(losses: Losses) -> Tensor:
    """As much as a step's."""
    return losses.next / 1e5 + 1e-4 * losses.balance


def _input(learner: MeshLearner, batch: Batch) -> Tensor:
    """Something like what a stage gets."""
    parameter = next(learner.stages.parameters())
    shape = *batch.tokens_BL.shape, learner.size.hidden_size
    return torch.randn(shape, dtype=parameter.dtype, device=parameter.device)


def _drop(_: object) -> None:
    return None
