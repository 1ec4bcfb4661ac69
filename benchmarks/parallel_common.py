"""What the benchmarks of the parallel core share: sizes, learners, rows, and how a time is taken."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from train_step import Case, synthetic

from training.model import Drawn, ModelConfig, Transformer
from training.parallel.learner import MeshLearner
from training.sft.config import BatchConfig, DataConfig, MeshConfig, ModelTable, RunConfig, SftConfig
from training.sft.learner import Learner
from training.sft.packing import Rows
from training.sft.presets import model_config
from training.sft.world import World

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
    sizes = {} if layers is None else {"num_hidden_layers": layers}
    whole = model_config(ModelTable(preset=size.preset, sizes=sizes), size.vocabulary)
    origin = _kept(whole)
    if mesh.divides:
        return MeshLearner(whole, origin, config, world)
    return Learner(Transformer.build(whole, origin), config, world)


class _Kept:
    """An `Origin` that draws a part once: the next learner's begins sooner."""

    def __init__(self, config: ModelConfig) -> None:
        self._drawn, self._parts = Drawn(config, 0), {}

    def fill(self, wanted: Mapping[str, Tensor]) -> None:
        """As `Origin`."""
        missing = {
            part: torch.empty(tensor.shape) for part, tensor in wanted.items() if part not in self._parts
        }
        self._drawn.fill(missing)
        self._parts |= missing
        for part, tensor in wanted.items():
            tensor.copy_(self._parts[part])


_kept = lru_cache(maxsize=1)(_Kept)


def rows_of(size: Size, micro_batches: int) -> Rows:
    """The rows of so many micro-batches."""
    tokens = size.length * size.rows * micro_batches
    case = Case("", size.preset, size.vocabulary, size.length, tokens, 1, packed=False)
    return next(synthetic(case, seed=0))


def median(work: Callable[[], object], world: World) -> float:
    """Seconds, of the slowest process."""
    times = []
    for _ in range(WARM + REPEATS):
        wait(world)
        began = time.perf_counter()
        work()
        synchronize(world)
        world.wait()
        times.append(time.perf_counter() - began)
    return statistics.median(times[WARM:])


def wait(world: World) -> None:
    """Until all processes have done what they were given."""
    synchronize(world)
    world.wait()


def synchronize(world: World) -> None:
    """Until the device has done what it was given."""
    if world.device.type == "cuda":
        torch.cuda.synchronize()


def clear() -> None:
    """Give memory back between two ways."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def device(world: World) -> str:
    """Its name."""
    return torch.cuda.get_device_name(world.device) if world.device.type == "cuda" else "CPU"


def say(world: World, text: str) -> None:
    """A line as things go on, from one of the processes."""
    if world.leads:
        print(text, file=sys.stderr, flush=True)
