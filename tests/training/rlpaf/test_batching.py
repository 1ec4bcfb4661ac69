"""Which rollouts are learnt from, with which advantages, and where their tokens lie."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import torch

from lean_env.values import Verdict
from tests.training.rlpaf.policy import ALONE, config, group, groups, tokenizer
from training.rlpaf.batching import harvest, micro_batches, shuffled_parts
from training.rlpaf.values import Group
from training.sft.packing import TokenExample
from training.sft.world import World


def test_faults_take_no_part_and_advantages_are_of_the_rest() -> None:
    found = harvest([group(1, "+-?-")], tokenizer(), config().algorithm, 40)
    assert [round(experience.advantage, 5) for experience in found.experiences] == [
        0.66667,
        -0.33333,
        -0.33333,
    ]
    assert (found.reward, found.zero_variance, found.too_long) == (pytest.approx(1 / 3), 0.0, 0)
    first = group(1, "+-?-").rollouts[0]
    example = found.experiences[0].example
    assert tuple(example.tokens[example.prompt :]) == first.ids
    assert tokenizer().decode(list(example.tokens[: example.prompt])) == first.prompt
    assert example.tokens[0] == tokenizer().token_to_id("<|begin|>")


def test_groups_without_variance_are_dropped_if_told_so() -> None:
    kept = harvest(groups(), tokenizer(), config("paper").algorithm, 40)
    dropped = harvest(groups(), tokenizer(), config("modern").algorithm, 40)
    assert (len(kept.experiences), len(dropped.experiences)) == (14, 10)
    assert {experience.advantage for experience in kept.experiences} > {0.0}
    # One of four judged groups; the reward is of all of them either way.
    assert kept.zero_variance == dropped.zero_variance == 0.25
    assert kept.reward == dropped.reward == pytest.approx(5 / 14)


def test_what_is_too_long_counts_in_its_group_only() -> None:
    whole = harvest([group(2, "++-+-")], tokenizer(), config().algorithm, 40)
    sizes = [len(experience.example.tokens) - 1 for experience in whole.experiences]
    cut = harvest([group(2, "++-+-")], tokenizer(), config().algorithm, max(sizes) - 1)
    assert cut.too_long == sizes.count(max(sizes)) > 0
    assert cut.experiences == tuple(
        experience for experience, size in zip(whole.experiences, sizes, strict=True) if size < max(sizes)
    )


def test_the_bonus_prefers_the_proof_that_was_unlikely() -> None:
    likely, unlikely = group(1, "++").rollouts
    likely = replace(likely, logprobs=tuple(-0.1 for _ in likely.ids))
    wrong = replace(likely, verdict=Verdict.FAILED)
    given = [Group(group(1, "+").theorem, (likely, unlikely, wrong))]
    plain = harvest(given, tokenizer(), config().algorithm, 40).experiences
    told = harvest(given, tokenizer(), config(unlikeliness=0.25).algorithm, 40).experiences
    assert plain[0].advantage == plain[1].advantage
    # Ranks 0, 2 and 0 of three: rewards 0.75, 11 / 12 and 0.
    assert [each.advantage for each in told] == pytest.approx([7 / 36, 13 / 36, -20 / 36], abs=1e-6)


def test_for_pass_at_k_the_hard_theorem_weighs_more() -> None:
    given = [group(1, "+---"), group(2, "+++-")]
    plain = harvest(given, tokenizer(), config().algorithm, 60).experiences
    told = harvest(given, tokenizer(), config(pass_at=2).algorithm, 60).experiences
    assert [each.advantage for each in plain] == [0.75, -0.25, -0.25, -0.25, 0.25, 0.25, 0.25, -0.75]
    # Two of two, and one of three, others are wrong: rewards 2 and 2 / 3.
    assert [each.advantage for each in told[:4]] == [1.5, -0.5, -0.5, -0.5]
    assert [each.advantage for each in told[4:]] == pytest.approx([1 / 6] * 3 + [-0.5])


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_a_group_is_kept_if_some_advantage_is_not_zero(k: int) -> None:
    for proved in range(6):
        one = group(1, "+" * proved + "-" * (5 - proved))
        every = harvest([one], tokenizer(), config(pass_at=k, drop_uninformative=False).algorithm, 60)
        assert one.teaches(k) == any(each.advantage for each in every.experiences)
        kept = harvest([one], tokenizer(), config(pass_at=k).algorithm, 60)
        assert bool(kept.experiences) == one.teaches(k)


def test_nothing_judged_is_nothing_to_learn() -> None:
    found = harvest([group(1, "??")], tokenizer(), config().algorithm, 40)
    assert (found.experiences, found.reward, found.zero_variance) == ((), 0.0, 0.0)


def test_shuffled_parts_hold_everything_once() -> None:
    parts = shuffled_parts(range(10), 3, random.Random(1))
    assert sorted(item for part in parts for item in part) == list(range(10))
    assert sorted(map(len, parts)) == [3, 3, 4]
    assert (
        parts
        == shuffled_parts(range(10), 3, random.Random(1))
        != shuffled_parts(range(10), 3, random.Random(2))
    )
    assert [len(part) for part in shuffled_parts("ab", 3, random.Random(1))] == [1, 1]
    assert shuffled_parts([], 3, random.Random(1)) == []


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("full", [False, True])
def test_values_stay_beside_their_tokens(size: int, full: bool) -> None:
    rng = random.Random(0)
    examples = [
        TokenExample([rng.randrange(3, 99) for _ in range(rng.randint(5, 16))], rng.randint(1, 4))
        for _ in range(23)
    ]
    targets = [token for example in examples for token in example.tokens[example.prompt :]]
    values = np.array([[token, place] for place, token in enumerate(targets)], np.float32)
    seen, shapes = [], set()
    for rank in range(size):
        world = World(rank, size, torch.device("cpu"))
        found = list(micro_batches(examples, values, length=16, rows=3, full=full, world=world))
        for batch, own in found:
            assert own[:, 0].tolist() == batch.next.tokens_N.tolist()
            seen += own[:, 1].tolist()
            shapes.add((len(found), *batch.tokens_BL.shape))
    assert sorted(seen) == list(range(len(targets)))
    assert len(shapes) == 1  # All ranks meet in every pass.
    assert not full or shapes.pop()[1:] == (3, 16)


def test_a_small_step_needs_no_full_micro_batch() -> None:
    values = np.zeros((2, 0), np.float32)
    (batch, own) = next(
        micro_batches([TokenExample([3, 4, 5], 1)], values, length=16, rows=64, full=False, world=ALONE)
    )
    assert (batch.tokens_BL.shape, own.shape) == ((1, 16), (2, 0))
