"""The curriculum: what is drawn, how success is learnt, and that a restored one goes on the same."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lean_env.values import Provenance, Theorem
from training.rlpaf.config import CurriculumConfig
from training.rlpaf.curriculum import PATIENCE, Curriculum, Status

CONFIG = CurriculumConfig(theorems=10, group=8, fresh_share=0.3, revisited_share=0.1)


def theorem(number: int) -> Theorem:
    return Theorem(
        f"t_{number}", f"theorem t_{number} : {number} = {number} := by", provenance=Provenance("f", number)
    )


def filled(count: int, config: CurriculumConfig = CONFIG, seed: int = 0) -> Curriculum:
    curriculum = Curriculum(config, seed)
    assert curriculum.add(map(theorem, range(count))) == count
    return curriculum


def tried(curriculum: Curriculum, outcomes: dict[int, list[int]]) -> None:
    """Let theorems have groups of eight with so many proofs, in order."""
    for number, proofs in outcomes.items():
        for proved in proofs:
            others = []
            while (one := curriculum.draw(1)[0]) != theorem(number):
                others.append(one)
            curriculum.report(one, proved, 8)
            for other in others:
                curriculum.give_back(other)


def test_nothing_is_drawn_twice_while_it_is_under_way() -> None:
    curriculum = filled(25)
    drawn = [one for _ in range(3) for one in curriculum.draw(10)]
    assert len(drawn) == 25 == len({one.digest for one in drawn})
    assert curriculum.draw(5) == []
    curriculum.give_back(drawn[7])
    curriculum.report(drawn[8], 3, 8)
    assert {one.digest for one in curriculum.draw(5)} == {drawn[7].digest, drawn[8].digest}


def test_the_same_theorem_is_taken_in_once() -> None:
    curriculum = filled(3)
    assert curriculum.add([theorem(2), theorem(3), theorem(3)]) == 1
    assert len(curriculum) == 4
    assert theorem(3) in curriculum
    assert theorem(4) not in curriculum


def test_a_batch_has_its_shares() -> None:
    curriculum = filled(400)
    tried(curriculum, {n: [8, 8] if n < 20 else [4] for n in range(120)})
    seen: Counter[Status] = Counter()
    for _ in range(100):
        batch = curriculum.draw(10)
        seen.update(curriculum[one].status for one in batch)
        for one in batch:
            curriculum.give_back(one)
    assert seen[Status.FRESH] == 300
    assert seen[Status.SOLVED] == 100
    assert seen[Status.ACTIVE] == 600


def test_single_draws_have_the_shares_on_average() -> None:
    curriculum = filled(400)
    tried(curriculum, {n: [4] for n in range(50)})
    seen: Counter[Status] = Counter()
    for _ in range(1000):
        (one,) = curriculum.draw(1)
        seen[curriculum[one].status] += 1
        curriculum.give_back(one)
    assert 240 < seen[Status.FRESH] < 360


def test_classes_that_are_short_are_filled_up_from_the_others() -> None:
    curriculum = filled(10)
    assert len(curriculum.draw(10)) == 10  # All fresh.
    curriculum = filled(10)
    tried(curriculum, {n: [8, 8] for n in range(10)})
    assert len(curriculum.draw(10)) == 10  # All retired.


def test_moderate_theorems_are_preferred() -> None:
    config = replace(CONFIG, fresh_share=0.0, revisited_share=0.0, retire_after=100)
    curriculum = filled(60, config)
    tried(curriculum, {n: [0] if n < 20 else [4] if n < 40 else [8] for n in range(60)})
    seen: Counter[int] = Counter()
    for _ in range(600):
        (one,) = curriculum.draw(1)
        seen[int(one.name[2:]) // 20] += 1
        curriculum.give_back(one)
    assert seen[1] > 4 * seen[2] > 0
    assert seen[1] > seen[0] > seen[2]  # A rare proof may have been missed.


def test_a_theorem_that_is_always_or_never_proved_is_retired_and_comes_back_when_that_changes() -> None:
    curriculum = filled(3)
    tried(curriculum, {0: [8, 8], 1: [0, 0], 2: [8, 0]})
    assert [curriculum[theorem(n)].status for n in range(3)] == [
        Status.SOLVED,
        Status.UNSOLVED,
        Status.ACTIVE,  # Its groups had no variance, and yet it differs.
    ]
    tried(curriculum, {0: [8], 1: [1]})
    assert curriculum[theorem(0)].status is Status.SOLVED
    assert curriculum[theorem(1)].status is Status.ACTIVE


def test_the_estimate_follows_a_policy_that_changes() -> None:
    curriculum = filled(1)
    tried(curriculum, {0: [0] * 10})
    assert curriculum[theorem(0)].estimate < 0.05
    tried(curriculum, {0: [8] * 3})
    entry = curriculum[theorem(0)]
    assert entry.estimate > 0.8
    assert (entry.tries, entry.proofs) == (104, 24)


def test_faults_only_say_nothing() -> None:
    curriculum = filled(1)
    before = curriculum.state()["entries"]
    (one,) = curriculum.draw(1)
    curriculum.report(one, 0, 0)
    assert curriculum.state()["entries"] == before
    assert curriculum.draw(1) == [one]


def test_a_theorem_that_is_none_is_forgotten() -> None:
    curriculum = filled(2)
    one, other = curriculum.draw(2)
    curriculum.drop(one)
    assert one not in curriculum
    curriculum.give_back(other)
    assert curriculum.draw(2) == [other]


def test_missing_fresh_ones_are_told() -> None:
    curriculum = Curriculum(CONFIG, 0)
    assert curriculum.wants_fresh == 10
    curriculum.add(map(theorem, range(10)))
    assert curriculum.wants_fresh == 0
    tried(curriculum, {n: [4] for n in range(9)})
    assert curriculum.wants_fresh == 2  # Three of a batch should be fresh, and one is.
    tried(curriculum, {9: [0, 0]})
    assert curriculum.wants_fresh == 3


@pytest.mark.parametrize(("proved", "said"), [(8, "too easy"), (0, "too hard")])
def test_a_run_that_learns_nothing_is_told_so(proved: int, said: str) -> None:
    curriculum = filled(10)
    for _ in range(PATIENCE):
        assert curriculum.stuck == ""
        for one in curriculum.draw(10):
            curriculum.report(one, proved, 8)
    assert said in curriculum.stuck
    assert "\n" not in curriculum.stuck
    (one,) = curriculum.draw(1)
    curriculum.report(one, 4, 8)
    assert curriculum.stuck == ""


def test_figures_add_up() -> None:
    curriculum = filled(6)
    assert curriculum.figures()["success_mean"] == 0.0
    tried(curriculum, {0: [8, 8], 1: [0, 0], 2: [4], 3: [4], 4: [8]})
    curriculum.draw(2)
    figures = curriculum.figures()
    assert [figures[f"theorems_{status}"] for status in Status] == [1, 3, 1, 1]
    assert figures["theorems_under_way"] == 2
    assert figures["success_moderate"] == 0.4
    assert sum(figures[f"success_bin_{place}"] for place in range(10)) == pytest.approx(1.0)
    assert figures["success_bin_5"] == 0.4
    assert all(isinstance(value, float) for value in figures.values())


def live(curriculum: Curriculum, rng: random.Random, batches: int) -> list[str]:
    """Draw and report at random, everything being reported in the end; what was drawn."""
    seen = []
    for _ in range(batches):
        batch = curriculum.draw(rng.randint(1, 12))
        seen += [one.name for one in batch]
        for one in rng.sample(batch, len(batch)):
            judged = rng.choice((0, 1, 8))
            if rng.random() < 0.1:
                curriculum.give_back(one)
            else:
                curriculum.report(one, rng.randint(0, judged), judged)
    return seen


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 40))
def test_a_restored_curriculum_goes_on_as_the_old_one(seed: int, count: int) -> None:
    old = filled(count, seed=seed)
    live(old, random.Random(seed), 8)
    new = Curriculum(CONFIG, seed)
    new.restore(json.loads(json.dumps(old.state())))
    assert new.figures() == pytest.approx(old.figures())
    assert live(new, random.Random(1), 8) == live(old, random.Random(1), 8)
    assert new.state() == old.state()


def test_what_was_under_way_is_free_after_a_restart() -> None:
    old = filled(5)
    drawn = old.draw(5)
    new = Curriculum(CONFIG, 0)
    new.restore(old.state())
    assert {one.digest for one in new.draw(5)} == {one.digest for one in drawn}


@pytest.mark.parametrize("state", [{}, {"draws": 0, "dull": 0, "entries": [[{}, "fresh", 0, 0, 0, 0, 0, 0]]}])
def test_what_is_no_state_is_refused_and_changes_nothing(state: dict[str, object]) -> None:
    curriculum = filled(2)
    with pytest.raises(ValueError, match="no state of a curriculum"):
        curriculum.restore(state)
    assert len(curriculum.draw(2)) == 2


def test_other_seeds_draw_otherwise() -> None:
    assert filled(50, seed=1).draw(10) == filled(50, seed=1).draw(10)
    assert filled(50, seed=1).draw(10) != filled(50, seed=2).draw(10)
