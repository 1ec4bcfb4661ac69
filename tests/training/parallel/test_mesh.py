"""Who does what in a mesh."""

from __future__ import annotations

import pytest
import torch

from tests.training.model.tiny import TINY
from tests.training.parallel.processes import together
from training.parallel.mesh import Mesh, join_mesh


def test_rows_have_the_same_stages_and_columns_are_pipelines() -> None:
    mesh = Mesh(16, pipeline=2, experts=4)
    assert mesh.ways == 8
    assert [mesh.place(rank) for rank in range(16)] == [0] * 8 + [1] * 8
    assert [mesh.way(rank) for rank in range(16)] == 2 * list(range(8))
    assert mesh.column(3) == [3, 11]
    assert mesh.sharers() == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11], [12, 13, 14, 15]]
    for ranks in mesh.sharers():
        assert len({mesh.place(rank) for rank in ranks}) == 1, "sharers have the same stages"
    assert sorted(rank for way in range(8) for rank in mesh.column(way)) == list(range(16))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"processes": 0}, "processes must be positive, not 0"),
        ({"processes": 4, "pipeline": -1}, "pipeline must be positive, not -1"),
        (
            {"processes": 4, "pipeline": 2, "experts": 4},
            "with experts on 4 processes need 8 processes",
        ),
        ({"processes": 6, "pipeline": 4}, "need a multiple of 4 processes, and there are 6"),
        (
            {"processes": 24, "experts": 12},
            "on 12 processes must fill whole nodes of 8, or equal parts",
        ),
        (
            {"processes": 12, "experts": 3},
            "on 3 processes must fill whole nodes of 8, or equal parts",
        ),
    ],
)
def test_numbers_that_do_not_fit(values: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Mesh(**values)


def join(rank: int, processes: int, experts: int) -> str:
    try:
        join_mesh(Mesh(processes, experts=experts), TINY, torch.device("cpu"))
    except ValueError as error:
        return str(error)
    return ""


def test_worlds_and_experts_that_do_not_fit() -> None:
    too_large = "the mesh has 8 processes, and there are 2"
    assert together(join, 2, 8, 1) == [too_large] * 2
    uneven = "8 experts cannot be divided evenly among 3 processes"
    assert together(join, 3, 3, 3) == [uneven] * 3
