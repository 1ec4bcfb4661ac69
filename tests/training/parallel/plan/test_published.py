"""Plans against what was published of DeepSeek-V3, and against our own measurement."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.training.parallel.plan.plans import DEEPSEEK, H200, change
from training.flops import count_parameters
from training.parallel.plan import Step, compare, plan, sensitivity

RESULTS = Path(__file__).parents[4] / "benchmarks" / "results"


@pytest.fixture(name="step", scope="module")
def fixture_step() -> Step:
    return plan(DEEPSEEK)


def test_deepseek_v3(step: Step) -> None:
    assert step.seconds == pytest.approx(19.926, rel=0.15)
    assert step.bubble_share == pytest.approx(2.06 / 19.926, rel=0.15)
    assert step.mfu(causal=False) == pytest.approx(0.4373, rel=0.15)
    assert step.mfu(causal=True) == pytest.approx(0.3894, rel=0.15)
    assert step.hours == pytest.approx(180e3, rel=0.15)
    assert step.tokens_a_day == pytest.approx(272.8e9, rel=0.15)
    assert step.split["paired"] == pytest.approx(13.95, rel=0.15)
    assert step.split["forward"] == pytest.approx(1.13, rel=0.15)


def test_what_is_calibrated(step: Step) -> None:
    """Matrix products are as fast as the published gradients of weights, which are mostly such products."""
    assert step.split["weights"] == pytest.approx(0.48, rel=0.01)
    sources = {name: constant.source for name, constant in DEEPSEEK.constants.all().items()}
    assert [name for name, source in sources.items() if source == "calibrated"] == ["gemm", "grouped"]


def test_operations_are_counted_as_published(step: Step) -> None:
    # 432 and 385 TFLOP/s on 2,048 GPUs for 19.926 s.
    for causal, rate in ((False, 432e12), (True, 385e12)):
        assert step.flops(causal=causal) == pytest.approx(rate * 2048 * 19.926, rel=0.01)


def test_sizes_of_deepseek_v3(step: Step) -> None:
    plain = change(DEEPSEEK, model={"sizes": {**DEEPSEEK.model.sizes, "num_nextn_predict_layers": 0}})
    found = count_parameters(plain.model.config())
    assert found.total == pytest.approx(671e9, rel=0.001)
    assert found.active + 2 * found.head == pytest.approx(37e9, rel=0.02)
    assert step.parameters.total > found.total


def test_it_fits_as_it_did(step: Step) -> None:
    assert step.fits
    assert step.memory[step.fullest].total > 0.8 * DEEPSEEK.cluster.memory_gib * 2**30, "nor was much left"


def test_dualpipe_is_the_fastest(step: Step) -> None:
    found = {name: other.seconds for name, other in compare(DEEPSEEK).items() if isinstance(other, Step)}
    assert len(found) == 4
    assert min(found, key=found.__getitem__) == "DualPipe"
    assert found["DualPipe"] == step.seconds
    assert found["ZB1P"] < found["1F1B"]


def test_sensitivity_has_the_right_signs(step: Step) -> None:
    found = sensitivity(step)
    assert found.pop("sm_share") < 0, "more is left to compute with"
    assert all(longer >= 0 for longer in found.values())
    assert max(found.values()) < 0.1, "no constant is all there is"


def test_the_step_that_was_measured() -> None:
    """One H200 (benchmarks/train_step.py), with constants of which none was fitted to it."""
    measured = json.loads((RESULTS / "train_step-h200.json").read_text())["1b"]
    case = measured["case"]
    sequences = case["tokens"] // case["length"]
    told = change(
        H200,
        cluster={"gpus": 1},
        mesh={"schedule": "1F1B", "pipeline": 1, "experts": 1},
        batch={
            "sequences": sequences,
            "length": case["length"],
            "micro": sequences // case["accumulation"],
        },
    )
    step = plan(told)
    assert step.parameters.total == measured["parameters"]["total"]
    assert step.seconds == pytest.approx(measured["step_seconds"], rel=0.15)
    assert step.mfu(causal=True) == pytest.approx(measured["mfu"], rel=0.15)
    assert step.memory[0].total / 2**30 == pytest.approx(measured["peak_gib"], rel=0.15)
