"""`prover plan`: what training on a cluster will take, and how its report is shown."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from io import StringIO
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prover.flags import JsonFlag
from prover.train_commands import one_line, require_packages

if TYPE_CHECKING:
    from training.parallel.plan import Step
    from training.parallel.plan.links import Sent

GIB, GB, KB = 2**30, 1e9, 1e3
WIDTH = 120
"""Columns of the report where it goes to a file."""
Rows = list[tuple[str, ...]]


def plan(
    config: Annotated[
        Path, typer.Argument(metavar="CONFIG", help="A TOML file such as configs/plan-deepseek-v3.toml.")
    ],
    as_json: JsonFlag = False,
) -> None:
    """Say what training on a cluster will take: time, memory, traffic, cost; exits with 1 if memory does not
    suffice."""
    with one_line():
        require_packages()
        from training.parallel.plan import compare, load_config, sensitivity
        from training.parallel.plan import plan as made

        told = load_config(config)
        step = made(told)
        others, slower = compare(told), sensitivity(step)
    if as_json:
        print(json.dumps(_json(step, others, slower), ensure_ascii=False))
    else:
        _show(step, others, slower)
    raise typer.Exit(0 if step.fits else 1)


def _show(step: Step, others: Mapping[str, Step | str], slower: Mapping[str, float]) -> None:
    from rich.console import Console
    from rich.table import Table

    text = StringIO()
    width = Console().width if sys.stdout.isatty() else WIDTH
    console = Console(file=text, width=width, highlight=False, markup=False)
    for title, rows in (
        ("", _setting(step)),
        ("One step", _times(step)),
        ("Memory of a GPU, GiB", _memory(step)),
        ("Sent by a GPU", _links(step)),
        ("Schedules", _schedules(step, others)),
        ("Constants", _constants(step, slower)),
    ):
        if title:
            console.print(f"\n{title}")
        table = Table(box=None, show_header=False, pad_edge=False)
        for _ in rows[0]:
            table.add_column()
        for row in rows:
            table.add_row(*row)
        console.print(table)
    console.print()
    for line in _notes(step):
        console.print(line)
    for line in text.getvalue().splitlines():
        print(line.rstrip())


def _setting(step: Step) -> Rows:
    told, cluster, batch = step.told, step.told.cluster, step.told.batch
    total, active, more = _parameters(step)
    mtp = f"; {more / 1e9:.1f}B for multi-token prediction" if more else ""
    pipelines = cluster.gpus // told.mesh.pipeline
    lengths = [len(layers) for layers in step.layers]
    runs = ((size, len(list(group))) for size, group in groupby(lengths))
    rows: Rows = [
        (
            "model",
            f"{total / 1e9:.4g}B parameters, {active / 1e9:.3g}B of a token with embedding and head{mtp}",
        ),
        (
            "cluster",
            f"{cluster.gpus:,} × {cluster.gpu} of {cluster.memory_gib:g} GiB in nodes of {cluster.node}",
        ),
        ("mesh", f"{step.schedule.name}, {pipelines} pipelines of {told.mesh.pipeline} places"),
        (
            "batch",
            f"{batch.sequences:,} × {batch.length:,} = {step.tokens:,} tokens; a pipeline has "
            f"{told.micro_batches} micro-batches of {batch.micro}",
        ),
        ("stages", ", ".join(f"{times} of {size}" for size, times in runs) + " layers"),
    ]
    if told.mesh.pipeline > 1:
        rows.append(("layers", f"= {lengths}"))
    if sent := step.exchange:
        each = step.config.n_routed_experts // told.mesh.experts
        nodes = f" of {sent.nodes:.3g} nodes" if sent.nodes > 1 else ""
        rows.append(("experts", f"{each} a layer on a GPU; a token's are on {sent.gpus:.3g} GPUs{nodes}"))
    return rows


def _parameters(step: Step) -> tuple[float, float, float]:
    """All and active ones of the model itself, and those of multi-token prediction."""
    from training.flops import count_parameters

    plain = count_parameters(replace(step.config, num_nextn_predict_layers=0))
    embedding = 0 if step.config.tie_word_embeddings else plain.head
    return plain.total, plain.active + plain.head + embedding, step.parameters.total - plain.total


def _figures(step: Step) -> list[tuple[str, str, float, float, str]]:
    """Key, words, planned, published, format."""
    of = step.told.published
    split = step.split
    rows = [
        ("step", "step, s", step.seconds, of and of.step, ".4g"),
        ("forward", "forward alone, s", split["forward"], of and of.forward, ".4g"),
        ("inputs", "gradient of inputs alone, s", split["inputs"], of and of.inputs, ".4g"),
        ("weights", "gradient of weights alone, s", split["weights"], of and of.weights, ".4g"),
        ("paired", "forward and backward paired, s", split["paired"], of and of.paired, ".4g"),
        ("bubble", "bubble, s", step.bubble, of and of.bubble, ".4g"),
        ("optimizer", "optimiser, s", step.optimizer, of and of.optimizer, ".4g"),
        ("bubble_share", "bubble, share of the step", step.bubble_share, _share(step), ".1%"),
        ("mfu", "MFU, attention in full", step.mfu(causal=False), of and of.mfu, ".1%"),
        ("mfu_causal", "MFU, its causal half", step.mfu(causal=True), of and of.mfu_causal, ".1%"),
        ("hours", "GPU hours a trillion tokens", step.hours, of and of.hours, ",.0f"),
    ]
    return [(key, words, value, other or 0.0, form) for key, words, value, other, form in rows]


def _share(step: Step) -> float:
    of = step.told.published
    return of.bubble / of.step if of and of.step else 0.0


def _times(step: Step) -> Rows:
    compared = step.told.published is not None
    rows: Rows = [("", "planned", "published", "off")] if compared else []
    for _, words, value, other, form in _figures(step):
        beside = (format(other, form), f"{value / other - 1:+.1%}") if other else ("", "")
        rows.append((words, format(value, form), *(beside if compared else ())))
    blank = ("", "") if compared else ()
    rows.append(("tokens a day", f"{step.tokens_a_day / 1e9:,.1f}B", *blank))
    if price := step.told.cluster.price:
        rows.append(("a trillion tokens, $", f"{step.hours * price:,.0f}", *blank))
    return rows


def _memory(step: Step) -> Rows:
    ranks = {"first place": 0, f"fullest, place {step.fullest}": step.fullest, "last place": -1}
    memories = [step.memory[rank] for rank in ranks.values()]
    rows: Rows = [("", *ranks)]
    for part in asdict(memories[0]):
        rows.append((part, *(f"{getattr(memory, part) / GIB:.1f}" for memory in memories)))
    rows.append(("total", *(f"{memory.total / GIB:.1f}" for memory in memories)))
    most, has = step.memory[step.fullest].total / GIB, step.told.cluster.memory_gib
    room = f"{has - most:.1f} left" if step.fits else f"DOES NOT FIT: {most - has:.1f} too many"
    rows.append(("of", f"{has:g}", room, ""))
    return rows


def _links(step: Step) -> Rows:
    def row(words: str, sent: Sent, unit: float, name: str) -> tuple[str, ...]:
        links = (f"{size / unit:,.2f} {name}" if size else "–" for size in (sent.nvlink, sent.network))
        return words, *links

    rows: Rows = [("", "NVLink", "network")]
    if step.exchange is not None:
        both, tokens = step.exchange.both, step.told.tokens
        rows += [
            row("a token and layer, dispatch", step.exchange.dispatch, KB, "kB"),
            row("a token and layer, combine", step.exchange.combine, KB, "kB"),
            row("a micro-batch and layer, forward", both * tokens, GB, "GB"),
        ]
    rows += [row(f"a step, {name}", sent, GB, "GB") for name, sent in step.sent().items()]
    return rows


def _schedules(step: Step, others: Mapping[str, Step | str]) -> Rows:
    rows: Rows = [("", "", "step, s", "bubble", "of it uneven ranks", "MFU", "GiB", "copies of weights")]
    for name, other in others.items():
        mark = "→" if name == step.schedule.name else ""
        if isinstance(other, str):
            rows.append((mark, name, other, "", "", "", "", ""))
            continue
        rows.append(
            (
                mark,
                name,
                f"{other.seconds:.2f}",
                f"{other.bubble_share:.1%}",
                f"{other.imbalance / other.seconds:.1%}",
                f"{other.mfu(causal=False):.1%}",
                f"{other.memory[other.fullest].total / GIB:.1f}" + ("" if other.fits else ", does not fit"),
                f"{other.schedule.copies:g}",
            )
        )
    return rows


def _constants(step: Step, slower: Mapping[str, float]) -> Rows:
    return [
        ("", "", "step if a tenth less", "", ""),
        *(
            (name, f"{constant.value:g}", f"{slower[name]:+.1%}", constant.source, constant.by)
            for name, constant in step.told.constants.all().items()
        ),
    ]


def _notes(step: Step) -> Iterator[str]:
    """How to read it, and how far to trust it."""
    yield (
        "MFU is of the dense BF16 peak; neither recomputation nor multi-token prediction counts, though both "
        "take time."
    )
    yield "Bubble: what the mean rank waits. Only pairs hide communication."
    yield "If mesh.layers is not given, each stage has a layer at least."
    yield "Assumed beside the constants: even routing, no jitter, no failures, 3 GiB of reserve."
    if of := step.told.published:
        offs = [(abs(value / other - 1), words) for _, words, value, other, _ in _figures(step) if other]
        if offs:
            most, words = max(offs)
            yield f"Published by {of.by}; farthest off: {words.split(',')[0]}, {most:.1%}."


def _json(step: Step, others: Mapping[str, Step | str], slower: Mapping[str, float]) -> dict[str, Any]:
    """Everything, in seconds and bytes."""
    total, active, more = _parameters(step)
    figures = _figures(step)
    schedules: dict[str, Any] = {}
    for name, other in others.items():
        if isinstance(other, str):
            schedules[name] = {"refused": other}
            continue
        schedules[name] = {
            **{key: value for key, _, value, _, _ in _figures(other)},
            "uneven": other.imbalance,
            "memory": [asdict(memory) | {"total": memory.total} for memory in other.memory],
            "fits": other.fits,
            "copies": other.schedule.copies,
            "layers": [len(layers) for layers in other.layers],
        }
    price = step.told.cluster.price
    return {
        "schedule": step.schedule.name,
        "parameters": {"total": total, "active": active, "mtp": more},
        "tokens": step.tokens,
        "tokens_a_day": step.tokens_a_day,
        "dollars_a_trillion_tokens": step.hours * price if price else None,
        "published": {key: other for key, _, _, other, _ in figures if other},
        "exchange": step.exchange and asdict(step.exchange),
        "sent": {name: asdict(sent) for name, sent in step.sent().items()},
        "fullest": step.fullest,
        "schedules": schedules,
        "constants": {
            name: asdict(constant) | {"step_if_a_tenth_less": slower[name]}
            for name, constant in step.told.constants.all().items()
        },
    }
