"""Pipeline schedules, simulated: `python benchmarks/pipeline_schedules.py [--gain 0.2] [--latency 0]`.

A forward, the gradient of the inputs and that of the weights take one unit each, for one micro-batch on one
rank's part of the model. Beside each bubble stands the published one. `--gain`: the share of time that
interleaving a forward with a backward saves.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from common import Bar, report

from training.parallel.schedules import SCHEDULES
from training.parallel.simulate import PUBLISHED, Costs, simulate

SIZES = ((4, 8), (4, 20), (8, 16), (8, 20), (16, 120))
"""Ranks and micro-batches; the last is DeepSeek-V3's pipeline."""


def main() -> int:
    """Print the table, write the figures; 1 if a bubble is not the published one."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gain", type=float, default=0.2)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/pipeline_schedules.json"))
    told = parser.parse_args()
    plain, gained = Costs(), Costs(gain=told.gain, latency=told.latency)
    print(
        "| ranks | micro-batches | schedule | step | bubble | published | with gain | weights | activations |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    bars = []
    for ranks, batches in SIZES:
        for name, make in SCHEDULES.items():
            if name == "Chimera" and batches % ranks:
                continue
            schedule = make(ranks, batches)
            timeline = simulate(schedule, plain)
            published = PUBLISHED[schedule.name](ranks, plain) if schedule.name in PUBLISHED else None
            told_of = "–" if published is None else f"{published:g}"
            better = simulate(schedule, gained)
            print(
                f"| {ranks} | {batches} | {schedule.name} | {timeline.seconds:g} | {timeline.bubble:g} | "
                f"{told_of} | {better.seconds:.4g} | {schedule.copies:g} × | "
                f"{max(timeline.activations):g} |"
            )
            where = f"{schedule.name}, {ranks} ranks, {batches} micro-batches"
            bars.append(Bar(f"{where}: step", timeline.seconds))
            bars.append(Bar(f"{where}: step with gain", better.seconds))
            if published is not None:
                bars.append(Bar(f"{where}: bubble − published", timeline.bubble - published, at_most=1e-9))
    return report(told.out, bars, {"gain": told.gain, "latency": told.latency})


if __name__ == "__main__":
    sys.exit(main())
