"""What each part of RLPAF is worth: `python benchmarks/rlpaf_compare.py [CONFIG] [--variants …] [--seeds …]`.

Variants of one configuration run for the same number of batches, each in a process of its own, `--jobs` at a
time, and are compared by their held-out pass@1 and pass@k, before and after, per theorem and over seeds.
The runs' folders are kept under `--runs`, so an interrupted comparison goes on, and each has its page.
`--smoke`: two variants, two batches of the small configuration, for a laptop.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

from common import Bar, report

from training.rlpaf import RlpafConfig, load_config
from training.rlpaf.algorithm import PRESETS, AlgorithmConfig
from training.rlpaf.progress import estimates, samples
from training.rlpaf.record import read_record

ROOT = Path(__file__).resolve().parent.parent
Change = Callable[[RlpafConfig], RlpafConfig]
GAIN_1, GAIN_K = 0.15, 0.08
"""What `--recipe` must gain in pass@1 and pass@k of each suite."""


def preset(name: str) -> Change:
    """The algorithm of a preset, whole."""
    return lambda config: replace(config, algorithm=AlgorithmConfig(preset=name, **PRESETS[name]))  # type: ignore[arg-type]


def algorithm(**values: Any) -> Change:
    """The configuration's algorithm, but for these."""
    return lambda config: replace(config, algorithm=replace(config.algorithm, **values))


VARIANTS: dict[str, Change] = {
    "as-configured": lambda config: config,
    "modern": preset("modern"),
    "paper": preset("paper"),
    "search": lambda config: replace(config, sampling=replace(config.sampling, search_share=0.2)),
    "expert": lambda config: replace(config, expert=replace(config.expert, every=10, steps=2)),
    "unlikeliness": algorithm(unlikeliness=0.25),
    "pass-at-1": algorithm(pass_at=1),
    "pass-at-8": algorithm(pass_at=8),
    "two-epochs": algorithm(epochs=2),
    "free-routing": algorithm(routing="free"),
    "frozen-routing": algorithm(routing="frozen"),
}


def main() -> int:
    """Run what is not yet there, print, write; 1 if the recipe misses a bar."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path, nargs="?", default=ROOT / "configs" / "rlpaf-core-7m.toml")
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--steps", type=int, help="batches of each run, instead of the configuration's")
    parser.add_argument("--theorems", nargs="+", type=Path, default=[], help="held-out files besides")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time")
    parser.add_argument("--ray", default="", help="`local`, or a cluster's address: a process for each role")
    parser.add_argument("--runs", type=Path, default=Path("runs/compare"))
    parser.add_argument("--recipe", choices=VARIANTS, help="the variant that must meet the bars")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/rlpaf_compare.json"))
    parser.add_argument("--smoke", action="store_true")
    told = parser.parse_args()
    if told.smoke:
        told.config, told.variants, told.steps = ROOT / "configs" / "rlpaf-tiny.toml", ["modern", "paper"], 2
    runs = {}
    for seed in told.seeds:
        config = load_config(told.config, seed)
        held_out = replace(config.evaluation, files=(*config.evaluation.files, *told.theorems))
        steps = told.steps or config.run.steps
        config = replace(config, evaluation=held_out, run=replace(config.run, steps=steps))
        for name in told.variants:
            runs[told.runs / f"{name}-{seed}"] = VARIANTS[name](config)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(told.jobs, context, max_tasks_per_child=1) as workers:
        works = {workers.submit(work, runs[folder], folder, told.ray): folder for folder in runs}
        for done in as_completed(works):
            print(f"{works[done]}: {done.result() or 'done'}", file=sys.stderr, flush=True)
    bars = [bar for folder in runs for bar in figures(folder, folder.name.rpartition("-")[0] == told.recipe)]
    return report(told.out, bars, {"config": told.config.name, "runs": [folder.name for folder in runs]})


def work(config: RlpafConfig, folder: Path, ray: str) -> str:
    """Train, or go on training; what went wrong."""
    from training.errors import TrainError
    from training.rlpaf.run import train

    try:
        train(config, folder, ray)
    except TrainError as error:
        return str(error)
    return ""


def figures(folder: Path, must: bool) -> list[Bar]:
    """A run's held-out figures, its time, and how long its learner waited."""
    record = read_record(folder)
    suites = sorted({suite for evaluation in record.evaluations.values() for suite in evaluation})
    found = []
    for suite in suites:
        for k in samples(record):
            told = estimates(record, suite, k)
            if len(told) < 2:
                continue
            (_, first), (_, last) = told[0], told[-1]
            before, after = first.value or 0.0, last.value or 0.0
            name = f"{folder.name}: pass@{k}/{suite}"
            bar = (GAIN_1 if k == 1 else GAIN_K) if must else None
            found += [Bar(f"{name} before", before), Bar(f"{name} after", after)]
            found.append(Bar(f"{name} gain", after - before, at_least=bar))
    for name in ("seconds", "wait_share"):
        if steps := record.figure(name):
            found.append(Bar(f"{folder.name}: {name}", steps[-1][1]))
    return found


if __name__ == "__main__":
    sys.exit(main())
