"""What one check, and one Lean process, may use."""

from __future__ import annotations

import os
import re
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from lean_env.errors import LimitError

GIB = 1024**3

OUT_OF_MEMORY = re.compile(
    r"out of memory|bad_alloc|MemoryError|failed to create thread|failed to map|cannot allocate"
    r"|excessive memory",
    re.IGNORECASE,
)
"""Last words of a process, ours or Lean's, that ran into its limit on memory."""
OUT_OF_STACK = re.compile(r"stack overflow|deep recursion", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of every check in a pool. Raises `LimitError` for values that make no sense."""

    seconds: float = 60.0
    """Wall-clock seconds for one check, from the moment a worker starts on it."""
    memory_bytes: int = 6 * GIB
    """Address space of one Lean process. `import Mathlib` needs 9 GiB since Lean 4.26."""
    start_seconds: float = 300.0
    """Wall-clock seconds in which a process must have read its imports."""
    heartbeats: int = 0
    """What Lean's `maxHeartbeats` is for a declaration that does not set it: thousands of small allocations,
    which are the same on any machine; 0: Lean's own value, 200,000."""

    def __post_init__(self) -> None:
        for name, value, unit in (
            ("seconds", self.seconds, "s"),
            ("memory_bytes", self.memory_bytes, "bytes"),
            ("start_seconds", self.start_seconds, "s"),
        ):
            if not 0 < value < float("inf"):
                raise LimitError(f"{name} must be positive and finite, not {value} {unit}")
        if self.heartbeats < 0:
            raise LimitError(f"heartbeats must not be negative, but are {self.heartbeats}")


def guarded(
    command: tuple[str, ...], memory_bytes: int, orphaned: signal.Signals = signal.SIGKILL
) -> tuple[str, ...]:
    """`command`, to be started as a child of this process, under the limits of `guard.py`: 0 bytes are no
    limit, and it is sent `orphaned` when this process is gone."""
    guard = Path(__file__).with_name("guard.py")
    limits = (memory_bytes, os.getpid(), int(orphaned))
    return (sys.executable, "-IS", str(guard), *map(str, limits), *command)
