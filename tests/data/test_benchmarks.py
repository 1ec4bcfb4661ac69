"""Benchmarks are loaded from files and by name; every bad file is one clear line."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from data.benchmarks import KNOWN, Known, known, known_by_hash, known_defects, load
from data.benchmarks.defects import Kind
from data.benchmarks.registry import default_folders
from lean_env.errors import SourceError
from lean_env.source import BadLine

BENCHMARKS = Path(__file__).parents[3] / "shared" / "bench"
needs_files = pytest.mark.skipif(not BENCHMARKS.is_dir(), reason=f"{BENCHMARKS} is not here")
LINES = (
    {"name": "a", "statement": "theorem a : 1 = 1 := by", "split": "test", "tier": 2, "domain": "nat"},
    {
        "name": "b",
        "formal_statement": "theorem b (p : Prop) : p → p := by sorry",
        "goal": "p : Prop\n⊢ p → p",
    },
    {"name": "c", "statement": "import Mathlib\n\n/-- See. -/\ntheorem c : 2 = 2 := by", "split": "test"},
)


def write(path: Path, *lines: object) -> Path:
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def refused(path: Path | str, **options: object) -> str:
    with pytest.raises(SourceError) as caught:
        load(path, **options)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_file(tmp_path: Path) -> None:
    path = write(tmp_path / "own.jsonl", *LINES)
    benchmark = load(path)
    assert benchmark.name == "own.jsonl"
    assert benchmark.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    a, b, c = benchmark.problems
    assert (a.split, a.tier, a.domain, a.source, a.goal) == ("test", "2", "nat", "", "")
    assert (b.theorem.statement, b.goal) == ("theorem b (p : Prop) : p → p := by", "p : Prop\n⊢ p → p")
    assert (c.theorem.header.strip(), c.theorem.informal) == ("import Mathlib", "See.")
    assert c.theorem.provenance.line == 3
    assert [one.name for one in load(str(path), split="test").problems] == ["a", "c"]
    assert [one.name for one in load(path, split="test", limit=1).problems] == ["a"]
    assert load(path, limit=3) == benchmark


def test_bad_lines_are_named_and_the_rest_is_usable_on_request(tmp_path: Path) -> None:
    path = write(
        tmp_path / "bad.jsonl",
        LINES[0],
        '{"name": ',
        "[1]",
        LINES[0],
        {"name": "d"},
        {**LINES[1], "split": ["test"]},
        {"statement": "theorem e : 1 = 1 := rfl"},
        LINES[2],
    )
    assert refused(path) == f"{path}, line 2: not JSON: Expecting value (column 10)"
    benchmark = load(path, keep_going=True)
    assert [one.name for one in benchmark.problems] == ["a", "c"]
    assert [bad.line for bad in benchmark.bad_lines] == [2, 3, 4, 5, 6, 7]
    assert benchmark.bad_lines[2] == BadLine(4, "the name 'a' is that of line 1 too")
    assert benchmark.bad_lines[4] == BadLine(6, "the field `split` must be a text")
    assert "none of its lines is a problem; line 1" in refused(
        write(tmp_path / "none.jsonl", "x"), keep_going=True
    )


def test_wrong_wishes(tmp_path: Path) -> None:
    path = write(tmp_path / "own.jsonl", *LINES)
    assert "has no split 'valid'; it has test" in refused(path, split="valid")
    assert refused(path, limit=4) == "--limit 4 is beyond the end: own.jsonl has 3 problems"
    assert "the split test of own.jsonl has 2 problems" in refused(path, split="test", limit=3)
    assert refused(path, limit=0) == "--limit must be positive, not 0"
    assert "does not exist" in refused(tmp_path / "missing.jsonl")
    assert "known are minif2f," in refused("putnam")


def test_names_that_no_file_system_takes(tmp_path: Path) -> None:
    assert "cannot be read: File name too long" in refused(tmp_path / ("x" * 300 + ".jsonl"))
    assert "is neither a file nor a known benchmark" in refused("x" * 300)
    assert "no copy of minif2f" in refused("minif2f", folders=[tmp_path / ("x" * 300)])


@pytest.mark.parametrize("field", ["split", "domain", "tier", "source", "goal"])
def test_half_a_character_is_no_text(tmp_path: Path, field: str) -> None:
    path = write(tmp_path / "half.jsonl", {**LINES[0], field: "\ud800"})
    assert f"line 1: the field `{field}` has half of a character" in refused(path)


def test_a_name_without_a_copy_says_where_to_get_one(tmp_path: Path) -> None:
    said = refused("minif2f", folders=[tmp_path])
    assert (
        f"no copy of minif2f-deepseek-v1.5 (minif2f_deepseek_v15.jsonl or minif2f.jsonl) in {tmp_path}"
        in said
    )
    assert "https://raw.githubusercontent.com/deepseek-ai/DeepSeek-Prover-V1.5/" in said
    assert "PROVER_BENCHMARKS" in said


def test_a_copy_with_another_hash_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "minif2f.jsonl", *LINES)
    said = refused("minif2f", folders=[tmp_path])
    assert f"{tmp_path / 'minif2f.jsonl'} is not minif2f-deepseek-v1.5: its SHA-256 is " in said
    assert load(tmp_path / "minif2f.jsonl").name == "minif2f.jsonl"  # as a file of the user's own it is used


def test_folders(tmp_path: Path) -> None:
    environ = {"PROVER_BENCHMARKS": "/somewhere", "PROVER_CACHE": str(tmp_path)}
    assert default_folders(environ) == (Path("/somewhere"), Path(), tmp_path / "benchmarks")
    assert default_folders({"PROVER_CACHE": str(tmp_path)})[0] == Path()


def test_the_registry_is_consistent() -> None:
    names = [name for entry in KNOWN for name in (entry.name, *entry.aliases)]
    assert len(set(names)) == len(names)
    for entry in KNOWN:
        assert known(entry.name) is known(entry.name.upper()) is known_by_hash(entry.sha256) is entry
        assert entry.url.startswith("https://") or not entry.url
        assert entry.revision
        assert entry.licence


@needs_files
@pytest.mark.parametrize("entry", KNOWN, ids=lambda entry: entry.name)
def test_the_published_files(entry: Known, tmp_path: Path) -> None:
    benchmark = load(entry.name, folders=[BENCHMARKS])
    assert (benchmark.name, benchmark.sha256) == (entry.name, entry.sha256)
    splits = [one.split for one in benchmark.problems]
    assert {split: splits.count(split) for split in splits} == entry.counts
    assert all(one.name == one.theorem.name for one in benchmark.problems)
    renamed = Path(shutil.copy(benchmark.path, tmp_path / "other.jsonl"))
    assert load(renamed).name == entry.name  # known by what it holds, not by how it is called


@needs_files
def test_two_copies_called_the_same_are_told_apart(tmp_path: Path) -> None:
    """Both repositories call the file `minif2f.jsonl`."""
    for folder, file in (("g", "minif2f_goedel_v2"), ("d", "minif2f_deepseek_v15")):
        (tmp_path / folder).mkdir()
        shutil.copy(BENCHMARKS / f"{file}.jsonl", tmp_path / folder / "minif2f.jsonl")
    folders = [tmp_path / "g", tmp_path / "d"]
    assert load("minif2f", folders=folders).path.parent.name == "d"
    assert load("minif2f-goedel-v2", folders=folders).path.parent.name == "g"


@needs_files
def test_defects_are_those_in_which_the_copies_differ() -> None:
    published = load("minif2f", folders=[BENCHMARKS])
    corrected = {one.name: one for one in load("minif2f-goedel-v2", folders=[BENCHMARKS]).problems}
    defects = known_defects(published.sha256)
    statements = {one.name: one for one in published.problems}
    assert defects.keys() <= statements.keys()
    differ = {
        name
        for name, one in corrected.items()
        if one.theorem.statement.split() != statements[name].theorem.statement.split()
    }
    assert {name for name, defect in defects.items() if defect.corrected_in} == differ
    assert len(differ) == 15
    assert all(statements[name].split == "valid" for name in defects.keys() - differ)
    for defect in defects.values():
        assert isinstance(defect.kind, Kind)
        assert defect.reason
        assert defect.source
        assert "\n" not in defect.reason
    assert known_defects("0" * 64) == {}
