"""Checkpoints of several processes: one of them fails, or sees other files than the rest."""

from __future__ import annotations

import resource
import shutil
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
import torch

from tests.training.parallel.processes import together
from tests.training.sft.tiny import write
from training.errors import TrainError
from training.model import Drawn, ModelConfig, Transformer
from training.parallel.learner import MeshLearner
from training.sft import checkpoint
from training.sft.config import MeshConfig, SftConfig, load_config
from training.sft.dataset import load_dataset
from training.sft.folder import RunFolder
from training.sft.learner import Learner
from training.sft.presets import model_config
from training.sft.world import World

CPU = torch.device("cpu")
ALONE = World(0, 1, CPU)
LARGEST = 50_000
"""Bytes of a file: less than a process's part of a checkpoint."""


def beginning(folder: Path) -> tuple[SftConfig, ModelConfig]:
    config = load_config(folder / "sft.toml")
    data = load_dataset(config.data, None, 0)
    return config, model_config(config.model, data.tokenizer.get_vocab_size())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path)
    (tmp_path / "tokenizer").mkdir()
    return tmp_path


class Outcome(NamedTuple):
    said: str
    left: list[str]
    """What is in the folder of checkpoints behind it."""
    resumed: int


def fails(rank: int, folder: Path, who: int, how: str) -> Outcome:
    """A mesh writes a checkpoint, and another that a process cannot write."""
    config, size = beginning(folder)
    world = World(rank, 2, CPU)
    learner = MeshLearner(size, Drawn(size, 0), replace(config, mesh=MeshConfig(experts=2)), world)
    run = RunFolder(folder)
    learner.save(run, 1, {})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    if rank == who and how == "no room":
        resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST, limits[1]))
    elif rank == who:
        # A file where the folder is to be made.
        shutil.move(folder / "checkpoints", folder / "kept")
        (folder / "checkpoints").touch()
    said = ""
    try:
        learner.save(run, 2, {})
    except TrainError as error:
        said = str(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    if rank == who and how == "no folder":
        (folder / "checkpoints").unlink()
        shutil.move(folder / "kept", folder / "checkpoints")
    world.wait()
    left = sorted(path.name for path in (folder / "checkpoints").iterdir())
    resumed = checkpoint.latest(folder, size, print, world)
    assert resumed is not None
    learner.resume(resumed)
    return Outcome(said, left, resumed.step)


FAILURES = [
    (1, "no room", "process 1 says: "),
    (0, "no room", "process 0 says: "),
    (0, "no folder", "Not a directory"),
]
"""Who fails, of what, and what is said of it."""


def all_failures(rank: int, folder: Path) -> list[Outcome]:
    return [fails(rank, folder, who, how) for who, how, _ in FAILURES]


def test_what_one_process_cannot_write_ends_all_in_one_line(folder: Path) -> None:
    first, second = together(all_failures, 2, folder)
    for (_, _, why), found, other in zip(FAILURES, first, second, strict=True):
        assert found == other
        assert "\n" not in found.said
        assert "step-00000002 cannot be written: " in found.said
        assert why in found.said
        assert found.said.endswith("earlier checkpoints are intact")
        assert found.left == ["step-00000001"]
        assert found.resumed == 1


def chosen(rank: int, folder: Path, views: list[list[int]]) -> tuple[int | None, str, list[str]]:
    """What a process resumes from, which sees some checkpoints only; a negative one is damaged."""
    out = folder / f"seen by {rank}"
    (out / "checkpoints").mkdir(parents=True)
    for step in views[rank]:
        name = f"step-{abs(step):08}"
        shutil.copytree(folder / "checkpoints" / name, out / "checkpoints" / name)
        if step < 0:
            (out / "checkpoints" / name / "state.json").write_text("{")
    _, size = beginning(folder)
    warned: list[str] = []
    try:
        found = checkpoint.latest(out, size, warned.append, World(rank, 2, CPU))
    except TrainError as error:
        return None, f"{error.alone} {error}", warned
    return None if found is None else found.step, "", warned


def all_chosen(rank: int, folder: Path) -> list[tuple[int | None, str, list[str]]]:
    found = []
    for views in ([[1, 2], [1, 2, 3]], [[1, 2, -3], [1, 2, 3]], [[], [1]], [[-1], [1]], [[1, 2], [1]]):
        found.append(chosen(rank, folder, views))
        shutil.rmtree(folder / f"seen by {rank}")
    return found


def test_the_leading_process_chooses_for_all(folder: Path) -> None:
    config, size = beginning(folder)
    learner = Learner(Transformer.drawn(size, 0), config, ALONE)
    for step in (1, 2, 3):
        learner.save(RunFolder(folder), step, {})
        for old in (folder / "checkpoints").glob("step-*"):
            shutil.copytree(old, folder / "all" / old.name, dirs_exist_ok=True)
    shutil.rmtree(folder / "checkpoints")
    (folder / "all").rename(folder / "checkpoints")
    first, second = together(all_chosen, 2, folder)
    assert first[0] == second[0] == (2, "", []), "one that only another process sees is not chosen"
    assert [found[1][0] for found in (first, second)] == [2, 2]
    assert len(first[1][2]) == 1, "the damaged one is told of once"
    assert not second[1][2]
    assert first[2] == second[2] == (None, "", []), "a new run"
    assert first[3][1] == second[3][1].replace("seen by 1", "seen by 0")
    assert "can be read; use another --out" in first[3][1]
    assert first[4] == (2, "", [])
    told = second[4][1]
    assert told.startswith("True process 1 cannot read ")
    assert "step-00000002, which the leading process could (" in told
    assert "\n" not in told
