"""Schedules, weight decay, clipping."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from training.sft.config import OptimizerConfig
from training.sft.optimizer import clip_gradients, learning_rate, make_optimizer


def test_cosine() -> None:
    config = OptimizerConfig(learning_rate=1.0, warmup=4, schedule="cosine", final_share=0.1)
    rates = [learning_rate(config, step, 24) for step in range(24)]
    assert rates[:5] == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0])
    assert rates[14] == pytest.approx(0.55)
    assert rates[23] == pytest.approx(0.1, abs=0.01)
    assert all(rates[step] >= rates[step + 1] for step in range(4, 23))


def test_warmup_stable_decay() -> None:
    config = OptimizerConfig(learning_rate=1.0, warmup=2, schedule="wsd", decay_share=0.5, final_share=0.0)
    rates = [learning_rate(config, step, 10) for step in range(10)]
    assert rates == pytest.approx([0.5, 1, 1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2])


def test_no_warmup_and_one_step() -> None:
    assert learning_rate(OptimizerConfig(learning_rate=1.0, warmup=0), 0, 1) == 1.0


def test_only_matrices_decay() -> None:
    parameters = {
        "gain": nn.Parameter(torch.ones(3)),
        "matrix": nn.Parameter(torch.ones(3, 3)),
        "experts": nn.Parameter(torch.ones(2, 3, 3)),
    }
    optimizer = make_optimizer(parameters, OptimizerConfig(learning_rate=0.5, weight_decay=0.1))
    for value in parameters.values():
        value.grad = torch.zeros_like(value)
    optimizer.step()
    assert parameters["gain"].unique().tolist() == [1.0]
    assert parameters["matrix"].unique().tolist() == pytest.approx([0.95])
    assert parameters["experts"].unique().tolist() == pytest.approx([0.95])


def test_clipping_keeps_the_direction() -> None:
    parameters = {name: nn.Parameter(torch.zeros(2)) for name in "ab"}
    parameters["a"].grad, parameters["b"].grad = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 4.0])
    assert float(clip_gradients(parameters, 1.0)) == 5.0
    assert parameters["a"].grad.tolist() == pytest.approx([0.6, 0.0], rel=1e-5)
    assert float(clip_gradients(parameters, 2.0)) == pytest.approx(1.0, rel=1e-5)
    assert parameters["b"].grad.tolist() == pytest.approx([0.0, 0.8], rel=1e-5)
