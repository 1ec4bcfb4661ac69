"""Runs that are killed at random moments lose no sample that was on disk or told of, and repeat none."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from lean_env.toolchain import Toolchain
from prover.evaluation.reading import read_run
from tests.prover.command import PROVER, environment, prover
from tests.prover.evaluation.runs import (
    PROBLEMS,
    REPEATS,
    SAMPLES,
    TRUE,
    arguments,
    observations,
    results,
    write_benchmark,
)

GUARD = 120.0
SECONDS = (0.2, 12.0)
"""A kill comes at a random moment in this span: while the run starts, searches, audits, or writes."""

Samples = dict[str, list[dict[str, Any]]]


def killed(command: list[str], after: float) -> tuple[bool, list[dict[str, Any]]]:
    """Start the command and kill it; whether it was killed before its end, and what it had told of."""
    process = subprocess.Popen(
        [PROVER, *command],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        output, errors = process.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        children = psutil.Process(process.pid).children(recursive=True)
        os.kill(process.pid, signal.SIGKILL)
        output, errors = process.communicate(timeout=GUARD)
        assert not psutil.wait_procs(children, timeout=GUARD)[1], "Lean outlived the run"
    assert process.returncode in (0, -signal.SIGKILL), errors
    told = [json.loads(line) for line in output.split(b"\n")[:-1]]
    return process.returncode != 0, told


def check(out: Path, told: list[dict[str, Any]], before: Samples, whole: Samples) -> None:
    """Whatever was on disk or told of before is there, and every trace is a beginning of the whole run's."""
    kept = results(out)
    for line in told:
        assert kept[line["name"], line["repeat"]]["samples"] == line["samples"]
    now = observations(out)
    for name, samples in before.items():
        assert now[name][: len(samples)] == samples, f"{name} lost samples"
    for name, samples in now.items():
        assert samples == whole[name][: len(samples)], f"{name} repeats or changes samples"


def kill_again_and_again(tmp_path: Path, times: int) -> Mapping[str, int]:
    """Kill runs so many times; each folder is gone on with until it is whole, and compared with a run that
    was left alone."""
    dice = random.Random(times)
    benchmark = write_benchmark(tmp_path / "toys.jsonl")
    alone = tmp_path / "alone"
    assert prover(*arguments(benchmark, alone, workers=1)).returncode == 0
    whole = observations(alone)
    kills = folders = samples = 0
    while kills < times:
        out = tmp_path / f"run{folders}"
        before: Samples = {}
        going = True
        while going:
            after = dice.uniform(*SECONDS) if kills < times else GUARD
            going, told = killed(arguments(benchmark, out, workers=dice.choice((1, 2))), after)
            kills += going
            check(out, told, before, whole)
            before = observations(out)
        folders += 1
        assert results(out) == results(alone)
        assert observations(out) == whole
        samples += sum(map(len, before.values()))
    return {"kills": kills, "folders": folders, "samples": samples}


def test_a_run_that_is_killed_a_few_times_is_the_run_that_was_not(
    toolchain: Toolchain, tmp_path: Path
) -> None:
    kill_again_and_again(tmp_path, times=2)
    run = read_run(tmp_path / "run0")
    assert {one.name for one in run.results if one.verdict == "PROVED"} == TRUE
    assert len(run.results) == len(PROBLEMS) * REPEATS
    for one in run.results:
        if one.name not in TRUE:
            assert (one.verdict, one.samples) == ("FAILED", SAMPLES)


@pytest.mark.slow
def test_two_hundred_kills_lose_and_repeat_no_sample(toolchain: Toolchain, tmp_path: Path) -> None:
    print(kill_again_and_again(tmp_path, times=200))
