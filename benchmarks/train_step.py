"""What a training step costs, and what the balance bias does: `python benchmarks/train_step.py [--out FILE]`.

Step time, tokens a second and MFU on one device, for the shipped size on packed rows and for a model of
about 1B parameters (0.25B active without the head) on rows of one document. The FLOP convention is that of
`training/flops.py`; the peak is the data sheet's dense BF16 rate. Then the shipped size learns the same
rows with and without the bias update: MaxVio and loss of both runs. Bar: 30 % MFU of the larger model on
an H100 or H200. `--smoke` runs all of it at toy sizes, for a machine without a GPU.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import Bar, report

from training.flops import count_parameters, peak_flops, step_flops
from training.model import Transformer
from training.model.metrics import max_violation, noise_floor
from training.sft.config import (
    BatchConfig,
    DataConfig,
    LossConfig,
    ModelTable,
    OptimizerConfig,
    RunConfig,
    SftConfig,
)
from training.sft.dataset import load_dataset
from training.sft.interval import work_of
from training.sft.learner import Learner
from training.sft.packing import Rows, TokenExample, pack
from training.sft.presets import model_config
from training.sft.stream import RowStream
from training.sft.world import World, join

WARM, REPEATS, STEPS = 3, 5, 4
"""Steps before measuring; measurements, of which the median counts; steps in each."""
TAIL = 50
"""MaxVio is averaged over so many last steps of a run."""


@dataclass(frozen=True)
class Case:
    """One size on one kind of rows."""

    name: str
    preset: str
    vocabulary: int
    length: int
    tokens: int
    """Of a step, in `accumulation` micro-batches."""
    accumulation: int
    packed: bool


CASES = (
    Case("shipped", "shipped", 4096, 512, 131072, 1, True),
    Case("1b", "1b", 32768, 2048, 131072, 4, False),
)
SMOKE = (Case("shipped", "tiny", 512, 64, 512, 1, True), Case("1b", "tiny", 512, 64, 512, 2, False))


def main() -> int:
    """Measure, print, write; 1 if the bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--smoke", action="store_true", help="toy sizes, float32, nothing compiled")
    parser.add_argument("--only", choices=["shipped", "1b", "balance"], help="one part")
    parser.add_argument("--balance-steps", type=int, default=300)
    parser.add_argument("--corpus", type=Path, nargs="*", help="learn this; default: a Markov chain")
    parser.add_argument("--accumulation", type=int, help="micro-batches of a step of the larger model")
    parser.add_argument("--profile", type=Path, help="write the kernels of one step of the larger model")
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks/train_step.json"))
    options = parser.parse_args()
    details: dict[str, Any] = {"torch": torch.__version__}
    bars: list[Bar] = []
    with join() as world:
        gpu = world.device.type == "cuda"
        name = torch.cuda.get_device_name() if gpu else "CPU"
        peak = peak_flops(name)
        details |= {"device": name, "peak_flops": peak}
        small, large = SMOKE if options.smoke else CASES
        if options.accumulation:
            large = replace(large, accumulation=options.accumulation)
        for case in (large, small):
            if options.only not in (None, case.name):
                continue
            measured = measure(case, world, options.smoke, peak, options.profile if case is large else None)
            print(f"{case.name}: {json.dumps(measured)}", file=sys.stderr, flush=True)
            details[case.name] = measured
            bars.append(Bar(f"{case.name}: step, ms", measured["step_seconds"] * 1e3))
            bars.append(Bar(f"{case.name}: tokens a second, thousands", measured["tokens_per_second"] / 1e3))
            if peak:
                bar = 0.30 if case is large else None
                bars.append(Bar(f"{case.name}: MFU", measured["mfu"], at_least=bar))
                bars.append(Bar(f"{case.name}: MFU without the head", measured["mfu_without_head"]))
            if case is large:
                # What is compiled for the small size serves the balance runs, too; for this one it is done.
                torch._dynamo.reset()
                if gpu:
                    torch.cuda.empty_cache()
        if options.only in (None, "balance"):
            steps = 20 if options.smoke else options.balance_steps
            details["balance"] = balance(small, world, options.smoke, steps, options.corpus or [])
            for label, run in details["balance"]["runs"].items():
                bars.append(Bar(f"MaxVio {label}, last steps", run["max_violation_end"]))
                bars.append(Bar(f"loss {label}, last steps", run["loss_end"]))
            bars.append(Bar("MaxVio of an unbiased router by chance", details["balance"]["noise_floor"]))
    return report(options.out, bars, details)


def measure(
    case: Case, world: World, smoke: bool, peak: float | None, profile: Path | None
) -> dict[str, Any]:
    """Time of a training step, everything included: batch, forward, backward, optimiser, bias."""
    learner = make_learner(case, world, smoke, bias_rate=1e-3)
    rows = list(itertools.islice(synthetic(case, seed=0), 2))
    work = work_of(rows[0], second=False)
    began = time.monotonic()
    for step in range(WARM):
        learner.step(rows[step % 2], 1e-4)
    synchronize(world)
    warm = time.monotonic() - began
    times = []
    for _ in range(1 if smoke else REPEATS):
        began = time.monotonic()
        for step in range(STEPS):
            learner.step(rows[step % 2], 1e-4)
        synchronize(world)
        times.append((time.monotonic() - began) / STEPS)
    if profile is not None:
        write_profile(learner, rows[0], profile)
    seconds = statistics.median(times)
    config = learner.model.config
    measured: dict[str, Any] = {
        "case": asdict(case),
        "parameters": asdict(count_parameters(config)),
        "warm_up_seconds": warm,
        "step_seconds": seconds,
        "step_seconds_all": times,
        "tokens_per_second": work.tokens / seconds,
        "work": asdict(work),
        "teraflops_per_step": step_flops(config, work) / 1e12,
    }
    if peak:
        measured["mfu"] = step_flops(config, work) / seconds / peak
        measured["mfu_without_head"] = step_flops(config, work, head=False) / seconds / peak
        measured["peak_gib"] = torch.cuda.max_memory_allocated() / 2**30
    return measured


def balance(case: Case, world: World, smoke: bool, steps: int, corpus: list[Path]) -> dict[str, Any]:
    """Two runs from the same weights over the same rows, with and without the bias update."""
    runs: dict[str, Any] = {}
    floor = 0.0
    for label, rate in (("with bias update", 1e-3), ("without", 0.0)):
        source = of_corpus(case, corpus) if corpus else synthetic(case, seed=1)
        learner = make_learner(case, world, smoke, bias_rate=rate)
        config = learner.model.config
        losses, counts = [], []
        for step, rows in enumerate(itertools.islice(source, steps)):
            figures = learner.step(rows, 1e-3 * min(1.0, (step + 1) / 50))
            losses.append(figures.loss)
            counts.append(figures.counts_ME)
        violations = [
            statistics.fmean(max_violation(counts_E) for counts_E in counts_ME) for counts_ME in counts
        ]
        curve = torch.stack(losses).tolist()
        routed = round(float(counts[-1][0].sum())) // config.num_experts_per_tok
        floor = noise_floor(config.n_routed_experts, config.num_experts_per_tok, routed)
        runs[label] = {
            "loss": curve,
            "max_violation": violations,
            "max_violation_end": statistics.fmean(violations[-TAIL:]),
            "loss_end": statistics.fmean(curve[-TAIL:]),
        }
    return {
        "runs": runs,
        "noise_floor": floor,
        "data": [path.name for path in corpus] or "Markov chain",
        "preset": case.preset,
        "tokens_a_step": case.tokens,
    }


def make_learner(case: Case, world: World, smoke: bool, bias_rate: float) -> Learner:
    """A new model of the case's size, the same whenever asked."""
    config = SftConfig(
        data=DataConfig(corpus=(Path("none"),), length=case.length),
        model=ModelTable(preset=case.preset),
        batch=BatchConfig(case.tokens, case.accumulation),
        optimizer=OptimizerConfig(),
        loss=LossConfig(bias_rate=bias_rate),
        run=RunConfig(steps=1, dtype="float32" if smoke else "bf16", compile=not smoke),
    )
    model = Transformer.drawn(model_config(config.model, case.vocabulary), 0)
    return Learner(model, config, world)


def synthetic(case: Case, seed: int) -> Iterator[Rows]:
    """Rows of a Markov chain over Zipf-distributed tokens: something to learn, and to route unevenly."""
    rng = np.random.default_rng(seed)
    followers = np.minimum(rng.zipf(1.3, (case.vocabulary, 16)), case.vocabulary - 1)
    count = case.tokens // case.length
    while True:
        shape = (case.length + 1, count)
        restarts = np.minimum(rng.zipf(1.3, shape), case.vocabulary - 1)
        choices, stay = rng.integers(0, 16, shape), rng.random(shape) < 0.9
        tokens = np.zeros(shape, np.int32)
        for place in range(1, case.length + 1):
            following = followers[tokens[place - 1], choices[place]]
            tokens[place] = np.where(stay[place], following, restarts[place])
        if case.packed:
            yield _packed(case, tokens.T.reshape(-1), rng, count)
        else:
            yield pack([TokenExample(row, 1) for row in tokens.T], case.length)[0]


def _packed(case: Case, tokens: Any, rng: np.random.Generator, count: int) -> Rows:
    """Documents of about the length of proofs, half of each a prompt."""
    sizes = np.clip(rng.lognormal(np.log(case.length / 4), 0.4, 8 * count), 8, case.length).astype(int)
    sizes = sizes[np.cumsum(sizes) < len(tokens)]
    documents = np.split(tokens, np.cumsum(sizes))[:-1]
    rows, _ = pack([TokenExample(part, len(part) // 2) for part in documents], case.length)
    assert len(rows) >= count - count // 4
    return rows[np.resize(np.arange(len(rows), dtype=np.int32), count)]


def of_corpus(case: Case, corpus: list[Path]) -> Iterator[Rows]:
    """Rows of real proofs, with a tokenizer learnt from them."""
    data = DataConfig(corpus=tuple(corpus), length=case.length, vocabulary=case.vocabulary)
    with RowStream(load_dataset(data, None, 0)) as stream:
        while True:
            yield stream.take(case.tokens // case.length)


def write_profile(learner: Learner, rows: Rows, path: Path) -> None:
    """The kernels of one step by the time that they take."""
    from torch.profiler import ProfilerActivity
    from torch.profiler import profile as record

    activities = [ProfilerActivity.CPU, ProfilerActivity.CUDA]
    with record(activities=activities if torch.cuda.is_available() else activities[:1]) as recorded:
        learner.step(rows, 1e-4)
        synchronize(learner.world)
    order = "self_cuda_time_total" if torch.cuda.is_available() else "self_cpu_time_total"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(recorded.key_averages().table(sort_by=order, row_limit=40), encoding="utf-8")


def synchronize(world: World) -> None:
    """Wait for the device."""
    if world.device.type == "cuda":
        torch.cuda.synchronize()


if __name__ == "__main__":
    raise SystemExit(main())
