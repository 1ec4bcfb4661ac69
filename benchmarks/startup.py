"""What a first and every later start costs: `python benchmarks/startup.py [--out FILE]`.

Measures the compilation of the embedded library into an empty cache, and then, each in fresh processes
of which the median counts: `import prover`, finding the toolchain with its imports, `lean --version`
through our launcher, and a whole `prover lean --version`. Prints each beside its bound; exits with 1 if
one is missed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import Bar, report

REPEATS = 21
PROVER = str(Path(sys.executable).with_name("prover"))

FIND = """
import os, time
start = time.perf_counter()
from lean_env.toolchain import find_toolchain
toolchain = find_toolchain(environ={k: v for k, v in os.environ.items() if k != "PROVER_PROJECT"})
print(time.perf_counter() - start, toolchain.command[0], toolchain.describe(), sep="\\n")
"""
IMPORT = "import time; start = time.perf_counter(); import prover; print(time.perf_counter() - start)"


def child(program: str, environ: dict[str, str]) -> list[str]:
    """The lines that a fresh Python prints."""
    command = (sys.executable, "-c", program)
    return subprocess.run(
        command, env=environ, check=True, capture_output=True, text=True
    ).stdout.splitlines()


def wall(command: tuple[str, ...], environ: dict[str, str]) -> float:
    """Seconds of wall-clock time of a command."""
    start = time.perf_counter()
    subprocess.run(command, env=environ, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> int:
    """Measure, print, write; 1 if a bound is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks/startup.json"))
    out: Path = parser.parse_args().out
    with tempfile.TemporaryDirectory() as cache:
        environ = {**os.environ, "PROVER_CACHE": cache}
        environ.pop("PROVER_PROJECT", None)
        cold, launcher, toolchain = child(FIND, environ)
        seconds = {
            "cold library build": [float(cold)],
            "import prover": [float(child(IMPORT, environ)[0]) for _ in range(REPEATS)],
            "find_toolchain, cached": [float(child(FIND, environ)[0]) for _ in range(REPEATS)],
            "launcher: lean --version": [wall((launcher, "--version"), environ) for _ in range(REPEATS)],
            "prover lean --version": [wall((PROVER, "lean", "--version"), environ) for _ in range(REPEATS)],
        }
    at_most = {"cold library build": 30.0, "import prover": 0.3, "find_toolchain, cached": 0.05}
    bars = [
        Bar(f"{name} (s)", statistics.median(values), at_most=at_most.get(name))
        for name, values in seconds.items()
    ]
    cores = len(os.sched_getaffinity(0))
    print(f"{toolchain}; {cores} cores; median of {REPEATS} processes, the build once")
    return report(out, bars, {"toolchain": toolchain, "cores": cores, "seconds": seconds})


if __name__ == "__main__":
    sys.exit(main())
