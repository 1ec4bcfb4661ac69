"""`prover eval --ray` on a cluster of several nodes on this machine, some of which are lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from lean_env.toolchain import Toolchain
from tests.prover.command import PROVER, environment, prover, refusal
from tests.prover.evaluation.runs import arguments, observations, results, write_benchmark

ray = pytest.importorskip("ray")
GUARD = 120.0
NODES = 3


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head without CPUs, and nodes with one each."""
    from ray.cluster_utils import Cluster

    found = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    for _ in range(NODES):
        found.add_node(num_cpus=1)
    yield found
    found.shutdown()


@pytest.fixture(scope="module")
def alone(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run in one process with one worker."""
    folder = tmp_path_factory.mktemp("alone")
    write_benchmark(folder / "toys.jsonl")
    assert prover(*arguments(folder / "toys.jsonl", folder / "run", workers=1)).returncode == 0
    return folder / "run"


def start(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [PROVER, *command],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def first(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The first result."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate()
    found: dict[str, Any] = json.loads(line)
    return found


def actors() -> list[psutil.Process]:
    """The processes of this run's actors."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any("NodeActor" in word for word in process.info["cmdline"] or ())
    ]


def test_lost_nodes_and_workers_and_a_kill_of_the_run_change_nothing(
    cluster: Any, alone: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    command = arguments(alone.parent / "toys.jsonl", out, "--ray", cluster.address, workers=1)
    with start(command) as process:  # The run itself is killed.
        told = first(process)
        os.kill(process.pid, signal.SIGKILL)
    assert results(out)[told["name"], told["repeat"]]["samples"] == told["samples"]
    before = observations(out)
    with start(command) as process:
        first(process)
        cluster.remove_node(cluster.list_all_nodes()[-1], allow_graceful=False)
        _, errors = process.communicate(timeout=GUARD)
    assert process.returncode == 0, errors
    assert errors.count("was lost; its searches go on") == 1
    assert results(out) == results(alone)
    now = observations(out)
    assert now == observations(alone)
    for name, samples in before.items():
        assert now[name][: len(samples)] == samples


@pytest.mark.slow
def test_a_worker_that_is_killed_is_started_again(cluster: Any, alone: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = arguments(alone.parent / "toys.jsonl", out, "--ray", cluster.address, workers=1)
    with start(command) as process:
        first(process)
        victims = actors()
        assert victims
        for victim in victims:  # All of them: nobody else can take over.
            victim.kill()
        _, errors = process.communicate(timeout=GUARD)
    assert process.returncode == 0, errors
    assert errors.count("was lost; its searches go on") == len(victims)
    assert results(out) == results(alone)
    assert observations(out) == observations(alone)
    assert not psutil.wait_procs(actors(), timeout=GUARD)[1]


def test_clusters_that_are_not_there(alone: Path, tmp_path: Path) -> None:
    command = arguments(alone.parent / "toys.jsonl", tmp_path / "run", "--ray")
    assert "wants the address of a cluster's head" in refusal(prover(*command, "ray://127.0.0.1:1"))
    assert "HOST:6379, or `auto` or `local`, not 'nonsense'" in refusal(prover(*command, "nonsense"))
    assert "there is no Ray cluster at 127.0.0.1:9: " in refusal(prover(*command, "127.0.0.1:9"))
    assert "nobody: there is no such directory" in refusal(
        prover(*command, "local", "--policy", "moe:nobody", cwd=tmp_path)
    )
    assert not (tmp_path / "run").exists()
