"""A process that is killed takes the others with it, and they say which one it was."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.training.sft.tiny import write

SECONDS = 120


def start(config: Path, out: Path, size: int) -> list[subprocess.Popen[str]]:
    """The processes of one run, without a launcher that would end the others itself."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(size),
        "OMP_NUM_THREADS": "1",
    }
    prover = str(Path(sys.executable).with_name("prover"))
    return [
        subprocess.Popen(
            [prover, "train", "sft", str(config), "--out", str(out)],
            env={**os.environ, **told, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(size)
    ]


@pytest.mark.parametrize(
    ("mesh", "killed"), [({}, 1), ({"mesh__pipeline": 2, "mesh__schedule": "DualPipe"}, 0)]
)
def test_the_other_names_the_one_that_was_killed(
    tmp_path: Path, mesh: dict[str, object], killed: int
) -> None:
    config = write(
        tmp_path,
        run__steps=100_000,
        batch__tokens=1024,
        batch__accumulation=4,
        run__checkpoint_every=2,
        **mesh,
    )
    out = tmp_path / "out"
    processes = start(config, out, 2)
    try:
        until = time.monotonic() + SECONDS
        while not list((out / "checkpoints").glob("step-*")):
            assert time.monotonic() < until
            assert processes[0].poll() is None, processes[0].communicate()
            time.sleep(0.2)
        processes[killed].send_signal(signal.SIGKILL)
        _, said = processes[1 - killed].communicate(timeout=SECONDS)
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert processes[1 - killed].returncode == 2, said
    last = said.rstrip().splitlines()[-1]
    assert last.startswith(f"prover: process {killed} (")
    assert f"pid {processes[killed].pid}) no longer answers; the run ends; start it again" in last


def test_nobody_outlives_torchrun(tmp_path: Path) -> None:
    config = write(tmp_path, run__steps=100_000, batch__tokens=1024, run__checkpoint_every=2, mesh__experts=2)
    out, bin_ = tmp_path / "out", Path(sys.executable).parent
    command = [bin_ / "torchrun", "--nproc-per-node", "2", "--no-python", bin_ / "prover", "train", "sft"]
    with (tmp_path / "said").open("w") as said:
        launcher = subprocess.Popen(
            [*map(str, command), str(config), "--out", str(out)],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stderr=said,
        )
    ranks: list[psutil.Process] = []
    try:
        until = time.monotonic() + SECONDS
        while not list((out / "checkpoints").glob("step-*")):
            assert time.monotonic() < until
            assert launcher.poll() is None, (tmp_path / "said").read_text()
            time.sleep(0.2)
        ranks = psutil.Process(launcher.pid).children()
        launcher.kill()
        launcher.wait()
        alive = psutil.wait_procs(ranks, timeout=60)[1]
    finally:
        launcher.kill()
        for rank in ranks:
            with contextlib.suppress(psutil.NoSuchProcess):
                rank.kill()
    assert not alive, "far less than the time after which a silent process is taken for dead"
    lines = (tmp_path / "said").read_text().splitlines()
    told = [line for line in lines if line.startswith("prover: torchrun no longer answers; the run ends")]
    assert len(told) == 1
