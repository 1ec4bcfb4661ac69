"""`prover serve`: a vLLM server for a policy, with the parallel layout worked out."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from prover.flags import JsonFlag

MOST = 1024
"""GPUs of a node, GiB of a GPU, and nodes: more than there are anywhere."""
WIDTH = 120
"""Columns of the table where it goes to a file."""


def serve(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="`default` (the shipped model), a directory in Hugging Face layout, or a published prover "
            "such as Goedel-Prover-V2-32B.",
        ),
    ],
    gpus: Annotated[
        int | None,
        typer.Option(
            min=0, max=MOST, metavar="N", help="GPUs of a node; 0: the CPU. Default: what nvidia-smi sees."
        ),
    ] = None,
    gpu: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What GPUs, if not this machine's: a100, h100, h200, h800, ..."),
    ] = None,
    gpu_memory: Annotated[
        float | None,
        typer.Option(min=1, max=MOST, metavar="GIB", help="Memory of a GPU, if it is of no known kind."),
    ] = None,
    nodes: Annotated[int, typer.Option(min=1, max=MOST, metavar="K", help="How many such nodes.")] = 1,
    context: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="L", help="Tokens of a request, prompt and reply. Default: 40,960, or what fits."
        ),
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, metavar="P", help="Where it answers.")] = 8000,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Explain the layout and print each node's command, no more.")
    ] = False,
    ray: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Start the nodes' commands on the nodes of this Ray cluster."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Serve a model with vLLM: work out how, start it, wait until it answers, and name the policy to use."""
    from rich.console import Console

    from prover.serving import explain, launch
    from prover.serving.commands import commands
    from prover.serving.hardware import find_hardware
    from prover.serving.layout import plan
    from prover.serving.model import find_model

    layout = plan(find_model(model), find_hardware(gpus, gpu, gpu_memory, nodes), context)
    if not dry_run and ray is None:
        launch.check(layout, port)
    orders = commands(layout, port)
    if as_json:
        print(json.dumps(explain.as_json(layout, orders), ensure_ascii=False), flush=True)
    else:
        shown = sys.stdout if dry_run else sys.stderr
        explain.show(layout, orders, Console(file=shown, width=None if shown.isatty() else WIDTH))
    if dry_run:
        return
    ready = sys.stderr if as_json else sys.stdout
    if ray is not None:
        from prover.serving.cluster import serve_on_cluster

        serve_on_cluster(layout, port, ray, ready)
    else:
        launch.serve(layout, port, ready)
