"""The shipped model in a real vLLM on this machine's CPU, started as a user starts it."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import httpx
import psutil
import pytest

from tests.prover.command import environment

ROOT = Path(__file__).parents[3]
PROGRAM = (sys.executable, "-c", "from prover.cli import main; main()", "serve", "default", "--gpus", "0")
GUARD = 60.0


@pytest.mark.slow
@pytest.mark.skipif(find_spec("vllm") is None, reason="needs vLLM for CPUs in this Python's environment")
def test_the_shipped_model_is_served_with_the_cache_that_was_promised(tmp_path: Path) -> None:
    """vLLM finds room for exactly the tokens of the table, completes, and ends with all its processes."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        port = probe.getsockname()[1]
    env = environment(PYTHONPATH=str(ROOT), TMPDIR=str(tmp_path), OMP_NUM_THREADS="1")
    process = subprocess.Popen(
        [*PROGRAM, "--port", str(port), "--json"],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stderr
    try:
        promised = json.loads(process.stdout.readline())
        assert process.stderr.readline() == f"openai:http://127.0.0.1:{port}#default\n"
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=GUARD) as client:
            info = re.search(r'kv_cache_size_tokens="(\d+)"', client.get("/metrics").text)
            assert info
            assert int(info[1]) == promised["kv_tokens"]
            order = {
                "model": "default",
                "prompt": "theorem",
                "max_tokens": 8,
                "temperature": 0,
                "logprobs": 1,
            }
            choice = client.post("/v1/completions", json=order).json()["choices"][0]
            assert len(choice["logprobs"]["token_logprobs"]) == 8
        servers = psutil.Process(process.pid).children(recursive=True)
        assert servers
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=GUARD)
        assert process.returncode == 130
        _, alive = psutil.wait_procs(servers, timeout=10)
        assert all(one.status() == psutil.STATUS_ZOMBIE for one in alive)
        assert not list(tmp_path.glob("prover-serve-*"))
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.communicate()
