"""The source of statements: in order, neutral in name, screened, and the same after a restart."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from data.generate.normal import normal_form
from data.hygiene import Screen
from data.records import read_corpus
from lean_env.values import Theorem
from training.errors import TrainError
from training.rlpaf.config import EvaluationConfig, TheoremsConfig
from training.rlpaf.statements import Statements, held_out

SAMPLE = Path(__file__).parents[3] / "data" / "corpus" / "sample.jsonl"
OWN = (
    {"name": "mine", "statement": "theorem mine (n : Nat) : n + 7 = 7 + n := by"},
    {"name": "wrong", "statement": "theorem wrong (n : Nat) : n = n + 5 := by"},
    {"name": "again", "statement": "theorem again (k : Nat) : k + 7 = 7 + k := by sorry"},
    {"name": "B.x", "statement": "lemma x : ∑ i ∈ s, f i = 0 := by", "header": "namespace B\nvariable (s f)"},
)


def written(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def test_a_run_begins_with_the_corpus_the_files_and_generated_ones(tmp_path: Path) -> None:
    config = TheoremsConfig(corpus=(SAMPLE,), files=(written(tmp_path / "a.jsonl", *OWN),), generated=20)
    theorems = Statements(config).beginning()
    corpus = {normal_form(record.statement) for record in read_corpus(SAMPLE)}
    assert {normal_form(one.statement) for one in theorems[: len(corpus)]} == corpus
    mine, wrong, foreign = theorems[len(corpus) : len(corpus) + 3]  # One was the same again.
    assert mine.statement.endswith("(n : Nat) : n + 7 = 7 + n := by")
    assert wrong.statement.endswith("(n : Nat) : n = n + 5 := by")  # Nobody says that all are true.
    assert foreign.name == f"B.t_{len(corpus) + 2}"
    assert foreign.statement == f"lemma t_{len(corpus) + 2} : ∑ i ∈ s, f i = 0 := by"
    assert "namespace B" in foreign.header
    assert len(theorems) == len(corpus) + 23


def test_names_say_nothing_and_no_statement_comes_twice() -> None:
    source = Statements(TheoremsConfig(generated=60, mutated_share=0.5))
    theorems = source.beginning()
    for _ in range(4):
        theorems += source.more(20, theorems)
    assert len(theorems) == 140
    assert [one.name for one in theorems] == [f"t_{number}" for number in range(140)]
    assert all(re.match(r"theorem t_\d+ ", one.statement) for one in theorems)
    assert len({normal_form(one.statement) for one in theorems}) == 140
    variants = [one for one in theorems if one.provenance.source.startswith("variant of t_")]
    assert 20 < len(variants) < 60


def test_without_solved_ones_or_a_share_all_are_generated() -> None:
    never = Statements(TheoremsConfig(generated=5, mutated_share=0.0))
    solved = never.beginning()
    assert all(one.provenance.source.startswith("generated: ") for one in never.more(10, solved))
    always = Statements(TheoremsConfig(generated=5, mutated_share=1.0))
    always.beginning()
    assert all(one.provenance.source.startswith("generated: ") for one in always.more(10))
    assert all(one.provenance.source.startswith("variant of ") for one in always.more(10, solved))


def test_solved_ones_that_have_no_variant_are_made_up_for() -> None:
    source = Statements(TheoremsConfig(generated=1, mutated_share=1.0))
    unreadable = Theorem("t", "theorem t : 1 +++ 2 := by")
    assert len(source.more(5, [unreadable])) == 5


def test_nothing_to_learn_from_is_a_benchmarks_or_held_out(tmp_path: Path) -> None:
    benchmark = written(
        tmp_path / "bench.jsonl", {"name": "b", "statement": "theorem b (n m : Nat) : n + m = m + n := by"}
    )
    config = TheoremsConfig(corpus=(SAMPLE,), files=(written(tmp_path / "a.jsonl", *OWN),), generated=50)
    every = Statements(config).beginning()
    out = [replace(one, name="x") for one in every[::10]]
    source = Statements(replace(config, benchmarks=(benchmark,)), out)
    theorems = source.beginning()
    theorems += source.more(30, theorems)
    screen = Screen(
        [*((one.name, one.statement) for one in out), ("b", "theorem b (n m : Nat) : n + m = m + n := by")]
    )
    assert all(screen.find(one.statement) is None for one in theorems)
    assert not any("7 = 7" in one.statement for one in theorems)  # An instance of the benchmark's.
    assert source.refused >= len(out)
    assert len(theorems) > 0.3 * len(every)


@pytest.mark.parametrize("calls", [0, 3])
def test_a_restored_source_goes_on_as_the_old_one(tmp_path: Path, calls: int) -> None:
    config = TheoremsConfig(
        corpus=(SAMPLE,), files=(written(tmp_path / "a.jsonl", *OWN),), generated=20, mutated_share=0.5
    )
    old = Statements(config)
    solved = old.beginning()[:50]
    for _ in range(calls):
        solved += old.more(15, solved)
    new = Statements(config)
    new.restore(json.loads(json.dumps(old.state())))
    for _ in range(3):
        assert new.more(15, solved) == old.more(15, solved)
    assert new.state() == old.state()
    assert new.refused == old.refused


def test_held_out_ones_are_in_no_corpus_and_few_are_instances_of_them(tmp_path: Path) -> None:
    file = written(tmp_path / "mini.test.jsonl", *OWN[:2])
    config = EvaluationConfig(files=(file,), generated=25)
    theorems = TheoremsConfig(corpus=(SAMPLE,), generated=1)
    found = held_out(config, theorems)
    assert found == held_out(config, theorems)
    assert [name for name, _ in found] == ["mini"] * 2 + ["generated"] * 25
    assert [one.name for name, one in found if name == "mini"] == ["mine", "wrong"]
    assert [one.name for name, one in found if name == "generated"] == [f"t_{n}" for n in range(25)]
    corpus = {normal_form(record.statement) for record in read_corpus(SAMPLE)}
    assert not corpus & {normal_form(one.statement) for name, one in found if name == "generated"}
    source = Statements(TheoremsConfig(generated=200), [one for _, one in found])
    assert len(source.beginning()) == 200
    assert source.refused < 60


def test_generated_held_out_ones_leave_out_what_the_corpus_has(tmp_path: Path) -> None:
    config = EvaluationConfig(generated=5)
    first = held_out(config, TheoremsConfig(generated=1))
    lines = ({"name": one.name, "statement": one.statement, "proof": "  rfl"} for _, one in first)
    corpus = written(tmp_path / "corpus.jsonl", *lines)
    other = held_out(config, TheoremsConfig(corpus=(corpus,)))
    taken = {normal_form(one.statement) for _, one in first}
    assert len(other) == 5
    assert not taken & {normal_form(one.statement) for _, one in other}


@pytest.mark.parametrize(
    ("key", "file", "said"),
    [
        ("files", "no.jsonl", r"theorems.files: \S*no.jsonl does not exist"),
        ("files", "bad.jsonl", r"theorems.files: \S*bad.jsonl, line 2: the statement declares no theorem"),
        ("files", "none.jsonl", r"theorems.files: \S*none.jsonl, line 1: not JSON"),
        ("corpus", "no.jsonl", r"theorems.corpus: \S*no.jsonl cannot be read"),
        ("corpus", "bad.jsonl", r"theorems.corpus: \S*bad.jsonl:1: the field 'proof' is missing"),
        ("benchmarks", "no.jsonl", r"theorems.benchmarks: \S*no.jsonl does not exist"),
    ],
)
def test_files_that_cannot_be_used_are_one_line(tmp_path: Path, key: str, file: str, said: str) -> None:
    written(tmp_path / "bad.jsonl", OWN[0], {"name": "b", "statement": "1 + 1 = 2"})
    (tmp_path / "none.jsonl").write_text("theorem a : True := by\n", encoding="utf-8")
    named: dict[str, Any] = {key: (tmp_path / file,)}
    config = TheoremsConfig(generated=1, **named)
    with pytest.raises(TrainError, match=said) as caught:
        Statements(config).beginning()
    assert "\n" not in str(caught.value)


def test_a_missing_file_to_evaluate_on_is_one_line(tmp_path: Path) -> None:
    config = EvaluationConfig(files=(tmp_path / "no.jsonl",))
    with pytest.raises(TrainError, match=r"evaluation.files: \S*no.jsonl does not exist"):
        held_out(config, TheoremsConfig(generated=1))


def test_nothing_left_to_learn_from_is_one_line(tmp_path: Path) -> None:
    file = written(tmp_path / "a.jsonl", OWN[0])
    source = Statements(TheoremsConfig(files=(file,), benchmarks=(file,)))
    with pytest.raises(TrainError, match="each of the 1 is held out or a benchmark's"):
        source.beginning()
    empty = tmp_path / "empty.jsonl"
    empty.write_text("", encoding="utf-8")
    with pytest.raises(TrainError, match="the corpora and files have no statement"):
        Statements(TheoremsConfig(corpus=(empty,))).beginning()
