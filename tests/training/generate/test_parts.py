"""The prefix cache, the drawing of tokens, and tokens as bytes."""

from __future__ import annotations

import pytest
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from training.generate.prefill import _batches, _Waiting
from training.generate.prefix import BLOCK, PrefixCache, block_keys
from training.generate.sampling import draw, uniform
from training.generate.text import offsets, token_bytes


def latents(tokens: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(2, tokens, 3, generator=torch.Generator().manual_seed(seed))


def test_blocks_are_found_by_all_that_precedes_them() -> None:
    first, other = list(range(50)), [99, *range(1, 50)]
    assert len(block_keys(first)) == 3
    assert len(block_keys(first[:48])) == 2, "the last token is always read"
    assert block_keys(first)[:2] == block_keys(first[:40])
    assert not set(block_keys(first)) & set(block_keys(other))
    assert block_keys([]) == []


def test_the_cache_gives_back_what_it_was_given() -> None:
    cache, values = PrefixCache(2**20), latents(50)
    keys = block_keys(range(50))
    cache.add(keys, values)
    longer = block_keys([*range(50), *range(7, 40)])
    torch.testing.assert_close(torch.cat(cache.find(longer), dim=1), values[:, : 3 * BLOCK])
    assert cache.find(block_keys([5] * 40)) == []


def test_the_cache_stays_within_its_bytes_and_forgets_the_oldest() -> None:
    block = 2 * BLOCK * 3 * 4
    cache = PrefixCache(4 * block)
    old, new = list(range(50)), list(range(100, 150))
    cache.add(block_keys(old), latents(50))
    cache.add(block_keys(new), latents(50))
    assert len(cache) == 4
    assert len(cache.find(block_keys(new))) == 3
    assert len(cache.find(block_keys(old))) == 1, "the beginning is the last to go"
    cache.add(block_keys(old), latents(50))
    assert len(cache.find(block_keys(old))) == 3


@pytest.mark.parametrize(("temperature", "top_p"), [(1.0, 1.0), (0.7, 0.9), (1.3, 0.5), (1.0, 0.999)])
@pytest.mark.parametrize("words", [10, 200])
def test_draws_have_the_distribution_that_was_asked_for(temperature: float, top_p: float, words: int) -> None:
    logits = torch.randn(words, generator=torch.Generator().manual_seed(1)) * 2
    count = 20_000
    tokens, logprobs = draw(logits.expand(count, -1), uniform(0, 0, 0, count), temperature, top_p)
    chances = torch.softmax(logits / temperature, -1)
    ordered, order = chances.sort(descending=True)
    size = int((ordered.cumsum(-1) - ordered < top_p).sum())
    wanted = torch.zeros(words).scatter(0, order[:size], ordered[:size] / ordered[:size].sum())
    found = torch.bincount(tokens, minlength=words) / count
    assert not (found[wanted == 0]).any()
    assert (found - wanted).abs().sum() < 0.1
    torch.testing.assert_close(logprobs, torch.log_softmax(logits, -1)[tokens])


def test_the_ends_of_the_unit_interval_give_tokens() -> None:
    logits = torch.tensor([[-torch.inf, 0.0, 1.0, 2.0, -torch.inf]]).expand(2, -1)
    edges = torch.tensor([0.0, 1.0 - 2**-24])[:, None].expand(-1, 2)
    for top_p in (1.0, 0.6):
        tokens, _ = draw(logits, edges, 1.0, top_p)
        assert set(tokens.tolist()) <= {1, 2, 3}
    assert draw(logits, edges, 0.0, 0.9)[0].tolist() == [3, 3]


def test_numbers_depend_on_seed_prompt_and_sample() -> None:
    rows = [uniform(*which, 5) for which in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))]
    assert len({tuple(row.flatten().tolist()) for row in rows}) == 4
    torch.testing.assert_close(uniform(3, 1, 2, 9)[:5], uniform(3, 1, 2, 5))


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False)
    made.train_from_iterator(["∀ x, x ∈ s → intro h"] * 9, trainer)
    made.add_special_tokens(["<|end|>"])
    made.add_tokens([AddedToken("```lean4\n", normalized=False)])
    return made


def test_bytes_and_offsets_are_the_decoders(tokenizer: Tokenizer) -> None:
    size = tokenizer.get_vocab_size() + 5
    spelled = token_bytes(tokenizer, size)
    text = "∀ é🙂 ∈ s → 𝔸\n```lean4\n  intro"
    ids = tokenizer.encode(text).ids
    assert b"".join(spelled[number] for number in ids).decode() == text
    starts = offsets(spelled[number] for number in ids)
    assert starts == [len(tokenizer.decode(ids[:end]).rstrip("\ufffd")) for end in range(len(ids))]
    assert spelled[tokenizer.token_to_id("<|end|>")] == b""
    assert spelled[-1] == b""
    assert offsets([b"ab", b"", b"c"]) == [0, 2, 2]
    assert offsets([]) == []


def test_other_tokenizers_are_refused(tokenizer: Tokenizer) -> None:
    with pytest.raises(ValueError, match="but the model knows 100"):
        token_bytes(tokenizer, 100)
    with pytest.raises(ValueError, match="not byte-level"):
        token_bytes(Tokenizer(models.WordLevel({"a": 0}, unk_token="a")), 10)


def test_a_batch_of_prompts_is_bounded_by_all_its_tokens() -> None:
    def waiting(place: int, known: int) -> _Waiting:
        return _Waiting(place, range(400), [], [torch.empty(0)] * known)

    assert [len(batch) for batch in _batches([waiting(n, 24) for n in range(9)], 400, BLOCK)] == [4, 4, 1]
    assert [len(batch) for batch in _batches([waiting(n, 0) for n in range(9)], 1200, BLOCK)] == [3, 3, 3]
    assert [len(batch) for batch in _batches([waiting(0, 24), waiting(1, 20)], 4000, BLOCK)] == [1, 1]
    assert [len(batch) for batch in _batches([waiting(0, 24), waiting(1, 20)], 4000, 8 * BLOCK)] == [2]
