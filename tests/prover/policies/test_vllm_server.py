"""`openai:` against a real vLLM server on the CPU: `make test-vllm`."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from lean_env.values import Theorem
from prover.policies import Finish, PolicyError, Sampling
from prover.policies.openai import OpenAIPolicy
from prover.prompts import make_prompt
from tests.prover.policies.test_openai import closed_port
from tests.prover.policies.vllm_models import SHIPPED, largest_difference, prompts

pytestmark = pytest.mark.vllm
pytest.importorskip("vllm", reason="vLLM is not installed: `make test-vllm` installs it")

ENVIRONMENT = {
    "VLLM_MLA_DISABLE": "1",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "OMP_NUM_THREADS": "1",
    "VLLM_NO_USAGE_STATS": "1",
}
START_SECONDS = 240


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with the shipped model."""
    with serving(SHIPPED, "core-7m", tmp_path_factory.mktemp("vllm") / "server.log") as base:
        yield base


@contextmanager
def serving(model: Path, name: str, log: Path) -> Iterator[str]:
    """A server with a model, as README.md says to start one on a CPU."""
    port = closed_port()
    arguments = f"--model {model} --served-model-name {name} --port {port} --dtype float32 --enforce-eager"
    custom = '{"custom_ops":["all","-rotary_embedding"]}'
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", *arguments.split(), "-cc", custom]
    with log.open("w") as file:
        server = subprocess.Popen(
            command, env={**os.environ, **ENVIRONMENT}, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        base = f"http://127.0.0.1:{port}"
        wait_for(base, server, log)
        yield base
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_for(base: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the server answers."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert server.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        try:
            if httpx.get(f"{base}/health").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)


def running(base: str) -> float:
    """Requests in the server's batch and before it."""
    text = httpx.get(f"{base}/metrics").text
    found = re.findall(r"^vllm:num_requests_(?:running|waiting)\{.*\} (\S+)", text, re.MULTILINE)
    assert found
    return sum(map(float, found))


def test_log_probs_and_token_ids_come_back(url: str) -> None:
    asked = prompts(6)

    async def work() -> None:
        async with OpenAIPolicy(f"{url}#core-7m") as policy:
            rows = await policy.generate(asked, 4, Sampling(max_tokens=96, seed=3))
            again = await policy.generate(asked, 4, Sampling(max_tokens=96, seed=3))
        assert [[c.text for c in row] for row in rows] == [[c.text for c in row] for row in again]
        for row in rows:
            assert len({completion.text for completion in row}) > 1
            for completion in row:
                assert completion.finish in (Finish.STOP, Finish.LENGTH)
                assert len(completion.token_ids) == len(completion.logprobs) == completion.tokens
                assert list(completion.offsets) == sorted(completion.offsets)
                assert completion.offsets[-1] <= len(completion.text)
        difference = largest_difference(SHIPPED, asked, rows)
        print(f"largest difference through the server: {difference:.2e}")
        assert difference < 1e-3

    asyncio.run(work())


def test_the_usual_limit_fits_into_the_context(url: str) -> None:
    async def work() -> None:
        async with OpenAIPolicy(url) as policy:
            assert policy.version == "core-7m"
            ((completion,),) = await policy.generate(prompts(1), 1, Sampling())
            assert completion.finish is Finish.STOP

    asyncio.run(work())


def test_cancelling_frees_the_slots(url: str) -> None:
    theorem = Theorem("t", "theorem t (p q : Prop) : p ∧ q → q ∧ p := by")
    endless = Sampling(max_tokens=1900, stop=(), temperature=2.0, top_p=1.0)

    async def work() -> None:
        async with OpenAIPolicy(f"{url}#core-7m") as policy:
            call = asyncio.create_task(policy.generate([make_prompt(theorem)] * 24, 1, endless))
            deadline = time.monotonic() + 60
            while running(url) < 20:
                assert time.monotonic() < deadline
                assert not call.done()
                await asyncio.sleep(0.1)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            while running(url):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.1)

    asyncio.run(work())


def test_what_the_server_refuses_is_one_line(url: str) -> None:
    async def work() -> None:
        async with OpenAIPolicy(f"{url}#core-7m") as policy:
            long = make_prompt(Theorem("t", f"theorem t : {'True ∧ ' * 2100} True := by"))
            with pytest.raises(PolicyError, match="maximum context length is 2048 tokens") as caught:
                await policy.generate([long], 1, Sampling())
            assert "\n" not in str(caught.value)
        with pytest.raises(PolicyError, match="has no model 'other'; it has core-7m"):
            async with OpenAIPolicy(f"{url}#other"):
                pass

    asyncio.run(work())
