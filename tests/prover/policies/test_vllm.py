"""`vllm:` against a real engine on the CPU: `make test-vllm`."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from tokenizers import Tokenizer

from lean_env.values import Theorem
from prover.policies import Finish, PolicyError, Prompt, Sampling, Turn, open_policy
from prover.policies.vllm_engine import VllmPolicy
from prover.prompts import make_prompt
from tests.prover.policies.vllm_models import SHIPPED, largest_difference, prompts, random_checkpoint
from training.generate.text import offsets, token_bytes

pytestmark = pytest.mark.vllm
pytest.importorskip("vllm", reason="vLLM is not installed: `make test-vllm` installs it")

Served = tuple[asyncio.Runner, VllmPolicy]
ENDLESS = Sampling(max_tokens=900, stop=())


@contextmanager
def serving(model: Path, **settings: Any) -> Iterator[Served]:
    """An engine, and the loop that it lives in."""
    with asyncio.Runner() as runner:
        policy = VllmPolicy(str(model), settings=settings)
        runner.run(policy.__aenter__())
        try:
            yield runner, policy
        finally:
            runner.run(policy.__aexit__(None, None, None))


@pytest.fixture(scope="module")
def shipped() -> Iterator[Served]:
    with serving(SHIPPED) as served:
        yield served


@pytest.fixture(scope="module")
def random_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(random_checkpoint(tmp_path_factory.mktemp("vllm") / "random")) as served:
        yield served


def running() -> float:
    """Requests in the engine's batch when it last told."""
    from vllm.v1.metrics.reader import get_metrics_snapshot

    return max(m.value for m in get_metrics_snapshot() if m.name == "vllm:num_requests_running")


def test_log_probs_of_the_shipped_model_are_those_of_our_forward_pass(shipped: Served) -> None:
    runner, policy = shipped
    asked = prompts(8)
    rows = runner.run(policy.generate(asked, 4, Sampling(max_tokens=96, seed=3)))
    difference = largest_difference(SHIPPED, asked, rows)
    print(f"largest difference, shipped model: {difference:.2e}")
    assert difference < 1e-3


def test_log_probs_with_large_weights(random_model: Served) -> None:
    runner, policy = random_model
    asked = prompts(3)
    rows = runner.run(policy.generate(asked, 2, Sampling(max_tokens=64, temperature=0.7, seed=5)))
    difference = largest_difference(policy.path, asked, rows)
    print(f"largest difference, random model: {difference:.2e}")
    assert difference < 1e-3


def test_log_probs_with_latent_attention(tmp_path: Path) -> None:
    """512 + 64: the one size for which vLLM's CPU has kernels of its own."""
    asked = prompts(3)
    with serving(random_checkpoint(tmp_path / "mla", kv_lora_rank=512)) as (runner, policy):
        rows = runner.run(policy.generate(asked, 2, Sampling(max_tokens=64, seed=5)))
        difference = largest_difference(policy.path, asked, rows)
    print(f"largest difference, latent attention 512 + 64: {difference:.2e}")
    assert difference < 1e-3


def test_completions_are_complete(shipped: Served) -> None:
    runner, policy = shipped
    tokenizer = Tokenizer.from_file(str(SHIPPED / "tokenizer.json"))
    (row,) = runner.run(policy.generate(prompts(1), 6, Sampling(max_tokens=40)))
    assert len({completion.text for completion in row}) > 1
    for completion in row:
        assert completion.finish in (Finish.STOP, Finish.LENGTH)
        assert completion.version == policy.version
        assert len(completion.token_ids) == len(completion.logprobs) == len(completion.offsets)
        assert completion.tokens == len(completion.token_ids) <= 40
        assert (completion.finish is Finish.LENGTH) == (completion.tokens == 40)
        assert tokenizer.decode(list(completion.token_ids)).startswith(completion.text)
        assert max(completion.logprobs) <= 0


def test_offsets_of_tokens_that_are_no_whole_characters(random_model: Served) -> None:
    """Most of what this model writes is no text at all, and its tokens are single bytes."""
    runner, policy = random_model
    pieces = token_bytes(Tokenizer.from_file(str(policy.path / "tokenizer.json")), 257)
    (row,) = runner.run(policy.generate(prompts(1), 8, Sampling(max_tokens=80, stop=(), seed=2)))
    for completion in row:
        assert list(completion.offsets) == sorted(completion.offsets)
        assert completion.offsets[-1] <= len(completion.text)
        ours = offsets(pieces[token] for token in completion.token_ids)
        for token, theirs, mine in zip(completion.token_ids, completion.offsets, ours, strict=True):
            # vLLM shows broken bytes when a character follows them, later than we; it never shows more.
            assert theirs <= mine
            letter = pieces[token].decode("ascii", "ignore")
            assert not letter or completion.text[theirs:].lstrip("\ufffd").startswith(letter) or theirs < mine


def test_a_seed_says_what_is_written(shipped: Served) -> None:
    runner, policy = shipped

    def texts(seed: int, count: int = 1) -> list[str]:
        same = [prompts(1)[0]] * count
        rows = runner.run(policy.generate(same, 3, Sampling(max_tokens=60, seed=seed)))
        return [completion.text for row in rows for completion in row]

    assert texts(1) == texts(1)
    assert texts(1) != texts(2)
    assert len(set(texts(1, 4))) > 4


def test_a_stop_string_ends_a_completion_before_it(shipped: Served) -> None:
    runner, policy = shipped
    (row,) = runner.run(policy.generate(prompts(1), 4, Sampling(max_tokens=60, stop=("\n",))))
    for completion in row:
        assert "\n" not in completion.text
        assert completion.finish is Finish.STOP
        assert completion.offsets[-1] <= len(completion.text)


def test_the_beginning_of_a_prompt_is_read_once(shipped: Served) -> None:
    runner, policy = shipped
    statement = " ".join(f"(h{index} : {index} < n)" for index in range(40))
    theorem = Theorem("long", f"theorem long (n : Nat) {statement} : 3 < n := by")
    runner.run(policy.generate([make_prompt(theorem)], 1, Sampling(max_tokens=4)))
    asked, known = policy.prompt_tokens, policy.cached_tokens
    runner.run(policy.generate([make_prompt(theorem, "  skip\n", ["⊢ 3 < n"])], 1, Sampling(max_tokens=4)))
    assert policy.cached_tokens - known > 0.8 * (policy.prompt_tokens - asked)


def test_prompts_that_cannot_be_answered(shipped: Served) -> None:
    runner, policy = shipped
    long = make_prompt(Theorem("t", f"theorem t : {'True ∧ ' * 2100} True := by"))
    with pytest.raises(PolicyError, match=r"a prompt has \d+ tokens, and the model reads 2048 at most"):
        runner.run(policy.generate([long], 1, Sampling()))
    talk = Prompt("", Theorem("t", "theorem t : True := by"), turns=(Turn("user", "Prove it."),))
    with pytest.raises(PolicyError, match="has no chat template: it cannot be asked") as caught:
        runner.run(policy.generate([talk], 1, Sampling()))
    assert "\n" not in str(caught.value)


def test_cancelling_frees_the_slots_and_a_dead_engine_says_so(tmp_path: Path) -> None:
    """With an engine of its own: vLLM's counters are those of the engine that was started last."""

    async def cancel(policy: VllmPolicy) -> None:
        call = asyncio.create_task(policy.generate(prompts(24), 1, ENDLESS))
        deadline = time.monotonic() + 30
        while running() < 20:
            assert time.monotonic() < deadline
            assert not call.done()
            await asyncio.sleep(0.02)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await policy.generate(prompts(1), 1, Sampling(max_tokens=8))
        assert running() <= 1

    async def die(policy: VllmPolicy) -> None:
        call = asyncio.create_task(policy.generate(prompts(8), 1, ENDLESS))
        await asyncio.sleep(0.5)
        cores = [
            child for child in psutil.Process().children(recursive=True) if "EngineCore" in name_of(child)
        ]
        assert cores
        for core in cores:
            core.kill()
        with pytest.raises(PolicyError, match="the engine has died") as caught:
            await call
        assert "\n" not in str(caught.value)
        with pytest.raises(PolicyError, match="the engine has died"):
            await policy.generate(prompts(1), 1, Sampling(max_tokens=4))

    with serving(random_checkpoint(tmp_path / "dies")) as (runner, policy):
        runner.run(cancel(policy))
        runner.run(die(policy))


def name_of(process: psutil.Process) -> str:
    """Of a process that may have gone."""
    try:
        return f"{process.name()} {' '.join(process.cmdline())}"
    except psutil.Error:
        return ""


def start(model: Path, **settings: Any) -> str:
    """What is said about a model that does not start."""

    async def work() -> None:
        async with VllmPolicy(str(model), settings=settings):
            pass

    with pytest.raises(PolicyError) as caught:
        asyncio.run(work())
    said = str(caught.value)
    assert said.startswith(f"vllm:{model}")
    assert "\n" not in said
    return said


def test_models_that_cannot_be_served(tmp_path: Path) -> None:
    assert "has no setting wings" in start(SHIPPED, wings=2)
    encoder = tmp_path / "encoder"
    random_checkpoint(encoder)
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "vocab_size": 257,
        "hidden_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "max_position_embeddings": 64,
    }
    (encoder / "config.json").write_text(json.dumps(config))
    assert "BertModel is no causal language model" in start(encoder)
    (encoder / "config.json").write_text('{"architectures": ["NobodyForCausalLM"], "model_type": "nobody"}')
    assert "nobody" in start(encoder)
    (encoder / "config.json").write_text("{")
    start(encoder)
    huge = random_checkpoint(tmp_path / "huge")
    with (huge / "model.safetensors").open("ab") as file:
        file.truncate(2**43)
    assert "8192.0 GiB of weights" in start(huge)


def test_prover_prove_keeps_its_output_clean() -> None:
    program = "from prover.cli import main; main()"
    command = [sys.executable, "-c", program, "prove", "--json", "--samples", "16"]
    done = subprocess.run(
        [*command, "--policy", f"vllm:{SHIPPED}", "examples/01_first_steps.lean"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(record["verdict"] == "PROVED" for record in records), done.stderr
    assert len(records) == 3
    assert "WARNING" not in done.stderr
    assert "Traceback" not in done.stderr


def test_our_checkpoints_get_the_prompts_that_they_were_trained_on() -> None:
    assert open_policy(f"vllm:{SHIPPED}").version.endswith("+hints-1")
