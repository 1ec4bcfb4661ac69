"""What a comparison says of runs that may not have been given the same problems."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from prover.evaluation.comparison import compare
from prover.evaluation.markdown import markdown
from prover.evaluation.markup import text
from prover.evaluation.page import render
from prover.evaluation.reading import Run, read_run
from prover.evaluation.records import ProblemLine, RunSettings
from prover.evaluation.reporting import make_report
from tests.prover.evaluation.folders import SETTINGS, problem, result, settings, write

PROBLEMS = [replace(problem(index), header="open Nat\n") for index in range(10)]


def run(folder: Path, problems: list[ProblemLine], of: RunSettings = SETTINGS) -> Run:
    return read_run(write(folder, problems, [result(one) for one in problems], of))


def test_another_lean_header_or_file_is_told(tmp_path: Path) -> None:
    first = run(tmp_path / "first", PROBLEMS)
    of = settings(toolchain="Lean 4.9.0, project", benchmark_sha256="1" * 64)
    second = run(tmp_path / "second", [*PROBLEMS[:1], *map(problem, range(1, 10))], of)
    comparison = compare(first, second, ("first", "second"))
    lean, headers, files = comparison.warnings
    assert "different Leans or libraries (Lean 4.35.0, embedded; Lean 4.9.0, project)" in lean
    assert headers.startswith("9 of the 10 problems stand behind different headers")
    assert headers.endswith("something else: toy_1, toy_2, toy_3, toy_4, toy_5, toy_6, toy_7, toy_8, ….")
    assert "SHA-256 000000000000…; toys, 111111111111…" in files
    assert comparison.common == 10  # They are compared all the same.
    report = make_report([first, second], 1, lambda sha256: {})
    assert markdown(report).count("- **Mind:** ") == 3
    shown = render(report, "", {}, tmp_path)
    assert all(f"<li>{text(warning)}</li>" in shown for warning in comparison.warnings)


def test_blanks_and_other_settings_are_no_reason_to_warn(tmp_path: Path) -> None:
    first = run(tmp_path / "first", PROBLEMS)
    spaced = [replace(one, header=f"\n{one.header}") for one in PROBLEMS]
    second = run(tmp_path / "second", spaced, settings(samples=128, seed=2))
    report = make_report([first, second], 0, lambda sha256: {})
    assert report.comparisons[0].warnings == ()
    assert "Mind:" not in markdown(report)
