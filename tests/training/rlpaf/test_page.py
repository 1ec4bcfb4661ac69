"""The page of a run: it says what the files say, whatever is missing, damaged or hostile."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from prover.cli import app
from tests.prover.command import environment
from training.errors import TrainError
from training.rlpaf.page import NEWEST, PAGE, RAREST, chosen, write_page
from training.rlpaf.panels import rises, verdicts
from training.rlpaf.progress import estimates
from training.rlpaf.record import CHEATS, FILES, METRICS, PROOFS, RESULT, RUN, SCORES, Proved, read_record

HOSTILE = "<script>alert('𝓝')</script><b>&amp;"
TOLD: dict[str, Any] = {
    "algorithm.preset": "modern",
    "model.checkpoint": "core-7m",
    "theorems.corpus": ["corpus.jsonl.xz"],
    "theorems.generated": 60,
    "curriculum.theorems": 6,
    "curriculum.group": 8,
    "evaluation.samples": 2,
    "lean.max_disagreement": 0.02,
    "run.steps": 3,
    "seed": 5,
}
BATCH = {
    "reward": 0.5,
    "kl_sampler": 0.0015,
    "entropy": 0.75,
    "ess": 0.99,
    "clipped_low": 0.0,
    "batch_seconds": 2.0,
    "rollouts_per_second": 50.0,
    "proved_share": 0.6,
    "failed_share": 0.37,
    "cheat_share": 0.01,
    "fault_share": 0.02,
    "wait_share": 0.25,
    "transfer_seconds": 0.5,
    "lean_seconds": 30.0,
    "audited": 40.0,
    "refused": 1.0,
    "curriculum_theorems_fresh": 1234.0,
    "curriculum_theorems_active": 21.0,
    "known_share": 0.125,
    "groups_under_way": 17.0,
    "groups_ready": 4.0,
    "stale_groups": 2.0,
    "unusable_theorems": 1.0,
    **{f"curriculum_success_bin_{place}": 0.1 for place in range(10)},
}


def lines(*fields: object) -> str:
    return "".join(json.dumps(one) + "\n" for one in fields)


def score(batch: int, name: str, proved: int, judged: int = 2, suite: str = "public") -> dict[str, Any]:
    return {"batch": batch, "suite": suite, "name": name, "proved": proved, "judged": judged}


def proof(number: int, text: str = "  simp", step: int = 1) -> dict[str, Any]:
    statement = f"theorem t_{number} : {number} = {number} := by"
    found = {"version": step, "step": step, "seconds": 60.0 * number}
    return {"name": f"t_{number}", "statement": statement, "proof": text, **found}


def write(folder: Path, **changed: str) -> Path:
    """A finished run of three batches; a file's text may be another, or empty for no such file."""
    folder.mkdir(parents=True, exist_ok=True)
    metrics = [{"step": step, "seconds": 2.0 * step, **BATCH} for step in (1, 2, 3)]
    metrics[2]["reward"] = 0.625
    files = {
        RUN: json.dumps(TOLD),
        RESULT: json.dumps({"batches": 3, "device": "NVIDIA H200", "torch": "2.11", "processes": 8}),
        METRICS: lines({"step": 0, "pass@1/public": 0.5}, *metrics),
        # The second evaluation of batch 3 is the one behind an interruption: it counts.
        SCORES: lines(score(0, "a", 0), score(0, "b", 2), score(3, "a", 0), score(3, "b", 0))
        + lines(score(3, "a", 2), score(3, "b", 2)),
        PROOFS: lines(proof(1), proof(2, "  omega", 2), proof(1, "  rfl")),
        CHEATS: "-- batch 2\ntheorem f : False := by\n  exact lie\n-- strict audit: uses lie\n\n",
    }
    for name, text in {**files, **changed}.items():
        (folder / name).unlink(missing_ok=True)
        if text:
            (folder / name).write_text(text, "utf-8")
    return folder


def said(folder: Path) -> str:
    """What a reader sees of the page, without markup, and with one blank between words."""
    page = write_page(folder).read_text("utf-8")
    reader = Page()
    reader.feed(page)
    reader.close()
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


class Page(HTMLParser):
    """Checks that elements are closed, and that none of them does anything."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "b", "iframe", "img", "link"), tag
        assert not any(name.startswith("on") or name in ("style", "src", "href") for name, _ in attrs), attrs
        self.open += [] if tag == "meta" else [tag]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not any(name.startswith("on") for name, _ in attrs), attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def close(self) -> None:
        super().close()
        assert not self.open


def test_it_says_what_the_files_say(tmp_path: Path) -> None:
    page = said(write(tmp_path / "run-7"))
    for words in (
        "run-7",
        "3 of 3 batches, finished",
        "training time 6.0 s",
        "preset modern",
        "model core-7m",
        "theorems corpus.jsonl.xz, 60 generated",
        "6 theorems, 8 proofs of each",
        "where NVIDIA H200, torch 2.11, 8 processes",
        "theorems proved 2",
        "mean: 50 % → 62.5 %",
        "to the sampler: 0.0015 → 0.0015",
        "proved 180 (60.0%)",
        "failed 111 (37.0%)",
        "cheat 3 (1.0%)",
        "fault 6 (2.0%)",
        "faults: 2 % → 2 % cheats: 1 % → 1 %",
        "judged 120 again and refused 3: 2.5 %, with 95 % confidence 0.854 % to 7.09 %.",
        "More than 2 % of enough audits would end the run.",
        "the learner waited for 1.5 s of it (25.0%)",
        "handing over weights took 1.5 s",
        "Lean worked for 90.0 s",
        "share: 12.5 % → 12.5 %",
        "under way: 17 → 17 ready: 4 → 4",
        "too old: 2 → 2",
        "By tenths of the success rate 0 %",
        "70 80 90 batch 1 batch 3",
        "1,234 theorems were not tried yet.",
        "active: 21 → 21",
        "so far: 1 → 2",
        "strict audit refused: 3. Proofs that were called cheats, or that the strict audit refused: 1.",
        "batch 2 theorem f : False := by exact lie -- strict audit: uses lie",
        "The first proof of each of 2 theorems",
        "t_2 batch 2 · 2.0 min · no other proof theorem t_2 : 2 = 2 := by omega",
        "t_1 batch 1 · 60.0 s · 2 distinct proofs theorem t_1 : 1 = 1 := by simp",
        "lean.max_disagreement 0.02",
    ):
        assert words in page, words
    assert "not shown" not in page


def test_held_out_figures_worked_by_hand(tmp_path: Path) -> None:
    """Of two theorems one is always proved, then both are. Wilson's interval of 1/2, n = 2 is 1/2 plus or
    minus z / 2 / sqrt(n + z²): 9.5 % to 90.5 %; of 2/2 it begins at n / (n + z²): 34.2 %. Resampled, the two
    differences 0 and 1 are both 0 one time in four and both 1 as often, so their interval is 0 to 1."""
    folder = write(tmp_path)
    page = said(folder)
    row = "2 50.0% [9.5%, 90.5%] 100.0% [34.2%, 100.0%] +50.0% [+0.0%, +100.0%], 1:0, p = 1.00"
    assert f"public, pass@1 {row}" in page
    assert f"public, pass@2 {row}" in page
    assert "Evaluated at batch 0, 3." in page


def test_theorems_with_too_few_samples_are_left_out_of_pass_at_k(tmp_path: Path) -> None:
    scores = lines(score(0, "a", 1, 4), score(0, "b", 1, 2), score(0, "c", 0, 0))
    told = json.dumps(TOLD | {"evaluation.samples": 4})
    record = read_record(write(tmp_path, **{SCORES: scores, RUN: told}))
    ((batch, one),) = estimates(record, "public", 1)
    assert (batch, one.problems, one.value) == (0, 2, (0.25 + 0.5) / 2)
    ((_, four),) = estimates(record, "public", 4)
    assert (four.problems, four.value) == (1, 1.0)
    assert "public, pass@4 1 100.0% [20.7%, 100.0%] 100.0% [20.7%, 100.0%] –" in said(tmp_path)


def test_what_others_wrote_is_text(tmp_path: Path) -> None:
    found = proof(1) | {"name": HOSTILE, "statement": f"theorem x : {HOSTILE}", "proof": HOSTILE}
    changed = {
        RUN: json.dumps(TOLD | {"model.checkpoint": HOSTILE, HOSTILE: HOSTILE}),
        RESULT: json.dumps({"device": HOSTILE}),
        SCORES: lines(score(0, HOSTILE, 1, suite=HOSTILE), score(1, HOSTILE, 2, suite=HOSTILE)),
        PROOFS: lines(found, found | {"statement": "lone \ud800 \x00"}),
        CHEATS: f"-- batch 1\n{HOSTILE}\n\n",
    }
    page = said(write(tmp_path / HOSTILE.replace("/", ""), **changed))
    assert page.count(HOSTILE) > 10
    written = (tmp_path / HOSTILE.replace("/", "") / PAGE).read_text("utf-8")
    assert "default-src 'none'" in written
    assert "script-src 'none'" in written


def test_a_hostile_line_does_not_end_it(tmp_path: Path) -> None:
    """Lines of the wrong shape are counted, and the others used."""
    wrong = (
        '[]\n7\n{"step": "x"}\n{"step": NaN}\n{"step": Infinity}\nnot JSON\n{}\n\xff\n' + "[" * 9999 + "\n"
    )
    scores = lines(
        score(0, "a", 3), score(0, "a", -1), {**score(0, "a", 1), "judged": None}, score(0, "b", 1)
    )
    changed = {
        METRICS: wrong + lines({"step": 1, "seconds": 8.0, "reward": "high", "entropy": float("nan")}),
        SCORES: scores,
        PROOFS: wrong + lines(proof(3)),
        RUN: "{",
        RESULT: "[]",
    }
    page = said(write(tmp_path, **changed))
    for words in (
        "metrics.jsonl is damaged: 9 lines of it are left out.",
        "held_out.jsonl is damaged: 3 lines of it",
        "proofs.jsonl is damaged: 9 lines of it",
        "run.json is damaged and left out.",
        "result.json is damaged and left out.",
        "training time 8.0 s",
        "public, pass@1 1 50.0%",
        "theorem t_3",
    ):
        assert words in page, words


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("alone", [False, True])
def test_files_may_be_missing(tmp_path: Path, name: str, alone: bool) -> None:
    """All but one, or one alone."""
    gone = [one for one in FILES if (one != name) == alone]
    page = said(write(tmp_path, **dict.fromkeys(gone, "")))
    assert "damaged" not in page
    for file, words in (
        (RUN, "there is no run.json"),
        (METRICS, "The run has recorded no figures of this yet."),
        (SCORES, "there is no held_out.jsonl"),
        (PROOFS, "there is no proofs.jsonl"),
        (RESULT, "not finished"),
    ):
        assert (words in page) == (file in gone), (file, words)


@pytest.mark.parametrize("name", [METRICS, SCORES, PROOFS])
def test_a_last_line_that_was_cut_off_is_passed_over(tmp_path: Path, name: str) -> None:
    whole = said(write(tmp_path))
    path = tmp_path / name
    with path.open("ab") as file:
        file.write(path.read_bytes().splitlines()[-1][:-3] + "é".encode()[:1])
    assert said(tmp_path) == whole


def test_a_folder_of_nothing_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=r"holds no run of `prover train rlpaf`"):
        write_page(tmp_path)
    with pytest.raises(TrainError, match="holds no run"):
        write_page(tmp_path / "nowhere")
    (write(tmp_path) / PAGE).mkdir()
    with pytest.raises(TrainError, match=r"report\.html cannot be written"):
        write_page(tmp_path)
    assert not list(tmp_path.glob(".*"))


def test_the_newest_and_the_rarest_proofs_are_shown(tmp_path: Path) -> None:
    count = NEWEST + RAREST + 100
    rare = count - NEWEST - 1
    twice = [proof(number, "  rfl") for number in range(count) if number not in (3, rare)]
    page = said(write(tmp_path, **{PROOFS: lines(*map(proof, range(count)), *twice)}))
    assert f"of {count} theorems" in page
    assert f"{count} theorems" in page
    assert "100 are not shown" in page
    assert len(re.findall(r"theorem t_\d+ :", page)) == NEWEST + RAREST
    shown = chosen(read_record(tmp_path).proofs)
    assert [one.name for one, _ in shown[:NEWEST]] == [
        f"t_{n}" for n in range(count - 1, count - NEWEST - 1, -1)
    ]
    assert {one.name for one, rare in shown if rare and one.proofs == 1} == {"t_3", f"t_{rare}"}
    assert [rare for _, rare in shown].count(True) == RAREST


def test_all_proofs_are_shown_if_they_are_few() -> None:
    proofs = [Proved(str(number), "", "", 0, 0.0) for number in range(NEWEST + 2)]
    assert [(one.name, rare) for one, rare in chosen(proofs)][-3:] == [("2", False), ("1", True), ("0", True)]
    assert chosen([]) == []


def test_sums_begin_again_where_a_run_was_resumed() -> None:
    assert rises([(1, 2.0), (2, 5.0), (3, 1.0), (4, 1.5)]) == [(1, 2.0), (2, 3.0), (3, 1.0), (4, 0.5)]


def test_verdicts_are_counted_again(tmp_path: Path) -> None:
    """Shares and rates give back the whole numbers that they were made of."""
    batches = [(7, 2, 1.7), (1000, 333, 0.123), (3, 0, 11.1)]
    figures = [
        {
            "step": step,
            "batch_seconds": seconds,
            "rollouts_per_second": total / seconds,
            "proved_share": proved / total,
            "failed_share": (total - proved) / total,
        }
        for step, (total, proved, seconds) in enumerate(batches, 1)
    ]
    record = read_record(write(tmp_path, **{METRICS: lines(*figures)}))
    assert verdicts(record) == {"PROVED": 335, "FAILED": 675}


def test_the_command_needs_no_torch(tmp_path: Path) -> None:
    write(tmp_path)
    result = CliRunner().invoke(app, ["train", "page", str(tmp_path)])
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"page: {tmp_path / PAGE}\n")
    refused = CliRunner().invoke(app, ["train", "page", str(tmp_path / "nowhere")])
    assert refused.exit_code == 2
    assert refused.stderr.startswith("prover: ")
    assert refused.stderr.count("\n") == 1
    code = (
        "import sys; sys.modules['torch'] = None; from pathlib import Path; "
        f"from training.rlpaf.page import write_page; write_page(Path({str(tmp_path)!r}))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=environment())
