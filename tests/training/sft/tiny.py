"""A corpus of small true statements and runs over it that take seconds."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import torch

from data.records import CorpusRecord, write_corpus
from training.model import ModelConfig, Transformer
from training.sft.checkpoint import latest
from training.sft.world import World

CONFIG = """
seed = 7
[model]
preset = "tiny"
[data]
corpus = "corpus.jsonl"
vocabulary = 700
length = 128
held_out = 0.1
[batch]
tokens = 512
[optimizer]
learning_rate = 3e-3
warmup = 2
[run]
steps = 6
dtype = "float32"
log_every = 2
checkpoint_every = 3
validate_every = 0
"""


def record(number: int) -> CorpusRecord:
    """A conjunction turned round, in one of many spellings, with the states on the way."""
    rng = random.Random(number)
    a, b = rng.sample("abcdpqrstu", 2)
    statement = (
        f"theorem swap_{number} ({a} {b} : Prop) (h : {a} ∧ {b} ∧ {number % 9} = {number % 9}) : {b} := by"
    )
    lines = (f"  have h{number % 7} := h.2", f"  exact h{number % 7}.1")
    goal = f"{a} {b} : Prop\nh : {a} ∧ {b}\nh{number % 7} : {b}\n⊢ {b}"
    proof = "\n".join(lines)
    steps = ((len(lines[0]), (goal,)), (len(proof), ()))
    return CorpusRecord(f"swap_{number}", statement, proof, kind="swap", domain="logic", steps=steps)


def write(folder: Path, count: int = 60, **changes: Any) -> Path:
    """A corpus and a configuration for it; `changes` are lines such as `run__steps=3`. Returns its path."""
    write_corpus(folder / "corpus.jsonl", map(record, range(count)))
    return write_config(folder, **changes)


def write_config(folder: Path, **changes: Any) -> Path:
    """Write a configuration for the corpus in `folder`."""
    text = CONFIG
    for key, value in changes.items():
        table, _, name = key.rpartition("__")
        words = str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')
        lines = [line for line in text.split("\n") if not line.startswith(f"{name} =")]
        header = f"[{table.replace('__', '.')}]" if table else ""
        if header not in lines:
            lines.append(header)
        lines.insert(lines.index(header) + 1, f"{name} = {words}")
        text = "\n".join(lines)
    path = folder / "sft.toml"
    path.write_text(text, encoding="utf-8")
    return path


def written(out: Path, size: ModelConfig) -> Transformer:
    """The model in the newest checkpoint of a run."""
    resumed = latest(out, size, print, World(0, 1, torch.device("cpu")))
    assert resumed is not None
    return Transformer.build(size, resumed.origin())
