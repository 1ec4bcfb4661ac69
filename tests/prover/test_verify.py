"""`prover verify`: verdicts, exit codes, output for programs, bad input, interruption."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from lean_env.errors import LimitError
from lean_env.limits import GIB
from lean_env.toolchain import Toolchain
from prover.verify import run

EXAMPLES = Path(__file__).parents[2] / "examples"

MIXED = """/-! Good and bad. -/
namespace A
variable (n : Nat)

/-- Fine. -/
protected theorem good : n = n := by
  rfl

theorem wrong : n = n + 1 := by
  rfl

theorem rests : n = n + 1 := wrong n

theorem nonsense : n = (n : Nope) := by
  rfl

theorem by_cases : ∀ m : Nat, m = m
  | 0 => rfl
  | _ + 1 => rfl

theorem open_ (p : Prop) : p := by
  sorry

theorem missing : 1 = 1

theorem unfinished : n = n ∧ n = n := by
  constructor
  · rfl

example : n = n := by rfl

theorem unclosed : n = n := by
  exact (rfl

private theorem last : n = n := rfl
end A
"""


def verify(
    toolchain: Toolchain, *files: Path, strict: bool = False, as_json: bool = False, seconds: float = 20
) -> int:
    return run(
        list(files),
        toolchain=toolchain,
        strict=strict,
        as_json=as_json,
        workers=2,
        seconds=seconds,
        memory_bytes=6 * GIB,
    )


def rows(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    return path


def record(name: str, statement: str, proof: str, **fields: str) -> str:
    return (
        json.dumps({"name": name, "statement": f"theorem {statement} := by", "proof": proof, **fields}) + "\n"
    )


@pytest.mark.parametrize("strict", [False, True])
def test_the_examples_are_proved(
    strict: bool, toolchain: Toolchain, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [EXAMPLES / "basics.lean", EXAMPLES / "proofs.jsonl"]
    assert verify(toolchain, *files, strict=strict) == 0
    output = capsys.readouterr()
    assert all(line.startswith("✓ ") for line in output.out.splitlines())
    assert output.out.count("Classical.choice") == strict
    assert "proved" in output.err


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("[0-9]*.lean")), ids=lambda path: path.stem)
def test_the_examples_to_prove_are_open_and_elaborate(
    path: Path, toolchain: Toolchain, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(toolchain, path, as_json=True) == 1
    assert {row["verdict"] for row in rows(capsys.readouterr().out)} <= {"INCOMPLETE", "PROVED"}


def test_the_examples_that_are_no_proofs(toolchain: Toolchain, capsys: pytest.CaptureFixture[str]) -> None:
    path = EXAMPLES / "not_proofs.jsonl"
    assert verify(toolchain, path, as_json=True) == 1
    assert [row["verdict"] for row in rows(capsys.readouterr().out)] == [
        "FAILED",
        "INCOMPLETE",
        "INCOMPLETE",
        "CHEAT",
        "FAILED",
    ]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_one_bad_theorem_does_not_spoil_the_others(
    line_end: str, toolchain: Toolchain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "Mixed.lean", "\ufeff" + MIXED.replace("\n", line_end))
    assert verify(toolchain, path, as_json=True, strict=True) == 2
    found = rows(capsys.readouterr().out)
    assert {row["name"]: row["verdict"] for row in found} == {
        "A.good": "PROVED",
        "A.wrong": "FAILED",
        "A.rests": "INCOMPLETE",
        "A.nonsense": None,
        "A.by_cases": "PROVED",
        "A.open_": "INCOMPLETE",
        "A.missing": "INCOMPLETE",
        "A.unfinished": "INCOMPLETE",
        "A.example_line_30": "PROVED",
        "A.unclosed": "FAILED",
        "A.last": "PROVED",
    }
    by_name = {row["name"]: row for row in found}
    assert by_name["A.wrong"]["place"] == f"{path}:10:2"
    assert "does not elaborate" in by_name["A.nonsense"]["reason"]
    assert by_name["A.rests"]["reason"] == "rests on something that is not proved"
    assert by_name["A.good"]["certificate"]["replayed"]
    assert by_name["A.good"]["axioms"] == []


def test_json_has_the_fields_and_nothing_else_is_printed(
    toolchain: Toolchain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.jsonl", record("mine", "a : 1 = 1", "rfl") + record("b", "b : 1 = 2", "rfl"))
    assert verify(toolchain, path, as_json=True, strict=True) == 1
    output = capsys.readouterr()
    mine, other = rows(output.out)
    assert {
        "name", "verdict", "proof", "axioms", "samples", "seconds", "search", "policy", "toolchain", "seed"
    } <= mine.keys()  # fmt: skip
    assert (mine["name"], mine["verdict"], mine["proof"], mine["axioms"]) == ("mine", "PROVED", "rfl", [])
    assert mine["certificate"]["theorem"] == "a"
    assert mine["toolchain"] == toolchain.describe()
    assert (other["verdict"], other["axioms"]) == ("FAILED", None)
    assert output.err == ""


def test_records_with_header_and_bad_statement(
    toolchain: Toolchain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(
        tmp_path / "a.jsonl",
        record("a", "a : f 1 = 2", "rfl", header="namespace N\ndef f (n : Nat) : Nat := n + 1")
        + record("b", "b : (1 : Nope) = 2", "rfl")
        + record("c", "c : 1 = 1", "sorry"),
    )
    assert verify(toolchain, path) == 2
    first, second, third = capsys.readouterr().out.splitlines()
    assert first == f"✓ {path}:1 a"
    assert second.startswith(f"✗ {path}:2 b — the statement does not elaborate")
    assert third == f"✗ {path}:3 c — INCOMPLETE: the proof says `sorry`"


def test_an_error_outside_of_theorems_is_told_and_harms_no_other(
    toolchain: Toolchain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.lean", 'def f : Nat := "a"\ntheorem a : 1 = 1 := rfl\n')
    assert verify(toolchain, path) == 2
    output = capsys.readouterr()
    assert output.out == f"✓ {path}:2:0 a\n"
    assert f"{path}:1:15: Type mismatch" in output.err


@pytest.mark.parametrize("stray", ["foo bar baz", "lemma other : True := trivial", "theorm t : 1 = 1 := rfl"])
def test_a_word_that_is_no_command_harms_no_theorem_around_it(
    stray: str, tmp_path: Path, toolchain: Toolchain, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"theorem before : True := trivial\n\n{stray}\n\ntheorem after : True := by trivial\n"
    code = verify(toolchain, write(tmp_path / "stray.lean", text), as_json=True)
    found = rows(capsys.readouterr().out)
    verdicts = {row["name"]: row["verdict"] for row in found}
    assert verdicts["before"] == verdicts["after"] == "PROVED"
    assert verdicts.get("other") is None
    assert code == 2


def test_an_import_that_is_not_there(
    toolchain: Toolchain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.lean", "import Mathlib\ntheorem a : 1 = 1 := rfl\n")
    assert verify(toolchain, path) == 2
    output = capsys.readouterr()
    assert "Mathlib" in output.err
    assert output.out.startswith(f"✗ {path}:2:0 a — FAILED")


def test_files_that_cannot_be_read_do_not_stop_the_others(
    toolchain: Toolchain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = write(tmp_path / "good.lean", "theorem a : 1 = 1 := rfl\n")
    bad = [
        tmp_path / "missing.lean",
        tmp_path,
        write(tmp_path / "empty.lean", ""),
        write(tmp_path / "none.lean", "def x := 1\n"),
        write(tmp_path / "text.txt", "theorem a : 1 = 1 := rfl\n"),
        write(tmp_path / "broken.jsonl", '{"name": 1}\n'),
        write(tmp_path / "proofless.jsonl", '{"statement": "theorem a : 1 = 1 := by"}\n'),
    ]
    assert verify(toolchain, *bad, good) == 2
    output = capsys.readouterr()
    assert output.out == f"✓ {good}:1:0 a\n"
    complaints = [line for line in output.err.splitlines() if line.startswith("prover: ")]
    assert len(complaints) == len(bad)
    for path, complaint in zip(bad, complaints, strict=True):
        assert str(path) in complaint


@pytest.mark.parametrize(("workers", "seconds", "memory"), [(0, 1, 1), (1, 0, 1), (1, -1, 1), (1, 1, 0)])
def test_limits_that_make_no_sense(
    workers: int, seconds: float, memory: int, toolchain: Toolchain, tmp_path: Path
) -> None:
    with pytest.raises(LimitError):
        run(
            [tmp_path / "missing.lean"],
            toolchain=toolchain,
            strict=False,
            as_json=False,
            workers=workers,
            seconds=seconds,
            memory_bytes=memory,
        )


def test_two_hundred_theorems_in_one_file(
    toolchain: Toolchain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "".join(
        f"theorem t{i} (p q : Prop) (h : p ∧ q) : q ∧ p := by\n  exact ⟨h.2, h.1⟩\n" for i in range(200)
    )
    assert verify(toolchain, write(tmp_path / "many.lean", text)) == 0
    assert capsys.readouterr().out.count("✓") == 200


INTERRUPTED = """
import signal
import sys
from pathlib import Path
from lean_env.toolchain import find_toolchain
from prover.verify import run
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
run([Path(sys.argv[1])], toolchain=find_toolchain(), strict=False, as_json=True, workers=1,
    seconds=1000, memory_bytes=6 * 2**30)
"""


def test_an_interruption_keeps_what_was_finished_and_leaves_no_process(
    toolchain: Toolchain, tmp_path: Path
) -> None:
    path = write(
        tmp_path / "a.jsonl", record("a", "a : 1 = 1", "rfl") + record("b", "b : 1 = 2", "repeat refine ?_")
    )
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())
    assert (first["name"], first["verdict"]) == ("a", "PROVED")
    children = _children(process.pid)
    assert children
    os.kill(process.pid, signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    assert rest == ""
    assert process.returncode != 0
    assert not psutil.wait_procs(children, timeout=60)[1]


def _children(pid: int) -> list[Any]:
    import psutil

    found: list[Any] = psutil.Process(pid).children(recursive=True)
    return found
