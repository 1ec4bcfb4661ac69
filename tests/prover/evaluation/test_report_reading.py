"""Run folders are read whole, or refused in one line."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from lean_env.errors import SourceError
from prover.evaluation.reading import read_run
from tests.prover.evaluation.folders import SETTINGS, problem, result, settings, simulate, write

PROBLEMS = [problem(0), problem(1, skipped="needs Mathlib"), problem(2, domain="ℕ")]
RESULTS = [result(PROBLEMS[0], proof="  «∀»"), result(PROBLEMS[2], "FAILED", samples=64)]


def test_what_was_written_is_read(tmp_path: Path) -> None:
    run = read_run(write(tmp_path / "run", PROBLEMS, RESULTS))
    assert (run.settings, list(run.problems), list(run.results)) == (SETTINGS, PROBLEMS, RESULTS)
    many = settings(repeats=3, stop_early=True)
    problems, results = simulate([0.01, 0.2] * 20, many)
    run = read_run(write(tmp_path / "many", problems, results, many))
    assert (list(run.problems), list(run.results)) == (problems, results)


def test_a_run_that_has_just_begun_has_no_results(tmp_path: Path) -> None:
    folder = write(tmp_path, PROBLEMS, [])
    assert read_run(folder).results == ()
    (folder / "results.jsonl").unlink()
    assert read_run(folder).results == ()


def test_a_line_that_was_cut_off_anywhere_does_not_count(tmp_path: Path) -> None:
    folder = write(tmp_path, PROBLEMS, RESULTS)
    whole = (folder / "results.jsonl").read_bytes()
    for length in range(len(whole) + 1):
        (folder / "results.jsonl").write_bytes(whole[:length])
        assert list(read_run(folder).results) == RESULTS[: whole[:length].count(b"\n")]


def test_a_fault_that_was_retried_does_not_count(tmp_path: Path) -> None:
    fault = result(PROBLEMS[0], "FAULT", samples=3, error="lost")
    assert list(read_run(write(tmp_path, PROBLEMS, [fault, *RESULTS])).results) == RESULTS
    again = [fault, RESULTS[1], fault, RESULTS[0]]
    assert list(read_run(write(tmp_path, PROBLEMS, again)).results) == [RESULTS[1], RESULTS[0]]
    with pytest.raises(SourceError, match="line 3: toy_0, repeat 0, has ended before"):
        read_run(write(tmp_path, PROBLEMS, [*RESULTS, fault]))


def test_what_is_no_run_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no such folder"):
        read_run(tmp_path / "nowhere")
    with pytest.raises(SourceError, match=r"it has no run\.json"):
        read_run(tmp_path)
    folder = write(tmp_path, PROBLEMS, RESULTS)
    for text, message in [("", "is not JSON"), ("[]", "is not a JSON object"), ("{}", "has format None")]:
        (folder / "run.json").write_text(text)
        with pytest.raises(SourceError, match=message):
            read_run(folder)
    write(tmp_path, [PROBLEMS[0], PROBLEMS[2]], RESULTS)
    with pytest.raises(SourceError, match="line 2: has index 2, not 1"):
        read_run(folder)
    (folder / "problems.jsonl").unlink()
    with pytest.raises(SourceError, match=r"problems\.jsonl cannot be read: No such file"):
        read_run(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"problem": 3}, "is not problem 3"),
        ({"problem": -1}, "is not problem -1"),
        ({"name": "toy_2"}, "'toy_2' is not problem 0"),
        ({"problem": 1, "name": "toy_1"}, "was skipped, and has a result"),
        ({"repeat": 1}, "repeat 1 of a run with 1"),
        ({"verdict": "WON"}, "unknown verdict 'WON'"),
        ({"samples": -1}, "a number is negative"),
        ({"verdicts": {"FAILED": -2}}, "a number is negative"),
        ({"verdicts": {"FAILED": "2"}}, "verdicts cannot be"),
        ({"samples": 1.5}, r"samples cannot be 1\.5"),
        ({"samples": True}, "samples cannot be true"),
        ({"seconds": "1"}, 'seconds cannot be "1"'),
        ({"proof": None}, "proof cannot be null"),
        ({"axioms": [1]}, r"axioms cannot be \[1\]"),
        ({"trace": "/etc/passwd"}, "the trace '/etc/passwd' is not in the folder"),
        ({"trace": "traces/../../x"}, "is not in the folder"),
        ({"proof": "\ud800"}, "proof cannot be"),
        ({"colour": 1}, "unknown field 'colour'"),
    ],
)
def test_a_wrong_value_is_named_with_its_line(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    folder = write(tmp_path, PROBLEMS, RESULTS)
    good = asdict(RESULTS[1])
    lines = [good, asdict(RESULTS[0]) | change]
    (folder / "results.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(SourceError, match=message) as caught:
        read_run(folder)
    assert "results.jsonl, line 2: " in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("repeats", [0, -1, 999_999_999])
def test_a_number_of_repeats_that_nobody_ran_is_refused(tmp_path: Path, repeats: int) -> None:
    folder = write(tmp_path, PROBLEMS, [], settings(repeats=repeats))
    with pytest.raises(SourceError, match=r"run\.json: repeats must be from 1 to 10,000, not "):
        read_run(folder)


@pytest.mark.parametrize("line", ["", "{", "nul", "[1]", '{"problem": NaN}', "[" * 100_000, "\ufffd"])
def test_a_line_that_is_no_object_is_refused(tmp_path: Path, line: str) -> None:
    folder = write(tmp_path, PROBLEMS, RESULTS)
    with (folder / "results.jsonl").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(SourceError, match=r"line 3 is not (a )?JSON"):
        read_run(folder)


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path, PROBLEMS, RESULTS)
    record = {name: value for name, value in asdict(SETTINGS).items() if name != "policy"}
    (folder / "run.json").write_text(json.dumps(record))
    with pytest.raises(SourceError, match="the field 'policy' is missing"):
        read_run(folder)


def test_numbers_that_no_float_holds_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, PROBLEMS, RESULTS)
    text = (folder / "results.jsonl").read_text()
    for number, message in (("1e999", "line 2: seconds cannot be"), ("Infinity", "Infinity is no number")):
        (folder / "results.jsonl").write_text(text.replace('"seconds": 32.0', f'"seconds": {number}'))
        with pytest.raises(SourceError, match=message):
            read_run(folder)
