"""Sampling against the plain forward pass, transformers and itself in other batches."""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

from prover.policies.base import Completion, Finish, PromptError, Sampling
from tests.training.model.tiny import tiny_checkpoint
from training.generate import Generator, load_generator
from training.model import CheckpointError, Transformer, load_checkpoint

THEOREM = "theorem u (p q : Prop) (hp : p) : p ∨ q := by\n"
PROMPTS = [
    THEOREM,
    "theorem t : True := by\n",
    THEOREM + "  skip\n",
    THEOREM,
    THEOREM + "  skip\n  apply Or.inl\n",
]
SHAPES: dict[str, dict[str, Any]] = {
    "plain": {},
    "latent queries": {"q_lora_rank": 12},
    "many experts": {"n_routed_experts": 32},
    "tied, wide groups": {"tie_word_embeddings": True, "n_group": 2, "topk_group": 1, "n_shared_experts": 2},
}


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("generate") / "tiny")


@pytest.fixture
def generator(checkpoint: Path) -> Generator:
    """With nothing read yet."""
    return load_generator(checkpoint, "v1")


@cache
def loaded(path: Path) -> Transformer:
    return load_checkpoint(path)


def direct_logprobs(path: Path, prompt: str, completion: Completion) -> list[float]:
    """By the whole forward pass."""
    model = loaded(path)
    ids = Tokenizer.from_file(str(path / "tokenizer.json")).encode(prompt).ids
    with torch.inference_mode():
        hidden = model(torch.tensor([ids + list(completion.token_ids)])).hidden_BLD
        logprobs = torch.log_softmax(model.logits(hidden)[0], -1)[len(ids) - 1 : -1]
    return [float(logprobs[place, token]) for place, token in enumerate(completion.token_ids)]


@pytest.mark.parametrize("shape", SHAPES)
def test_log_probs_are_those_of_the_full_pass(shape: str, tmp_path: Path) -> None:
    path = tiny_checkpoint(tmp_path, **SHAPES[shape])
    generator = load_generator(path, "v1")
    for _ in range(2):  # The second time, beginnings are known.
        found = generator.generate(PROMPTS, 2, Sampling(max_tokens=12, temperature=0.7, top_p=0.9))
        assert len({completion.text for row in found for completion in row}) == 10
        for prompt, row in zip(PROMPTS, found, strict=True):
            for completion in row:
                wanted = direct_logprobs(path, prompt, completion)
                assert completion.logprobs == pytest.approx(wanted, abs=1e-4)


def test_the_most_likely_tokens_are_those_of_transformers(checkpoint: Path, generator: Generator) -> None:
    found = generator.generate(PROMPTS, 1, Sampling(max_tokens=12, temperature=0, stop=()))
    model: Any = AutoModelForCausalLM.from_pretrained(checkpoint)
    tokenizer = Tokenizer.from_file(str(checkpoint / "tokenizer.json"))
    for prompt, (completion,) in zip(PROMPTS, found, strict=True):
        ids = torch.tensor([tokenizer.encode(prompt).ids])
        wanted = model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=12, do_sample=False, pad_token_id=0
        )
        assert completion.token_ids == tuple(wanted[0, ids.shape[1] :].tolist())


def test_a_sample_does_not_depend_on_its_batch(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.generate.state.ROOM", 4)
    sampling = Sampling(max_tokens=25, seed=3, top_p=0.99, stop=tuple("abcdefghi"))
    together = load_generator(checkpoint, "v").generate(PROMPTS, 3, sampling)
    alone = load_generator(checkpoint, "v", batch_tokens=1).generate(PROMPTS, 3, sampling)
    assert [[c.token_ids for c in row] for row in together] == [[c.token_ids for c in row] for row in alone]
    lengths = {completion.tokens for row in together for completion in row}
    assert len(lengths) > 3, "rows are to leave the batch at different steps"


def test_what_is_known_changes_nothing(generator: Generator) -> None:
    sampling = Sampling(max_tokens=20)
    first = generator.generate(PROMPTS, 1, sampling)
    again = generator.generate(PROMPTS, 1, sampling)
    assert [row[0].token_ids for row in first] == [row[0].token_ids for row in again]


def test_seeds_and_samples_differ(generator: Generator) -> None:
    rows = [generator.generate(PROMPTS[:1], 3, Sampling(max_tokens=20, seed=seed))[0] for seed in (0, 1)]
    assert len({completion.text for row in rows for completion in row}) == 6


def test_stop_strings_and_limits(generator: Generator) -> None:
    (free,) = generator.generate(PROMPTS[:1], 1, Sampling(max_tokens=60, stop=(), seed=5))[0]
    assert (free.finish, free.tokens, free.version) == (Finish.LENGTH, 60, "v1")
    pairs = [free.text[start : start + 2] for start in range(5, len(free.text) - 5)]
    stop = next(pair for pair in pairs if pair.isascii())
    (stopped,) = generator.generate(PROMPTS[:1], 1, Sampling(max_tokens=60, stop=("~~~~", stop), seed=5))[0]
    assert stopped.finish is Finish.STOP
    assert stopped.text == free.text[: free.text.index(stop)]
    assert stopped.token_ids == free.token_ids[: stopped.tokens]
    assert stopped.tokens < 60
    assert len(stopped.logprobs) == len(stopped.offsets) == stopped.tokens
    assert max(stopped.offsets) <= len(stopped.text)


def test_the_end_token_ends_a_sample(generator: Generator) -> None:
    rows = generator.generate(PROMPTS[:1], 40, Sampling(max_tokens=40, top_p=1.0, stop=()))[0]
    ended = [completion for completion in rows if completion.finish is Finish.STOP]
    assert ended
    for completion in ended:
        assert completion.token_ids[-1] == 256
        assert len(completion.text.rstrip("\ufffd")) <= completion.offsets[-1] <= len(completion.text)
        assert "</s>" not in completion.text


def test_the_context_bounds_prompt_and_answer(generator: Generator) -> None:
    prompt = "x" * 500
    (row,) = generator.generate([prompt], 2, Sampling(max_tokens=100, top_p=0.5, stop=()))
    assert max(completion.tokens for completion in row) <= 12
    with pytest.raises(PromptError, match="has 512 tokens, and the model reads 512 at most"):
        generator.generate(["x" * 512], 1, Sampling(max_tokens=5))


def test_long_prompts_are_read_in_parts(checkpoint: Path, generator: Generator) -> None:
    prompts = ["theorem long : " + "a ∧ " * 60 + "b := by\n", "short\n"]
    for prompt, (completion,) in zip(
        prompts, generator.generate(prompts, 1, Sampling(max_tokens=8, stop=())), strict=True
    ):
        wanted = direct_logprobs(checkpoint, prompt, completion)
        assert completion.logprobs == pytest.approx(wanted, abs=1e-4)


def test_a_set_event_ends_it(generator: Generator) -> None:
    stop = threading.Event()
    stop.set()
    (row,) = generator.generate(PROMPTS[:1], 1, Sampling(max_tokens=400), stop)
    assert row[0].tokens == 0


def test_nothing_asked_nothing_answered(generator: Generator) -> None:
    assert generator.generate([], 3, Sampling()) == []


def test_bf16_runs(checkpoint: Path) -> None:
    generator = load_generator(checkpoint, "v", dtype=torch.bfloat16)
    (row,) = generator.generate(PROMPTS[:1], 3, Sampling(max_tokens=20))
    assert all(completion.tokens for completion in row)


def test_a_tokenizer_larger_than_the_model_is_refused(tmp_path: Path) -> None:
    path = tiny_checkpoint(tmp_path, vocab_size=200, eos_token_id=None)
    with pytest.raises(CheckpointError, match="tokens up to number 256, but the model knows 200"):
        load_generator(path, "v")


@pytest.mark.parametrize(("text", "said"), [("{", "cannot be read"), (None, "cannot be read")])
def test_a_broken_tokenizer_is_one_line(text: str | None, said: str, tmp_path: Path) -> None:
    path = tiny_checkpoint(tmp_path)
    if text is None:
        (path / "tokenizer.json").unlink()
    else:
        (path / "tokenizer.json").write_text(text)
    with pytest.raises(CheckpointError, match=said) as caught:
        load_generator(path, "v")
    assert "\n" not in str(caught.value)
