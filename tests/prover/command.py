"""Runs the installed `prover` command as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PROVER = str(Path(sys.executable).with_name("prover"))


def environment(**variables: str) -> dict[str, str]:
    """This process's environment without settings of the person who runs the tests.

    The symbolic policy is the usual one here: loading a model takes seconds each time.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROVER_")}
    if "PROVER_CACHE" in os.environ:
        kept["PROVER_CACHE"] = os.environ["PROVER_CACHE"]
    return {**kept, "PROVER_POLICY": "tactics", **variables}


def prover(
    *arguments: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """`prover` with these arguments."""
    return subprocess.run(
        (PROVER, *map(str, arguments)),
        env=environment() if env is None else env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def refusal(result: subprocess.CompletedProcess[str]) -> str:
    """The one line that a command printed before it exited with 2."""
    assert (result.returncode, result.stdout) == (2, ""), result
    assert result.stderr.startswith("prover: ")
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr
