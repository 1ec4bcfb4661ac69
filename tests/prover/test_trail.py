"""Traces on disk: cut off anywhere, foreign, in use, or no traces at all."""

from __future__ import annotations

import fcntl
import random
from dataclasses import replace
from pathlib import Path

import pytest

from lean_env.values import Check, Verdict
from prover.trail import Trail, TrailError, read_trace
from search import Budget, Observation, RMaxTS, Sample, Search
from search import Sampling as SamplingSearch
from tests.prover.scripted import theorem

THEOREM = theorem("swap", "∀ p q : Prop, p ∧ q → q ∧ p")
BUDGET = Budget(samples=100)
FULL = Path("/dev/full")
"""A disk without room, which Linux has."""


def follow(path: Path) -> tuple[Search, Trail]:
    return Trail.follow(path, THEOREM, RMaxTS(), BUDGET, ("⊢ goal",))


def go_on(path: Path, rollouts: int) -> Search:
    """Add so many rollouts to the trace."""
    search, trail = follow(path)
    with trail:
        for _ in range(rollouts):
            expansion = search.propose(random.Random(search.next_id))
            assert expansion is not None
            trail.add(expansion)
            check = Check(Verdict.FAILED, f"wrong {expansion.id}", "no")
            trail.add(search.observe(expansion, check, Sample(tokens=1)))
    return search


def test_a_trace_that_is_cut_off_anywhere_goes_on_from_its_last_whole_line(tmp_path: Path) -> None:
    go_on(tmp_path / "whole", 6)
    data = (tmp_path / "whole").read_bytes()
    for cut in range(0, len(data) + 1, 7):
        path = tmp_path / "cut"
        path.write_bytes(data[:cut])
        kept = sum(b'"observation"' in line for line in data[:cut].split(b"\n")[:-1])
        search, trail = follow(path)
        with trail:
            assert search.statistics.samples == kept
        go_on(path, 6 - kept)
        seen = [event for event in read_trace(path) if isinstance(event, Observation)]
        assert seen == [event for event in read_trace(tmp_path / "whole") if isinstance(event, Observation)]
        path.unlink()


@pytest.mark.parametrize(
    "data", [b"# Notes\n\nimportant", b"important", b"\x80\x81", b"{}", b"\0" * 100, b"{\n", b'{"event":3}\n']
)
def test_a_file_that_is_no_trace_is_refused_and_not_changed(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "notes.md"
    path.write_bytes(data)
    with pytest.raises(TrailError, match="is no trace of a search") as caught:
        follow(path)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == data


def test_a_damaged_line_in_the_middle_is_refused_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "trace"
    go_on(path, 3)
    lines = path.read_bytes().split(b"\n")
    lines[3] = lines[3][:-5]
    path.write_bytes(damaged := b"\n".join(lines))
    with pytest.raises(TrailError, match="line 4"):
        follow(path)
    assert path.read_bytes() == damaged


def test_the_trace_of_another_theorem_or_search_is_refused_and_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "trace"
    go_on(path, 2)
    before = path.read_bytes()
    other = theorem("other", "True")
    with pytest.raises(TrailError, match="the trace is about swap, not about other"):
        Trail.follow(path, other, RMaxTS(), BUDGET, ())
    changed = replace(THEOREM, header="open Nat\n")
    with pytest.raises(TrailError, match="not about swap as it is now"):
        Trail.follow(path, changed, RMaxTS(), BUDGET, ())
    for rule in (SamplingSearch(), RMaxTS(gamma=0.5)):
        with pytest.raises(TrailError, match="the trace was made with"):
            Trail.follow(path, THEOREM, rule, BUDGET, ())
    assert path.read_bytes() == before
    go_on(path, 1)  # None of them kept it locked.


def test_a_trace_that_another_run_writes_to_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trace"
    go_on(path, 1)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(TrailError, match="in use by another run"):
            follow(path)
    go_on(path, 1)


@pytest.mark.parametrize("name", [".", "file/trace", "n" * 300, "a\0b"])
def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("a file, not a folder")
    with pytest.raises(TrailError, match="cannot be written") as caught:
        follow(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_without_a_file_events_go_nowhere() -> None:
    search, trail = Trail.follow(None, THEOREM, RMaxTS(), BUDGET, ())
    with trail:
        trail.add(search.start)


@pytest.mark.skipif(not FULL.exists(), reason="no disk is full on demand here")
def test_a_full_disk_is_an_error_of_one_line() -> None:
    with FULL.open("w") as file:
        trail = Trail(FULL, file)
        search = Search(THEOREM, RMaxTS())
        with pytest.raises(TrailError, match="No space left"):
            trail.add(search.start)
        with trail:
            pass
