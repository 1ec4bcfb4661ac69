"""The store of proofs: what it keeps, draws, and finds again after a crash."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import pytest

from lean_env.source import read_records
from lean_env.values import Theorem, Verdict
from training.errors import TrainError
from training.rlpaf.store import KEPT, Store
from training.rlpaf.values import Rollout


def theorem(number: int) -> Theorem:
    return Theorem(f"t_{number}", f"theorem t_{number} : {number} = {number} := by", "open Nat\n")


def rollout(proof: str, version: int = 0) -> Rollout:
    return Rollout("prompt", (1,), (-0.1,), version, proof, "", Verdict.PROVED, "")


def proofs(store: Store) -> set[tuple[Theorem, str]]:
    """All that a store keeps."""
    return set(store.draw(1000, random.Random(0)))


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_first_shortest_and_distinct_proofs(tmp_path: Path) -> None:
    clock = Clock()
    with Store(tmp_path / "proofs.jsonl", clock) as store:
        clock.now = 107.5
        assert store.add(theorem(1), rollout("  simp_all", 3), 5)
        assert not store.add(theorem(1), rollout("  simp_all\n", 4), 6)  # The same but for blanks.
        assert not store.add(theorem(1), rollout("  rfl", 4), 6)
        assert store.add(theorem(2), rollout("  decide", 4), 7)
        first, second = store.first_proofs()
        assert (first.theorem, first.proof, first.version, first.step) == (theorem(1), "  simp_all", 3, 5)
        assert first.seconds == 7.5
        assert second.theorem == theorem(2)
        assert proofs(store) == {(theorem(1), "  simp_all"), (theorem(1), "  rfl"), (theorem(2), "  decide")}


def test_few_proofs_of_a_theorem_are_kept_the_first_and_the_shortest(tmp_path: Path) -> None:
    texts = [f"  {'x' * length}" for length in random.Random(0).sample(range(10, 60), 40)]
    with Store(tmp_path / "proofs.jsonl") as store:
        for text in texts:
            store.add(theorem(1), rollout(text), 0)
        assert store.first_proofs()[0].proof == texts[0]
        kept = {texts[0], *sorted(texts[1:], key=len)[: KEPT - 1]}
        assert proofs(store) == {(theorem(1), text) for text in kept}
    with Store(tmp_path / "proofs.jsonl") as again:
        assert again.first_proofs()[0].proof == texts[0]
        assert proofs(again) == {(theorem(1), text) for text in kept}


def test_what_an_audit_refuses_is_forgotten_in_the_file_too(tmp_path: Path) -> None:
    path = tmp_path / "proofs.jsonl"
    with Store(path) as store:
        for number, text in ((1, "  rfl"), (1, "  cheat"), (2, "  cheat"), (3, "  rfl")):
            store.add(theorem(number), rollout(text), 0)
        told = path.read_text()
        store.withdraw([(theorem(3).digest, "  simp")])
        assert path.read_text() == told, "nothing of it was there"
        store.withdraw([(theorem(number).digest, "  cheat") for number in (1, 2, 4)])
        assert len(store) == 2
        left = {(theorem(1), "  rfl"), (theorem(3), "  rfl")}
        assert proofs(store) == left
        assert store.add(theorem(2), rollout("  decide"), 1), "its first proof that is one"
    with Store(path) as again:
        assert proofs(again) == left | {(theorem(2), "  decide")}
    assert [entry.name for entry in tmp_path.iterdir()] == ["proofs.jsonl"]


def test_rarely_proved_theorems_are_drawn_rather(tmp_path: Path) -> None:
    with Store(tmp_path / "proofs.jsonl") as store:
        for number in range(20):
            for _ in range(1 if number < 10 else 50):
                store.add(theorem(number), rollout("  rfl"), 0)
        rng = random.Random(0)
        seen: Counter[bool] = Counter()
        for _ in range(50):
            drawn = store.draw(8, rng)
            assert len(set(drawn)) == 8
            seen.update(int(one.name[2:]) < 10 for one, _ in drawn)
        assert seen[True] > 10 * seen[False]
        assert len(store.draw(1000, rng)) == 20
        assert store.draw(8, random.Random(1)) == store.draw(8, random.Random(1))


def test_many_proofs_of_a_theorem_do_not_make_it_likelier(tmp_path: Path) -> None:
    with Store(tmp_path / "proofs.jsonl") as store:
        for number in range(KEPT):
            store.add(theorem(0), rollout(f"  exact h{number}"), 0)
            store.add(theorem(1), rollout("  rfl"), 0)
        rng = random.Random(0)
        seen = Counter(store.draw(1, rng)[0][0].name for _ in range(1000))
    assert 420 < seen["t_0"] < 580


def test_a_resumed_run_keeps_proofs_and_counts_none_twice(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "run" / "proofs.jsonl"
    with Store(path, clock) as store:
        store.add(theorem(1), rollout("  rfl"), 1)
        store.add(theorem(1), rollout("  rfl"), 2)
        checkpoint = json.loads(json.dumps(store.state()))
        clock.now += 50
        store.add(theorem(1), rollout("  simp"), 3)
        store.add(theorem(2), rollout("  rfl"), 3)
        lost = store.state()
    clock.now = 3.0  # Another machine.
    with Store(path, clock) as store:
        store.restore(checkpoint)
        assert [(found.theorem, found.step) for found in store.first_proofs()] == [
            (theorem(1), 1),
            (theorem(2), 3),
        ]
        assert not store.add(theorem(1), rollout("  simp"), 3)
        assert not store.add(theorem(2), rollout("  rfl"), 3)
        assert store.state() == lost
        assert len(store.draw(10, random.Random(0))) == 3
        clock.now += 1
        store.add(theorem(3), rollout("  rfl"), 4)
        assert store.first_proofs()[-1].seconds == 51.0


def test_a_line_that_was_cut_off_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "proofs.jsonl"
    with Store(path) as store:
        store.add(theorem(1), rollout("  rfl"), 1)
        store.add(theorem(2), rollout("  exact ⟨h, h⟩"), 1)
    whole = path.read_bytes()
    for cut in range(whole.index(b"\n") + 1, len(whole)):
        path.write_bytes(whole[:cut])
        with Store(path) as store:
            assert len(store) == 1
            assert store.add(theorem(2), rollout("  rfl"), 2)
        with Store(path) as store:
            assert len(store) == 2


def test_the_file_is_one_of_statements_with_proofs(tmp_path: Path) -> None:
    path = tmp_path / "proofs.jsonl"
    with Store(path) as store:
        store.add(theorem(1), rollout("  rfl"), 1)
    (record,) = read_records(path)
    assert record.proof == "  rfl"
    assert record.theorem.statement == theorem(1).statement


@pytest.mark.parametrize(
    "line", ["[]", "{}", '{"name": 1}', "nonsense", '{"name":"a","statement":"b","proof":"c"}']
)
def test_a_damaged_file_is_one_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "proofs.jsonl"
    path.write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(TrainError, match=r"proofs.jsonl:1 is no proof") as caught:
        Store(path)
    assert "\n" not in str(caught.value)
    assert path.read_text(encoding="utf-8") == f"{line}\n"


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "proofs.jsonl").mkdir()
    with pytest.raises(TrainError, match="cannot be used: Is a directory"):
        Store(tmp_path / "proofs.jsonl")
