"""Runs of several processes: one of them proves, all learn."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import torch.distributed as dist

from tests.prover.command import PROVER, environment
from tests.training.rlpaf.policy import config, groups, policy, tokenizer
from tests.training.rlpaf.test_run import assert_each_once, checkpoints, lines
from tests.training.rlpaf.tiny import write, write_config
from training.errors import TrainError
from training.model.checkpoint import load_checkpoint
from training.rlpaf.learner import Learner
from training.rlpaf.ranks import Ranks
from training.sft.world import World

SECONDS = 100.0
"""After which ranks that wait for each other have failed."""


def torchrun(settings: Path, out: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Two ranks, as a user starts them."""
    launcher = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
    return subprocess.run(
        (*launcher, "--no-python", PROVER, "train", "rlpaf", str(settings), "--out", str(out)),
        env=environment(OMP_NUM_THREADS="1", **variables),
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )


def test_two_ranks_run_what_one_does(tmp_path: Path) -> None:
    settings = write(tmp_path, run__steps=2)
    ended = torchrun(settings, tmp_path / "out")
    assert ended.returncode == 0, ended.stderr
    assert "step 2/2" in ended.stderr
    assert ended.stderr.count("the model is in") == 1
    assert_each_once(tmp_path / "out", 2)
    assert checkpoints(tmp_path / "out") == [1, 2]
    assert json.loads((tmp_path / "out" / "result.json").read_text())["processes"] == 2
    before, after = load_checkpoint(tmp_path / "start"), load_checkpoint(tmp_path / "out" / "model")
    moved = [
        (old - new).abs().max() for old, new in zip(before.parameters(), after.parameters(), strict=True)
    ]
    assert max(moved) > 1e-3
    assert all(line["probe"] < 1e-3 for line in lines(tmp_path / "out" / "metrics.jsonl") if "probe" in line)


@pytest.mark.slow
def test_what_ends_a_run_ends_all_ranks(tmp_path: Path) -> None:
    settings = write(tmp_path, optimizer__learning_rate=1e30, algorithm__minibatches=3)
    ended = torchrun(settings, tmp_path / "diverged")
    assert ended.returncode != 0
    assert ended.stderr.count("prover: the loss is") == 1, ended.stderr
    settings = write_config(tmp_path)
    ended = torchrun(settings, tmp_path / "no Lean", PROVER_PROJECT=str(tmp_path / "nowhere"))
    assert ended.returncode != 0
    assert ended.stderr.count("prover: proofs cannot be judged here: ") == 1, ended.stderr


def follow_or_lead(rank: int, folder: Path, where: str) -> None:
    """Two ranks, of which something fails on one or on both; each writes how it ended."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"file://{folder}/meeting", rank=rank, world_size=2)
    world = World(rank, 2, torch.device("cpu"))
    learner = Learner(policy(), tokenizer(), config(), world)
    move = learner._move

    def fails(*arguments: object) -> tuple[float, float]:
        raise TrainError("it failed")

    ranks = Ranks(learner, world)
    said = "ended"
    try:
        if world.leads:
            try:
                ranks.call("learn", groups())
                learner._move = fails  # type: ignore[method-assign]
                if where != "between":
                    ranks.call("learn", groups())
                raise TrainError("it failed")
            finally:
                ranks.dismiss()
        else:
            if where == "both":
                learner._move = _second(move, fails)  # type: ignore[method-assign, arg-type]
            ranks.follow()
    except TrainError as error:
        said = str(error)
    except RuntimeError:
        said = "lost the others"
    finally:
        (folder / f"{rank}.txt").write_text(said)
        dist.destroy_process_group()


def _second(first, then):  # type: ignore[no-untyped-def]
    """What does its work once, and then something else."""
    ways = iter((first,))
    return lambda *arguments: next(ways, then)(*arguments)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        pytest.param("between", ("it failed", "ended"), marks=pytest.mark.slow),
        ("both", ("it failed", "it failed")),
        pytest.param("0", ("it failed", "lost the others"), marks=pytest.mark.slow),
    ],
)
def test_no_rank_waits_for_one_that_failed(tmp_path: Path, where: str, said: tuple[str, str]) -> None:
    began = time.monotonic()
    torch.multiprocessing.spawn(  # type: ignore[no-untyped-call]
        follow_or_lead, (tmp_path, where), nprocs=2
    )
    assert ((tmp_path / "0.txt").read_text(), (tmp_path / "1.txt").read_text()) == said
    assert time.monotonic() - began < SECONDS
