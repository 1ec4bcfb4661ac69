"""Rows in which a prompt stands once give what separate rows give."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from training.model import ModelConfig, Transformer
from training.rlpaf.scoring import Scorer
from training.rlpaf.sharing import NO_PARENT, assign, bundles, fill
from training.sft.objective import make_batch
from training.sft.packing import IGNORED, PADDING, TokenExample, pack
from training.sft.presets import PRESETS

CPU = torch.device("cpu")


def some_examples(seed: int, prompts: int, answers: int, vocabulary: int = 50) -> list[TokenExample]:
    rng = random.Random(seed)
    found = []
    for _ in range(prompts):
        prompt = [rng.randrange(vocabulary) for _ in range(rng.randrange(1, 9))]
        for _ in range(rng.randrange(1, answers + 1)):
            answer = [rng.randrange(vocabulary) for _ in range(rng.randrange(1, 6))]
            found.append(TokenExample((*prompt, *answer), len(prompt)))
    return found


def test_a_prompt_stands_once_and_its_last_token_before_each_answer() -> None:
    examples = [TokenExample((1, 2, 3, 7, 8), 3), TokenExample((1, 2, 3, 9), 3)]
    (row,) = assign(examples, 8)
    rows, parents_RL = fill([row], examples, 8)
    assert rows.tokens_RL.tolist() == [[1, 2, 3, 7, 3, 0, 0, 0]]
    assert rows.targets_RL.tolist() == [[IGNORED, IGNORED, 7, 8, 9, IGNORED, IGNORED, IGNORED]]
    assert rows.positions_RL.tolist() == [[0, 1, 2, 3, 2, 0, 0, 0]]
    assert rows.segments_RL.tolist() == [[0, 0, 1, 1, 2, PADDING, PADDING, PADDING]]
    assert parents_RL.tolist() == [[NO_PARENT, NO_PARENT, 0, 0, 0, NO_PARENT, NO_PARENT, NO_PARENT]]


@pytest.mark.parametrize("length", [13, 20, 64])
def test_every_example_is_in_one_bundle_and_none_exceeds_a_row(length: int) -> None:
    examples = some_examples(1, 12, 7)
    found = bundles(examples, length)
    assert sorted(member for bundle in found for member in bundle.members) == list(range(len(examples)))
    assert all(bundle.size <= length for bundle in found)
    for bundle in found:
        assert len({examples[member].tokens[: examples[member].prompt] for member in bundle.members}) == 1
    rows = assign(examples, length)
    assert all(sum(bundle.size for bundle in row) <= length for row in rows)
    assert len(rows) <= len(pack(examples, length)[0])


@pytest.mark.parametrize("seed", [0, 1])
def test_log_probs_and_gradients_are_those_of_separate_rows(seed: int) -> None:
    examples = some_examples(seed, 5, 6)
    model = Transformer.drawn(
        ModelConfig(**PRESETS["tiny"], vocab_size=50, eos_token_id=0, initializer_range=0.2), seed
    )
    scorer = Scorer(model)
    slopes = torch.randn(sum(len(one.tokens) - one.prompt for one in examples))

    def gradients(shared: bool) -> tuple[torch.Tensor, list[torch.Tensor]]:
        if shared:
            assigned = assign(examples, 24)
            order = [number for row in assigned for bundle in row for number in bundle.members]
            rows, parents_RL = fill(assigned, examples, 24)
            batch = make_batch(rows, CPU, second=False, parents_RL=parents_RL)
        else:
            order = list(range(len(examples)))
            parts = [pack([one], 24)[0] for one in examples]
            rows = parts[0].__class__(
                *(
                    np.concatenate([getattr(part, name) for part in parts])
                    for name in ("tokens_RL", "targets_RL", "segments_RL", "positions_RL")
                )
            )
            batch = make_batch(rows, CPU, second=False)
        sizes = [len(one.tokens) - one.prompt for one in examples]
        places = torch.split(torch.arange(len(slopes)), sizes)
        index_N = torch.cat([places[number] for number in order])
        model.zero_grad()
        scores = scorer(batch, lambda logprobs_C, part: slopes[index_N[part]] * logprobs_C)
        scores.loss.backward()
        logprobs_N = torch.empty(len(slopes)).index_copy(0, index_N, scores.logprobs_N)
        return logprobs_N, [value.grad.clone() for value in model.parameters() if value.grad is not None]

    (logprobs_N, grads), (expected_N, expected) = gradients(True), gradients(False)
    assert torch.allclose(logprobs_N, expected_N, atol=1e-5)
    for grad, other in zip(grads, expected, strict=True):
        assert torch.allclose(grad, other, atol=1e-4 * float(other.abs().max().clamp(min=1)))
