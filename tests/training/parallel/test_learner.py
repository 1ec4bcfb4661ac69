"""A mesh takes the steps of one process, and goes on from what any other layout has written."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.training.parallel.processes import together
from tests.training.sft.tiny import write, written
from training.model import Transformer
from training.parallel.learner import MeshLearner
from training.sft import checkpoint
from training.sft.config import BatchConfig, MeshConfig, SftConfig, load_config
from training.sft.dataset import load_dataset
from training.sft.folder import RunFolder
from training.sft.learner import Learner
from training.sft.packing import Rows
from training.sft.presets import model_config
from training.sft.world import World

ALONE = World(0, 1, torch.device("cpu"))
LAYOUTS = [
    (MeshConfig(pipeline=2, experts=2, schedule="DualPipe", layers=(3, 1)), 4),
    (MeshConfig(pipeline=1, experts=4, schedule="1F1B", node=2), 2),
    (MeshConfig(pipeline=2, schedule="DualPipeV", layers=(0, 1, 3, 0)), 4),
    (MeshConfig(pipeline=4, schedule="ZB1P"), 4),
]
"""Meshes of four processes, and micro-batches."""
ROWS, RATE = 8, 1e-3


def beginning(folder: Path, dtype: str) -> tuple[SftConfig, Transformer, Rows]:
    config = load_config(folder / "sft.toml")
    config = replace(config, run=replace(config.run, dtype=dtype), batch=BatchConfig(128 * ROWS, 1))
    data = load_dataset(config.data, None, 0)
    model = Transformer.drawn(model_config(config.model, data.tokenizer.get_vocab_size()), 0)
    return config, model, data.epoch(0)[0]


def take(rows: Rows, step: int) -> Rows:
    return rows[ROWS * step : ROWS * (step + 1)]


def learn(rank: int, folder: Path, dtype: str) -> list[tuple[list[float], float, dict[str, torch.Tensor]]]:
    """What each layout's step is like, its held-out loss, and on the leading process its weights behind it;
    each layout goes on from the one before, and the first from what one process has written."""
    config, model, rows = beginning(folder, dtype)
    world = World(rank, 4, torch.device("cpu"))
    found = []
    for step, (mesh, accumulation) in enumerate(LAYOUTS, 1):
        told = replace(config, mesh=mesh, batch=BatchConfig(128 * ROWS, accumulation))
        resumed = checkpoint.latest(folder, model.config, print, world)
        assert resumed is not None
        assert (resumed.place / "sharded").exists() == (step > 1)
        learner = MeshLearner(model.config, resumed.origin(), told, world)
        learner.resume(resumed)
        figures = learner.step(take(rows, step), RATE)
        said = [float(figures.loss), float(figures.second_loss), float(figures.gradient_norm)]
        said += [float(figures.balance), *figures.counts_ME.flatten().tolist()]
        validation = learner.validate(rows[: ROWS + 3])
        learner.save(RunFolder(folder), step + 1, {})
        world.wait()
        found.append((said, validation, written(folder, model.config).state_dict() if world.leads else {}))
        world.wait()
    return found


def distance(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> float:
    assert one.keys() == other.keys()
    return sum(float((one[name] - other[name]).square().sum()) for name in one) ** 0.5


@pytest.mark.parametrize("dtype", ["float32", "bf16"])
def test_layouts_follow_each_other_as_one_process_would(tmp_path: Path, dtype: str) -> None:
    write(tmp_path, model__sizes__num_nextn_predict_layers=1, model__sizes__num_hidden_layers=4)
    config, model, rows = beginning(tmp_path, dtype)
    alone = Learner(copy.deepcopy(model), config, ALONE)
    # The same with other micro-batches: what rounding alone makes of it is the measure for the meshes.
    rounded = Learner(model, replace(config, batch=BatchConfig(128 * ROWS, 4)), ALONE)
    for learner in (alone, rounded):
        learner.step(take(rows, 0), RATE)
    folder = RunFolder(tmp_path)
    (tmp_path / "tokenizer").mkdir()
    alone.save(folder, 1, {})
    told = together(learn, 4, tmp_path, dtype)
    tolerance = 1e-5 if dtype == "float32" else 2e-2
    for step in range(1, len(LAYOUTS) + 1):
        rounded.step(take(rows, step), RATE)
        figures = alone.step(take(rows, step), RATE)
        expected = [float(figures.loss), float(figures.second_loss), float(figures.gradient_norm)]
        expected += [float(figures.balance), *figures.counts_ME.flatten().tolist()]
        for said, validation, _ in (each[step - 1] for each in told):
            assert said[:4] == pytest.approx(expected[:4], rel=tolerance)
            # In BF16 rounding decides where two experts' scores are next to equal.
            elsewhere = sum(abs(ours - theirs) for ours, theirs in zip(said[4:], expected[4:], strict=True))
            assert elsewhere <= (0 if dtype == "float32" else 0.04) * sum(expected[4:])
            assert validation == pytest.approx(alone.validate(rows[: ROWS + 3]), rel=tolerance)
        state, right = told[0][step - 1][2], alone.full_state()
        assert distance(state, right) < 1.5 * distance(rounded.full_state(), right)
    # What the last mesh has written, one process can go on with.
    resumed = checkpoint.latest(tmp_path, model.config, print, ALONE)
    assert resumed is not None
    assert resumed.step == len(LAYOUTS) + 1
    again = Learner(written(tmp_path, model.config), config, ALONE)
    again.resume(resumed)
    ours, theirs = (learner.step(take(rows, 0), RATE) for learner in (again, alone))
    assert float(ours.loss) == pytest.approx(float(theirs.loss), rel=tolerance)
    rounded.step(take(rows, 0), RATE)
    assert distance(again.full_state(), alone.full_state()) < 1.5 * distance(
        rounded.full_state(), alone.full_state()
    )
