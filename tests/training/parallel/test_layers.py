"""Which layers a stage has, and what cannot be had."""

from __future__ import annotations

import pytest

from tests.training.parallel.plan.plans import H200, change
from training.parallel.layers import check_counts, layers_of
from training.parallel.plan import plan
from training.parallel.schedules import SCHEDULES
from training.sft.config import MeshConfig

LAYERS = 8


def counts_of(name: str, places: int, counts: tuple[int, ...] = ()) -> list[int]:
    """Layers of stages, which must be all of them in order."""
    found = layers_of(LAYERS, SCHEDULES[name](places, 2 * places), counts)
    assert [layer for layers in found for layer in layers] == list(range(LAYERS))
    return [len(layers) for layers in found]


def test_layers_are_spread_evenly() -> None:
    assert counts_of("1F1B", 3) == [3, 3, 2]
    for places in range(1, LAYERS + 1):
        assert set(counts_of("1F1B", places)) <= {LAYERS // places, LAYERS // places + 1}
    with pytest.raises(ValueError, match="8 layers cannot be cut into 9 stages"):
        counts_of("1F1B", 9)


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("1F1B", (5, 3)),
        ("ZB1P", (8, 0)),
        ("Chimera", (0, 8)),
        ("DualPipe", (7, 1)),
        ("DualPipeV", (0, 5, 3, 0)),
    ],
)
def test_layers_are_as_told(name: str, counts: tuple[int, ...]) -> None:
    check_counts(counts, 2)
    assert counts_of(name, 2, counts) == list(counts)


@pytest.mark.parametrize("name", ["1F1B", "DualPipeV"])
def test_more_stages_than_layers_need_none_at_an_end(name: str) -> None:
    counts = (0, *[1] * LAYERS, 0)
    assert counts_of(name, 5 if name == "DualPipeV" else 10, counts) == list(counts)


@pytest.mark.parametrize(
    ("counts", "pipeline", "said"),
    [
        ((8,), 1, "layers is for the stages of a pipeline, and mesh.pipeline is 1"),
        ((9, -1), 2, "layers must not be negative, but is -1 for a stage"),
        ((4, 0, 4), 3, "layers leaves stage 2 of 3 with nothing to do: only the first and the last can be"),
    ],
)
def test_trainer_and_planner_refuse_the_same(counts: tuple[int, ...], pipeline: int, said: str) -> None:
    for refused in (
        lambda: MeshConfig(pipeline=pipeline, layers=counts),
        lambda: change(H200, mesh={"pipeline": pipeline, "layers": counts}),
    ):
        with pytest.raises(ValueError, match=f"^{said}[^\\n]*$"):
            refused()


def test_stages_without_layers_are_planned() -> None:
    """The head is much less than half of this model: leaving it alone on a place costs time."""
    told = change(H200, mesh={"schedule": "1F1B", "layers": (12, 0)})
    step = plan(told)
    assert [len(layers) for layers in step.layers] == [12, 0]
    assert step.memory[0].weights > step.memory[1].weights > 0
    assert step.seconds > plan(change(told, mesh={"layers": ()})).seconds
