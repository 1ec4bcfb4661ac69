"""`prover prove` as a user runs it: files, what is written, exit codes, bad input."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lean_env.outline import outline
from tests.prover.command import PROVER, environment, prover, refusal

MIXED = """/-! Some of this is broken. -/
namespace Foo
variable (p q : Prop)

/-- Fine. -/
theorem one (h : p ∧ q) : q ∧ p := by
  sorry

theorem broken : (0 : Nat) = "zero" := by
  sorry

theorem missing : 1 = 1

def bad : Nat := "a"

theorem uses : bad = bad := by sorry

theorem wrong : 1 = 2 := by
  rfl

theorem lies : 1 = 2 := by
  sorry

theorem proved (n : Nat) : n = n := by rfl

  theorem two (n : Nat) : 0 + n = n := sorry -- here

#eval nope

private theorem three : p ∨ q → q ∨ p := by
  sorry

example : 2 + 2 = 4 := by sorry
end Foo
"""

FIELDS = {"name", "verdict", "proof", "axioms", "samples", "seconds", "search", "policy", "toolchain", "seed"}


def rows(output: str) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in map(json.loads, output.splitlines())}


def test_what_is_broken_in_a_file_harms_nothing_else_and_the_rest_is_completed(tmp_path: Path) -> None:
    source, out = tmp_path / "a.lean", tmp_path / "b.lean"
    source.write_text(MIXED, encoding="utf-8")
    result = prover("prove", source, "--json", "--samples", "40", "--out", out, "--trace", tmp_path / "t")
    assert result.returncode == 2, result.stderr
    found = rows(result.stdout)
    assert all(row.keys() >= FIELDS for row in found.values())
    good = {"Foo.one", "Foo.missing", "Foo.two", "Foo.three", "Foo.example_line_33"}
    assert {name for name, row in found.items() if row["verdict"] == "PROVED"} == good
    assert found.keys() - good == {"Foo.broken", "Foo.uses", "Foo.lies"}
    assert found["Foo.broken"]["reason"].startswith("the statement does not elaborate: ")
    assert found["Foo.uses"]["reason"] == "the statement speaks of bad, which does not elaborate"
    assert (found["Foo.lies"]["reason"], found["Foo.lies"]["samples"]) == ("stopped: samples", 40)
    assert len(list((tmp_path / "t").iterdir())) == 6

    text = out.read_text(encoding="utf-8")
    old = {entry.name.split(".")[1].rstrip("0123456789"): entry for entry in outline(MIXED)}
    new = {entry.name.split(".")[1].rstrip("0123456789"): entry for entry in outline(text)}
    assert old.keys() == new.keys()
    for name, entry in new.items():
        proved = f"Foo.{name}" in good or name == "example_line_"
        assert entry.is_open == (old[name].is_open and not proved)
        assert old[name].is_open or entry.proof == old[name].proof
    assert "-- here\n" in text
    assert text.startswith(
        "/-! Some of this is broken. -/\nnamespace Foo\nvariable (p q : Prop)\n\n/-- Fine. -/\n"
    )

    certificates = json.loads((tmp_path / "b.certificates.json").read_text(encoding="utf-8"))
    assert {one["theorem"] for one in certificates} == good
    verified = rows(prover("verify", "--strict", "--json", out).stdout)
    for name, row in verified.items():
        honest = name.startswith("Foo.example_line_") or name in good | {"Foo.proved"}
        assert (row["verdict"] == "PROVED") == honest, row

    again = prover("prove", source, "--json", "--samples", "40", "--trace", tmp_path / "t")
    for name, row in rows(again.stdout).items():
        assert (row["verdict"], row["samples"]) == (found[name]["verdict"], found[name]["samples"])


def test_a_jsonl_file_is_completed_and_verified(tmp_path: Path) -> None:
    source, out = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    records = [
        {"name": "a", "statement": "theorem a (p : Prop) (h : p) : p := by", "tier": 1, "extra": ["x"]},
        {"name": "b", "formal_statement": "theorem b : 1 = 2 := by", "header": "open Nat\n"},
        {"name": "c", "statement": "theorem c : 1 = 1 := by", "proof": "rfl"},
        {"name": "d", "statement": "theorem d : 2 = 2 := by sorry", "proof": "sorry"},
    ]
    source.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    result = prover("prove", source, "--json", "--samples", "16", "--out", out, "--search", "sampling")
    assert result.returncode == 1, result.stderr
    assert {name: row["verdict"] for name, row in rows(result.stdout).items()} == {
        "a": "PROVED",
        "b": None,
        "d": "PROVED",
    }
    written = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [(row["name"], row.get("tier"), row.get("extra")) for row in written] == [
        ("a", 1, ["x"]),
        ("d", None, None),
    ]
    assert prover("verify", "--strict", out).returncode == 0


def test_a_statement_is_proved_and_written(tmp_path: Path) -> None:
    out = tmp_path / "out.lean"
    result = prover("prove", "--statement", "(p q : Prop) : p ∧ q → q ∧ p", "--out", out)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("✓ statement")
    assert result.stderr.startswith("1 of 1 proved, ")
    assert prover("verify", "--strict", out).returncode == 0


def test_nothing_to_prove_and_nothing_proved(tmp_path: Path) -> None:
    done = tmp_path / "done.lean"
    done.write_text("theorem a : 1 = 1 := by rfl\n")
    result = prover("prove", done)
    assert (result.returncode, result.stdout) == (0, "")
    assert "every theorem has a proof already" in result.stderr

    hopeless, out = tmp_path / "hopeless.lean", tmp_path / "out.lean"
    hopeless.write_text("theorem a : 1 = 2 := by sorry\n")
    result = prover("prove", hopeless, "--samples", "2", "--out", out)
    assert result.returncode == 1
    assert "✗ a — no proof within 2 samples" in result.stdout
    assert "nothing was proved" in result.stderr
    assert not out.exists()


OPEN = "theorem a : 1 = 1 := by sorry\n"
TWO = OPEN + "theorem b : 1 = 1 := by sorry\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.lean"], "nowhere.lean does not exist"),
        (["text.txt"], "text.txt is neither a .lean nor a .jsonl file"),
        (["none.lean"], "none.lean has no theorem, lemma or example"),
        (["--statement", ""], "name files to prove, or give a --statement, and not both"),
        (["a.lean", "--statement", "True"], "name files to prove, or give a --statement, and not both"),
        (["a.lean", "--search", "luck"], "--search must be one of rmaxts, best-first, sampling, self-"),
        (["a.lean", "--samples", "0"], "samples must be positive"),
        (["a.lean", "--time", "-1"], "time must be positive"),
        (["a.lean", "--policy", "oracle"], "there is no policy 'oracle'"),
        (["a.lean", "--policy", "hf:nowhere"], "nowhere"),
        (["a.lean", "--out", "b.jsonl"], "a .lean file becomes a .lean file"),
        (["a.lean", "--out", "nowhere/b.lean"], "there is no directory nowhere"),
        (["a.lean", "--out", "folder.lean"], "folder.lean is a directory"),
        (["a.lean", "two.lean", "--out", "b.lean"], "--out writes one completed file"),
        (["two.lean", "--trace", "text.txt"], "text.txt is a file; 2 theorems need a folder"),
        (["--statement", "theorem a : 1 = 1 := rfl"], "has a proof of its own"),
        (["bad.jsonl"], "bad.jsonl, line 1"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "a.lean").write_text(OPEN)
    (tmp_path / "two.lean").write_text(TWO)
    (tmp_path / "none.lean").write_text("-- nothing\n")
    (tmp_path / "text.txt").write_text("important")
    (tmp_path / "bad.jsonl").write_text("{\n")
    (tmp_path / "folder.lean").mkdir()
    result = prover("prove", *arguments, cwd=tmp_path)
    assert said in refusal(result)
    assert (tmp_path / "text.txt").read_text() == "important"


def test_one_unreadable_file_leaves_the_others_alone(tmp_path: Path) -> None:
    (tmp_path / "a.lean").write_text(OPEN)
    result = prover("prove", "nowhere.lean", "a.lean", "a.lean", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stdout.count("✓ a") == 1
    assert "nowhere.lean does not exist" in result.stderr


def test_a_trace_that_is_no_trace_harms_its_own_theorem_only(tmp_path: Path) -> None:
    (tmp_path / "two.lean").write_text(TWO)
    assert prover("prove", "two.lean", "--trace", "t", cwd=tmp_path).returncode == 0
    (first,) = (tmp_path / "t").glob("a-*.jsonl")
    first.write_text("no trace")
    result = prover("prove", "two.lean", "--trace", "t", cwd=tmp_path)
    assert result.returncode == 2
    assert "✓ b" in result.stdout
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("✗")]
    assert "is no trace of a search" in line
    assert first.read_text() == "no trace"


@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["text", "json"])
def test_output_that_nobody_takes_is_one_line(tmp_path: Path, as_json: list[str]) -> None:
    (tmp_path / "two.lean").write_text(TWO)
    reading, writing = os.pipe()
    os.close(reading)
    try:
        result = subprocess.run(
            [PROVER, "prove", "two.lean", *as_json],
            cwd=tmp_path,
            env=environment(),
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        os.close(writing)
    assert result.returncode == 2
    assert result.stderr == "prover: standard output cannot be written: Broken pipe\n"
