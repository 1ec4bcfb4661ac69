"""Two processes, each with its shards and its part of every batch, learn what one learns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.distributed as dist

from tests.training.rlpaf.policy import config, groups, policy, sampled, tokenizer, with_rows
from training.corpus.render import Example
from training.rlpaf.config import ExpertConfig
from training.rlpaf.learner import Learner
from training.sft.world import World


def learn(rank: int, folder: Path, size: int, preset: str, routing: str) -> None:
    """Two batches and a stage of imitation as one of `size` processes; what comes of them in a file."""
    torch.set_num_threads(1)
    if size > 1:
        dist.init_process_group("gloo", f"file://{folder}/meeting", rank=rank, world_size=size)
    world = World(rank, size, torch.device("cpu"))
    settings = with_rows(config(preset, minibatches=2, routing=routing), 2)
    settings = replace(settings, expert=ExpertConfig(every=1, steps=2))
    learner = Learner(policy(), tokenizer(), settings, world, policy(1))
    given = sampled(policy(2), groups())
    figures = [learner.learn(given)]
    state, moments = learner.full_state(), learner.moments()
    figures += [learner.learn(given)]
    figures += [learner.imitate([Example("theorem a : b := by", " simp"), Example("theorem c :", " rfl")])]
    learner.restore(learner.version, learner.step, learner.moments())
    figures += [learner.learn(given)]
    if world.leads:
        torch.save((state, moments, figures), folder / f"{size}.pt")
    if size > 1:
        dist.destroy_process_group()


@pytest.mark.parametrize(
    ("preset", "routing"), [("modern", "replay"), pytest.param("paper", "frozen", marks=pytest.mark.slow)]
)
def test_two_shards_take_the_steps_of_one(tmp_path: Path, preset: str, routing: str) -> None:
    learn(0, tmp_path, 1, preset, routing)
    torch.multiprocessing.spawn(  # type: ignore[no-untyped-call]
        learn, (tmp_path, 2, preset, routing), nprocs=2
    )
    (one, moments, figures), (two, others, told) = (torch.load(tmp_path / f"{n}.pt") for n in (1, 2))
    start = policy().state_dict()
    for name, value in one.items():
        moved = (value - start[name]).norm()
        # AdamW makes whole steps even of gradients that are but rounding, as a few always are.
        assert (two[name] - value).norm() <= 1e-3 * moved, name
    assert any(bool((value != start[name]).any()) for name, value in one.items())
    assert moments.keys() == others.keys()
    for before, after in zip(figures, told, strict=True):
        for name in before.keys() - {"seconds"}:
            assert after[name] == pytest.approx(before[name], rel=1e-3, abs=1e-5), name
