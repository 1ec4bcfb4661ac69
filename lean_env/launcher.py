"""The `lean` executable: loads Lean's shared library and hands the command line to its `main`.

Run as `python -IS launcher.py LIBRARY [lean's arguments]`; `embedded.py` writes the executable script
that does so. It is started for every Lean process, so it imports next to nothing: of about 50 ms for
`lean --version`, 8 are Python's start and 4 are `ctypes`; a C program doing the same takes 37.
"""

import ctypes
import os
import sys

SIGINT, SIGPIPE = 2, 13  # The `signal` module costs another 2 ms.


def main() -> int:
    """Run Lean; returns its exit code."""
    lean = ctypes.CDLL(sys.argv[1], mode=ctypes.RTLD_GLOBAL)  # Lean's interpreter looks symbols up.
    arguments = [b"lean", *map(os.fsencode, sys.argv[2:])]
    for signal in (SIGINT, SIGPIPE):  # Python's handlers would never get to run inside Lean.
        lean.signal(signal, None)
    status: int = lean.lean_main(len(arguments), (ctypes.c_char_p * (len(arguments) + 1))(*arguments, None))
    return status


if __name__ == "__main__":
    sys.exit(main())
