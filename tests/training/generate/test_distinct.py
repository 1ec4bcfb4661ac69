"""Sampling without replacement: no answer twice, and each drawn from what the others left."""

from __future__ import annotations

from collections import Counter
from math import log, sqrt
from pathlib import Path

import pytest
import torch

from prover.policies.base import Finish, Sampling
from tests.training.model.tiny import tiny_checkpoint
from training.generate import Generator, load_generator
from training.generate.distinct import PROMPTS, Answers, Walk, draw_distinct

FIRST = (0.5, 0.3, 0.2)
SECOND = ((0.9, 0.1, 0.0), (0.2, 0.3, 0.5), (0.6, 0.0, 0.4))
"""A model of answers of two words: the chances of the first, and of the second behind each first."""
CHANCE = {(a, b): FIRST[a] * SECOND[a][b] for a in range(3) for b in range(3) if FIRST[a] * SECOND[a][b]}


def answer(walk: Walk, generator: torch.Generator, top_p: float = 1.0) -> tuple[int, int]:
    words: list[int] = []
    for chances in (lambda: FIRST, lambda: SECOND[words[0]]):
        logits_BV = torch.tensor([[log(chance) if chance else -1e9 for chance in chances()]])
        uniform_B = torch.rand(1, generator=generator)
        tokens_B, logprobs_B = draw_distinct(logits_BV, uniform_B, 1.0, top_p, [walk])
        words.append(int(tokens_B))
        assert float(logprobs_B) == pytest.approx(log(chances()[words[-1]]), abs=1e-5)
    return words[0], words[1]


def draws(count: int, seed: int, answers: Answers | None = None, top_p: float = 1.0) -> list[tuple[int, int]]:
    """The first answers to one prompt."""
    answers = Answers() if answers is None else answers
    generator = torch.Generator().manual_seed(seed)
    found = []
    for _ in range(count):
        walk = answers.walk((1, 2))
        found.append(answer(walk, generator, top_p))
        assert walk.finish()
    return found


def test_every_answer_comes_once() -> None:
    for seed in range(20):
        assert sorted(draws(len(CHANCE), seed)) == sorted(CHANCE)


def test_answers_come_as_from_drawing_without_replacement() -> None:
    """The first two, against their exact probability: p(a) p(b) / (1 - p(a))."""
    trials = 4000
    counts = Counter(tuple(draws(2, seed)) for seed in range(trials))
    for one, p in CHANCE.items():
        for other, q in CHANCE.items():
            wanted = p * q / (1 - p) if one != other else 0.0
            error = sqrt(wanted * (1 - wanted) / trials)
            assert abs(counts[one, other] / trials - wanted) <= 4.5 * error, (one, other)


def test_a_nucleus_widens_when_it_is_used_up() -> None:
    """At first only the most likely words are drawn, in the end all answers were."""
    found = draws(len(CHANCE), 0, top_p=0.4)
    assert found[0] == (0, 0)
    assert sorted(found) == sorted(CHANCE)


def test_when_nothing_is_left_answers_come_again() -> None:
    answers = Answers()
    draws(len(CHANCE), 0, answers)
    assert sorted(draws(len(CHANCE), 1, answers)) == sorted(CHANCE)


def test_two_rows_with_one_answer_count_once() -> None:
    answers = Answers()
    one, other = answers.walk((1,)), answers.walk((1,))
    for walk in (one, other):
        walk.step(0, 0.5)
    assert one.finish()
    assert not other.finish()
    assert answers.walk((1,)).left() == {0: 0.0}
    assert answers.walk((2,)).left() == {}


def test_the_prompts_asked_last_are_remembered() -> None:
    answers = Answers()
    for prompt in range(PROMPTS + 1):
        walk = answers.walk((prompt,))
        walk.step(0, 0.5)
        walk.finish()
    assert answers.walk((0,)).left() == {}
    assert answers.walk((PROMPTS,)).left() == {0: 0.0}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("distinct") / "tiny")


@pytest.fixture
def generator(checkpoint: Path) -> Generator:
    torch.set_num_threads(1)
    return load_generator(checkpoint, "v1")


def test_a_batch_and_the_next_ones_repeat_nothing(generator: Generator) -> None:
    """One token, few likely ones: without `distinct` there are copies."""
    sampling = Sampling(temperature=0.2, max_tokens=1)
    (row,) = generator.generate(["theorem t : True := by\n"], 12, sampling)
    assert len({one.token_ids for one in row}) < 12
    seen: set[tuple[int, ...]] = set()
    for seed in range(4):
        (row,) = generator.generate(
            ["theorem t : True := by\n"], 12, Sampling(0.2, max_tokens=1, seed=seed, distinct=True)
        )
        seen |= {one.token_ids for one in row}
        assert all(one.finish in (Finish.STOP, Finish.LENGTH) for one in row)
    assert len(seen) == 48


def test_log_probs_do_not_depend_on_what_was_taken_out(generator: Generator) -> None:
    sampling = Sampling(max_tokens=4, distinct=True)
    first = generator.generate(["theorem t : True := by\n"], 1, sampling)[0][0]
    plain = generator.generate(["theorem t : True := by\n"], 64, Sampling(max_tokens=4, seed=1))[0]
    again = generator.generate(
        ["theorem t : True := by\n"], 64, Sampling(max_tokens=4, seed=2, distinct=True)
    )[0]
    known = {one.token_ids[:1]: one.logprobs[0] for one in (*plain, first)}
    shared = [one for one in again if one.token_ids[:1] in known]
    assert shared
    for one in shared:
        assert one.logprobs[0] == pytest.approx(known[one.token_ids[:1]], abs=1e-5)
