"""A layout in words and numbers: the sum behind each size, for people as a table, for programs as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from prover.serving.commands import HEAD, Command
from prover.serving.hardware import GIB
from prover.serving.layout import Layout
from prover.serving.memory import UTILISATION
from prover.serving.placement import SIMULATED
from prover.serving.tensors import BYTES

SHOWN = 0.01 * GIB
"""Parts smaller than this are one line together."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    what: str
    value: str
    how: str
    """The arithmetic, or the reason."""


def rows(layout: Layout) -> Iterator[Row]:
    """The table, from the model to the requests that fit."""
    model, hardware = layout.model, layout.hardware
    counted = sum(model.parameters.values())
    active = f", {_number(model.active)} of them for a token" if model.experts else ""
    yield Row("model", model.name, f"{model.architecture}, {_number(counted)} parameters{active}")
    yield Row("on", hardware.describe(), _left_over(layout))
    yield Row("parallel", _sizes(layout), _groups(layout))
    if layout.all2all:
        yield Row("all-to-all", layout.all2all, "how tokens get to their experts and back")
    if spread := layout.spread:
        yield Row(
            "nodes a token",
            f"{spread.routed:.2f}, at most {spread.most}",
            f"of {layout.nodes}; {SIMULATED:,} tokens simulated; {spread.uniform:.2f} if drawn uniformly",
        )
    yield from _weight_rows(layout)
    yield Row("KV cache a token", f"{layout.kv_token:,} bytes", _token(layout))
    yield Row("left for KV cache", _gib(layout.cache), _budget(layout))
    of_a = "replica" if layout.data > 1 else "server"
    yield Row(
        "tokens",
        f"{layout.tokens:,}",
        f"KV cache of a {of_a}: {_gib(layout.cache)} / {layout.kv_token:,} bytes",
    )
    yield Row("context", f"{layout.context:,} tokens", f"the model's own limit is {model.max_context:,}")
    times = f"{layout.data} × " if layout.data > 1 else ""
    yield Row(
        "requests at once",
        f"{layout.requests:.1f}",
        f"{times}{layout.tokens:,} / {layout.context:,}: all of full length; shared prefixes count once",
    )


def _weight_rows(layout: Layout) -> Iterator[Row]:
    small = 0
    where = "on a GPU" if layout.hardware.gpu else "in memory"
    for share in layout.shares:
        if share.bytes < SHOWN:
            small += share.bytes
            continue
        how = f"{share.total:,} bytes"
        if share.divisor > 1:
            how += f" / {share.divisor}"
        elif layout.used > 1:
            how += ", on each GPU"
        yield Row(f"  {share.name}", _gib(share.bytes), how)
    if small:
        yield Row("  small parts", _gib(small), f"{small:,} bytes")
    yield Row(f"weights {where}", _gib(layout.weights), f"{layout.weights:,} bytes" + _format(layout))


def _format(layout: Layout) -> str:
    model = layout.model
    return ", FP8 with a scale for each 128 × 128" if model.is_fp8 else f", {BYTES[model.dtype]} a parameter"


def _token(layout: Layout) -> str:
    model, size = layout.model, BYTES[layout.model.dtype]
    layers = -(-model.layers // layout.pipeline)
    if model.latent and layout.latent:
        latent = f"({model.latent.rank} latent + {model.latent.rope} rotated)"
        return f"{layers} layers × {latent} × {size} bytes, not divided among GPUs"
    heads = model.heads if model.latent else model.kv_heads
    shared = f" / {layout.tensor} GPUs" if layout.tensor > 1 else ""
    return f"{layers} layers × 2 × {heads} heads{shared} × {model.head_dim} × {size} bytes"


def _budget(layout: Layout) -> str:
    if layout.hardware.gpu is None:
        return (
            f"of {_gib(layout.hardware.memory)} free, {_gib(layout.weights)} are weights and "
            f"{layout.reserve / GIB:.0f} GiB vLLM (measured: 2.3); at most half of the rest"
        )
    return (
        f"{UTILISATION:g} × {layout.hardware.memory / GIB:.2f} − {layout.weights / GIB:.2f} weights − "
        f"{layout.reserve / GIB:.0f} for activations and graphs (assumed)"
    )


def _sizes(layout: Layout) -> str:
    names = (
        ("tensor", layout.tensor),
        ("pipeline", layout.pipeline),
        ("data", layout.data),
        ("expert", layout.expert),
    )
    return ", ".join(f"{name} {size}" for name, size in names if size > 1) or "none"


def _groups(layout: Layout) -> str:
    if layout.expert > 1 and (experts := layout.model.experts):
        each = experts.count // layout.expert
        said = f"{each} of {experts.count} experts a GPU"
        if layout.spread and experts.groups > 1:
            said += (
                f"; {experts.groups // layout.hardware.nodes} whole expert groups of {experts.groups} a node"
            )
        return said
    if layout.used > 1:
        return f"{layout.data} × {layout.tensor * layout.pipeline} GPUs"
    return ""


def _left_over(layout: Layout) -> str:
    idle = layout.hardware.total - layout.used
    return f"{idle} GPUs stay idle: no size divides better" if idle else ""


def _gib(size: float) -> str:
    return f"{size / GIB:.2f} GiB"


def _number(count: int) -> str:
    return f"{count / 1e9:.2f}B" if count >= 1e9 else f"{count / 1e6:.2f}M"


def show(layout: Layout, commands: list[Command], console: Console) -> None:
    """Print the table, the reasons, and the commands, which can be copied from it."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(style="dim")
    for row in rows(layout):
        table.add_row(row.what, row.value, row.how)
    console.print(table)
    console.print()
    for note in layout.notes:
        console.print(f"- {note}", markup=False)
    if len(commands) > 1:
        console.print(
            f"- {HEAD} stands for the first node's address; that node answers requests.", markup=False
        )
    for command in commands:
        where = f"node {command.node}" if len(commands) > 1 else "command"
        console.print(f"\n{where}:", markup=False)
        console.file.write(f"{command.line()}\n")


def as_json(layout: Layout, commands: list[Command]) -> dict[str, Any]:
    """The same for programs; sizes in bytes."""
    model, spread = layout.model, layout.spread
    return {
        "model": model.name,
        "architecture": model.architecture,
        "parameters": {part.value: count for part, count in model.parameters.items()},
        "active_parameters": model.active,
        "dtype": model.dtype,
        "fp8": model.is_fp8,
        "hardware": {
            "gpu": layout.hardware.gpu.name if layout.hardware.gpu else None,
            "gpus_a_node": layout.hardware.gpus,
            "nodes": layout.hardware.nodes,
            "memory": layout.hardware.memory,
        },
        "tensor": layout.tensor,
        "pipeline": layout.pipeline,
        "data": layout.data,
        "expert": layout.expert,
        "all2all": layout.all2all or None,
        "mla": layout.latent,
        "context": layout.context,
        "weights_a_gpu": {share.name: share.bytes for share in layout.shares},
        "reserve": layout.reserve,
        "kv_token": layout.kv_token,
        "kv_cache": layout.cache,
        "kv_tokens": layout.tokens,
        "requests": round(layout.requests, 2),
        "nodes_a_token": spread and {"routed": spread.routed, "uniform": spread.uniform, "most": spread.most},
        "notes": list(layout.notes),
        "commands": [
            {"node": command.node, "environment": dict(command.environment), "command": list(command.words)}
            for command in commands
        ],
    }
