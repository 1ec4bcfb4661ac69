"""`moe:` and `default`: what a user meets."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from lean_env.values import Theorem
from prover.policies import Completion, PolicyError, Sampling, open_policy, shipped, usual_policy
from prover.policies.moe import MoePolicy
from prover.prompts import make_prompt
from tests.training.model.tiny import tiny_checkpoint

PROMPT = make_prompt(Theorem("t", "theorem t : True := by"))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("moe") / "tiny", max_position_embeddings=20_000)


def ask(spec: str, n: int, sampling: Sampling) -> list[Completion]:
    async def work() -> list[Completion]:
        async with open_policy(spec) as policy:
            (row,) = await policy.generate([PROMPT], n, sampling)
            return row

    return asyncio.run(work())


def test_it_writes(checkpoint: Path) -> None:
    row = ask(f"moe:{checkpoint}", 3, Sampling(max_tokens=12))
    assert len(row) == 3
    assert all(completion.version.startswith("tiny@") for completion in row)
    assert all(len(c.logprobs) == len(c.offsets) == c.tokens for c in row)


def test_cancelling_ends_it_at_the_next_token(checkpoint: Path) -> None:
    async def work() -> float:
        async with MoePolicy(str(checkpoint)) as policy:
            endless = Sampling(max_tokens=10_000, stop=(), temperature=0.1)
            call = asyncio.create_task(policy.generate([PROMPT], 8, endless))
            await asyncio.sleep(0.3)
            started = time.monotonic()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await policy.generate([PROMPT], 1, Sampling(max_tokens=2))
            return time.monotonic() - started

    assert asyncio.run(work()) < 10


def test_a_prompt_too_long_is_a_policy_error(tmp_path: Path) -> None:
    path = tiny_checkpoint(tmp_path, max_position_embeddings=16)
    with pytest.raises(PolicyError, match="the model reads 16 at most"):
        ask(f"moe:{path}", 1, Sampling(max_tokens=5))


def damage_weights(path: Path) -> None:
    (path / "model.safetensors").write_bytes(b"not weights at all")


def remove_tokenizer(path: Path) -> None:
    (path / "tokenizer.json").unlink()


def remove_weights(path: Path) -> None:
    (path / "model.safetensors").unlink()


def another_architecture(path: Path) -> None:
    config = (path / "config.json").read_text().replace("deepseek_v3", "llama")
    (path / "config.json").write_text(config)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (damage_weights, "damaged or cut off"),
        (remove_tokenizer, "no tokenizer.json"),
        (remove_weights, "no weights"),
        (another_architecture, "needs 'deepseek_v3'"),
    ],
)
def test_what_cannot_be_loaded_is_one_line(damage: object, said: str, tmp_path: Path) -> None:
    path = tiny_checkpoint(tmp_path)
    assert callable(damage)
    damage(path)
    with pytest.raises(PolicyError, match=said) as caught:
        ask(f"moe:{path}", 1, Sampling(max_tokens=5))
    assert "\n" not in str(caught.value)


def test_the_usual_policy_is_tactics_where_the_model_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipped, "MODEL", tmp_path / "nothing")
    with pytest.raises(PolicyError, match="files are missing"):
        open_policy("default")
    name, remark = usual_policy()
    assert name == "tactics"
    assert remark.endswith("going on with `tactics`")
    assert "\n" not in remark


def test_the_shipped_model_says_what_to_do_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "find_spec", lambda name: None)
    with pytest.raises(PolicyError, match=r"pip install 'rmax-prover\[model\]'"):
        open_policy("default")


def test_the_default_is_the_model_in_the_package(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "MODEL", checkpoint)
    model = open_policy("default")
    assert model.name == "default"
    assert model.version.startswith("tiny@")
    assert usual_policy() == ("default", "")
