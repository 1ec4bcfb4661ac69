"""Runs that are interrupted at random moments, killed or asked to end, and resumed from their traces."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest

from lean_env.toolchain import Toolchain
from tests.prover.command import PROVER, environment, prover

FILE = """theorem easy (p q : Prop) (h : p ∧ q) : q ∧ p := by
  sorry
theorem wrong (n : Nat) : n + n = n * n := by
  sorry
theorem also_easy (xs : List Nat) : xs ++ [] = xs := by
  sorry
"""
SAMPLES = 60
SECONDS = (0.3, 4.0)
"""An interruption comes at a random moment in this span: while it starts, searches, or audits."""
GUARD = 120.0


def events(folder: Path, name: str) -> list[dict[str, Any]]:
    """The whole lines of a theorem's trace, without times."""
    found = []
    for path in folder.glob(f"{name}-*.jsonl"):
        for line in path.read_bytes().split(b"\n")[:-1]:
            event = json.loads(line)
            for key in ("seconds", "check_seconds", "worker"):
                event.pop(key, None)
                event.get("sample", {}).pop(key, None)
            found.append(event)
    return found


def observations(folder: Path, name: str) -> list[dict[str, Any]]:
    return [event for event in events(folder, name) if event["event"] == "observation"]


def arguments(workers: int, source: Path, trace: Path) -> list[str]:
    return [
        *("prove", str(source), "--json", "--samples", str(SAMPLES), "--trace", str(trace)),
        *("--workers", str(workers), "--out", str(source.with_name("out.lean"))),
    ]


def interrupt(how: signal.Signals, after: float, command: list[str]) -> int | None:
    """Start the command, interrupt it, and see that nothing of it is left; None if it ended before."""
    process = subprocess.Popen(
        [PROVER, *command],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        # A shell's background jobs ignore SIGINT, and what they start does too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stderr is not None
    try:
        process.wait(after)
        return None
    except subprocess.TimeoutExpired:
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(how)
        status = process.wait(GUARD)
        _, alive = psutil.wait_procs(children, timeout=GUARD)
        assert not alive
        said = process.stderr.read().decode()
        assert "Traceback" not in said, said
        return status
    finally:
        process.stderr.close()


def interrupted(tmp_path: Path, workers: int, times: int) -> None:
    """Interrupt a run so many times, then let it end, and compare with one that was left alone."""
    dice = random.Random(f"{workers} {times}")
    source, trace = tmp_path / "a.lean", tmp_path / "trace"
    source.write_text(FILE, encoding="utf-8")
    statuses: Counter[int | None] = Counter()
    before: list[dict[str, Any]] = []
    for round_ in range(times):
        how = dice.choice([signal.SIGKILL, signal.SIGINT])
        if round_ and round_ % 10 == 0:
            for path in trace.glob("*"):  # Otherwise later rounds would find everything done.
                path.unlink()
            before = []
        statuses[interrupt(how, dice.uniform(*SECONDS), arguments(workers, source, trace))] += 1
        now = [one for name in ("easy", "wrong", "also_easy") for one in observations(trace, name)]
        lost = [one for one in before if one not in now]
        assert not lost, f"round {round_}: {lost}"
        before = now
    # -SIGINT: Python itself was still starting, and had not come to our program.
    assert set(statuses) <= {None, -signal.SIGKILL, -signal.SIGINT, 128 + signal.SIGINT, 1}, statuses
    last = prover(*arguments(workers, source, trace))
    assert last.returncode == 1, last.stderr
    verdicts = {row["name"]: row for row in map(json.loads, last.stdout.splitlines())}
    assert {name: row["verdict"] for name, row in verdicts.items()} == {
        "easy": "PROVED",
        "wrong": None,
        "also_easy": "PROVED",
    }
    for name in verdicts:
        done = observations(trace, name)
        assert verdicts[name]["samples"] == len(done)
        assert len({one["id"] for one in done}) == len(done), "a rollout was done twice"
    assert len(observations(trace, "wrong")) == SAMPLES
    if workers == 1:  # Only then is a run reproducible.
        whole = tmp_path / "whole"
        prover(*arguments(workers, source, whole))
        for name in verdicts:
            assert observations(trace, name) == observations(whole, name)
    assert prover("verify", "--strict", tmp_path / "out.lean").returncode == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_is_interrupted_a_few_times_loses_and_repeats_nothing(
    toolchain: Toolchain, tmp_path: Path, workers: int
) -> None:
    interrupted(tmp_path, workers, times=3)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_is_interrupted_fifty_times_loses_and_repeats_nothing(
    toolchain: Toolchain, tmp_path: Path, workers: int
) -> None:
    interrupted(tmp_path, workers, times=50)


def test_ctrl_c_keeps_what_was_finished(toolchain: Toolchain, tmp_path: Path) -> None:
    source, out = tmp_path / "a.lean", tmp_path / "out.lean"
    source.write_text(FILE, encoding="utf-8")
    process = subprocess.Popen(
        [PROVER, "prove", str(source), "--samples", "1000000", "--out", str(out), "--workers", "2"],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None
    said: list[str] = []
    while len(said) < 2:  # Both theorems that can be proved.
        line = process.stdout.readline()
        assert line, "it ended by itself"
        said += [line] * line.startswith("✓")
    children = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=GUARD)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert not psutil.wait_procs(children, timeout=GUARD)[1]
    completed = out.read_text(encoding="utf-8")
    assert completed.count("sorry") == 1
    assert len(json.loads(out.with_suffix(".certificates.json").read_text())) == 2
