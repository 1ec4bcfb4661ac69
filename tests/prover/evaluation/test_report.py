"""What a report says of runs whose outcomes are known."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from prover.evaluation.comparison import compare
from prover.evaluation.figures import tries
from prover.evaluation.markdown import markdown
from prover.evaluation.reading import Run, read_run
from prover.evaluation.records import RunSettings
from prover.evaluation.report import budgets, report_run, titles
from prover.evaluation.reporting import make_report
from prover.evaluation.statistics import mcnemar, wilson
from tests.prover.command import prover, refusal
from tests.prover.evaluation.folders import problem, result, settings, simulate, write


@dataclass(frozen=True)
class Wrong:
    reason: str
    source: str
    kind: str = "false"
    corrected_in: str = "better toys"


LEMMA = "leanprover/lean4 src/Init/PropLemmas.lean Nat.le_one"
PROBLEMS = [
    problem(0, domain="nat", tier="1", source=LEMMA),
    problem(1, domain="nat", tier="2", source=LEMMA),
    problem(2, domain="prop", tier="1"),
    problem(3, domain="prop", tier="2"),
    problem(4, domain="prop", tier="2", skipped="needs Mathlib"),
    problem(5, domain="nat", tier="1"),
]
RESULTS = [
    result(PROBLEMS[0], samples=2, proof="  exact Nat.le_one h"),
    result(PROBLEMS[1], samples=40, proof="  omega -- not le_one"),
    result(PROBLEMS[2], "FAILED", samples=64, verdicts={"FAILED": 60, "CHEAT": 3, "TIMEOUT": 1}),
    result(PROBLEMS[3], "FAULT", samples=5, faults=8, error="Lean was lost"),
    result(PROBLEMS[5], samples=1, faults=1),
]


def no_flaws(sha256: str) -> dict[str, Wrong]:
    return {}


def flaws(sha256: str) -> dict[str, Wrong]:
    assert sha256 == "0" * 64
    return {"toy_2": Wrong("a phantom k", "another copy"), "toy_4": Wrong("n > 0 is missing", "a paper")}


def run_of(folder: Path) -> Run:
    return read_run(write(folder, PROBLEMS, RESULTS))


def test_a_run_is_counted(tmp_path: Path) -> None:
    report = report_run(run_of(tmp_path), "run", no_flaws)
    assert (report.problems, report.attempted, report.proved) == (6, 5, 3)
    assert report.skipped == {"needs Mathlib": 1}
    assert report.searches == {"PROVED": 3, "FAILED": 1, "FAULT": 1}
    mix = {"FAILED": 1 + 39 + 60 + 5, "CHEAT": 3, "TIMEOUT": 1, "PROVED": 3}
    assert report.verdicts == mix
    assert report.lost == 9
    assert (report.costs.samples, report.costs.tokens) == (112, 112 * 12)
    assert (report.costs.lean_seconds, report.costs.policy_seconds) == (112 / 4, 112 / 8)
    outcomes = [row.outcome for row in report.rows]
    assert outcomes == ["PROVED", "PROVED", "FAILED", "FAULT", "SKIPPED", "PROVED"]
    assert [row.cheats for row in report.rows] == [0, 0, 3, 0, 0, 0]
    assert [row.note for row in report.rows][3:5] == ["Lean was lost", "needs Mathlib"]
    assert any("1 search ended in faults" in note for note in report.notes)
    assert any("between 60.0% and 80.0%" in note for note in report.notes)


def test_proofs_that_name_their_lemma_count_for_one_figure_only(tmp_path: Path) -> None:
    every, unnamed = report_run(run_of(tmp_path), "run", no_flaws).figures
    assert (every.name, every.estimates[0].value) == ("any proof", 0.75)
    assert every.estimates[0].interval == wilson(3, 4)
    assert (unnamed.name, unnamed.estimates[0].value) == ("the lemma not named", 0.5)
    assert "2 statements restate a lemma" in unnamed.about
    rows = report_run(run_of(tmp_path), "run", no_flaws).rows
    assert [row.names_lemma for row in rows] == [True, False, False, False, False, False]


def test_what_is_said_of_figures_names_whose_they_are(tmp_path: Path) -> None:
    runs = [run_of(tmp_path / name) for name in "ab"]
    for folder, said in ((runs[:1], "the lemma not named: 2"), (runs, "a, b: the lemma not named: 2")):
        text = markdown(make_report(folder, 0, no_flaws))
        assert next(line for line in text.split("\n") if "restate" in line).startswith(said)
        assert text.count("restate a lemma") == 1


def test_results_as_published_and_corrected(tmp_path: Path) -> None:
    report = report_run(run_of(tmp_path), "run", flaws)
    figures = {figure.name: figure for figure in report.figures}
    names = [
        f"{copy}, {kind}"
        for kind in ("any proof", "the lemma not named")
        for copy in ("as published", "corrected")
    ]
    assert list(figures) == names
    assert [figures[name].attempted for name in names] == [5, 4, 5, 4]
    assert [figures[name].estimates[0].value for name in names] == [0.75, 1.0, 0.5, pytest.approx(2 / 3)]
    assert report.rows[2].defect == "a phantom k (another copy)"


def test_corrected_statements_of_another_run_replace_defective_ones(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run")
    better = [problem(0, name="toy_2"), problem(1, name="toy_4")]
    results = [result(one) for one in better]
    for name, of, value in (
        ("corrected", settings(benchmark="better toys", benchmark_sha256="1" * 64), 1.0),
        ("of other settings", settings(benchmark="better toys", samples=65), 1.0),
        ("other", settings(benchmark="other toys"), 1.0),
    ):
        other = read_run(write(tmp_path / name, better, results, of))
        figure = report_run(run, "run", flaws, [run, other]).figures[1]
        taken = 2 if name == "corrected" else 0
        assert (figure.name, figure.attempted) == ("corrected, any proof", 4 + taken)
        assert figure.estimates[0].problems == 3 + taken
        assert figure.estimates[0].value == value
        assert (
            f"of 1 statements attempted that are known to be defective, {taken} are replaced" in figure.about
        )


def test_a_bad_spelling_is_no_defect_of_the_figures(tmp_path: Path) -> None:
    spelling = {"toy_2": Wrong("a product in words", "us", "spelling")}
    report = report_run(run_of(tmp_path), "run", lambda sha256: spelling)
    assert [figure.name for figure in report.figures] == ["any proof", "the lemma not named"]
    assert report.rows[2].defect == "a product in words (us)"


def test_groups_divide_the_problems(tmp_path: Path) -> None:
    groups = {f"{g.kind} {g.name}": g for g in report_run(run_of(tmp_path), "run", no_flaws).groups}
    assert list(groups) == ["domain nat", "domain prop", "tier 1", "tier 2"]
    assert [(g.attempted, g.skipped, g.proved) for g in groups.values()] == [
        (3, 0, 3), (2, 1, 0), (3, 0, 2), (2, 1, 1),
    ]  # fmt: skip
    assert groups["domain prop"].estimate.faults == 1
    assert sum(groups[name].costs.samples for name in ("tier 1", "tier 2")) == 112


def test_curves_end_where_the_table_does(tmp_path: Path) -> None:
    of = settings(samples=500, repeats=2)
    run = read_run(write(tmp_path, *simulate([0.001 * i for i in range(300)], of), of))
    report = report_run(run, "run", no_flaws)
    assert 60 < len(report.by_samples) <= 122
    assert [place for place, _ in report.by_samples][:4] == [1, 2, 3, 4]
    for curve in (report.by_samples, report.by_seconds):
        values = [estimate.value for _, estimate in curve]
        assert values == sorted(v for v in values if v is not None)
        assert values[-1] == report.figures[0].estimates[0].value == report.ladder[-1].value
    at = dict(report.by_samples)
    shared = [estimate for estimate in report.ladder if estimate.within in at]
    assert len(shared) >= 3
    assert all(at[float(estimate.within or 0)] == estimate for estimate in shared)


def test_what_is_asked_of_a_run() -> None:
    assert [tries(n) for n in (1, 2, 3, 8)] == [[1], [1, 2], [1, 2, 3], [1, 2, 4, 8]]
    assert budgets(settings(samples=1)) == [1]
    assert budgets(settings(samples=100)) == [1, 4, 16, 64, 100]
    assert budgets(settings(samples=None), RESULTS) == [1, 4, 16, 64]
    paths = [Path("/a/x/run"), Path("/b/x/run"), Path("/b/y")]
    assert titles(paths) == ["a/x/run", "b/x/run", "b/y"]
    assert titles(paths[1:]) == ["run", "y"]


def paired(tmp_path: Path, wins: int, losses: int, both: int, neither: int) -> tuple[Run, Run]:
    """Two runs, of which the first alone proves so many problems, the second alone so many."""
    problems = [problem(index) for index in range(wins + losses + both + neither)]
    first = [*range(wins), *range(wins + losses, wins + losses + both)]
    second = [*range(wins, wins + losses + both)]
    made = []
    for name, proved in (("first", first), ("second", second)):
        results = [result(p, "PROVED" if p.index in proved else "FAILED", samples=9) for p in problems]
        random.Random(name).shuffle(results)
        made.append(read_run(write(tmp_path / name, problems, results)))
    return made[0], made[1]


def test_a_comparison_is_mcnemars(tmp_path: Path) -> None:
    one, other = paired(tmp_path, 18, 3, 30, 20)
    comparison = compare(one, other, ("one", "other"))
    last = comparison.ladder[-1]
    assert (last.within, last.problems, last.wins, last.losses) == (64, 71, 18, 3)
    assert (last.first, last.second) == (pytest.approx(48 / 71), pytest.approx(33 / 71))
    assert last.difference == pytest.approx(15 / 71)
    assert last.p == pytest.approx(mcnemar(18, 3))
    assert last.interval is not None
    assert 0 < last.interval[0] < 15 / 71 < last.interval[1]
    assert comparison.ladder[0].difference == 0  # Nobody has a proof within one sample.
    assert (comparison.ladder[0].interval, comparison.ladder[0].p) == (None, 1.0)
    assert (comparison.differ, comparison.searches) == ((), ())
    back = compare(other, one, ("other", "one")).ladder[-1]
    assert (back.wins, back.losses, back.p) == (3, 18, last.p)
    assert back.difference == -15 / 71


def test_a_comparison_says_what_it_leaves_out(tmp_path: Path) -> None:
    one = read_run(write(tmp_path / "one", PROBLEMS, RESULTS))
    problems = [
        *PROBLEMS[:2],
        replace(PROBLEMS[2], statement="theorem toy_2 : 2 = 3 := by"),
        replace(PROBLEMS[3], statement="theorem  toy_3 :\n 3 = 3 := by"),
        replace(PROBLEMS[4], skipped=""),
    ]
    results = [result(problems[0]), result(problems[3]), result(problems[4])]
    of = settings(samples=16, search="rmaxts")
    comparison = compare(one, read_run(write(tmp_path / "other", problems, results, of)), ("one", "other"))
    assert comparison.common == 3
    assert comparison.changed == ("toy_2",)
    assert (comparison.only_first, comparison.only_second) == (("toy_5",), ("toy_4",))
    assert comparison.differ == (("search", "sampling", "rmaxts"), ("samples", "64", "16"))
    assert [contest.within for contest in comparison.ladder] == [1, 4, 16]
    assert [contest.left_out for contest in comparison.ladder] == [1, 1, 2]  # A fault, and one to come.
    assert comparison.searches[0].k == 1


def test_runs_that_stop_early_are_not_compared_where_nobody_knows(tmp_path: Path) -> None:
    problems = [problem(0), problem(1)]
    of = settings(repeats=2, stop_early=True)
    results = [result(p, verdict, r, 9) for p in problems for r, verdict in enumerate(["STOPPED", "PROVED"])]
    early = read_run(write(tmp_path / "early", problems, results, of))
    full = read_run(write(tmp_path / "full", *simulate([1.0, 0.0], settings(repeats=2)), settings(repeats=2)))
    comparison = compare(early, full, ("early", "full"))
    known = {contest.within: contest.difference for contest in comparison.ladder}
    assert known == {1: -0.5, 4: -0.5, 16: None, 64: None}
    assert [(contest.k, contest.difference) for contest in comparison.searches] == [(2, 0.5)]
    assert "not known" in markdown(make_report([early, full], 1, no_flaws))


def test_the_tables_are_tables_whatever_the_names(tmp_path: Path) -> None:
    problems = [problem(0, name="a|b\n`<c>", domain="x|y\x1b[31m"), problem(1, domain="<b>")]
    run = read_run(write(tmp_path / "r|un", problems, [result(one) for one in problems]))
    text = markdown(make_report([run], 0, no_flaws))
    tables = [part for part in text.split("\n\n") if part.startswith("|")]
    assert len(tables) == 6
    for part in tables:
        cells = [line.replace("\\|", "").count("|") for line in part.strip().split("\n")]
        assert len(set(cells)) == 1
    assert "<" not in text
    assert "\x1b" not in text


def test_the_command_prints_a_table_or_json_and_writes_a_page(tmp_path: Path) -> None:
    folder = write(tmp_path / "run", PROBLEMS, RESULTS)
    shown = prover("report", "run", cwd=tmp_path)
    assert (shown.returncode, shown.stderr) == (0, "page: run/report.html\n")
    assert "| any proof | 4 | 1 | 75.0% [30.1%, 95.4%] | not known |" in shown.stdout
    assert (folder / "report.html").read_text().startswith("<!DOCTYPE html>")
    told = prover("report", folder, "--json", "--out", tmp_path / "p.html")
    report = json.loads(told.stdout)
    assert (told.returncode, (tmp_path / "p.html").is_file()) == (0, True)
    assert report["runs"][0]["figures"][0]["estimates"][0]["value"] == 0.75
    assert report["runs"][0]["settings"]["policy"] == "tactics"
    assert [row["name"] for row in report["runs"][0]["rows"]] == [one.name for one in PROBLEMS]
    assert report["comparisons"] == []


def test_the_baseline_is_the_one_that_samples_or_is_named(tmp_path: Path) -> None:
    for name, search in (("a", "rmaxts"), ("b", "sampling"), ("c", "best-first")):
        write(tmp_path / name, PROBLEMS, RESULTS, settings(search=search))

    def compared(*arguments: str) -> list[tuple[str, str]]:
        told = prover("report", *arguments, "--json", cwd=tmp_path)
        return [(one["first"], one["second"]) for one in json.loads(told.stdout)["comparisons"]]

    assert compared("a", "b", "c") == [("a", "b"), ("c", "b")]
    assert compared("a", "c") == [("c", "a")]
    assert compared("a", "--baseline", "c") == [("a", "c")]
    assert compared("a", "./a", "a/../b") == [("a", "b")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "nowhere is no run folder of `prover eval`: there is no such folder"),
        (["."], "it has no run.json"),
        (["run", "--out", "."], "--out . is a directory; name a file in it"),
        (["run", "--out", "no/p.html"], "no/p.html cannot be written: No such file or directory"),
        (["run", "--baseline", "nowhere"], "nowhere is no run folder"),
        (["x" * 300], "cannot be read: File name too long"),
        (["run", "--out", "x" * 300], "cannot be written: File name too long"),
        (["loop"], "loop is no run folder of `prover eval`: there is no such folder"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    write(tmp_path / "run", PROBLEMS, RESULTS)
    (tmp_path / "loop").symlink_to("loop")
    assert message in refusal(prover("report", *arguments, cwd=tmp_path))


def test_a_trace_of_which_no_file_has_the_name_has_no_page(tmp_path: Path) -> None:
    folder = write(tmp_path / "run", PROBLEMS[:1], [result(PROBLEMS[0], trace=f"traces/{'x' * 400}")])
    shown = prover("report", folder)
    assert (shown.returncode, shown.stderr) == (0, f"page: {folder}/report.html\n")


@pytest.mark.parametrize("skipped", ["", "needs Mathlib"])
@pytest.mark.parametrize("of", [settings(), settings(samples=None, seconds=5.0, repeats=3, stop_early=True)])
def test_a_run_without_results_has_a_report(tmp_path: Path, skipped: str, of: RunSettings) -> None:
    """One that has just begun, and one where nothing could be attempted."""
    folder = write(tmp_path / "run", [problem(0, skipped=skipped), problem(1, skipped=skipped)], [], of)
    shown = prover("report", folder, folder.with_name("run"))
    assert (shown.returncode, shown.stderr) == (0, f"page: {folder}/report.html\n")
    assert "| any proof | 0 | 1 | – | not known |" in shown.stdout
    assert ("2 of 2 problems were skipped" in shown.stdout) is bool(skipped)
    assert ("The run is not finished" in shown.stdout) is not skipped
    empty = write(tmp_path / "empty", [], [], of)
    assert prover("report", folder, empty).returncode == 0


def test_corrections_are_counted_and_the_rounds_of_proofs_told(tmp_path: Path) -> None:
    problems = [problem(number) for number in range(4)]
    results = [
        result(problems[0], samples=3, corrections=2, proof_round=2),
        result(problems[1], samples=1),
        result(problems[2], samples=4, corrections=2, proof_round=0),
        result(problems[3], "FAILED", samples=64, corrections=40),
    ]
    report = report_run(read_run(write(tmp_path, problems, results)), "run", no_flaws)
    assert (report.corrections, report.rounds) == (44, {"0": 2, "2": 1})
    told = "44 of 72 samples were to correct an earlier proof; proofs: 2 fresh, 1 in round 2."
    assert told in report.notes
    assert told in markdown(make_report([read_run(tmp_path)], 0, no_flaws))
    plain = report_run(run_of(tmp_path / "plain"), "run", no_flaws)
    assert (plain.corrections, plain.rounds) == (0, {})
    assert not any("correct an earlier" in note for note in plain.notes)
