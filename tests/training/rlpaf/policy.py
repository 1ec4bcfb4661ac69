"""A policy of some thousand weights, and groups of rollouts that it might have written."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from lean_env.values import Theorem, Verdict
from tests.training.model.tiny import tiny_model
from training.model import Transformer
from training.rlpaf.algorithm import PRESETS
from training.rlpaf.config import (
    AlgorithmConfig,
    BatchConfig,
    ModelConfig,
    RlpafConfig,
    RunConfig,
    SamplingConfig,
    TheoremsConfig,
)
from training.rlpaf.values import Group, Rollout
from training.sft.config import OptimizerConfig
from training.sft.world import World
from training.tokenizer import train_tokenizer

ALONE = World(0, 1, torch.device("cpu"))
MAX_TOKENS = 12


@cache
def tokenizer() -> Tokenizer:
    """One that knows little more than bytes."""
    return train_tokenizer(["theorem a : b := by"], 700)


def policy(seed: int = 0, **changes: Any) -> Transformer:
    """A random model for that tokenizer."""
    return tiny_model(seed, vocab_size=tokenizer().get_vocab_size(), **changes)


def config(preset: str = "modern", rate: float = 1e-3, **algorithm: Any) -> RlpafConfig:
    """A preset with changes, for FP32 on a CPU, at one learning rate."""
    told = {"preset": preset, **PRESETS[preset], **algorithm}
    return RlpafConfig(
        ModelConfig(Path("model")),
        TheoremsConfig(generated=1),
        AlgorithmConfig(**told),
        RunConfig(steps=100, dtype="float32"),
        OptimizerConfig(learning_rate=rate, weight_decay=0.0, warmup=0, final_share=1.0, clip=100.0),
        sampling=SamplingConfig(max_tokens=MAX_TOKENS),
        batch=BatchConfig(length=40, rows=4),
        seed=5,
    )


def with_rows(settings: RlpafConfig, rows: int) -> RlpafConfig:
    """The same with micro-batches of another size."""
    return replace(settings, batch=replace(settings.batch, rows=rows))


def group(number: int, verdicts: str, prompt: str = "", version: int = 0) -> Group:
    """Rollouts of random tokens: + is proved, - failed, ? a fault of ours. The number decides all."""
    rng = random.Random(number)
    named = {"+": Verdict.PROVED, "-": Verdict.FAILED, "?": Verdict.FAULT}
    prompt = prompt or f"theorem t{number} : a := by"
    rollouts = []
    for mark in verdicts:
        ids = tuple(rng.randrange(3, tokenizer().get_vocab_size()) for _ in range(rng.randint(2, MAX_TOKENS)))
        logprobs = tuple(-5 - rng.random() for _ in ids)
        rollouts.append(Rollout(prompt, ids, logprobs, version, "p", "", named[mark], ""))
    return Group(Theorem(f"t{number}", prompt), tuple(rollouts))


def groups() -> list[Group]:
    """Some of every sort, with faults among them."""
    return [group(1, "+-?-"), group(2, "++-+-"), group(3, "----"), group(4, "-?+"), group(5, "?")]


def sampled(model: Transformer, given: list[Group]) -> list[Group]:
    """The same rollouts with the log-probs that the model gives their tokens."""
    return [
        Group(each.theorem, tuple(replace(r, logprobs=logprobs(model, r)) for r in each.rollouts))
        for each in given
    ]


@torch.no_grad()
def logprobs(model: Transformer, rollout: Rollout) -> tuple[float, ...]:
    """The slow way: the rollout alone, all its logits at once."""
    prompt = tokenizer().encode(rollout.prompt).ids
    tokens = torch.tensor([[*prompt, *rollout.ids]])
    logits = model.logits(model(tokens).hidden_BLD)[0].float()
    chosen = logits.log_softmax(-1)[len(prompt) - 1 : -1].gather(1, torch.tensor(rollout.ids)[:, None])
    return tuple(chosen[:, 0].tolist())
