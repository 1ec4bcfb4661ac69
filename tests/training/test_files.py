"""The files of a run's folder: read back line by line, replaced whole, told from others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from training import files
from training.errors import TrainError
from training.files import fingerprint, read_lines, replace_text


def test_lines_are_read_but_for_one_that_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    assert read_lines(path) == []
    path.write_bytes('{"a": "ℕ"}\n{"a": 2}\n{"a": "ℕ'.encode()[:-1])
    assert read_lines(path) == [('{"a": "ℕ"}\n', {"a": "ℕ"}), ('{"a": 2}\n', {"a": 2})]


@pytest.mark.parametrize("line", [b"{", b"\xff", b"3", b""])
def test_a_line_that_is_damaged_is_named(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"a": 1}\n' + line + b"\n")
    with pytest.raises(TrainError, match=r"x\.jsonl:2 is damaged: .*; remove the line to go on$"):
        read_lines(path)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    replace_text(path, "one\n")

    def full(*_: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        replace_text(path, "two\n")
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("x", "one\n")]


def test_fingerprints_tell_contents_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PIECE", 4)
    monkeypatch.setattr(files, "PIECES", 3)
    path = tmp_path / "x.json"
    seen = set()
    for content in (b"", b"0123", b"01234567", b"0123456X", b"0123456789abcdef" * 2, b"0123456789abcdef" * 3):
        path.write_bytes(content)
        seen.add(fingerprint(path))
    assert len(seen) == 6
    before = fingerprint(tmp_path)
    assert before not in seen
    (tmp_path / "page.html").write_text("not of the checkpoint")
    assert fingerprint(tmp_path) == before
    (tmp_path / "y.safetensors").write_bytes(b"weights")
    assert fingerprint(tmp_path) != before
    assert fingerprint(tmp_path / "gone") == ""
