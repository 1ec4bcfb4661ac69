"""A checkpoint of some thousand weights that proves now and then, and a run of it that takes seconds."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lean_env.values import Theorem
from prover.prompts import make_prompt, proof_block
from tests.training.rlpaf.policy import ALONE, config, policy, tokenizer
from training.corpus.render import CLOSING, Example
from training.model import Transformer, save_checkpoint
from training.rlpaf.config import BatchConfig, ExpertConfig
from training.rlpaf.learner import Learner

THEOREMS = tuple(Theorem(f"t{n}", f"theorem t{n} : {n} + 1 = {n + 1} := by") for n in range(8))
RIGHT, WRONG = "rfl", "exact True.intro"
SIZES = {"eos_token_id": 1, "hidden_size": 16, "num_hidden_layers": 2}
CONFIG = """
seed = 3
[model]
checkpoint = "start"
[theorems]
files = "theorems.jsonl"
[curriculum]
theorems = 2
group = 4
revisited_share = 0.5
retire_after = 9
[sampling]
max_tokens = 12
[optimizer]
learning_rate = 1e-3
weight_decay = 0.0
warmup = 0
[batch]
rows = 4
length = 256
[lean]
workers = 1
audit_share = 0.0
[evaluation]
files = "held_out.jsonl"
samples = 2
[run]
steps = 3
dtype = "float32"
checkpoint_every = 1
"""


@cache
def _weights(changes: tuple[tuple[str, Any], ...]) -> dict[str, Tensor]:
    """Of a model that writes either of two proofs, one of which is none."""
    settings = replace(
        config(rate=1e-2), batch=BatchConfig(length=256, rows=16), expert=ExpertConfig(every=1, steps=100)
    )
    learner = Learner(policy(**dict(changes)), tokenizer(), settings, ALONE)
    learner.imitate(
        [
            Example(make_prompt(theorem).text, proof_block(proof).rstrip() + CLOSING)
            for theorem in (*THEOREMS, *(replace(one, name="x") for one in THEOREMS))
            for proof in (RIGHT, WRONG)
        ]
        * 10
    )
    return learner.full_state()


def model(**changes: Any) -> Transformer:
    """It proves about half of the time; `changes` are of the model's size."""
    sizes = SIZES | changes
    torch.manual_seed(0)
    found = policy(**sizes)
    found.load_state_dict(_weights(tuple(sorted(sizes.items()))))
    return found


def checkpoint(path: Path, **changes: Any) -> Path:
    """The model with its tokenizer in the directory `path`, which nothing says to be ours."""
    path.mkdir(parents=True, exist_ok=True)
    tokenizer().save(str(path / "tokenizer.json"))
    save_checkpoint(model(**changes), path)
    return path


def write_theorems(path: Path, theorems: tuple[Theorem, ...]) -> None:
    """As benchmarks come."""
    rows = [{"name": one.name, "formal_statement": one.statement} for one in theorems]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write(folder: Path, theorems: tuple[Theorem, ...] = THEOREMS[:6], **changes: Any) -> Path:
    """A model, statements and a configuration; `changes` are lines such as `run__steps=3`."""
    checkpoint(folder / "start")
    write_theorems(folder / "theorems.jsonl", theorems)
    write_theorems(folder / "held_out.jsonl", THEOREMS[6:])
    return write_config(folder, **changes)


def write_config(folder: Path, **changes: Any) -> Path:
    """The configuration for what `write` has left in `folder`."""
    lines = CONFIG.split("\n")
    for key, value in changes.items():
        table, _, name = key.rpartition("__")
        header = f"[{table}]" if table else ""
        lines += [] if header in lines else [header]
        start = lines.index(header) + 1
        end = next((at for at in range(start, len(lines)) if lines[at].startswith("[")), len(lines))
        kept = [line for line in lines[start:end] if not line.startswith(f"{name} =")]
        lines[start:end] = [f"{name} = {json.dumps(value)}", *kept]
    path = folder / "rlpaf.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path
