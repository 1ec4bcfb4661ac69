"""Two processes, each with its shards and its part of every batch, learn what one learns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.training.sft.tiny import write
from training.model.checkpoint import load_checkpoint
from training.sft.config import load_config
from training.sft.trainer import train


def torchrun(config: Path, out: Path, processes: int = 2) -> None:
    """`prover train sft` in several processes on the CPU."""
    prover = str(Path(sys.executable).with_name("prover"))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    command += ["--no-python", prover, "train", "sft", str(config), "--out", str(out)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200)
    assert result.returncode == 0, result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "bf16"])
def test_two_processes_learn_what_one_learns(tmp_path: Path, dtype: str) -> None:
    config = write(
        tmp_path,
        run__dtype=dtype,
        run__steps=4,
        run__checkpoint_every=2,
        batch__accumulation=2,
        optimizer__learning_rate=1e-3,
        model__sizes__num_nextn_predict_layers=1,
    )
    train(load_config(config), tmp_path / "one")
    torchrun(config, tmp_path / "two")
    one, two = (load_checkpoint(tmp_path / name / "checkpoints" / "step-00000004") for name in ("one", "two"))
    start = load_checkpoint(tmp_path / "one" / "checkpoints" / "step-00000002")
    tolerance = 1e-3 if dtype == "float32" else 0.3
    for name, value in one.state_dict().items():
        moved = (value - start.state_dict()[name]).norm()
        assert (two.state_dict()[name] - value).norm() <= tolerance * moved + 1e-6, name
    results = [json.loads((tmp_path / name / "result.json").read_text()) for name in ("one", "two")]
    assert results[0]["validation_loss"] == pytest.approx(results[1]["validation_loss"], rel=1e-3)
    # What two processes began, one can go on with, and the other way round.
    for name, go_on in (("two", train), ("one", None)):
        out = tmp_path / name
        newest = out / "checkpoints" / "step-00000004"
        before = load_checkpoint(newest).state_dict()
        newest.rename(out / "checkpoints" / ".put-away")
        if go_on is not None:
            go_on(load_config(config), out)
        else:
            torchrun(config, out)
        after = load_checkpoint(newest).state_dict()
        error = max(float((after[key] - before[key]).abs().max()) for key in before)
        assert error < (1e-4 if dtype == "float32" else 2e-3)
    assert torch.distributed.is_initialized() is False
