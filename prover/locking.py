"""One process at a time on a file or folder."""

from __future__ import annotations

import contextlib
import fcntl
from typing import IO


def claim_lock(file: int | IO[str]) -> bool:
    """Keep other processes out until the file is closed, as far as its file system knows how to; false if one
    of them has it."""
    with contextlib.suppress(OSError):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
