"""Several processes that compute together over gloo, and what each of them found."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from training.parallel.spread import Groups

SECONDS = 60
"""Ranks wait no longer for each other: one of them is gone."""


def together(work: Callable[..., Any], size: int, *arguments: Any) -> list[Any]:
    """What `work(rank, *arguments)` returns on each of `size` ranks."""
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(_work, (folder, size, work, arguments), nprocs=size)  # type: ignore[no-untyped-call]
        return [pickle.loads((Path(folder) / str(rank)).read_bytes()) for rank in range(size)]


def twice(group: dist.ProcessGroup | None) -> Groups:
    """One group for both passes, which here are never under way together."""
    assert group is not None
    return Groups(group, group)


def _work(rank: int, folder: str, size: int, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    torch.set_num_threads(1)
    meeting = f"file://{folder}/meeting"
    dist.init_process_group("gloo", meeting, rank=rank, world_size=size, timeout=timedelta(seconds=SECONDS))
    try:
        found = work(rank, *arguments)
        (Path(folder) / str(rank)).write_bytes(pickle.dumps(found))
    finally:
        dist.destroy_process_group()
