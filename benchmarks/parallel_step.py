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
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from common import Bar, report
from parallel_common import LARGE, SCHEDULES, SMOKE, Size, clear, device, make, median, rows_of, say
from parallel_pieces import overlap, schedules

from training.flops import peak_flops, step_flops
from training.sft.config import MeshConfig
from training.sft.interval import work_of
from training.sft.world import World, join


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
            "device": device(world),
            "processes": world.size,
            "torch": torch.__version__,
        }
        # The preset of toy sizes has too few for DualPipeV.
        layers = told.layers or (2 * world.size if told.smoke else None)
        bars: list[Bar] = []
        for part in told.parts:
            try:
                bars += PARTS[part](size, layers, world, found)
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
        if peak := peak_flops(device(world)):
            measured["mfu"] = step_flops(learner.size, work) / seconds / peak / world.size
            measured["peak_gib"] = torch.cuda.max_memory_allocated() / 2**30
            bars.append(Bar(f"{name}: MFU", measured["mfu"]))
            best = max(best, measured["mfu"])
        else:
            bars.append(Bar(f"{name}: step, s", seconds))
        worst = max(abs(one - other) / other for one, other in zip(said, first, strict=True))
        bars.append(Bar(f"{name}: first step, relative difference", worst, at_most=2e-2))
        found.setdefault("meshes", {})[name] = measured
        say(world, f"{name}: {measured}")
        del learner
        clear()
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
    for word, hides in (("no overlap", False), ("overlap", True)):
        mesh = MeshConfig(experts=processes, schedule="DualPipeV", overlap=hides)
        found.append((f"experts, DualPipeV in one place, {word}", mesh, plain))
    if not smoke:
        fast, compiled = replace(shared, fast=True), {"compile": True}
        found.append(("experts, fast path", fast, plain))
        found.append(("1F1B, FP8", MeshConfig(pipeline=processes), {"fp8": True}))
        found += [("FSDP2, compiled", MeshConfig(), compiled), ("experts, compiled", shared, compiled)]
        found.append(("experts, fast path, compiled", fast, compiled))
        found.append(("1F1B, compiled", MeshConfig(pipeline=processes), compiled))
    return found


PARTS: Mapping[str, Callable[[Size, int | None, World, dict[str, Any]], list[Bar]]] = {
    "meshes": meshes,
    "schedules": schedules,
    "overlap": overlap,
}


if __name__ == "__main__":
    sys.exit(main())
