"""Meshes that cannot be are refused before anything is built, in one line."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.model.tiny import TINY
from training.model import Drawn
from training.parallel.learner import MeshLearner
from training.sft.config import BatchConfig, DataConfig, MeshConfig, ModelTable, RunConfig, SftConfig
from training.sft.world import World


@pytest.mark.parametrize(
    ("processes", "accumulation", "mesh", "run", "said"),
    [
        (3, 6, {"pipeline": 3, "schedule": "DualPipe"}, {}, "an even number of ranks, not 3"),
        (2, 5, {"pipeline": 2, "schedule": "DualPipe"}, {}, "an even number of micro-batches, not 5"),
        (4, 6, {"pipeline": 4, "schedule": "DualPipe"}, {}, "needs 8 micro-batches, not 6"),
        (4, 3, {"pipeline": 4, "schedule": "1F1B"}, {}, "needs 4 micro-batches, not 3"),
        (4, 6, {"pipeline": 4, "schedule": "Chimera"}, {}, "a multiple of 4 micro-batches, not 6"),
        (2, 4, {"pipeline": 4}, {}, "need 4 processes, and there are 2"),
        (2, 4, {"pipeline": 2, "layers": (1, 1, 1)}, {}, "has 3 stages, and 1F1B over 2 ranks has 2"),
        (
            2,
            4,
            {"pipeline": 2, "layers": (1, 1), "schedule": "DualPipeV"},
            {},
            "mesh.layers has 2 stages, and DualPipeV over 2 ranks has 4",
        ),
        (2, 4, {"pipeline": 2, "layers": (1, 4)}, {}, "mesh.layers has 5 layers, and the model has 3"),
        (4, 4, {"pipeline": 4}, {}, "3 layers cannot be cut into 4 stages"),
        (6, 4, {"pipeline": 4}, {}, "a multiple of 4 processes, and there are 6"),
        (2, 4, {"pipeline": 2}, {"dtype": "bf16-pure"}, "run.dtype must be 'bf16' or 'float32'"),
        (2, 4, {"pipeline": 2, "schedule": "ZB1P"}, {"compile": True}, "split backward passes of ZB1P"),
        (
            4,
            4,
            {"pipeline": 2, "experts": 2, "schedule": "DualPipe", "fast": True},
            {},
            "needs mesh.overlap = false",
        ),
        (
            2,
            4,
            {"experts": 2, "fast": True},
            {"dtype": "float32"},
            "mesh.fast needs rows of a multiple of 16 bytes: hidden_size = 30 makes 120 of them",
        ),
        (
            2,
            4,
            {"experts": 2, "fast": True},
            {"fp8": True},
            "mesh.fast needs rows of a multiple of 16 bytes: hidden_size = 30 makes 60 of them",
        ),
    ],
)
def test_a_mesh_that_cannot_be(
    processes: int, accumulation: int, mesh: dict[str, Any], run: dict[str, Any], said: str
) -> None:
    config = SftConfig(
        DataConfig((Path("none"),)),
        ModelTable("tiny"),
        BatchConfig(512, accumulation),
        run=RunConfig(steps=1, **run),
        mesh=MeshConfig(**mesh),
    )
    size = replace(TINY, hidden_size=30)
    with pytest.raises(ValueError, match=f"^[^\\n]*{re.escape(said)}[^\\n]*$"):
        MeshLearner(size, Drawn(size, 0), config, World(0, processes, torch.device("cpu")))


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"dtype": "float32", "fp8": True}, "fp8 goes with dtype = 'bf16', not 'float32'"),
        ({"compile": True, "fp8": True}, "fp8 and run.compile do not go together"),
    ],
)
def test_fp8_goes_with_bf16(table: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        RunConfig(steps=1, **table)
