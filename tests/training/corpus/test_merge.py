"""Several builds as one corpus."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data.records import CorpusError, CorpusRecord, read_corpus, to_line, write_corpus
from training.corpus.__main__ import main


def record(name: str, kind: str, proof: str = "  simp") -> CorpusRecord:
    return CorpusRecord(name, f"theorem {name} {kind} := by", proof, kind="k", domain="d")


def test_what_an_earlier_source_has_is_left_out_and_names_stay_apart(tmp_path: Path) -> None:
    first = [
        record("a_1", "(n : Nat) : n = n"),
        record("a_1", "(n : Nat) : n = n", "  rfl"),
        record("a_2", ": True"),
        record("a_2", ": True"),
    ]
    second = [record("a_1", "(n m : Nat) : n + m = m + n"), record("b", "(k : Nat) : k = k")]
    journal = tmp_path / "build" / "journal.jsonl"
    journal.parent.mkdir()
    lines = [{"plan": {}}, {"index": 1}, {"index": 0, "records": [to_line(one) for one in first]}]
    journal.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"cut', encoding="utf-8")
    write_corpus(tmp_path / "more.jsonl", second)
    out = tmp_path / "all.jsonl.xz"
    assert main(["merge", "--out", str(out), str(journal.parent), str(tmp_path / "more.jsonl")]) == 0
    assert list(read_corpus(out)) == [*first[:3], record("a_1_2", "(n m : Nat) : n + m = m + n")]
    assert out.read_bytes()[:6] == b"\xfd7zXZ\0"


def test_a_compressed_corpus_that_is_cut_off_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.xz"
    write_corpus(path, [record(f"a_{number}", f": {number} = {number}") for number in range(500)])
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(CorpusError, match="cannot be read") as caught:
        read_corpus(path)
    assert "\n" not in str(caught.value)


def test_a_source_that_is_none_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["merge", "--out", str(tmp_path / "out.jsonl"), str(tmp_path)]) == 2
    assert "journal.jsonl cannot be read" in capsys.readouterr().err
