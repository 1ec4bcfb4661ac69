"""`prover view`: what the page is made of, and what a reader sees of it in a real browser."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from selenium.webdriver import ActionChains

from lean_env.toolchain import Toolchain
from lean_env.values import Theorem
from prover.trail import TrailError
from prover.view import run as view
from prover.view.page import render
from prover.view.record import make_record, read_record
from search import (
    BestFirst,
    Budget,
    Circumstances,
    Event,
    Observation,
    RMaxTS,
    Rule,
    Sampling,
    Search,
    SelfCorrection,
    read,
    to_line,
)
from search.rmaxts import choices, scores
from tests.prover.browser import Browser, launch
from tests.prover.command import prover, refusal
from tests.search.world import World, automaton, maze

HOSTILE = "</script><script>document.title='owned'</script><img src=https://e.invalid/x onerror=alert(1)><!--"
THEOREM = Theorem(f"toy «{HOSTILE}»", f"theorem «{HOSTILE}» : 𝓝 = 𝓝 := by", header="open 𝓝\n")


def show(state: str) -> tuple[str, ...]:
    """Two goals with hypotheses, markup, and characters that JavaScript counts twice."""
    return (
        f"case {state}\n𝓝 n : Set ℕ\nh : n < 3 → <b>{HOSTILE}</b>\n  goes on\n⊢ {state} ∈ 𝓝",
        "⊢ second goal",
    )


def hostile_maze(depth: int = 4) -> World:
    plain = maze(depth, width=3)
    tactics = tuple(f"{name} 𝓝 <i>" for name in plain.tactics)
    return replace(plain, tactics=tactics, apply=lambda state, name: plain.apply(state, name[:2]), show=show)


def events_of(rule: Rule, world: World, samples: int = 200, theorem: Theorem = THEOREM) -> list[Event]:
    """A search from beginning to end."""
    search = Search(theorem, rule, Budget(samples=samples), world.show(world.start))
    events: list[Event] = [search.start]
    while expansion := search.propose(random.Random(search.next_id), len(events) / 8):
        proof, sample = world.write(expansion, random.Random(f"policy {expansion.id}"))
        check = replace(world.check(proof), reason=f"<u>{HOSTILE}")
        events += [expansion, search.observe(expansion, check, sample, len(events) / 8)]
    return events


def write(path: Path, events: list[Event]) -> Path:
    path.write_text("".join(map(to_line, events)))
    return path


def page_of(folder: Path, events: list[Event]) -> Path:
    """The page of a trace with these events."""
    assert view(write(folder / "trace.jsonl", events), None) == 0
    return folder / "trace.html"


RULES: list[Rule] = [
    RMaxTS(),
    RMaxTS(gamma=1.0, transpositions=True, prior_weight=0.3),
    BestFirst(width=2),
    Sampling(),
    SelfCorrection(rounds=3),
]


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("world", [hostile_maze(), automaton(3)], ids=["maze", "automaton"])
def test_the_record_says_what_the_search_knows(rule: Rule, world: World) -> None:
    events = events_of(rule, world)
    record = make_record(events)
    search, observations = Search(THEOREM, rule, goals=world.show(world.start)), events[2::2]
    for event in observations:
        assert isinstance(event, Observation)
        assert search.apply(event) == event
    nodes = list(search.tree.nodes.values())
    proofs = record["samples"]["proof"]
    assert record["samples"]["added"] == [len(event.added) for event in observations]
    assert record["samples"]["round"] == [event.round for event in observations]
    for revised, event in zip(record["samples"]["revised"], observations, strict=True):
        assert (proofs[revised] if revised >= 0 else "") == event.revises
    assert record["proof"] == search.proof
    assert record["proved"] == [node.index for node in nodes if node.proved]
    for node in nodes[1:]:
        parents = [record["parent"][node.index], *record["others"].get(node.index, [])]
        assert [nodes[parent].name for parent in parents] == node.parents
        assert tuple(record["texts"][text] for text in record["goals"][node.index]) == node.goals
        assert [proofs[s][:end] for s, end in record["prefixes"][node.index]] == list(node.prefixes)
        sample, begin, end = record["step"][node.index]
        assert proofs[sample][:end] == next(iter(node.prefixes))
        assert 0 <= begin < end
        assert record["own"][node.index][2] == node.own.count
    if isinstance(rule, RMaxTS):
        options = choices(search.tree, "root", rule.gamma)
        bounds = dict(
            zip([option.child for option in options], scores(options, rule.prior_weight), strict=True)
        )
        assert record["own_score"][0] == pytest.approx(bounds[None], abs=1e-4)
        for child, bound in bounds.items():
            if child is not None and bound < float("inf"):
                index = search.tree.nodes[child].index
                assert record["subtree_score"][index] == pytest.approx(bound, abs=1e-4)


def test_nothing_of_a_trace_becomes_markup(tmp_path: Path) -> None:
    theorem = replace(THEOREM, name=f"\ud800 {THEOREM.name}")
    text = page_of(tmp_path, events_of(RMaxTS(), hostile_maze(), theorem=theorem)).read_text("utf-8")
    assert "e.invalid" in text  # in the title,
    assert "<img" not in text
    assert text.count("<script") == text.count("</script>") == 3
    assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "").replace(
        "https://e.invalid", ""
    )


def test_a_trace_cut_off_anywhere_is_a_page_or_one_line(tmp_path: Path) -> None:
    whole = "".join(map(to_line, events_of(RMaxTS(), hostile_maze())))
    first = whole.index("\n") + 1
    trace = tmp_path / "cut.jsonl"
    for length in (0, 1, first - 1, first, first + 5, *range(first + 99, len(whole), 1717), len(whole)):
        trace.write_text(whole[:length])
        if length < first:
            with pytest.raises(TrailError, match="no trace of a search"):
                read_record(trace)
        else:
            observed = [
                event for event in read(whole[:length].splitlines(True)) if isinstance(event, Observation)
            ]
            assert len(read_record(trace)["samples"]["node"]) == len(observed)
    trace.write_text(whole[: whole.rindex('{"event":"observation"')])
    assert read_record(trace)["lost"] == 1


def test_the_command_writes_beside_the_trace_or_where_it_is_told(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", events_of(RMaxTS(), hostile_maze()))
    result = prover("view", "a.jsonl", cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "a.html\n", "")
    result = prover("view", "a.jsonl", "--out", "b.htm", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (0, "b.htm\n")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.htm").read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.jsonl", None, "missing.jsonl cannot be read: No such file or directory"),
        ("empty.jsonl", b"", "no trace of a search"),
        ("text.jsonl", b"theorem t : True := by\n  trivial\n", "no trace of a search"),
        ("other.jsonl", b'{"name": "t", "statement": "theorem t : True := by"}\n', "no trace of a search"),
        ("list.jsonl", b"[1]\n", "no trace of a search"),
        ("binary.jsonl", bytes(range(256)) * 20, "no trace of a search"),
    ],
)
def test_what_is_no_trace_is_refused_in_one_line(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert message in refusal(prover("view", name, cwd=tmp_path))
    assert not list(tmp_path.glob("*.html"))


def test_a_trace_without_its_beginning_or_middle_is_refused(tmp_path: Path) -> None:
    events = events_of(RMaxTS(), hostile_maze())
    for damaged in (events[1:], [events[0], *events[-2:]], [*events, events[0]]):
        with pytest.raises(TrailError, match="no trace of a search"):
            read_record(write(tmp_path / "damaged.jsonl", damaged))


@pytest.mark.parametrize("value", [None, -1, float("nan"), "x", [], {}, [[1]], True])
def test_a_wrong_value_anywhere_is_refused_or_does_no_harm(tmp_path: Path, value: object) -> None:
    lines = [to_line(event) for event in events_of(RMaxTS(), hostile_maze(), 12)]
    for number in (0, 1, 2, len(lines) - 1):
        for name in json.loads(lines[number]):
            event = {**json.loads(lines[number]), name: value}
            damaged = [*lines[:number], json.dumps(event) + "\n", *lines[number + 1 :]]
            (tmp_path / "t.jsonl").write_text("".join(damaged))
            try:
                page = render([read_record(tmp_path / "t.jsonl")], "t")
            except TrailError as error:
                assert "\n" not in str(error)  # noqa: PT017 - both outcomes are right
            else:
                assert page.count("</script>") == 3


def test_the_page_never_replaces_the_trace_and_needs_a_place(tmp_path: Path) -> None:
    trace = write(tmp_path / "t.html", events_of(RMaxTS(), hostile_maze()))
    before = trace.read_bytes()
    assert "is the trace itself" in refusal(prover("view", trace))
    assert "cannot be written" in refusal(prover("view", trace, "--out", tmp_path / "no" / "t.html"))
    assert "cannot be written" in refusal(prover("view", trace, "--out", tmp_path))
    assert trace.read_bytes() == before


def test_a_folder_with_traces_that_cannot_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "traces"
    folder.mkdir()
    assert "holds no traces" in refusal(prover("view", folder))
    (folder / "bad.jsonl").write_text("{}\n")
    with pytest.raises(TrailError, match="none of its traces"):
        view(folder, None)
    write(folder / "good.jsonl", events_of(RMaxTS(), hostile_maze()))
    result = prover("view", folder)
    assert (result.returncode, result.stdout) == (2, f"{tmp_path / 'traces.html'}\n")
    assert result.stderr.count("\n") == 1
    assert "bad.jsonl" in result.stderr


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with launch(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("samples", [0, 1, 200])
def test_a_page_is_drawn_without_complaint_and_without_the_network(
    browser: Browser, tmp_path: Path, rule: Rule, samples: int
) -> None:
    page = page_of(tmp_path, events_of(rule, hostile_maze(), samples))
    browser.open(page)
    assert browser.text("h1").startswith(THEOREM.name)
    assert browser.text(".pair pre") == THEOREM.statement
    browser.type("#search", "level", "^ENTER", "^ENTER")
    for row in [row.get_attribute("id") for row in browser.all(".row")[:4]]:
        browser.one(f"#{row}").click()
    assert browser.driver.title == f"{THEOREM.name} · proof search"
    assert browser.all("main img, main script, main b > img") == []
    assert browser.logs("browser") == []
    assert browser.requests() == [page.absolute().as_uri()]


def test_a_click_shows_the_state_and_its_numbers(browser: Browser, tmp_path: Path) -> None:
    events = events_of(RMaxTS(), hostile_maze())
    record = make_record(events)
    browser.open(page_of(tmp_path, events))
    assert browser.text("#detail .goal") == "".join(show("level 0")[0].split("\n"))
    won = record["win"][1]
    browser.one(f"#node-{won}").click()
    state = browser.text("#detail .goal")
    assert state == "".join(record["texts"][record["goals"][won][0]].split("\n"))
    assert browser.text("#detail .others .goal") == "⊢ second goal"
    sample, begin, end = record["step"][won]
    tactic = record["samples"]["proof"][sample][begin:end].strip()
    assert browser.text("#detail h2") == browser.text(f"#node-{won} .tactic") == tactic
    reward, visits, count = record["subtree"][won]
    cells = [cell.text for cell in browser.all("#detail tbody tr:first-child td")]
    bound = record["subtree_score"][won]
    expected = [reward, visits, reward / visits, bound - reward / visits, bound]
    assert cells[0] == str(count)
    assert [float(cell) for cell in cells[1:]] == pytest.approx(expected, abs=0.006)
    assert len(browser.all("#detail .sample")) == min(5, record["samples"]["node"].count(won))


def test_a_correction_says_its_round_and_what_was_told(browser: Browser, tmp_path: Path) -> None:
    events = events_of(SelfCorrection(), hostile_maze(), 3)
    samples = make_record(events)["samples"]
    assert samples["round"] == [0, 1, 2]
    browser.open(page_of(tmp_path, events))
    assert "Self-correction" in browser.one("#about").text
    shown = browser.all("#detail .sample")
    assert [len(one.find_elements("css selector", ".round")) for one in shown] == [0, 1, 1]
    shown[2].find_element("css selector", "summary").click()
    assert "round 2" in shown[2].text
    assert f"Told what became of sample 2: <u>{HOSTILE}" in shown[2].text


def test_the_winning_path_is_marked_and_open(browser: Browser, tmp_path: Path) -> None:
    events = events_of(RMaxTS(), hostile_maze())
    record = make_record(events)
    assert len(record["win"]) == 5
    browser.open(page_of(tmp_path, events))
    marked = [row.get_attribute("id") for row in browser.all(".row.win")]
    assert marked == [f"node-{node}" for node in record["win"]]
    assert browser.text("h1 .badge") == "proved"
    assert browser.text(".proof pre").split("\n") == [line.strip() for line in record["proof"].split("\n")]
    browser.one("#win").click()
    assert "the proof is complete" in browser.text("#detail")
    browser.one("#collapse").click()
    assert len(browser.all(".row")) == 1
    browser.type("#outline", "w")
    assert [row.get_attribute("id") for row in browser.all(".row.win")] == marked


def test_the_search_finds_goals_and_tactics(browser: Browser, tmp_path: Path) -> None:
    events = events_of(RMaxTS(), hostile_maze())
    record = make_record(events)
    browser.open(page_of(tmp_path, events))
    browser.one("#collapse").click()
    wanted = {
        node
        for node in range(len(record["parent"]))
        if any("swamp deeper" in record["texts"][text] for text in record["goals"][node])
    }
    browser.type("#search", "SWAMP deeper")
    assert browser.text("#matches") == f"{len(wanted)} matches"
    found = set()
    for place in range(1, len(wanted) + 1):
        browser.type("#search", "^ENTER")
        assert browser.text("#matches") == f"{place} of {len(wanted)}"
        assert "swamp deeper" in browser.text("#detail .goal")
        found.add(int(str(browser.one('.row[aria-selected="true"]').get_attribute("id"))[5:]))
    assert found == wanted
    browser.type("#search", "^ESCAPE")
    assert browser.text("#matches") == ""
    browser.type(
        "#outline",
        "/",
    )
    browser.type("#search", "nowhere")
    assert browser.text("#matches") == "no match"


def test_keys_and_clicks_move_open_and_close(browser: Browser, tmp_path: Path) -> None:
    browser.open(page_of(tmp_path, events_of(RMaxTS(), hostile_maze())))

    def selected() -> str:
        return str(browser.one("#outline").get_attribute("aria-activedescendant"))

    rows = [row.get_attribute("id") for row in browser.all(".row")]
    browser.type("#outline", "^ARROW_DOWN", "^ARROW_DOWN")
    assert selected() == rows[2]
    browser.type("#outline", "^HOME", "^ARROW_LEFT")
    assert [row.get_attribute("aria-expanded") for row in browser.all(".row")] == ["false"]
    browser.type("#outline", "^ARROW_RIGHT", "^ARROW_RIGHT")
    assert selected() == rows[1]
    browser.type("#outline", "^ARROW_LEFT", "^ARROW_LEFT")
    assert selected() == "node-0"
    browser.one("#node-0 .twist").click()
    assert len(browser.all(".row")) == 1
    ActionChains(browser.driver).double_click(browser.one("#node-0 .glance")).perform()
    assert len(browser.all(".row")) > 1
    browser.type("#outline", "*", "^END")
    assert selected() == browser.all(".row")[-1].get_attribute("id")


def test_a_large_tree_has_only_the_rows_in_sight(browser: Browser, tmp_path: Path) -> None:
    """6,400 samples, thousands of states: all of them open, and still few elements."""
    letters = tuple("abcdefghijkl")
    world = World(
        "s", letters, 9, lambda state, name: None if (hash_(state + name) % 4 == 0) else state + name
    )
    events = events_of(RMaxTS(), world, 6400)
    count = len(make_record(events)["parent"])
    assert count > 5000
    page = page_of(tmp_path, events)
    assert page.stat().st_size < (tmp_path / "trace.jsonl").stat().st_size / 8
    browser.open(page)
    browser.one("#expand").click()
    assert browser.evaluate("document.querySelector('#rows').offsetHeight") == 30 * count
    browser.type("#outline", "^END")
    browser.type("#search", "abc", "^ENTER")
    assert len(browser.all(".row")) < 80
    assert len(browser.all("*")) < 1500
    assert browser.logs("browser") == []


def hash_(text: str) -> int:
    """A number that is the same in every process."""
    return sum((place + 7) * ord(letter) for place, letter in enumerate(text))


def test_a_folder_becomes_one_page(browser: Browser, tmp_path: Path) -> None:
    folder = tmp_path / "traces"
    folder.mkdir()
    solved = events_of(RMaxTS(), hostile_maze())
    open_ = events_of(Sampling(), hostile_maze(9), 20, replace(THEOREM, name="hard"))
    told = Circumstances("hf:a", "a@1", "Lean 4.99", seed=3, workers=2, budget=Budget(samples=20))
    write(folder / "a.jsonl", solved)
    write(folder / "b.jsonl", [open_[0], told, *open_[1:-1], told])
    assert view(folder, None) == 0
    browser.open(tmp_path / "traces.html")
    assert browser.driver.title == "traces · proof search"
    assert browser.text("#theorems p") == "1 of 2 proved"
    links = browser.all("#theorems a")
    assert len(links) == 2
    links[1].click()
    browser.wait("document.body.dataset.shown === '1'")
    assert browser.text("h1") == "hard unfinished"
    footer = browser.text("footer")
    assert "1 under way when the trace ends" in footer
    line = "Policy hf:a, version a@1; Lean 4.99; seed 3; 2 workers; budget: 20 samples."
    assert footer.count(line) == 1
    browser.open(tmp_path / "traces.html", "#2")
    assert browser.text("h1") == "hard unfinished"
    browser.open(tmp_path / "traces.html", "#nonsense")
    assert browser.text("h1 .badge") == "proved"
    assert browser.logs("browser") == []


def test_light_and_dark_follow_the_system(browser: Browser, tmp_path: Path) -> None:
    page, colours = page_of(tmp_path, events_of(RMaxTS(), hostile_maze())), set()
    for scheme in ("dark", "light"):
        browser.prefer(scheme)
        browser.open(page)
        colours.add(browser.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(colours) == 2


def test_a_real_search_from_the_command_line(browser: Browser, toolchain: Toolchain, tmp_path: Path) -> None:
    statement = "theorem t (p q : Prop) (h : p ∧ q) : q ∧ p := by"
    searched = prover("prove", "--statement", statement, "--samples", "8", "--trace", "t.jsonl", cwd=tmp_path)
    assert searched.returncode in (0, 1), searched
    assert prover("view", "t.jsonl", cwd=tmp_path).returncode == 0
    browser.open(tmp_path / "t.html")
    assert browser.text(".pair pre") == statement
    assert browser.text("#detail .goal") == "p q : Proph : p ∧ q⊢ q ∧ p"
    assert browser.text("h1 .badge") == ("proved" if searched.returncode == 0 else "not proved")
    assert browser.logs("browser") == []
