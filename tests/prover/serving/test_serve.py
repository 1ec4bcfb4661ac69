"""`prover serve` as a user runs it, with a scripted server in vLLM's place."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from prover.serving import ServeError
from prover.serving.commands import Command
from prover.serving.server import Server, last_error
from tests.prover.command import PROVER, environment, prover, refusal

ROOT = Path(__file__).parents[3]
FAKE = Path(__file__).parent / "fake"
GUARD = 60.0


@pytest.fixture(autouse=True)
def _own_logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log of a server that died stays, for its user to read; here in the test's directory."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))


@pytest.fixture
def port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def variables(manner: str, **more: str) -> dict[str, str]:
    """The environment in which the scripted server is `vllm`, and `nvidia-smi` is not found."""
    path = os.pathsep.join((str(FAKE), str(ROOT)))
    return environment(PYTHONPATH=path, FAKE_VLLM=manner, **more)


def serve(manner: str, port: int) -> subprocess.CompletedProcess[str]:
    """`prover serve` that is expected to end by itself."""
    return prover("serve", "default", "--gpus", "0", "--port", str(port), env=variables(manner))


@contextmanager
def serving(manner: str, port: int, *arguments: str, **more: str) -> Iterator[subprocess.Popen[str]]:
    """`prover serve` that goes on."""
    process = subprocess.Popen(
        [PROVER, "serve", "default", "--gpus", "0", "--port", str(port), *arguments],
        env=variables(manner, **more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The server and its child, once both are there."""
    until = time.monotonic() + GUARD
    while time.monotonic() < until and process.poll() is None:
        found = psutil.Process(process.pid).children(recursive=True)
        if len(found) >= 2:
            return found
        time.sleep(0.05)
    raise AssertionError(process.communicate())


def gone(processes: list[psutil.Process]) -> bool:
    """Whether all of them end within seconds (zombies of a vanished parent count as ended)."""
    _, alive = psutil.wait_procs(processes, timeout=5)
    return all(one.status() == psutil.STATUS_ZOMBIE for one in alive)


def last_line(result: subprocess.CompletedProcess[str]) -> str:
    """What was said last, behind the table, before exit status 2."""
    assert (result.returncode, result.stdout) == (2, ""), result
    assert "Traceback (" not in result.stderr
    return result.stderr.splitlines()[-1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_healthy_server_is_announced_and_ended_with_its_children(
    number: signal.Signals, port: int, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    with serving("healthy", port, FAKE_TOLD=str(told)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"openai:http://127.0.0.1:{port}#default\n"
        assert httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200
        servers = family(process)
        process.send_signal(number)
        _, said = process.communicate(timeout=GUARD)
        assert process.returncode == 128 + number, said
        assert gone(servers)
    assert "weights in memory" in said
    assert "Traceback" not in said
    words = json.loads(told.read_text())
    assert words["environment"] == {"VLLM_CPU_KVCACHE_SPACE": "3", "VLLM_MLA_DISABLE": "1"} or (
        int(words["environment"]["VLLM_CPU_KVCACHE_SPACE"]) < 3
    )
    assert '{"custom_ops":["all","-rotary_embedding"]}' in words["arguments"]
    assert not list(tmp_path.glob("prover-serve-*")), "the log of a server that did well is removed"


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells a process that its parent is gone")
def test_a_server_goes_when_its_parent_is_killed(port: int) -> None:
    with serving("healthy", port) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        server, child = family(process)
        try:
            process.kill()
            assert gone([server])
        finally:
            for one in (server, child):  # vLLM's server ends its own; the scripted one does not.
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()


def test_a_server_that_never_gets_ready_is_ended_by_ctrl_c(port: int) -> None:
    with serving("never", port) as process:
        servers = family(process)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=GUARD)
        assert (process.returncode, out) == (130, "")
        assert gone(servers)


@contextmanager
def deaf() -> Iterator[tuple[Server, psutil.Process]]:
    """A server that does not listen to Ctrl-C, and its child."""
    python = os.fspath(Path(PROVER).with_name("python"))
    program = (python, str(FAKE / "vllm/entrypoints/openai/api_server.py"))
    server = Server(Command(0, program, (), {"FAKE_VLLM": "deaf"}))
    until = time.monotonic() + GUARD
    while "child" not in server.said() and time.monotonic() < until:
        time.sleep(0.05)
    child = psutil.Process(int(server.said().split()[1]))
    try:
        yield server, child
    finally:
        server.stop(grace_seconds=0)
        server.discard_log()


def test_a_deaf_server_is_killed_after_its_grace() -> None:
    with deaf() as (server, child):
        server.stop(grace_seconds=0.3)
        assert server.poll() == -signal.SIGKILL
        assert gone([child])


def test_a_second_ctrl_c_kills_a_deaf_server_at_once() -> None:
    with deaf() as (server, child):
        impatience = threading.Timer(0.3, signal.raise_signal, (signal.SIGINT,))
        impatience.start()
        with pytest.raises(KeyboardInterrupt):
            server.stop(grace_seconds=GUARD)
        impatience.join()
        assert server.poll() == -signal.SIGKILL
        assert gone([child])


def test_a_death_at_the_start_is_told_with_its_cause(port: int) -> None:
    said = last_line(serve("dies", port))
    assert said.startswith(
        "prover: vLLM ended (exit status 1): ValueError: No available memory for the cache blocks.; "
    )


def test_a_death_later_is_told_too(port: int) -> None:
    result = serve("late", port)
    assert result.returncode == 2
    assert result.stdout == f"openai:http://127.0.0.1:{port}#default\n"
    assert "vLLM ended (exit status 1): torch.OutOfMemoryError: CUDA out of memory.;" in result.stderr


def test_another_model_is_refused(port: int) -> None:
    said = last_line(serve("wrong", port))
    assert said == f"prover: the server at http://127.0.0.1:{port} has another, not default"


def test_something_else_that_answers_is_refused(port: int) -> None:
    assert "is no vLLM server: /v1/models lists no models" in last_line(serve("stranger", port))


def test_a_port_in_use_is_told_before_anything_starts() -> None:
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        number = taken.getsockname()[1]
        assert f"port {number} cannot be used (Address already in use)" in refusal(serve("healthy", number))


def test_without_vllm_it_says_how_to_get_it(port: int) -> None:
    env = environment(PYTHONPATH=str(ROOT))
    code = "import importlib.util as u; raise SystemExit(u.find_spec('vllm') is not None)"
    if subprocess.run([Path(PROVER).with_name("python"), "-c", code], env=env).returncode:
        pytest.skip("vLLM is installed here")
    said = refusal(prover("serve", "default", "--gpus", "0", "--port", str(port), env=env))
    assert "vLLM is not installed: pip install" in said


def test_a_build_for_other_hardware_is_told_before_it_starts(port: int, tmp_path: Path) -> None:
    package = tmp_path / "vllm"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "cumem_allocator.abi3.so").touch()
    env = environment(PYTHONPATH=os.pathsep.join((str(tmp_path), str(ROOT))))
    said = refusal(prover("serve", "default", "--gpus", "0", "--port", str(port), env=env))
    assert "is built for GPUs, and there is none here" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["Goedel-Prover-V2-32B", "--gpus", "8", "--gpu", "h800", "--nodes", "2"],
            "the layout needs 2 nodes",
        ),
        (
            ["Goedel-Prover-V2-32B", "--gpus", "8", "--gpu", "abacus"],
            "no GPU is known as abacus; known are a100",
        ),
        (["Goedel-Prover-V2-32B", "--gpus", "0", "--gpu", "h100"], "--gpus 0 means this machine's CPU"),
        (["default", "--gpu-memory", "inf", "--dry-run"], "less than or equal to 1024"),
        (["Goedel-Prover-V2-8B", "--gpu", "h100", "--gpus", "1000000000", "--dry-run"], "equal to 1024"),
        (["nobody/nothing"], "nobody/nothing is no directory, nor a model known here"),
        (["default", "--gpus", "0", "--context", "4096"], "takes at most 2,048 tokens, not 4,096"),
        (["default", "--gpus", "0", "--context", "4096", "--dry-run"], "takes at most 2,048 tokens"),
        (["DeepSeek-Prover-V2-671B", "--gpus", "8", "--gpu", "a100", "--dry-run"], "does not multiply FP8"),
    ],
)
def test_bad_orders_get_one_line(arguments: list[str], said: str) -> None:
    assert said in refusal(prover("serve", *arguments, env=environment(PYTHONPATH=str(ROOT))))


def test_a_dry_run_prints_a_command_for_each_node() -> None:
    order = ["DeepSeek-Prover-V2-671B", "--gpus", "8", "--gpu", "h800", "--nodes", "4", "--dry-run"]
    result = prover("serve", *order, env=environment(PYTHONPATH=str(ROOT)))
    assert (result.returncode, result.stderr) == (0, "")
    lines = [line for line in result.stdout.splitlines() if line.startswith("vllm serve ")]
    assert len(lines) == 4
    assert lines[0].endswith("--port 8000")
    for rank, line in enumerate(lines[1:], 1):
        assert line.endswith(f"--data-parallel-start-rank {8 * rank} --headless")
    assert "3.10, at most 4" in result.stdout
    assert "NODE0 stands for the first node's address" in result.stdout


def test_json_is_one_object_with_the_same_numbers() -> None:
    order = ["Goedel-Prover-V2-32B", "--gpus", "8", "--gpu", "h800", "--dry-run", "--json"]
    result = prover("serve", *order, env=environment(PYTHONPATH=str(ROOT)))
    found = json.loads(result.stdout)
    assert (found["tensor"], found["data"], found["kv_token"]) == (2, 4, 131_072)
    assert sum(found["weights_a_gpu"].values()) == 32_762_800_128
    assert found["commands"][0]["command"][:3] == ["vllm", "serve", "Goedel-LM/Goedel-Prover-V2-32B"]


def test_the_telling_error_is_found() -> None:
    assert last_error("(W pid=1) torch.AcceleratorError: CUDA error: no image\nINFO bye\n") == (
        "torch.AcceleratorError: CUDA error: no image"
    )
    assert last_error("one\n\ntwo\n") == "two"
    assert last_error("") == "it said nothing"
    assert len(last_error(f"ValueError: {'x' * 5000}")) < 400


def test_a_program_that_is_not_there_is_said() -> None:
    with pytest.raises(ServeError, match="no-such-program cannot be started: there is no such program"):
        Server(Command(0, ("no-such-program",), ()))
