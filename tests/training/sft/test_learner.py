"""One step: the same however it is divided, and with all that belongs to it."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch

from tests.training.sft.tiny import write
from training.model import Transformer
from training.sft.config import BatchConfig, LossConfig, SftConfig, load_config
from training.sft.dataset import load_dataset
from training.sft.learner import Learner
from training.sft.packing import Rows
from training.sft.presets import model_config
from training.sft.world import World

ALONE = World(0, 1, torch.device("cpu"))


@pytest.fixture(name="start", scope="module")
def fixture_start(tmp_path_factory: pytest.TempPathFactory) -> tuple[SftConfig, Transformer, Rows]:
    path = write(tmp_path_factory.mktemp("run"), model__sizes__num_nextn_predict_layers=1)
    config = load_config(path)
    data = load_dataset(config.data, None, 0)
    model = Transformer.drawn(model_config(config.model, data.tokenizer.get_vocab_size()), 0)
    return config, model, data.epoch(0)[0]


def distance(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> float:
    """The largest difference between weights."""
    return max(float((one[name] - other[name]).abs().max()) for name in one)


def test_accumulation_gives_what_one_batch_gives(start: tuple[SftConfig, Transformer, Rows]) -> None:
    config, model, rows = start
    states, figures = [], []
    for accumulation in (1, 2, 4):
        divided = replace(config, batch=BatchConfig(512, accumulation))
        learner = Learner(copy.deepcopy(model), divided, ALONE)
        for step in range(2):
            figure = learner.step(rows[4 * step : 4 * step + 4], 1e-3)
        states.append(learner.weights.full_state())
        figures.append(figure)
    assert distance(states[0], model.state_dict()) > 1e-3
    for state, figure in zip(states[1:], figures[1:], strict=True):
        assert distance(states[0], state) < 2e-5
        assert torch.equal(figure.counts_ME, figures[0].counts_ME)
        for name in ("loss", "second_loss", "balance", "gradient_norm"):
            assert float(getattr(figure, name)) == pytest.approx(float(getattr(figures[0], name)), rel=1e-4)


def test_biases_move_against_the_load(start: tuple[SftConfig, Transformer, Rows]) -> None:
    config, model, rows = start
    learner = Learner(copy.deepcopy(model), replace(config, loss=LossConfig(bias_rate=0.01)), ALONE)
    counts_ME = learner.step(rows[:4], 1e-3).counts_ME
    for router, counts_E in zip(learner.model.routers(), counts_ME, strict=True):
        expected = 0.01 * torch.sign(counts_E.mean() - counts_E)
        torch.testing.assert_close(router.e_score_correction_bias, expected)
    frozen = Learner(copy.deepcopy(model), replace(config, loss=LossConfig(bias_rate=0.0)), ALONE)
    frozen.step(rows[:4], 1e-3)
    assert all(not router.e_score_correction_bias.any() for router in frozen.model.routers())


def test_bf16_computes_with_copies_of_fp32_masters(start: tuple[SftConfig, Transformer, Rows]) -> None:
    config, model, rows = start
    states = {}
    for dtype in ("float32", "bf16", "bf16-pure"):
        told = replace(config, run=replace(config.run, dtype=dtype), batch=BatchConfig(512, 2))
        learner = Learner(copy.deepcopy(model), told, ALONE)
        for _ in range(3):
            learner.step(rows[:4], 1e-5)
        states[dtype] = learner.weights.full_state()
        computing = {parameter.dtype for parameter in learner.model.parameters()}
        assert computing == {torch.float32 if dtype == "float32" else torch.bfloat16}
        for name, parameter in learner.model.named_parameters():
            assert torch.equal(parameter.detach(), states[dtype][name].to(parameter.dtype))
    # Steps of 1e-5 are lost in BF16 weights of size 0.02 to 1, and kept in masters.
    name = "norm.weight"
    moved = {dtype: state[name].float() - 1 for dtype, state in states.items()}
    assert not moved["bf16-pure"].any()
    assert float(moved["bf16"].abs().max()) == pytest.approx(3e-5, rel=0.1)
    assert states["bf16"][name].dtype == torch.float32


def test_validation_sees_all_targets_and_changes_nothing(start: tuple[SftConfig, Transformer, Rows]) -> None:
    config, model, rows = start
    learner = Learner(copy.deepcopy(model), config, ALONE)
    one_by_one = [learner.validate(rows[row : row + 1]) for row in range(5)]
    targets = [int((rows.targets_RL[row] >= 0).sum()) for row in range(5)]
    mean = sum(loss * count for loss, count in zip(one_by_one, targets, strict=True)) / sum(targets)
    assert learner.validate(rows[:5]) == pytest.approx(mean, rel=1e-5)
    assert distance(learner.weights.full_state(), dict(model.state_dict())) == 0.0


def test_learns(start: tuple[SftConfig, Transformer, Rows]) -> None:
    config, model, rows = start
    learner = Learner(copy.deepcopy(model), config, ALONE)
    losses = [float(learner.step(rows[:4], 3e-3).loss) for _ in range(20)]
    assert losses[-1] < 0.6 * losses[0]
