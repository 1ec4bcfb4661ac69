"""What can go wrong while a run goes on, in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from training.errors import TrainError
from training.sft import checkpoint
from training.sft.world import World


@contextmanager
def explained(world: World, out: Path, advice: str) -> Iterator[None]:
    """Turns a want of memory, with `advice` against it, files that cannot be written, and processes that are
    gone into `TrainError`."""
    try:
        yield
    except OSError as error:
        raise TrainError(
            f"{error.filename or out}: {error.strerror or error}; {_kept(out)}", alone=True
        ) from error
    except (MemoryError, RuntimeError) as error:
        if is_about_memory(error):
            text = f"{world.device} is out of memory: {advice}; {_kept(out)}"
            raise TrainError(text, alone=True) from error
        gone = None if world.others is None else world.others.gone()
        if gone is None:
            raise
        raise TrainError(gone or "another process has failed", alone=bool(gone)) from error


def _kept(out: Path) -> str:
    newest = checkpoint.places(out)
    return f"{newest[0].name} is intact" if newest else "no checkpoint was written yet"


def is_about_memory(error: Exception) -> bool:
    """Whether it says that there is too little: on a GPU, in Python, or in the allocator for the CPU."""
    known = isinstance(error, MemoryError | torch.OutOfMemoryError)
    said = str(error).lower()
    return known or "can't allocate memory" in said or "cannot allocate memory" in said
