"""Configurations for the tests of plans."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from training.parallel.plan import PlanConfig, load_config
from training.parallel.plan.config import Constants

CONFIGS = Path(__file__).parents[4] / "configs"
DEEPSEEK = load_config(CONFIGS / "plan-deepseek-v3.toml")
H200 = load_config(CONFIGS / "plan-1b-h200.toml")


def change(told: PlanConfig, **tables: dict[str, Any]) -> PlanConfig:
    """The same with other values in some tables."""
    return replace(told, **{name: replace(getattr(told, name), **values) for name, values in tables.items()})


def constants(told: PlanConfig, **values: float) -> PlanConfig:
    """The same with other constants."""
    found: Constants = told.constants
    return replace(
        told,
        constants=replace(
            found, **{name: replace(getattr(found, name), value=value) for name, value in values.items()}
        ),
    )


SMALL = change(
    DEEPSEEK,
    cluster={"gpus": 256},
    mesh={"pipeline": 4, "layers": (16, 16, 16, 13)},
    batch={"sequences": 1024},
)
"""An eighth of the cluster, and short pipelines: planned in milliseconds. It would not fit."""
