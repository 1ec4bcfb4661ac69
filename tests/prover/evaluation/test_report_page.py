"""The page of a report: what it is made of, and what a reader sees of it in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from selenium.webdriver.support.ui import Select

from prover.evaluation.records import ProblemLine, Result
from search import RMaxTS
from tests.prover.browser import Browser, launch
from tests.prover.command import prover
from tests.prover.evaluation.folders import problem, result, settings, simulate, write
from tests.prover.test_view import HOSTILE, THEOREM, events_of, hostile_maze
from tests.prover.test_view import write as write_trace

GROUPS = {"domain": ["nat", "prop", HOSTILE], "tier": ["1", "2"]}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with launch(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


def hostile_run(folder: Path, search: str, rates: float, traced: bool = False) -> Path:
    """A run whose every text is markup; problem 3 is skipped, 4 had a fault, 5 cheated, 6 has yet to end."""
    of = settings(search=search, repeats=2, policy=HOSTILE, toolchain=HOSTILE, benchmark=HOSTILE)
    problems, results = simulate([rates * (i + 1) for i in range(12)], of, 1, GROUPS)
    problems[3] = replace(problems[3], skipped=f"needs {HOSTILE}")
    problems[7] = replace(problems[7], name=f"\U0001f600 {HOSTILE}")
    kept = []
    for one in results:
        changed = _changed(problems, one)
        if one.problem not in (3, 6):
            kept.append(replace(changed, trace=f"traces/{one.problem}-{one.repeat}.jsonl"))
    path = write(folder, problems, kept, of)
    if traced:
        (path / "traces").mkdir()
        for one in kept:
            events = events_of(RMaxTS(), hostile_maze(), 5, replace(THEOREM, name=f"tree of {one.name}"))
            write_trace(path / one.trace, events)
    return path


def _changed(problems: list[ProblemLine], one: Result) -> Result:
    changed = replace(one, name=problems[one.problem].name, proof=one.proof and f"  exact {HOSTILE} -- 𝓝")
    if one.problem == 4:
        changed = replace(changed, verdict="FAULT", proof="", error=HOSTILE, faults=8)
    if one.problem == 5:
        changed = replace(changed, verdicts={"FAILED": 4, "CHEAT": 2, HOSTILE: 1})
    return changed


def report_of(*arguments: str | Path) -> Path:
    """The page that the command writes."""
    done = prover("report", *arguments)
    assert done.returncode == 0, done.stderr
    return Path(done.stderr.removeprefix("page: ").removesuffix("\n"))


class Tags(HTMLParser):
    """What elements a page has, whether they are closed, and that no text of a folder became one."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.count: dict[str, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count[tag] = self.count.get(tag, 0) + 1
        assert not any(name.startswith("on") or name in ("style", "src", "href") for name, _ in attrs), attrs
        if tag not in ("meta", "br", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count[tag] = self.count.get(tag, 0) + 1


def test_nothing_of_a_folder_becomes_markup(tmp_path: Path) -> None:
    first = hostile_run(tmp_path / "first", "rmaxts", 0.01)
    second = hostile_run(tmp_path / "<b>second", "sampling", 0.003)
    text = report_of(first, second).read_text("utf-8")
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert "e.invalid" in text
    assert (tags.count["script"], "img" in tags.count, "b" in tags.count) == (1, False, True)


def test_a_page_is_drawn_without_complaint_and_without_the_network(browser: Browser, tmp_path: Path) -> None:
    page = report_of(hostile_run(tmp_path / "run", "rmaxts", 0.01))
    for scheme, ink in (("light", "rgba(35, 39, 46, 1)"), ("dark", "rgba(227, 230, 234, 1)")):
        browser.prefer(scheme)
        browser.open(page)
        assert browser.one("h1").value_of_css_property("color") == ink
    assert browser.text("h1") == "run"
    assert browser.driver.title == "run · evaluation"
    assert browser.logs("browser") == []
    assert browser.requests() == [page.absolute().as_uri()]
    assert browser.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_page_says_what_the_tables_say(browser: Browser, tmp_path: Path) -> None:
    folder = hostile_run(tmp_path / "run", "rmaxts", 0.01)
    browser.open(report_of(folder))
    shown = prover("report", folder).stdout
    assert browser.text("#markdown") == shown
    value = browser.text(".big").split("%")[0]
    assert f"| any proof | 9 | 1 | {value}% [" in shown
    assert len(browser.all(".plot path.line")) == 2
    assert "Proved against samples" in str(browser.one(".plot").get_attribute("aria-label"))
    notes = browser.text(".notes")
    for part in (
        "not finished: 2 searches to come",
        "1 of 12 problems were skipped",
        "2 searches ended in faults",
    ):
        assert part in notes
    assert HOSTILE in browser.text(".problems")


def test_a_curve_ends_at_its_estimate(browser: Browser, tmp_path: Path) -> None:
    of = settings()
    problems = [problem(index) for index in range(4)]
    results = [result(one, samples=16 ** (i % 2)) for i, one in enumerate(problems[:3])]
    results.append(result(problems[3], "FAILED", samples=64))
    browser.open(report_of(write(tmp_path / "run", problems, results, of)))
    ends = str(browser.one(".plot path.line").get_attribute("d"))
    heights = [float(value) for value in re.findall(r"V([\d.]+)", ends)]
    widths = [float(value) for value in re.findall(r"[MH]([\d.]+)", ends)]
    lines = [float(str(line.get_attribute("y1"))) for line in browser.all(".plot .grid")[:5]]
    half, most = (lines[0] + lines[4]) / 2, lines[0] + 0.75 * (lines[4] - lines[0])
    assert heights == pytest.approx([half, most], abs=0.11)  # Two proofs with sample 1, one with sample 16.
    assert (widths[1] - widths[0]) / (widths[2] - widths[0]) == pytest.approx(2 / 3, abs=0.01)  # 16 of 64.


def test_problems_are_found_filtered_and_sorted(browser: Browser, tmp_path: Path) -> None:
    first = hostile_run(tmp_path / "first", "rmaxts", 0.02)
    second = hostile_run(tmp_path / "second", "sampling", 0.002)
    browser.open(report_of(first, second))

    def names() -> list[str]:
        rows = browser.all("#problems tbody tr")
        cells = "[...document.querySelectorAll('#problems tbody tr:not([hidden]) td:first-child')]"
        found = browser.evaluate(f"{cells}.map((cell) => cell.dataset.key)")
        assert len(rows) == 12
        assert isinstance(found, list)
        return found

    everything = names()
    assert browser.text("#count") == "12 of 12"
    browser.type("#find", "TOY_1")
    assert names() == ["toy_1", "toy_10", "toy_11"]
    browser.type("#find", "^BACKSPACE", "^BACKSPACE")
    browser.one("#find").clear()
    browser.type("#find", " ")
    choice = Select(browser.one("#outcome"))
    choice.select_by_value("SKIPPED")
    assert names() == ["toy_3"]
    choice.select_by_value("CHEAT")
    assert names() == ["toy_5"]
    choice.select_by_value("UNFINISHED")
    assert (names(), browser.text("#count")) == (["toy_6"], "1 of 12")
    choice.select_by_value("DIFFERENT")
    for row in browser.all("#problems tbody tr:not([hidden])"):
        assert (
            len({badge.text for badge in row.find_elements("css selector", "td:not(:first-child) .badge")})
            == 2
        )
    choice.select_by_value("")
    head = "#problems th:nth-child(5)"  # The first run's samples.
    keys = "[...document.querySelectorAll('#problems tbody td:nth-child(5)')].map((cell) => cell.dataset.key)"
    browser.one(f"{head} button").click()
    up = browser.evaluate(keys)
    assert isinstance(up, list)
    assert [int(key) for key in up if key] == sorted(int(key) for key in up if key)
    assert up[-1] == ""
    browser.one(f"{head} button").click()
    assert browser.one(head).get_attribute("aria-sort") == "descending"
    down = browser.evaluate(keys)
    assert isinstance(down, list)
    assert [int(key) for key in down if key] == sorted((int(key) for key in up if key), reverse=True)
    browser.one(f"{head} button").click()
    assert names() == everything


def test_a_comparison_is_shown(browser: Browser, tmp_path: Path) -> None:
    one, other = settings(search="rmaxts", repeats=2), settings(repeats=2)
    first = write(tmp_path / "tree", *simulate([0.1] * 40, one, 1), one)
    second = write(tmp_path / "flat", *simulate([0.01] * 40, other, 2), other)
    browser.open(report_of(first, second))
    assert browser.text("h1") == "tree against flat"
    rows = [row.text for row in browser.all(".comparison tbody tr")]
    assert rows[0].startswith("1 sample 40 ")
    assert any(row.startswith("any of 2 whole searches 40 ") for row in rows)
    assert len(browser.all(".comparison .better")) >= 3
    assert browser.all(".comparison .worse") == []
    assert browser.evaluate("document.querySelector('#problems tbody td').offsetWidth >= 220")
    assert len(browser.all(".plot path.line")) == 4
    assert len(browser.all(".plot .ring")) == 2


def test_trees_are_made_on_request_and_linked(browser: Browser, tmp_path: Path) -> None:
    folder = hostile_run(tmp_path / "a run #1", "rmaxts", 0.02, traced=True)
    page = report_of(folder)
    browser.open(page)
    assert browser.all("#problems a") == []
    assert report_of(folder, "--trees") == page
    made = {path.name: path.stat().st_mtime_ns for path in (folder / "trees").iterdir()}
    assert len(made) == 20
    browser.open(page)
    links = browser.all("#problems a")
    assert len(links) == 20
    browser.evaluate("document.querySelector('#problems details').open = true")
    links[0].click()
    browser.wait("document.body.dataset.shown === '0'")
    assert browser.text("h1").startswith("tree of toy_0")
    report_of(folder, "--trees", "--out", tmp_path / "elsewhere.html")
    assert {path.name: path.stat().st_mtime_ns for path in (folder / "trees").iterdir()} == made
    browser.open(tmp_path / "elsewhere.html")
    browser.evaluate("document.querySelector('#problems details').open = true")
    browser.one("#problems a").click()
    browser.wait("document.body.dataset.shown === '0'")


def test_a_trace_that_cannot_be_read_is_complained_about(tmp_path: Path) -> None:
    folder = hostile_run(tmp_path / "run", "rmaxts", 0.02, traced=True)
    (folder / "traces" / "0-0.jsonl").write_text("no trace\n")
    (folder / "traces" / "0-1.jsonl").unlink()
    done = prover("report", folder, "--trees")
    assert done.returncode == 2
    complaints = done.stderr.splitlines()
    assert ["no trace of a search" in complaints[0], "cannot be read" in complaints[1]] == [True, True]
    assert complaints[2].startswith("page: ")
    assert len(list((folder / "trees").iterdir())) == 18


def test_a_page_can_be_copied_and_read_without_its_script(browser: Browser, tmp_path: Path) -> None:
    page = report_of(hostile_run(tmp_path / "run", "rmaxts", 0.02))
    browser.open(page)
    browser.one("#copy").click()
    browser.wait("document.getElementById('copy').textContent === 'Copied'")
    assert browser.evaluate(
        "getSelection().toString().trim() === document.getElementById('markdown').textContent.trim()"
    )
    silent = page.with_name("silent.html")
    silent.write_text(page.read_text("utf-8").replace("script-src", "img-src"), "utf-8")
    browser.driver.get(silent.absolute().as_uri())
    assert len(browser.all("#problems tbody tr")) == 12
    assert browser.one("#markdown").is_displayed()
