"""Users' files, good and bad: every bad one is one clear line."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from lean_env.errors import SourceError
from lean_env.source import MAX_BYTES, parse_statement, read_lean, read_records, read_text

GOOD = {"name": "a", "statement": "theorem a : 1 = 1 := by", "proof": "rfl"}


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_byte_order_mark_and_crlf(tmp_path: Path) -> None:
    file = read_lean(
        write(tmp_path / "a.lean", b"\xef\xbb\xbf-- \xe2\x84\x95\r\ntheorem a : p := by\r\n  simp\r\n")
    )
    assert file.text == "-- ℕ\ntheorem a : p := by\n  simp\n"
    assert file.entries[0].proof == "simp"
    assert file.entries[0].line == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"\x7fELF\x00\x01", "NUL at byte 4"),
        (b"theorem a\n\xff\xfe", "bad byte at 10"),
        ("theorem a".encode("utf-16"), "is UTF-16"),
        (b"def x := 1", "has no theorem"),
        (b"-- theorem a : p := by simp", "has no theorem"),
        (b'def x := "theorem a : p := by simp"', "has no theorem"),
    ],
)
def test_bad_lean_files(tmp_path: Path, content: bytes, reason: str) -> None:
    path = write(tmp_path / "a.lean", content)
    with pytest.raises(SourceError, match=reason) as caught:
        read_lean(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bad_paths(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        read_text(tmp_path / "missing.lean")
    with pytest.raises(SourceError, match="is a directory"):
        read_text(tmp_path)
    with pytest.raises(SourceError, match="cannot be read"):
        read_text(tmp_path / ("x" * 300))
    with pytest.raises(SourceError, match="cannot be read"):
        read_text(Path("a\0b"))
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(SourceError, match="not a regular file"):
        read_text(tmp_path / "fifo")


def test_a_huge_file_is_refused_by_its_size_alone(tmp_path: Path) -> None:
    path = tmp_path / "huge.lean"
    with path.open("wb") as file:
        file.truncate(100 * 1024**2)
    with pytest.raises(SourceError, match=f"at most {MAX_BYTES:,}"):
        read_lean(path)


def test_records(tmp_path: Path) -> None:
    lines = [
        GOOD,
        {
            "name": "b",
            "formal_statement": "/-- doc -/ theorem b : 1 = 1 := by\n",
            "informal_prefix": "/-- Why -/\n",
        },
        {
            "name": "c",
            "statement": "import X\n\nopen Nat\n\n/-- Doc -/\ntheorem c : 1 = 1 := by sorry",
            "goal": "⊢ 1 = 1",
        },
        {"statement": "theorem d : 1 = 1", "header": "namespace N", "proof": None},
        {"name": "e", "statement": "theorem e : 1 = 1 :=", "header": "open Nat\r\n", "extra": [1]},
    ]
    path = write(tmp_path / "a.jsonl", "\n\n".join(json.dumps(line) for line in lines) + "\r\n")
    a, b, c, d, e = read_records(path)
    assert (a.name, a.theorem.statement, a.proof, a.line) == ("a", "theorem a : 1 = 1 := by", "rfl", 1)
    assert (b.theorem.statement, b.theorem.informal, b.proof) == ("theorem b : 1 = 1 := by", "Why", None)
    assert (c.theorem.header, c.theorem.informal) == ("import X\n\nopen Nat\n\n", "Doc")
    assert c.theorem.statement == "theorem c : 1 = 1 := by"
    assert (d.name, d.theorem.name, d.theorem.footer) == ("N.d", "N.d", "end N\n")
    assert d.theorem.statement == "theorem d : 1 = 1 := by"
    assert e.theorem.statement == "theorem e : 1 = 1 := by"
    assert e.theorem.provenance.line == 9


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "line 2: not JSON"),
        ("[1]", "line 2: a JSON object is needed, not a list"),
        ("7", "not a number"),
        ("[" * 100_000, "nested too deeply"),
        ({"name": "b", "proof": "rfl"}, "line 2: the field `statement` is missing"),
        ({"name": "b", "statement": ["x"]}, "the field `statement` must be a text, not a list"),
        ({"name": "\ud800", "statement": "theorem b : p := by"}, "the field `name` has half of a character"),
        ({"name": 5, "statement": "theorem b : p := by"}, "the field `name` must be a text, not a number"),
        (
            {"name": "b", "statement": "theorem b : p := by", "proof": True},
            "`proof` must be a text, not true or false",
        ),
        ({"name": "b", "statement": "def b := 1"}, "declares no theorem"),
        ({"name": "b", "statement": "x", "header": "theorem b : p := by"}, "declares no theorem"),
        ({"name": "b", "statement": "theorem b : p := by simp"}, "has a proof of its own"),
        ({"name": "b", "statement": "theorem b : ∀ n, p\n| 0 => h"}, "has a proof of its own"),
        ({"name": "a", "statement": "theorem b : p := by"}, "line 2: the name 'a' is that of line 1 too"),
    ],
)
def test_bad_records(tmp_path: Path, line: object, reason: str) -> None:
    text = line if isinstance(line, str) else json.dumps(line)
    path = write(tmp_path / "a.jsonl", f"{json.dumps(GOOD)}\n{text}\n")
    with pytest.raises(SourceError) as caught:
        read_records(path)
    assert reason in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_helper_lemmas_in_a_statement_become_header() -> None:
    theorem = parse_statement("lemma aux : p := by simp\n\ntheorem main : q := by", header="open Nat")
    assert theorem.name == "main"
    assert theorem.header == "open Nat\n\nlemma aux : p := by simp\n\n"
