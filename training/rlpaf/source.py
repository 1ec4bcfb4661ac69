"""What stands beside the weights that a run starts from: the tokenizer, and how the model is asked."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer

from lean_env.values import Theorem
from prover.formats.registry import choose_format
from prover.prompts import make_prompt, proof_block
from training.corpus.render import CLOSING, Example
from training.errors import TrainError
from training.tokenizer import load_tokenizer

KEPT_FILES = ("tokenizer.json", "tokenizer_config.json", "prover.json", "generation_config.json")
"""What a checkpoint needs beside its weights."""


def read_tokenizer(model: Path) -> Tokenizer:
    """The model's tokenizer. Raises `TrainError`."""
    try:
        return load_tokenizer(model)
    except ValueError as error:
        raise TrainError(f"model.checkpoint: {error}") from error


def keep_tokenizer(model: Path, folder: Path) -> None:
    """Copy what a checkpoint of `model` needs beside its weights."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in KEPT_FILES:
        if (model / name).is_file():
            shutil.copyfile(model / name, folder / name)


def imitations(model: Path, proofs: Sequence[tuple[Theorem, str]]) -> list[Example]:
    """Proofs to imitate, as answers to what the model would be asked."""
    form = choose_format(str(model))
    form.prepare()
    return [
        Example(form.render(make_prompt(theorem)).text, proof_block(proof).rstrip() + CLOSING)
        for theorem, proof in proofs
    ]
