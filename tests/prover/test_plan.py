"""`prover plan`, run as a process."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from tests.prover.command import prover, refusal
from training.sft.config import MeshConfig

CONFIGS = Path(__file__).parents[2] / "configs"
DEEPSEEK = CONFIGS / "plan-deepseek-v3.toml"


def test_the_report() -> None:
    result = prover("plan", DEEPSEEK)
    assert (result.returncode, result.stderr) == (0, "")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["GPU", "hours", "a", "trillion", "tokens", "165,929", "180,000", "-7.8%"] in lines
    marked = [line[1] for line in lines if line and line[0] == "→"]
    assert marked == ["DualPipe"]
    for source in ("measured", "published", "calibrated", "assumed"):
        assert any(source in line for line in lines)
    assert "attention in full" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 120


@pytest.mark.parametrize("schedule", ["DualPipe", "DualPipeV"])
def test_layers_can_be_copied_to_a_trainers_configuration(tmp_path: Path, schedule: str) -> None:
    path = tmp_path / "plan.toml"
    text = "\n".join(line for line in DEEPSEEK.read_text().splitlines() if not line.startswith("layers"))
    path.write_text(text.replace('"DualPipe"', f'"{schedule}"'))
    lines = prover("plan", path).stdout.splitlines()
    first = next(index for index, line in enumerate(lines) if line.startswith("layers "))
    last = next(index for index, line in enumerate(lines) if line.endswith("]") and index >= first)
    table = tomllib.loads("\n".join(lines[first : last + 1]))
    mesh = MeshConfig(pipeline=16, layers=tuple(table["layers"]))
    assert len(mesh.layers) == (32 if schedule == "DualPipeV" else 16)
    assert sum(mesh.layers) == 61


def test_json() -> None:
    result = prover("plan", "--json", DEEPSEEK)
    assert (result.returncode, result.stderr) == (0, "")
    told = json.loads(result.stdout)
    step = told["schedules"][told["schedule"]]
    assert step["fits"]
    assert told["dollars_a_trillion_tokens"] == pytest.approx(2 * step["hours"])
    for key, value in told["published"].items():
        if key in ("step", "bubble_share", "mfu", "hours"):
            assert step[key] == pytest.approx(value, rel=0.15)
    assert told["constants"]["overlap"]["source"] == "published"


def test_what_does_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text((CONFIGS / "plan-1b-h200.toml").read_text().replace("140.4", "16"))
    result = prover("plan", path)
    assert (result.returncode, result.stderr) == (1, "")
    assert "DOES NOT FIT: 1.5 too many" in result.stdout


def test_refusals(tmp_path: Path) -> None:
    assert "nowhere.toml cannot be read: No such file" in refusal(prover("plan", tmp_path / "nowhere.toml"))
    path = tmp_path / "plan.toml"
    path.write_text(DEEPSEEK.read_text().replace("pipeline = 16", "pipeline = 3"))
    assert "need a multiple of 192 processes, and there are 2048" in refusal(prover("plan", path))
