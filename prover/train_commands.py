"""`prover train`: the commands that train a policy. torch is imported only when one of them runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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


ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG", help="A TOML file such as those in configs/.")]
OutFolder = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="DIR",
        help="The run's folder, runs/CONFIG-SEED by default; an interrupted run goes on there.",
    ),
]
Seed = Annotated[int | None, typer.Option("--seed", metavar="K", help="Instead of the file's.")]


@app.command()
def sft(config: ConfigFile, out: OutFolder = None, seed: Seed = None) -> None:
    """Learn from a corpus of proofs.

    On several GPUs: torchrun --nproc-per-node N --no-python prover train sft CONFIG
    """
    with one_line():
        from training.sft import load_config

        told = load_config(config, seed)
        require_packages()
        from training.sft.trainer import train

        train(told, out or Path("runs") / f"{config.stem}-{told.seed}")


@app.command()
def rlpaf(
    config: ConfigFile,
    out: OutFolder = None,
    seed: Seed = None,
    ray: Annotated[
        str,
        typer.Option(
            "--ray",
            metavar="ADDRESS",
            help="Write and judge proofs on a Ray cluster: its address, `auto`, or `local` for one here.",
        ),
    ] = "",
) -> None:
    """Learn from what Lean says of the policy's own proofs.

    On several GPUs: torchrun --nproc-per-node N --no-python prover train rlpaf CONFIG
    """
    with one_line():
        from training.rlpaf import load_config

        told = load_config(config, seed)
        require_packages()
        from training.rlpaf.run import train

        train(told, out or Path("runs") / f"{config.stem}-{told.seed}", ray)
    _leave_at_once()


@app.command()
def page(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a run of `rlpaf`.")],
) -> None:
    """Show a run of rlpaf, ended or not, as a page: report.html in its folder."""
    with one_line():
        from training.rlpaf.page import write_page

        print(f"page: {write_page(folder)}", file=sys.stderr)


def _leave_at_once(code: int = 0) -> None:
    """End one of several ranks that has nothing left to do.

    Threads may still be in torch, computing for the event loop or waiting for another rank; the interpreter's
    own end would wait for them, or abort the process now and then, a failure to `torchrun`.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


@contextmanager
def one_line() -> Iterator[None]:
    """Say what cannot be done in one line, not in one from each process, and exit."""
    from training.errors import TrainError

    try:
        yield
    except TrainError as error:
        if error.alone or os.environ.get("RANK", "0") == "0":
            print(f"prover: {error}", file=sys.stderr)
        _leave_at_once(EXIT_UNUSABLE)
        raise typer.Exit(EXIT_UNUSABLE) from error


def require_packages() -> None:
    """Raise `TrainError` if something that training imports is not installed."""
    from training.errors import TrainError

    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise TrainError(f"training needs {', '.join(missing)} (pip install 'rmax-prover[train]')")
