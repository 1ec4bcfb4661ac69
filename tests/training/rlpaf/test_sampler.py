"""The sampler with real models: what it writes, and with which weights."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from data import MODEL
from lean_env.values import Theorem
from prover.formats.hints import Hints
from prover.policies.base import Completion, Finish, PolicyError, Prompt, Sampling
from prover.prompts import make_prompt
from tests.training.model.tiny import tiny_checkpoint
from tests.training.rlpaf import tiny
from tests.training.rlpaf.policy import tokenizer
from training.errors import TrainError
from training.generate import Generator
from training.rlpaf.config import SamplingConfig
from training.rlpaf.sampler import ModelSampler, Written
from training.rlpaf.writers import GeneratorWriter
from training.transfer import TransferError

CONFIG = SamplingConfig(max_tokens=10)
PROMPTS = [make_prompt(theorem) for theorem in tiny.THEOREMS[:3]]
LONG = make_prompt(Theorem("long", f"theorem long : {' + '.join('1' * 500)} = 500 := by"))


@pytest.fixture(name="start", scope="module")
def fixture_start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.checkpoint(tmp_path_factory.mktemp("sampler") / "start")


def write(start: Path, prompts: Sequence[Prompt], n: int = 4, seed: int = 0) -> list[list[Written]]:
    async def work() -> list[list[Written]]:
        async with ModelSampler(start, CONFIG, "cpu") as sampler:
            return await sampler.write(prompts, n, seed)

    return asyncio.run(work())


def test_writes_what_is_told_of_each_token(start: Path) -> None:
    found = write(start, PROMPTS, 8)
    assert [len(answers) for answers in found] == [8, 8, 8]
    for prompt, answers in zip(PROMPTS, found, strict=True):
        for one in answers:
            assert (one.prompt, one.version) == (prompt, 0)
            assert len(one.completion.token_ids) == len(one.completion.logprobs) in range(1, 11)
            assert "```" not in one.completion.text
            assert tokenizer().decode(list(one.completion.token_ids)).startswith(one.completion.text)
    assert len({one.completion.text for answers in found for one in answers}) > 1
    assert write(start, PROMPTS, 8) == found
    assert write(start, PROMPTS, 8, seed=1) != found


def test_a_prompt_without_room_costs_nobody_else_anything(start: Path) -> None:
    found = write(start, [LONG, *PROMPTS, LONG])
    for place in (0, 4):
        assert [one.completion.finish for one in found[place]] == [Finish.ERROR] * 4
        assert all("tokens, and the model reads 512 at most" in one.completion.reason for one in found[place])
        assert {one.completion.token_ids for one in found[place]} == {()}
    assert all(one.completion.token_ids for answers in found[1:4] for one in answers)
    assert write(start, []) == []
    assert {one.completion.finish for one in write(start, [LONG])[0]} == {Finish.ERROR}


def test_a_writer_that_fails_is_no_prompt_without_room(start: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(self: object, prompts: object, n: int, sampling: object) -> list[list[Completion]]:
        raise PolicyError("no power")

    monkeypatch.setattr(GeneratorWriter, "generate", fail)
    with pytest.raises(PolicyError, match="no power"):
        write(start, PROMPTS)


def test_new_weights_are_those_that_write(start: Path) -> None:
    changed = tiny.model()
    with torch.no_grad():
        for parameter in changed.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)) * 0.05)

    async def work() -> tuple[list[list[Written]], list[list[Written]]]:
        async with ModelSampler(start, CONFIG, "cpu") as sampler:
            await sampler.write(PROMPTS, 4, 0)
            assert await sampler.load(changed.state_dict(), 7) < 1e-4
            written = await sampler.write(PROMPTS, 4, 0)
            await sampler.load(tiny.model().state_dict(), 8)
            return written, await sampler.write(PROMPTS, 4, 0)

    written, back = asyncio.run(work())
    assert {one.version for answers in written for one in answers} == {7}
    assert {one.version for answers in back for one in answers} == {8}
    expected = Generator(changed, tokenizer(), "x").generate(
        [prompt.text for prompt in PROMPTS], 4, Sampling(top_p=1.0, max_tokens=10)
    )
    for answers, wanted in zip(written, expected, strict=True):
        assert [one.completion.token_ids for one in answers] == [one.token_ids for one in wanted]
    texts = [[one.completion.text for one in answers] for answers in back]
    assert texts == [[one.completion.text for one in answers] for answers in write(start, PROMPTS)]


def test_weights_that_did_not_arrive_are_noticed(start: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = {name: value * 1.1 for name, value in tiny.model().state_dict().items()}
    monkeypatch.setattr(Generator, "update", lambda self, model, version: None)

    async def work() -> None:
        async with ModelSampler(start, CONFIG, "cpu") as sampler:
            with pytest.raises(TransferError, match="does not hold the weights"):
                await sampler.load(changed, 1)

    asyncio.run(work())


def test_cancelling_ends_what_is_written(start: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or whoever leaves would wait for some hours of writing."""

    async def work() -> None:
        async with (
            asyncio.timeout(60),
            ModelSampler(start, replace(CONFIG, max_tokens=400), "cpu") as sampler,
        ):
            task = asyncio.create_task(sampler.write(PROMPTS, 10_000, 0))
            await asyncio.sleep(0.3)
            assert not task.done()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(work())


@pytest.mark.slow
def test_our_models_are_asked_with_hints() -> None:
    prompt = PROMPTS[0]
    hinted = write(MODEL, [prompt], 1)[0][0]
    assert hinted.prompt.text == Hints().render(prompt).text
    assert hinted.prompt.text != prompt.text


def test_a_checkpoint_that_says_nothing_is_asked_to_go_on(tmp_path: Path) -> None:
    prompt = PROMPTS[0]
    bytes_only = tiny_checkpoint(tmp_path / "bytes")
    assert write(bytes_only, [prompt], 1)[0][0].prompt == prompt


def test_what_cannot_begin_is_one_line(start: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(start, broken)
    (broken / "tokenizer.json").write_text("{}")
    with pytest.raises(TrainError, match=r"the sampler cannot begin: .*tokenizer\.json cannot be read"):
        write(broken, PROMPTS)
    fields = json.loads((start / "config.json").read_text())
    (broken / "config.json").write_text(json.dumps({**fields, "model_type": "llama"}))
    with pytest.raises(TrainError, match="the sampler cannot begin: "):
        write(broken, PROMPTS)


@pytest.mark.parametrize("fixed", [False, True])
def test_scores_are_the_model_s_own(fixed: bool) -> None:
    """Row by row, of different beginnings, and the same one after writing."""
    model = tiny.model()
    rows = torch.randint(
        3, tokenizer().get_vocab_size(), (5, 40), generator=torch.Generator().manual_seed(0)
    ).tolist()
    rows[1][:3] = rows[0][:3]
    with torch.no_grad():
        logits_RLV = model.logits(model(torch.tensor(rows)).hidden_BLD).float()
    expected = logits_RLV.log_softmax(-1)[:, :-1].gather(-1, torch.tensor(rows)[:, 1:, None])[..., 0]
    writes = Generator(tiny.model(), tokenizer(), "x", fixed=fixed)
    for _ in range(2):
        torch.testing.assert_close(torch.tensor(writes.score(rows)), expected, rtol=1e-3, atol=1e-4)
        writes.generate([PROMPTS[0].text], 3, Sampling(max_tokens=10))
    assert writes.score([[5], [6]]) == [[], []]
