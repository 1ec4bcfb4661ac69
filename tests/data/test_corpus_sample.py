"""The sample of the corpus in the repository: whole, clean, and accepted by Lean."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from data.hygiene import Screen
from data.records import read_corpus
from lean_env.steps import boundaries
from lean_env.toolchain import Toolchain
from training.corpus.__main__ import main
from training.corpus.hint import hinted

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "corpus" / "sample.jsonl"
BENCHMARKS = ROOT.parent / "shared" / "bench"


def test_records_are_whole() -> None:
    records = read_corpus(SAMPLE)
    assert len(records) >= 200
    assert len({(record.name, record.start, record.proof) for record in records}) == len(records)
    for record in records:
        assert [end for end, _ in record.steps or ()] == [step.end for step in boundaries(record.proof)]


@pytest.mark.skipif(not BENCHMARKS.is_dir(), reason="the benchmarks are not here")
def test_no_statement_is_of_a_benchmark() -> None:
    screen = Screen.load(sorted(BENCHMARKS.glob("*.jsonl")))
    assert [record.statement for record in read_corpus(SAMPLE) if screen.find(record.statement)] == []


def test_lean_accepts_the_proofs(toolchain: Toolchain) -> None:
    assert main(["check", str(SAMPLE), "--sample", "40", "--workers", "1"]) == 0


def test_its_hints_are_those_that_a_search_shows_now() -> None:
    """A model is used with the hints that it was trained on; if this fails, they need another version."""
    for record in read_corpus(SAMPLE):
        assert hinted(replace(record, hints=())).hints == record.hints
