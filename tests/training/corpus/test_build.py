"""The pipeline from end to end with real Lean: statements in, checked records out."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from data.hygiene import Screen
from data.records import CorpusError, CorpusRecord, read_corpus, write_corpus
from lean_env.steps import boundaries
from lean_env.toolchain import Toolchain
from training.corpus.__main__ import main
from training.corpus.attempt import Effort, Outcome
from training.corpus.build import CORPUS, build
from training.corpus.journal import FILE


@dataclass(frozen=True)
class Given:
    name: str
    statement: str
    domain: str = "test"
    kind: str = "test"


CLAIMS = {
    "swap": "(p q : Prop) (h : p ∧ q) : q ∧ p",
    "assoc": "(a b c : Nat) : a + (b + c) = (a + b) + c",
    "witness": "(p : Nat → Prop) (h : p 3) : ∃ x, p x",
    "known": "(n m : Nat) : n * m = m * n",
    "wrong": "(n : Nat) : n = n + 1",
    "unclear": "(n : Nat) : n = n.unknown",
}
STREAM = [Given(name, f"theorem {name} {claim} := by") for name, claim in CLAIMS.items()]
EFFORT = Effort(samples=8, rollouts=24, proofs=2)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bench") / "bench.jsonl"
    statement = "theorem comm (a b : Nat) : a * b = b * a := by"
    path.write_text(json.dumps({"statement": statement}) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def built(toolchain: Toolchain, bench: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus that was built in two goes, the second after a line was cut off."""
    directory = tmp_path_factory.mktemp("corpus")
    build(directory, STREAM, 2, seed=1, workers=1, benchmarks=[bench], effort=EFFORT)
    with (directory / FILE).open("a", encoding="utf-8") as file:
        file.write('{"index": 2, "kind": "te')
    report = build(directory, STREAM, len(STREAM), seed=1, workers=2, benchmarks=[bench], effort=EFFORT)
    counts = report.outcomes["test"]
    assert (counts[Outcome.REFUSED], counts[Outcome.UNPROVED], counts[Outcome.INVALID]) == (1, 1, 1)
    assert counts[Outcome.SAMPLED] + counts[Outcome.SEARCHED] == 3
    assert report.proofs.total() == len(read_corpus(directory / CORPUS))
    return directory


def test_records_are_complete(built: Path, bench: Path) -> None:
    records = read_corpus(built / CORPUS)
    assert {record.name for record in records} == {"swap", "assoc", "witness"}
    for record in records:
        assert record.statement == f"theorem {record.name} {CLAIMS[record.name]} := by"
        assert [end for end, _ in record.steps or ()] == [step.end for step in boundaries(record.proof)]
        assert record.steps is not None
        assert record.steps[-1][1] == ()
    proofs = [(record.name, record.start, record.proof) for record in records]
    assert len(set(proofs)) == len(proofs)
    screen = Screen.load([bench])
    assert not any(screen.find(record.statement) for record in records)


def test_the_journal_is_of_one_plan(built: Path, bench: Path) -> None:
    with pytest.raises(CorpusError, match="begun with"):
        build(built, STREAM, 2, seed=2, workers=1, benchmarks=[bench], effort=EFFORT)
    before = (built / CORPUS).read_bytes()
    build(built, STREAM, len(STREAM), seed=1, workers=1, benchmarks=[bench], effort=EFFORT)
    assert (built / CORPUS).read_bytes() == before


def test_a_proof_that_no_longer_checks_is_named(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(built), "--workers", "1"]) == 0
    records = [record for record in read_corpus(built / CORPUS) if record.start == 0]
    broken = CorpusRecord("swap", STREAM[0].statement, "  exact h")
    path = tmp_path / "corpus.jsonl"
    write_corpus(path, [*records[:1], broken, *records[1:]])
    assert main(["check", str(path), "--workers", "1"]) == 1
    assert f"{path}:2: swap no longer checks" in capsys.readouterr().out
    assert main(["check", str(tmp_path / "none.jsonl")]) == 2
    assert main(["check", str(path), "--workers", "0"]) == 2


def test_nothing_is_left_of_a_build_that_was_killed(toolchain: Toolchain, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "training.corpus", "build", "--out", str(tmp_path), "--workers", "1"]
    process = subprocess.Popen(
        [*command, "--statements", "1000"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[3],
    )
    journal = tmp_path / FILE
    while not journal.exists() or journal.read_bytes().count(b"\n") < 2:  # Lean is at work then.
        assert process.poll() is None
        time.sleep(0.1)
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 2
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(family, timeout=60)
    assert not alive
