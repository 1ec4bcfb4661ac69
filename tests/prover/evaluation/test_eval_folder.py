"""Run folders on disk: cut off, full, in use, of another run, or no run folders at all."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from lean_env.errors import SourceError
from prover.evaluation.folder import RunFolder, differences
from prover.evaluation.reading import read_run
from search import RMaxTS
from tests.prover.evaluation.folders import SETTINGS, problem, result

PROBLEMS = tuple(problem(index, name=f"größe_{index}") for index in range(3))
TWICE = replace(SETTINGS, repeats=2)
RESULTS = [result(one, repeat=repeat) for one in PROBLEMS for repeat in range(2)]


def begin(path: Path, results: int = 0) -> None:
    with RunFolder.claim(path) as folder:
        folder.begin(TWICE, PROBLEMS)
        for one in RESULTS[:results]:
            folder.add(one)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    begin(tmp_path / "new" / "run", 6)
    run = read_run(tmp_path / "new" / "run")
    assert (run.settings, run.problems, list(run.results)) == (TWICE, PROBLEMS, RESULTS)
    with RunFolder.claim(tmp_path / "new" / "run") as folder:
        assert folder.resume(TWICE) == run


def test_a_folder_that_is_cut_off_anywhere_goes_on_from_its_last_whole_result(tmp_path: Path) -> None:
    begin(tmp_path, 3)
    path = tmp_path / "results.jsonl"
    data = path.read_bytes()
    for cut in range(0, len(data) + 1, 5):  # Through characters of two bytes, too.
        path.write_bytes(data[:cut])
        kept = data[:cut].count(b"\n")
        with RunFolder.claim(tmp_path) as folder:
            assert list(folder.resume(TWICE).results) == RESULTS[:kept]
            folder.add(RESULTS[kept])
        assert list(read_run(tmp_path).results) == RESULTS[: kept + 1]


def test_a_beginning_that_was_cut_off_is_begun_again(tmp_path: Path) -> None:
    begin(tmp_path)
    (tmp_path / "run.json").rename(tmp_path / ".new-run.json")
    begin(tmp_path, 1)
    assert list(read_run(tmp_path).results) == RESULTS[:1]


@pytest.mark.parametrize("room", [0, 1, 100])
def test_a_full_disk_leaves_the_folder_as_it_was(tmp_path: Path, room: int) -> None:
    begin(tmp_path, 2)
    path = tmp_path / "results.jsonl"
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with RunFolder.claim(tmp_path) as folder:
        # The limit on a file's size cuts a write off just as the end of a disk does.
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + room, limits[1]))
        try:
            with pytest.raises(SourceError, match=r"results\.jsonl cannot be written: ") as caught:
                folder.add(RESULTS[2])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert "\n" not in str(caught.value)
        assert path.read_bytes() == before
        folder.add(RESULTS[2])  # There is room again.
    assert list(read_run(tmp_path).results) == RESULTS[:3]


def test_two_runs_on_one_folder_are_refused(tmp_path: Path) -> None:
    begin(tmp_path)
    other = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    with pytest.raises(SourceError, match="is in use by another run; name another --out"):
        RunFolder.claim(tmp_path)
    os.close(other)
    RunFolder.claim(tmp_path).__exit__(None, None, None)


@pytest.mark.parametrize("stranger", ["notes.md", "results.jsonl", "traces/one.jsonl"])
def test_a_folder_of_something_else_is_refused_and_not_changed(tmp_path: Path, stranger: str) -> None:
    (tmp_path / stranger).parent.mkdir(exist_ok=True)
    (tmp_path / stranger).write_text("important\n")
    with pytest.raises(SourceError, match="is not empty and holds no run"):
        RunFolder.claim(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / stranger]
    assert (tmp_path / stranger).read_text() == "important\n"


def test_other_settings_are_refused_by_their_names(tmp_path: Path) -> None:
    begin(tmp_path)
    other = replace(TWICE, samples=128, sampling={"temperature": 0.5}, policy="p" * 200)
    with RunFolder.claim(tmp_path) as folder, pytest.raises(SourceError) as caught:
        folder.resume(other)
    assert str(caught.value) == (
        f"{tmp_path} was begun with policy tactics, not {'p' * 60}…; sampling.temperature 1.0, not 0.5; "
        "samples 64, not 128; go on so, or name another --out"
    )
    assert differences(TWICE, replace(TWICE, rule={"gamma": 1})) == "rule.gamma null, not 1"


def test_a_rule_that_got_a_field_since_is_the_same_rule() -> None:
    now = replace(TWICE, search="rmaxts", rule=asdict(RMaxTS()))
    before = replace(now, rule={name: value for name, value in now.rule.items() if name != "feedback"})
    assert differences(before, now) == ""
    told = differences(before, replace(now, rule=asdict(RMaxTS(feedback=True))))
    assert told == "rule.feedback false, not true"


def test_a_folder_that_was_not_begun_is_not_left_behind(tmp_path: Path) -> None:
    with RunFolder.claim(tmp_path / "a" / "run"):
        pass
    assert not (tmp_path / "a" / "run").exists()
    (tmp_path / "mine").mkdir()
    with RunFolder.claim(tmp_path / "mine"):
        pass
    assert (tmp_path / "mine").is_dir()


@pytest.mark.parametrize("name", ["file", "file/run", "n" * 300, "a\0b"])
def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("a file, not a folder")
    with pytest.raises(SourceError, match="cannot be written") as caught:
        RunFolder.claim(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_looked_into_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(SourceError, match=r"cannot be read: Permission denied; name another --out$"):
        RunFolder.claim(tmp_path)
