"""What a step on a mesh takes: `torchrun --nproc-per-node N benchmarks/parallel_step.py [--out FILE]`.

A mixture of about 1B parameters (0.25B active without the head) in BF16, on N processes. Three parts:

1. Step time, tokens a second and MFU of each way to share it: FSDP2, experts on N processes, pipelines under
   each schedule. All must have the loss and the gradient norm of FSDP2's first step.
2. Each schedule over N places beside its simulation, from the time that each stage takes for each piece of
   work when it has the GPU for itself. Bar: within 5 %.
3. Of one GPU's pair of forward and backward, with experts on N processes, how much of the time that is spent
   on exchanging tokens is hidden: (F + B − F&B) / communication. Bar: 0.8.

FLOPs as in `training/flops.py`; the peak is the data sheet's dense BF16 rate. `--smoke`: toy sizes.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from common import Bar, report
from torch import Tensor
from train_step import Case, synthetic

from training.flops import peak_flops, step_flops
from training.model import Transformer
from training.model.experts import MoE
from training.parallel.learner import MeshLearner
from training.parallel.schedule import Action, Part, split_pairs
from training.parallel.simulate import course
from training.parallel.split import WeightQueue
from training.sft.config import BatchConfig, DataConfig, MeshConfig, ModelTable, RunConfig, SftConfig
from training.sft.learner import Learner
from training.sft.objective import Batch, Losses
from training.sft.packing import Rows
from training.sft.presets import model_config
from training.sft.trainer import work_of
from training.sft.world import World, join

WARM, REPEATS = 2, 3
SCHEDULES = ("1F1B", "ZB1P", "DualPipe", "DualPipeV")


@dataclass(frozen=True)
class Size:
    """What is trained on."""

    preset: str
    vocabulary: int
    length: int
    rows: int
    """Of a micro-batch."""
    dtype: Any
    micro_batches: tuple[int, ...]


LARGE = Size("1b", 32768, 2048, 8, "bf16", (8, 20))
SMOKE = Size("tiny", 512, 64, 1, "float32", (8,))


def main() -> int:
    """Measure, print, write; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--layers", type=int, help="instead of the preset's")
    parser.add_argument("--parts", nargs="*", default=["meshes", "schedules", "overlap"])
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks/parallel_step.json"))
    told = parser.parse_args()
    size = SMOKE if told.smoke else LARGE
    with join() as world:
        if world.size == 1:
            parser.error("a mesh needs several processes: run this with torchrun")
        found: dict[str, Any] = {
            "device": _device(world),
            "processes": world.size,
            "torch": torch.__version__,
        }
        bars: list[Bar] = []
        for part in told.parts:
            try:
                bars += PARTS[part](size, told.layers, world, found)
            except (RuntimeError, ValueError):
                traceback.print_exc()  # The other parts may do; a rank that is alone with it ends the run.
                bars.append(Bar(f"{part}: it ran", 0.0, at_least=1.0))
            torch.cuda.empty_cache()
        return report(told.out, bars, found) if world.leads else 0


def meshes(size: Size, layers: int | None, world: World, found: dict[str, Any]) -> list[Bar]:
    """Step times of the ways to share a model."""
    number = size.micro_batches[0]
    bars, first, best = [], (0.0, 0.0), 0.0
    for name, mesh, changes in ways(world.size, smoke=size is SMOKE):
        # Each way has the same tokens a step: a pipeline's micro-batches are as many as its places' together.
        learner = make(size, layers, mesh, number * mesh.pipeline // world.size, world, **changes)
        rows = rows_of(size, number)
        figures = learner.step(rows, 0.0)
        said = float(figures.loss), float(figures.gradient_norm)
        first = first if bars else said
        seconds = median(lambda learner=learner, rows=rows: learner.step(rows, 1e-4), world)
        work = work_of(rows, second=False)
        measured = {"seconds": seconds, "tokens_per_second": work.tokens / seconds, "first": said}
        if peak := peak_flops(_device(world)):
            measured["mfu"] = step_flops(learner.size, work) / seconds / peak / world.size
            measured["peak_gib"] = torch.cuda.max_memory_allocated() / 2**30
            bars.append(Bar(f"{name}: MFU", measured["mfu"]))
            best = max(best, measured["mfu"])
        else:
            bars.append(Bar(f"{name}: step, s", seconds))
        worst = max(abs(one - other) / other for one, other in zip(said, first, strict=True))
        bars.append(Bar(f"{name}: first step, relative difference", worst, at_most=2e-2))
        found.setdefault("meshes", {})[name] = measured
        _say(world, f"{name}: {measured}")
        del learner
        _clear()
    return [*bars, Bar("the best MFU", best, at_least=0.3)] if best else bars


def ways(processes: int, *, smoke: bool) -> list[tuple[str, MeshConfig, dict[str, Any]]]:
    """How a model can be shared among so many processes, and what else is to be measured with that."""
    plain: dict[str, Any] = {}
    shared = MeshConfig(experts=processes)
    found = [("FSDP2", MeshConfig(), plain), ("experts", shared, plain)]
    for name in SCHEDULES:
        found.append((name, MeshConfig(pipeline=processes, schedule=name), plain))
        if processes % 4 == 0:
            mesh = MeshConfig(pipeline=processes // 2, experts=2, schedule=name)
            found.append((f"{name}, experts on 2", mesh, plain))
    for overlap in (False, True):
        mesh = MeshConfig(experts=processes, schedule="DualPipeV", overlap=overlap)
        found.append((f"experts, DualPipeV in one place, {'' if overlap else 'no '}overlap", mesh, plain))
    if not smoke:
        fast, compiled = replace(shared, fast=True), {"compile": True}
        found.append(("experts, fast path", fast, plain))
        found.append(("1F1B, FP8", MeshConfig(pipeline=processes), {"fp8": True}))
        found += [("FSDP2, compiled", MeshConfig(), compiled), ("experts, compiled", shared, compiled)]
        found.append(("experts, fast path, compiled", fast, compiled))
        found.append(("1F1B, compiled", MeshConfig(pipeline=processes), compiled))
    return found


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
            split = split_pairs(schedule)

            def seconds(action: Action, costs: Mapping[tuple[int, str], float] = costs) -> float:
                return sum(costs[work.stage, work.part] for work in action)

            simulated = course(schedule, seconds).seconds
            told = {
                "measured": measured,
                "simulated": simulated,
                "costs": {f"{part}@{stage}": value for (stage, part), value in costs.items()},
                "split": len(split),
            }
            found.setdefault("schedules", {})[f"{name}, {number} micro-batches"] = told
            _say(world, f"{name}, {number} micro-batches: {told}")
            off = abs(measured / simulated - 1)
            bars.append(Bar(f"{name}, {number} micro-batches: step, s", measured))
            bars.append(Bar(f"{name}, {number}: measured : simulated − 1", off, at_most=0.05))
            del learner
            _clear()
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
            _wait(world)
            began = time.perf_counter()
            with lanes.open():
                backward(1, kept[1]) if back else forward(0)
            _wait(world)
            return time.perf_counter() - began

        return statistics.median(once() for _ in range(WARM + REPEATS))

    def together() -> float:
        with lanes.open():
            kept = forward(1)
        _wait(world)
        began = time.perf_counter()
        with lanes.open():
            lanes.both(lambda: _drop(forward(0)), lambda: backward(1, kept[1]))
        _wait(world)
        return time.perf_counter() - began

    one, other = alone(back=False), alone(back=True)
    both = statistics.median(together() for _ in range(WARM + REPEATS))
    exchanged = sum(exchange_seconds(learner, batch, stage, world) for stage in (0, 1))
    share = (one + other - both) / exchanged
    told = {"forward": one, "backward": other, "both": both, "exchange": exchanged, "overlap": share}
    found["overlap"] = told
    _say(world, f"overlap: {told}")
    return [Bar("overlap: (F + B − F&B) / communication", share, at_least=0.8)]


PARTS: Mapping[str, Callable[[Size, int | None, World, dict[str, Any]], list[Bar]]] = {
    "meshes": meshes,
    "schedules": schedules,
    "overlap": overlap,
}


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
        _synchronize(self._world)
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        _synchronize(self._world)
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


def make(
    size: Size, layers: int | None, mesh: MeshConfig, accumulation: int, world: World, **changes: Any
) -> Any:
    """A new learner, the same whenever asked."""
    config = SftConfig(
        data=DataConfig(corpus=(Path("none"),), length=size.length),
        model=ModelTable(preset=size.preset),
        batch=BatchConfig(size.rows * size.length * size.micro_batches[0], accumulation),
        run=RunConfig(steps=1, dtype=size.dtype, **changes),
        mesh=mesh,
    )
    model = copy.deepcopy(_start(size.preset, size.vocabulary, layers))
    return MeshLearner(model, config, world) if mesh.divides else Learner(model, config, world)


@lru_cache(maxsize=1)
def _start(preset: str, vocabulary: int, layers: int | None) -> Transformer:
    """A model that has not learnt yet; a copy of it is made sooner than another."""
    sizes = {} if layers is None else {"num_hidden_layers": layers}
    model = Transformer(model_config(ModelTable(preset=preset, sizes=sizes), vocabulary))
    model.init_weights(0)
    return model


def rows_of(size: Size, micro_batches: int) -> Rows:
    """The rows of so many micro-batches."""
    tokens = size.length * size.rows * micro_batches
    case = Case("", size.preset, size.vocabulary, size.length, tokens, 1, packed=False)
    return next(synthetic(case, seed=0))


def loss_of(losses: Losses) -> Tensor:
    """As much as a step's."""
    return losses.next / 1e5 + 1e-4 * losses.balance


def median(work: Callable[[], object], world: World) -> float:
    """Seconds, of the slowest process."""
    times = []
    for _ in range(WARM + REPEATS):
        _wait(world)
        began = time.perf_counter()
        work()
        _synchronize(world)
        world.wait()
        times.append(time.perf_counter() - began)
    return statistics.median(times[WARM:])


def _input(learner: MeshLearner, batch: Batch) -> Tensor:
    """Something like what a stage gets."""
    parameter = next(learner.stages.parameters())
    shape = *batch.tokens_BL.shape, learner.size.hidden_size
    return torch.randn(shape, dtype=parameter.dtype, device=parameter.device)


def _drop(_: object) -> None:
    return None


def _wait(world: World) -> None:
    _synchronize(world)
    world.wait()


def _synchronize(world: World) -> None:
    if world.device.type == "cuda":
        torch.cuda.synchronize()


def _clear() -> None:
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def _device(world: World) -> str:
    return torch.cuda.get_device_name(world.device) if world.device.type == "cuda" else "CPU"


def _say(world: World, text: str) -> None:
    if world.leads:
        print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
