"""Two processes, each with its shards and its part of every batch, learn what one learns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist

from tests.training.sft.tiny import write
from training.model import Transformer
from training.model.checkpoint import load_checkpoint
from training.sft.config import load_config
from training.sft.dataset import load_dataset
from training.sft.learner import Learner
from training.sft.presets import model_config
from training.sft.trainer import train
from training.sft.world import World


def torchrun(config: Path, out: Path, processes: int = 2) -> None:
    """`prover train sft` in several processes on the CPU."""
    prover = str(Path(sys.executable).with_name("prover"))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    command += ["--no-python", prover, "train", "sft", str(config), "--out", str(out)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200)
    assert result.returncode == 0, result.stderr


def learn(rank: int, folder: Path, size: int) -> None:
    """Two steps as one of `size` processes, and the weights and losses that come of them in a file."""
    torch.set_num_threads(1)
    if size > 1:
        dist.init_process_group("gloo", f"file://{folder}/meeting", rank=rank, world_size=size)
    world = World(rank, size, torch.device("cpu"))
    config = load_config(folder / "sft.toml")
    data = load_dataset(config.data, None, config.seed)
    model = Transformer.drawn(model_config(config.model, data.tokenizer.get_vocab_size()), 0)
    learner = Learner(model, config, world)
    rows = data.epoch(0)[0]
    for step in range(2):
        figures = learner.step(rows[4 * step : 4 * step + 4], 1e-3)
    state = learner.weights.full_state()
    validation = learner.validate(rows[8:11])
    if world.leads:
        torch.save((state, figures._asdict(), validation), folder / f"{size}.pt")
    if size > 1:
        dist.destroy_process_group()


def test_two_shards_take_the_steps_of_one(tmp_path: Path) -> None:
    write(tmp_path, batch__accumulation=2, model__sizes__num_nextn_predict_layers=1)
    learn(0, tmp_path, 1)
    torch.multiprocessing.spawn(learn, (tmp_path, 2), nprocs=2)  # type: ignore[no-untyped-call]
    (one, figures, validation), (two, others, other) = (torch.load(tmp_path / f"{n}.pt") for n in (1, 2))
    for name, value in one.items():
        torch.testing.assert_close(two[name], value, rtol=0, atol=2e-5)
    for name, value in figures.items():
        torch.testing.assert_close(others[name], value, rtol=1e-4, atol=1e-6)
    assert other == pytest.approx(validation, rel=1e-5)


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
    lines = (tmp_path / "two" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [2, 4, 4]
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
