"""`prover train`: the commands that train a policy. torch is imported only when one of them runs."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

EXIT_UNUSABLE = 2
NEEDED = ("torch", "numpy", "tokenizers", "safetensors", "tensorboard")
"""What training imports, some of it not before its first step."""

app = typer.Typer(name="train", help="Train a policy on proofs that Lean accepted.", no_args_is_help=True)


@app.callback()
def options() -> None:
    """Train a policy on proofs that Lean accepted."""


@app.command()
def sft(
    config: Annotated[
        Path, typer.Argument(metavar="CONFIG", help="A TOML file such as configs/sft-tiny.toml.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="The run's folder, runs/CONFIG-SEED by default; an interrupted run goes on there.",
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="K", help="Instead of the file's.")] = None,
) -> None:
    """Learn from a corpus of proofs.

    On several GPUs: torchrun --nproc-per-node N --no-python prover train sft CONFIG
    """
    from training.sft import TrainError, load_config

    try:
        told = load_config(config, seed)
        if missing := [name for name in NEEDED if find_spec(name) is None]:
            raise TrainError(f"training needs {', '.join(missing)} (pip install 'rmax-prover[train]')")
        from training.sft.trainer import train

        train(told, out or Path("runs") / f"{config.stem}-{told.seed}")
    except TrainError as error:
        if os.environ.get("RANK", "0") == "0":  # One line, not one from each process.
            print(f"prover: {error}", file=sys.stderr)
        raise typer.Exit(EXIT_UNUSABLE) from error
