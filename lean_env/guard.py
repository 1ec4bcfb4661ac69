"""Starts a program under limits: `python -IS guard.py MEMORY_BYTES PARENT_PID SIGNAL PROGRAM [ARGUMENT…]`.

The limits are set here, between fork and exec, because doing it in the parent's forked child
(`preexec_fn`) is unsafe once the parent runs threads. The kernel sends the program the signal as soon
as the parent is gone, however it went, so that a `kill -9` of the prover leaves nothing behind
(Linux; elsewhere a Lean server still ends when its standard input closes). `MEMORY_BYTES` 0 is no limit.
"""

from __future__ import annotations

import os
import resource
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def main() -> None:
    """Apply the limits and become the program."""
    memory_bytes, parent, number = map(int, sys.argv[1:4])
    if memory_bytes:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # It went before the signal was arranged.
            sys.exit(1)
    os.execvp(sys.argv[4], sys.argv[4:])


if __name__ == "__main__":
    main()
