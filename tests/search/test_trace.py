"""Traces as files: what is refused, what a cut costs, and resuming with one worker."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest

from search import (
    BestFirst,
    Budget,
    Circumstances,
    Event,
    Expansion,
    RMaxTS,
    Rule,
    Sampling,
    Search,
    TraceError,
    merge,
    read,
    replay,
    to_line,
)
from tests.search.world import THEOREM, automaton

WORLD = automaton(3)
RULES: list[Rule] = [RMaxTS(), RMaxTS(gamma=1.0, transpositions=True), BestFirst(), Sampling()]


def record(search: Search, count: int) -> list[Event]:
    """The events of `count` rollouts, one at a time, whatever they prove."""
    events: list[Event] = []
    for _ in range(count):
        search.proof = None
        expansion = search.propose(random.Random(f"7 {search.next_id}"))
        assert expansion is not None
        proof, sample = WORLD.write(expansion, random.Random(f"policy {expansion.id}"))
        events += [expansion, search.observe(expansion, WORLD.check(proof), sample)]
    return events


def trace(rule: Rule, count: int) -> list[Event]:
    search = Search(THEOREM, rule, goals=WORLD.show(WORLD.start))
    return [search.start, *record(search, count)]


def test_circumstances_are_kept_and_change_nothing() -> None:
    whole = trace(RMaxTS(), 5)
    budget = Budget(samples=5, seconds=0.5)
    told = Circumstances("hf:a", "a@1", "Lean", seed=3, workers=2, budget=budget)
    lines = [to_line(event) for event in (whole[0], told, *whole[1:5], replace(told, seed=4), *whole[5:])]
    events = list(read(lines))
    assert [event for event in events if isinstance(event, Circumstances)] == [told, replace(told, seed=4)]
    assert replay(events).tree == replay(whole).tree
    assert merge(events[:4], events[4:]) == merge(whole[:3], whole[3:])


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kept", [0, 1, 2, 17, 18, 39, 40])
def test_an_interrupted_run_goes_on_as_if_nothing_had_happened(rule: Rule, kept: int) -> None:
    whole = trace(rule, 20)
    found = replay(whole[: 1 + kept])
    resumed = [*whole[: 1 + kept], *record(found, 20 - kept // 2)]
    assert replay(resumed).tree == replay(whole).tree
    assert [event for event in resumed if not isinstance(event, Expansion)] == [
        event for event in whole if not isinstance(event, Expansion)
    ]


def test_a_last_line_that_was_cut_off_is_left_out() -> None:
    lines = [to_line(event) for event in trace(RMaxTS(), 5)]
    events = list(read(lines))
    for length in range(len(lines[-1])):
        assert list(read([*lines[:-1], lines[-1][:length]])) == events[:-1]


def test_a_line_is_ascii_and_has_no_other_line_break() -> None:
    search = Search(replace(THEOREM, statement="theorem t : α ∧ \u2028\ud800\n"), RMaxTS())
    line = to_line(search.start)
    assert line.isascii()
    assert line.count("\n") == 1
    assert list(read([line])) == [search.start]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2: "),
        ("[]", "line 2: not an object"),
        ("{}", "line 2: not an event"),
        ('{"event":"lunch"}', "line 2: unknown event 'lunch'"),
        ('{"event":"abandonment","id":1}', "line 2: not an event"),
        ('{"event":"abandonment","id":1,"reason":"","seconds":0,"mood":""}', "line 2: not an event"),
    ],
)
def test_a_line_that_is_no_event_is_refused_with_its_number(line: str, message: str) -> None:
    start = to_line(Search(THEOREM, RMaxTS()).start)
    with pytest.raises(TraceError) as caught:
        list(read([start, line + "\n", start]))
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("kind", ["start", "expansion", "observation"])
def test_an_event_with_a_wrong_or_missing_field_is_refused(kind: str) -> None:
    record = next(json.loads(to_line(e)) for e in trace(RMaxTS(), 1) if kind in to_line(e)[:25])
    wrong: dict[str, object] = {
        "path": 3,
        "verdict": "MAYBE",
        "unit": "",
        "sample": 1,
        "theorem": [],
        "version": 9,
    }
    for name in record:
        for damaged in ({k: v for k, v in record.items() if k != name}, {**record, name: wrong.get(name)}):
            if name in wrong or (name not in damaged and name not in ("added", "reward")):
                with pytest.raises(TraceError):
                    list(read([json.dumps(damaged) + "\n"]))


def test_a_trace_of_something_else_is_refused() -> None:
    events = trace(RMaxTS(), 3)
    other = replace(THEOREM, statement="theorem toy : B := by")
    with pytest.raises(TraceError, match="the trace is about toy, not about toy as it is now"):
        replay(events, theorem=other)
    with pytest.raises(TraceError, match="was made with RMaxTS"):
        replay(events, rule=RMaxTS(gamma=0.5))
    with pytest.raises(TraceError, match="begins with a start"):
        replay([])
    with pytest.raises(TraceError, match="begins with a start"):
        replay(events[1:])
    with pytest.raises(TraceError, match="one start"):
        replay([*events, events[0]])
    with pytest.raises(TraceError, match="unknown nodes"):
        replay([events[0], *events[3:]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"algorithm": "luck"}, "unknown algorithm 'luck'"),
        ({"settings": {"luck": 1}}, "settings of rmaxts"),
        ({"settings": {"gamma": 7.0}}, "settings of rmaxts: gamma"),
    ],
)
def test_an_algorithm_that_we_lack_is_refused(change: dict[str, object], message: str) -> None:
    start = Search(THEOREM, RMaxTS()).start
    with pytest.raises(TraceError, match=message):
        replay([replace(start, **change)])  # type: ignore[arg-type]


def test_a_resumed_search_may_spend_more() -> None:
    events = trace(Sampling(), 5)
    assert replay(events, Budget(samples=5)).finished
    assert not replay(events, Budget(samples=6)).finished


def test_traces_of_different_searches_are_not_merged() -> None:
    events = trace(RMaxTS(), 3)
    search = Search(replace(THEOREM, statement="theorem toy : B := by"), RMaxTS())
    for other in (trace(RMaxTS(gamma=0.5), 1), trace(Sampling(), 1), [search.start]):
        with pytest.raises(TraceError, match="differ"):
            merge(events, other)
    with pytest.raises(TraceError, match="begins with a start"):
        merge([], events)
    with pytest.raises(TraceError, match="one start"):
        merge(events, [*events, events[0]])


def test_merging_numbers_rollouts_anew() -> None:
    merged = merge(trace(RMaxTS(), 3), trace(RMaxTS(), 4))
    assert [getattr(event, "id", None) for event in merged] == [None, *range(7)]
    assert replay(merged).next_id == 7
