"""The processes of a run: one alone, or one a GPU, started by `torchrun`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from safetensors import SafetensorError
from torch import Tensor

from training.errors import TrainError
from training.sft.heartbeat import Heartbeats

T = TypeVar("T")
PATIENCE = timedelta(hours=2)
"""How long ranks wait for each other: rank 0 may be proving theorems."""


@dataclass(frozen=True, slots=True)
class World:
    """This process's place among all, and its device."""

    rank: int
    size: int
    device: torch.device
    others: Heartbeats | None = None
    """Who else is there; None of a process alone."""

    @property
    def leads(self) -> bool:
        """Whether this process writes files and talks."""
        return self.rank == 0

    def add_up(self, values: Tensor) -> Tensor:
        """The sum over all processes, in place, on each of them."""
        if self.size > 1:
            dist.all_reduce(values)
        return values

    def tell(self, value: Any) -> Any:
        """What the leading process tells the others, on each of them; `value` counts on that one only."""
        told = [value]
        if self.size > 1:
            dist.broadcast_object_list(told)
        return told[0]

    def hear(self, value: T) -> list[T]:
        """What all processes say, in their order, on each of them."""
        if self.size == 1:
            return [value]
        said: list[T] = [value] * self.size
        dist.all_gather_object(said, value)
        return said

    def together(self, work: Callable[[], T]) -> list[T]:
        """What a piece of work gives on each process, on each of them. Raises `OSError` on all of them if one
        cannot read or write, or finds what it reads damaged (`ValueError`)."""
        done: list[T] = []
        failure = ""
        try:
            done.append(work())
        except (OSError, ValueError, SafetensorError) as error:
            failure = f"process {self.rank} says: {' '.join(str(error).split())}"
        said = self.hear((done, failure))
        for _, found in said:
            if found:
                raise OSError(found)
        return [value for (value,), _ in said]

    def wait(self) -> None:
        """Until all processes are here."""
        if self.size > 1:
            dist.barrier()


def _told(name: str, otherwise: int) -> int:
    """A number that `torchrun` sets. Raises `TrainError`."""
    told = os.environ.get(name, str(otherwise))
    if not told.isdecimal():
        raise TrainError(
            f"{name} is set to {told!r}, and must be a whole number: start with torchrun", alone=True
        )
    return int(told)


@contextmanager
def join() -> Iterator[World]:
    """The world that the environment describes, which `torchrun` sets; a process alone without it. Raises
    `TrainError` for one that cannot be."""
    # Each pair of ranks of a pipeline talks on streams of its own; those that shared a queue would wait for
    # each other.
    os.environ.setdefault("CUDA_DEVICE_MAX_CONNECTIONS", "32")
    size, rank = _told("WORLD_SIZE", 1), _told("RANK", 0)
    if size > 1 and not {"MASTER_ADDR", "MASTER_PORT"} <= os.environ.keys():
        raise TrainError(
            f"WORLD_SIZE is {size}, and nothing says where the others are: start with torchrun", alone=True
        )
    gpu = torch.cuda.is_available()
    device = torch.device("cuda", _told("LOCAL_RANK", 0)) if gpu else torch.device("cpu")
    if gpu:
        torch.cuda.set_device(device)
    if size == 1:
        yield World(0, 1, device)
        return
    dist.init_process_group("nccl" if gpu else "gloo", timeout=PATIENCE)
    others = Heartbeats(rank, size)
    try:
        yield World(rank, size, device, others)
    except BaseException:
        others.stop(failed=True)  # What is under way with the others is not waited for.
        raise
    others.stop()
    dist.destroy_process_group()
