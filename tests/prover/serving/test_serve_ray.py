"""`prover serve --ray`: a layout's commands on the nodes of a Ray cluster, with a scripted server."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.prover.command import PROVER, environment, prover

ray = pytest.importorskip("ray")
ROOT = Path(__file__).parents[3]
GUARD = 120.0
ORDER = ("serve", "DeepSeek-Prover-V2-671B", "--gpus", "8", "--gpu", "h800", "--nodes", "2")


@pytest.fixture(scope="module")
def fakes() -> Iterator[Path]:
    """A directory with a program `vllm`: GPUs' layouts are started with that. Ray keeps sockets in it, whose
    names must be short."""
    folder = Path(tempfile.mkdtemp(prefix="fakes"))
    script = Path(__file__).parent / "fake/vllm/entrypoints/openai/api_server.py"
    python = Path(PROVER).with_name("python")
    (folder / "vllm").mkdir()
    (folder / "vllm/__init__.py").touch()
    (folder / "bin").mkdir()
    (folder / "bin/vllm").write_text(f'#!/bin/sh\nexec {python} {script} "$@"\n')
    (folder / "bin/vllm").chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def cluster(fakes: Path) -> Iterator[Any]:
    """A head without GPUs, and two nodes that say they have eight; their processes find the fakes."""
    from ray.cluster_utils import Cluster

    before = dict(os.environ)
    os.environ.update(
        PATH=f"{fakes / 'bin'}{os.pathsep}{os.environ['PATH']}",
        PYTHONPATH=os.pathsep.join((str(fakes), str(ROOT))),
        FAKE_TOLD=str(fakes / "told"),
        TMPDIR=str(fakes),
    )
    try:
        found = Cluster(
            initialize_head=True, head_node_args={"num_cpus": 0, "num_gpus": 0, "include_dashboard": False}
        )
        for _ in range(2):
            found.add_node(num_cpus=1, num_gpus=8)
    finally:
        os.environ.clear()
        os.environ.update(before)
    yield found
    found.shutdown()


def servers() -> list[psutil.Process]:
    """Scripted servers that run."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any("fake/vllm/entrypoints" in word for word in process.info["cmdline"] or ())
    ]


@pytest.mark.slow
def test_each_node_runs_its_command(cluster: Any, fakes: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [PROVER, *ORDER, "--port", str(port), "--ray", cluster.address],
        env=environment(PYTHONPATH=str(ROOT)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        policy = process.stdout.readline()
        assert policy.startswith("openai:http://"), process.communicate()
        url, _, name = policy.strip().removeprefix("openai:").partition("#")
        assert name == "deepseek-ai/DeepSeek-Prover-V2-671B"
        assert httpx.get(f"{url}/health").status_code == 200
        told = [json.loads(line)["arguments"] for line in (fakes / "told").read_text().splitlines()]
        head, other = sorted(told, key=lambda words: "--headless" in words)
        assert head[0] == "serve"
        assert head[-2:] == ["--port", str(port)]
        assert other[-3:] == ["--data-parallel-start-rank", "4", "--headless"]
        address = head[head.index("--data-parallel-address") + 1]
        assert f"//{address}:" in url
        running = servers()
        assert len(running) == 2
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=GUARD)
        assert process.returncode == 130
        psutil.wait_procs(running, timeout=10)
        assert not servers()
    finally:
        process.kill()
        process.communicate()


def test_a_node_that_cannot_is_told(cluster: Any, fakes: Path) -> None:
    (fakes / "vllm" / "_C.abi3.so").touch()
    try:
        said = prover(*ORDER, "--ray", cluster.address, env=environment(PYTHONPATH=str(ROOT)))
    finally:
        (fakes / "vllm" / "_C.abi3.so").unlink()
    assert said.returncode == 2
    assert said.stderr.splitlines()[-1].startswith("prover: node 0: the installed vLLM is built for CPUs")
    psutil.wait_procs(servers(), timeout=10)  # The other node's hears of it a moment later.
    assert not servers()


def test_too_few_nodes_are_told(cluster: Any) -> None:
    order = [*ORDER[:-1], "4", "--ray", cluster.address]
    said = prover(*order, env=environment(PYTHONPATH=str(ROOT)))
    assert said.returncode == 2
    assert said.stderr.splitlines()[-1] == (
        "prover: the layout needs 4 nodes with 8 GPUs, and the Ray cluster has 2"
    )


def test_no_cluster_is_told() -> None:
    said = prover(*ORDER, "--ray", "127.0.0.1:1", env=environment(PYTHONPATH=str(ROOT)))
    assert said.returncode == 2
    assert "there is no Ray cluster at 127.0.0.1:1" in said.stderr.splitlines()[-1]
