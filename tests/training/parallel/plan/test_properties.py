"""What must hold for any plan."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.model.tiny import TINY
from tests.training.parallel.plan.plans import DEEPSEEK, H200, SMALL, change, constants
from training.flops import count_parameters
from training.parallel.mesh import Mesh
from training.parallel.plan import Step, plan
from training.parallel.plan.chunk import Chunk, pair_seconds, parts
from training.parallel.plan.config import ScheduleName
from training.parallel.plan.links import places, shared
from training.parallel.plan.memory import rank_weights
from training.parallel.schedule import Part
from training.parallel.simulate import Costs, simulate
from training.parallel.traffic import expected_places

RATES = ("memory_gbs", "bf16_tflops", "fp8_tflops", "nvlink_gbs", "network_gbs")


@settings(deadline=None, max_examples=30)
@given(
    name=st.sampled_from(RATES),
    times=st.floats(1, 20),
    overlap=st.floats(0, 1),
    schedule=st.sampled_from(["1F1B", "ZB1P", "DualPipe"]),
)
def test_faster_hardware_is_never_slower(name: str, times: float, overlap: float, schedule: str) -> None:
    told = constants(change(SMALL, mesh={"schedule": schedule}), overlap=overlap)
    faster = change(told, cluster={name: times * getattr(told.cluster, name)})
    assert plan(faster).seconds <= plan(told).seconds * (1 + 1e-12)


@pytest.mark.parametrize("experts", [1, 8])
@pytest.mark.parametrize("share", [0.3, 0.8])
def test_what_is_left_without_bubble_and_traffic(experts: int, share: float) -> None:
    """MFU is the kernels' share of the peak. Documents are short: attention backward has a product more than
    are counted."""
    told = change(
        H200,
        cluster={"memory_gbs": 1e6, "nvlink_gbs": 1e6},
        mesh={"schedule": "1F1B", "pipeline": 1, "experts": experts},
        batch={"sequences": 1 << 16, "length": 16, "micro": 1 << 11},
    )
    names = ("gemm", "grouped", "gemm_bf16", "attention", "attention_backward")
    step = plan(constants(told, memory=1.0, nvlink=1.0, **dict.fromkeys(names, share)))
    assert step.bubble == pytest.approx(0, abs=1e-9)
    assert step.mfu(causal=True) == pytest.approx(share, rel=0.02)


@pytest.mark.parametrize("schedule", ["1F1B", "ZB1P", "DualPipe"])
def test_equal_stages_are_simulated_as_such(schedule: str) -> None:
    sizes = {
        **DEEPSEEK.model.sizes,
        "num_hidden_layers": 8,
        "first_k_dense_replace": 0,
        "num_nextn_predict_layers": 0,
        "vocab_size": 3,
    }
    told = change(
        DEEPSEEK,
        model={"sizes": sizes},
        mesh={"schedule": schedule, "pipeline": 8, "layers": ()},
        batch={"sequences": 256 * 24},
    )
    step = plan(told)
    chunk = parts(told, step.config, step.exchange).experts
    forward, inputs = chunk.alone(Part.FORWARD), chunk.alone(Part.INPUT)
    whole = forward + inputs + chunk.weights
    gain = 1 - pair_seconds(chunk, chunk, told) / whole
    costs = Costs(forward, inputs, chunk.weights, gain, step.message.seconds(told))
    timeline = simulate(step.schedule, costs)
    assert step.pipeline == pytest.approx(timeline.seconds, rel=1e-3)
    busy = [timeline.busy(rank) for rank in range(8)]
    assert step.bubble == pytest.approx(timeline.seconds - sum(busy) / 8, rel=1e-2)
    assert step.imbalance == pytest.approx(max(busy) - sum(busy) / 8, rel=1e-2, abs=1e-3)


def test_bytes_are_the_expectation() -> None:
    step = plan(SMALL)
    sent = step.exchange
    assert sent is not None
    nodes, gpus = expected_places(256, 8, 8, 4), expected_places(256, 64, 8, 32)
    assert (sent.nodes, sent.gpus) == (nodes, gpus)
    row = 7168 * (1 + 4 / 128) + 8 * 8
    assert sent.dispatch.network == pytest.approx(nodes * 7 / 8 * row)
    assert sent.dispatch.nvlink == pytest.approx(gpus * 7 / 8 * row)
    assert sent.combine.network == pytest.approx(nodes * 7 / 8 * 7168 * 2)
    # 58 layers and the module, forward and backward, of a quarter of what 64 pipelines share.
    tokens = 1024 * 4096 / 64 / 4
    assert step.sent()["experts"].network == pytest.approx(2 * 59 * tokens * sent.both.network)


@pytest.mark.parametrize(
    ("groups", "chosen", "count"), [(8, 4, 8), (8, 4, 4), (8, 3, 2), (4, 2, 8), (8, 4, 1)]
)
def test_places_against_draws(groups: int, chosen: int, count: int) -> None:
    config = replace(TINY, n_routed_experts=32, n_group=groups, topk_group=chosen, num_experts_per_tok=4)
    rng, found, draws = random.Random(0), 0, 20_000
    size = 32 // groups
    for _ in range(draws):
        picked = rng.sample(range(groups), chosen)
        experts = rng.sample([group * size + one for group in picked for one in range(size)], 4)
        found += len({expert * count // 32 for expert in experts})
    assert places(config, count) == pytest.approx(found / draws, rel=0.01)


@pytest.mark.parametrize("name", get_args(ScheduleName))
@pytest.mark.parametrize("modules", [0, 1])
@pytest.mark.parametrize("tied", [False, True])
def test_every_number_has_one_place_in_the_optimiser(name: str, modules: int, tied: bool) -> None:
    told = change(
        H200,
        mesh={"schedule": name, "pipeline": 2, "experts": 2},
        model={"sizes": {"num_nextn_predict_layers": modules, "tie_word_embeddings": tied}},
    )
    step, mesh = plan(told), Mesh(8, 2, 2)
    stages_of = [step.schedule.stages_of(rank) for rank in range(2)]
    groups = [
        group for rank in range(2) for group in rank_weights(step.config, mesh, step.layers, stages_of, rank)
    ]
    assert mesh.ways * sum(group.share for group in groups) == count_parameters(step.config).total


def total(step: Step) -> float:
    return step.memory[step.fullest].total


def test_memory_grows_with_what_is_kept() -> None:
    base = plan(SMALL)
    for more in (
        change(SMALL, batch={"micro": 2}),
        change(SMALL, precision={"recompute": False}),
        change(SMALL, precision={"moments": "fp32"}),
        change(SMALL, mesh={"experts": 32}),
    ):
        assert total(plan(more)) > total(base)
    for less in (
        change(SMALL, precision={"gradients": "bf16"}),
        change(SMALL, batch={"length": 2048}),
        change(SMALL, mesh={"schedule": "ZB1P"}),
    ):
        assert total(plan(less)) < total(base)


def test_large_models_do_not_fit() -> None:
    assert not plan(SMALL).fits
    assert plan(change(SMALL, cluster={"memory_gib": 1000.0})).fits


@pytest.mark.parametrize(("overlap", "seconds"), [(0.0, 12 + 10), (0.5, 6 + 10), (1.0, 12)])
def test_a_pair_hides_what_it_can(overlap: float, seconds: float) -> None:
    chunk = Chunk(forward=2, inputs=3, weights=3, wire=6)
    told = constants(SMALL, overlap=overlap, sm_share=0.2)
    assert pair_seconds(chunk, chunk, told) == pytest.approx(seconds)
    assert pair_seconds(replace(chunk, wire=0.0), replace(chunk, wire=0.0), told) == 8


def test_rings_enter_a_node_once() -> None:
    assert shared(100, 1, 1).nvlink == 0
    assert shared(100, 4, 4).nvlink == 75
    across = shared(100, 16, 8)
    assert across.network == pytest.approx(100 * 15 / 16 / 8)


def test_layers_are_laid_out_for_the_busiest_rank() -> None:
    """The head makes the last stage long, so it has fewer layers than an even cut gives."""
    told = change(DEEPSEEK, mesh={"schedule": "ZB1P", "layers": ()})
    counts = [len(layers) for layers in plan(told).layers]
    assert sum(counts) == 61
    assert counts[-1] < min(counts[:-1])
    even = change(told, mesh={"layers": (3, 3, *[4] * 13, 3)})
    assert plan(told).seconds < plan(even).seconds


def test_a_last_stage_may_have_the_head_alone() -> None:
    """The rank that has the first stage of DualPipeV has the last one, too."""
    told = change(DEEPSEEK, mesh={"schedule": "DualPipeV", "layers": ()})
    alone = change(told, mesh={"layers": (1, *[2] * 30, 0)})
    assert plan(alone).seconds == pytest.approx(20.16, abs=0.01)
    assert plan(alone).seconds < 0.85 * plan(told).seconds
