"""The corpus on disk: what is written is read again, and what does not fit is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.records import CorpusError, CorpusRecord, from_line, read_corpus, to_line, write_corpus

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


@st.composite
def records(draw: st.DrawFn) -> CorpusRecord:
    proof = draw(TEXT)
    ends = sorted(draw(st.sets(st.integers(1, len(proof)), max_size=3)))
    steps = tuple((end, tuple(draw(st.lists(TEXT, max_size=2)))) for end in ends)
    return CorpusRecord(
        draw(TEXT.filter(lambda name: name.strip("."))),
        f"{draw(st.sampled_from(['theorem', '@[simp] lemma']))} a{draw(TEXT)} := by",
        proof,
        header=draw(st.just("") | TEXT),
        kind=draw(st.just("") | TEXT),
        start=draw(st.integers(0, len(proof) - 1)),
        steps=draw(st.none() | st.just(steps)),
    )


@given(records())
def test_a_line_holds_the_whole_record(record: CorpusRecord) -> None:
    line = to_line(record)
    assert line.count("\n") == 1
    assert from_line(line) == record


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = (
        CorpusRecord("a", "theorem a : True := by", "  trivial", kind="logic", steps=((9, ()),)),
        CorpusRecord("a", "theorem a : True := by", "  exact ⟨⟩\u2028"),
    )
    path = tmp_path / "corpus.jsonl"
    assert write_corpus(path, written) == 2
    assert read_corpus(path) == written


GOOD = {"name": "a", "statement": "theorem a : True := by", "proof": "  trivial"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "Expecting"),
        ("[]", "a JSON object is needed"),
        (json.dumps(GOOD | {"proof": None}), "'proof' must be a text"),
        (json.dumps(GOOD | {"proof": ""}), "'proof' is missing"),
        (json.dumps(GOOD | {"start": 9}), "start is 9"),
        (json.dumps(GOOD | {"start": "2"}), "'start' must be an offset"),
        (json.dumps(GOOD | {"steps": 3}), "'steps' must be a list"),
        (json.dumps(GOOD | {"steps": [[10, []]]}), "a step ends at 10"),
        (json.dumps(GOOD | {"steps": [[4, []], [4, []]]}), "a step ends at 4"),
        (json.dumps(GOOD | {"steps": [[4, "x"]]}), "a step must be"),
        (json.dumps(GOOD | {"prove": "x"}), "unknown field 'prove'"),
        (json.dumps(GOOD | {"proof": "  \ud800"}), "surrogates not allowed"),
        (json.dumps(GOOD | {"steps": [[4, ["\ud800"]]]}), "surrogates not allowed"),
        (json.dumps(GOOD | {"name": "."}), "'name' must be a name, not '.'"),
        (
            json.dumps(GOOD | {"statement": "example : True := by"}),
            "must say `theorem` or `lemma`, and a name",
        ),
        (
            json.dumps(GOOD | {"statement": "theorem : True := by"}),
            "must say `theorem` or `lemma`, and a name",
        ),
        (json.dumps(GOOD | {"statement": "def a : Nat := by"}), "must say `theorem` or `lemma`, and a name"),
        (json.dumps(GOOD | {"statement": "-- theorem a\n"}), "must say `theorem` or `lemma`, and a name"),
        (json.dumps(GOOD | {"statement": "theorem a : True"}), "the statement must end in `:= by`"),
        (
            json.dumps(GOOD | {"statement": "theorem a : True := by trivial"}),
            "the statement must end in `:= by`",
        ),
        ("[" * 100_000, "recursion"),
    ],
)
def test_a_line_that_does_not_fit_is_named(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_text(json.dumps(GOOD) + "\n\n" + line + "\n", encoding="utf-8")
    with pytest.raises(CorpusError) as caught:
        read_corpus(path)
    assert str(caught.value).startswith(f"{path}:3: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "statement", "renamed", "expected"),
    [
        ("a", "theorem a (p : Prop) : p = p := by", "b", "theorem b (p : Prop) : p = p := by"),
        ("a", "theorem a: a = a := by", "b", "theorem b: a = a := by"),
        ("a", "lemma a{α : Type} : True := by", "b", "lemma b{α : Type} : True := by"),
        ("a", "theorem a\n  (p : Prop) : p = p := by", "b", "theorem b\n  (p : Prop) : p = p := by"),
        ("a", "theorem\n  a : True := by", "b", "theorem\n  b : True := by"),
        ("a", "theorem a.{u} (α : Type u) : True := by", "b", "theorem b.{u} (α : Type u) : True := by"),
        ("a", "@[simp] theorem a : True := by", "b", "@[simp] theorem b : True := by"),
        (
            "a",
            "@[simp, deprecated] private lemma a : True := by",
            "b",
            "@[simp, deprecated] private lemma b : True := by",
        ),
        (
            "a",
            "/-- No theorem x. -/ theorem a : True := by",
            "b",
            "/-- No theorem x. -/ theorem b : True := by",
        ),
        ("a", "-- lemma\ntheorem a : True := by", "b", "-- lemma\ntheorem b : True := by"),
        ("«a b»", "theorem «a b» : True := by", "b", "theorem b : True := by"),
        ("Nat.a", "theorem Nat.a : True := by", "Nat.b", "theorem Nat.b : True := by"),
        ("Nat.a", "theorem a : True := by", "Nat.b", "theorem b : True := by"),
        ("a", "theorem _root_.a : True := by", "b", "theorem _root_.b : True := by"),
        ("problem 7", "theorem a : True := by", "b", "theorem b : True := by"),
    ],
)
def test_a_theorem_gets_another_name_wherever_it_stands(
    name: str, statement: str, renamed: str, expected: str
) -> None:
    new = CorpusRecord(name, statement, "  trivial").named("b")
    assert (new.name, new.statement) == (renamed, expected)


def test_a_file_that_is_no_text_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    with pytest.raises(CorpusError, match="cannot be read"):
        read_corpus(path)
    path.write_bytes(b"\xff\n")
    with pytest.raises(CorpusError, match="not UTF-8"):
        read_corpus(path)
