"""`hf:`: a tiny random model, made here, against slow direct evaluation."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from lean_env.values import Theorem
from prover.policies import Completion, Finish, PolicyError, Sampling, Turn, open_policy
from prover.policies.hf import HuggingFacePolicy
from prover.policies.hf_model import nucleus
from prover.prompts import make_prompt

PROMPTS = [
    make_prompt(Theorem("t", "theorem t : True := by")),
    make_prompt(Theorem("u", "theorem u (p q : Prop) (hp : p) : p ∨ q := by"), "skip", ["⊢ p ∨ q"]),
]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of some thousand parameters that reads and writes bytes."""
    path = tmp_path_factory.mktemp("checkpoint") / "tiny"
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {character: index for index, character in enumerate(alphabet)}
    vocabulary["</s>"] = len(vocabulary)
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast: Any = PreTrainedTokenizerFast
    fast(tokenizer_object=tokenizer, eos_token="</s>").save_pretrained(path)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        initializer_range=0.3,
        eos_token_id=vocabulary["</s>"],
    )
    LlamaForCausalLM(config).save_pretrained(path)
    return path


def ask(checkpoint: Path, n: int, sampling: Sampling, prompts: Any = PROMPTS, **options: Any) -> Any:
    async def work() -> list[list[Completion]]:
        async with HuggingFacePolicy(str(checkpoint), **options) as policy:
            return await policy.generate(prompts, n, sampling)

    return asyncio.run(work())


def test_log_probs_are_the_models_own(checkpoint: Path) -> None:
    found = ask(checkpoint, 3, Sampling(max_tokens=12, temperature=0.7, top_p=0.9))
    model = AutoModelForCausalLM.from_pretrained(checkpoint)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(checkpoint)
    for prompt, row in zip(PROMPTS, found, strict=True):
        assert len(row) == 3
        for completion in row:
            ids = tokenizer(prompt.text)["input_ids"]
            with torch.inference_mode():
                logits = model(torch.tensor([ids + list(completion.token_ids)])).logits[0]
            direct = torch.log_softmax(logits.float(), -1)[len(ids) - 1 : -1]
            wanted = [float(direct[at, token]) for at, token in enumerate(completion.token_ids)]
            assert completion.logprobs == pytest.approx(wanted, abs=1e-4)


def test_the_most_likely_tokens_are_those_of_transformers(checkpoint: Path) -> None:
    found = ask(checkpoint, 1, Sampling(max_tokens=16, temperature=0, stop=()))
    model: Any = AutoModelForCausalLM.from_pretrained(checkpoint)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(checkpoint)
    for prompt, (completion,) in zip(PROMPTS, found, strict=True):
        ids = torch.tensor([tokenizer(prompt.text)["input_ids"]])
        wanted = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=16, do_sample=False)
        assert completion.token_ids == tuple(wanted[0, ids.shape[1] :].tolist())


def test_a_sample_does_not_depend_on_its_batch(checkpoint: Path) -> None:
    sampling = Sampling(max_tokens=20, seed=3)
    together = ask(checkpoint, 4, sampling)
    alone = ask(checkpoint, 4, sampling, batch_tokens=1)
    assert [[c.text for c in row] for row in together] == [[c.text for c in row] for row in alone]
    assert together == ask(checkpoint, 4, sampling)


def test_seeds_and_samples_differ(checkpoint: Path) -> None:
    rows = [ask(checkpoint, 3, Sampling(max_tokens=20, seed=seed))[0] for seed in (0, 1)]
    assert len({completion.text for row in rows for completion in row}) == 6


def test_stop_strings_and_limits(checkpoint: Path) -> None:
    (free,) = ask(checkpoint, 1, Sampling(max_tokens=30, stop=(), seed=5), PROMPTS[:1])[0]
    assert (free.finish, free.tokens) == (Finish.LENGTH, 30)
    stop = free.text[8:10]
    (stopped,) = ask(checkpoint, 1, Sampling(max_tokens=30, stop=(stop,), seed=5), PROMPTS[:1])[0]
    assert stopped.finish is Finish.STOP
    assert stopped.text == free.text[: free.text.index(stop)]
    assert stopped.token_ids == free.token_ids[: stopped.tokens]
    assert len(stopped.logprobs) == len(stopped.offsets) == stopped.tokens
    assert max(stopped.offsets) <= len(stopped.text)
    assert list(free.offsets) == sorted(free.offsets)


def test_the_end_token_ends_a_sample(checkpoint: Path) -> None:
    rows = ask(checkpoint, 40, Sampling(max_tokens=60, top_p=1.0), PROMPTS[:1])[0]
    ended = [completion for completion in rows if completion.finish is Finish.STOP]
    assert ended
    assert all("</s>" not in completion.text for completion in rows)
    assert all(completion.offsets[-1] == len(completion.text.rstrip("\ufffd")) for completion in ended)


def test_nucleus() -> None:
    chances = torch.tensor([0.5, 0.1, 0.3, 0.1])
    assert nucleus(chances, 0.8).tolist() == pytest.approx([0.625, 0.0, 0.375, 0.0])
    assert nucleus(chances, 0.81).count_nonzero() == 3
    assert nucleus(chances, 0.01).tolist() == [1.0, 0.0, 0.0, 0.0]
    assert nucleus(chances, 1.0) is chances


def test_cancelling_stops_the_loop(checkpoint: Path) -> None:
    async def work() -> None:
        async with HuggingFacePolicy(str(checkpoint)) as policy:
            task = asyncio.create_task(policy.generate(PROMPTS, 64, Sampling(max_tokens=400, stop=("\0",))))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            again = await policy.generate(PROMPTS, 1, Sampling(max_tokens=4))
            assert again[0][0].tokens <= 4

    asyncio.run(work())


def test_a_prompt_that_fills_the_context(checkpoint: Path) -> None:
    long = make_prompt(Theorem("t", "theorem t : " + "True ∧ " * 100 + "True := by"))
    with pytest.raises(PolicyError, match="reads 512 at most"):
        ask(checkpoint, 1, Sampling(), [long])


def test_paths_without_weights(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "config.json").write_text("{}")
    (tmp_path / "file").write_text("")
    for name, said in (
        ("missing", "no such directory"),
        ("empty", "is no checkpoint"),
        ("file", "is no checkpoint"),
        ("bare", "no weights"),
    ):
        with pytest.raises(PolicyError, match=said) as caught:
            open_policy(f"hf:{tmp_path / name}")
        assert "\n" not in str(caught.value)
    with pytest.raises(PolicyError, match="no such directory"):
        open_policy("hf:")


def test_damaged_weights_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(PolicyError, match="cannot be loaded") as caught:
        ask(tmp_path, 1, Sampling())
    assert "\n" not in str(caught.value)


def test_a_conversation_is_laid_out_by_the_models_own_template(checkpoint: Path, tmp_path: Path) -> None:
    talk = replace(PROMPTS[0], turns=(Turn("system", "S"), Turn("user", "U")))
    with pytest.raises(PolicyError, match="the model holds no such conversation") as caught:
        ask(checkpoint, 1, Sampling(max_tokens=4), [talk])
    assert "\n" not in str(caught.value)
    path = tmp_path / "chat"
    shutil.copytree(checkpoint, path)
    template = "{% for turn in messages %}[{{ turn.role }}]{{ turn.content }}{% endfor %}"
    (path / "chat_template.jinja").write_text(f"{template}{{% if add_generation_prompt %}}[A]{{% endif %}}")
    sampling = Sampling(max_tokens=12, temperature=0, stop=())
    laid_out = replace(PROMPTS[0], text="[system]S[user]U[A]")
    ((spoken,),) = ask(path, 1, sampling, [talk])
    ((written,),) = ask(path, 1, sampling, [laid_out])
    assert spoken.token_ids == written.token_ids
    assert spoken.logprobs == pytest.approx(written.logprobs)
