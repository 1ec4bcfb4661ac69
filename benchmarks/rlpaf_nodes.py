"""What nodes are worth to a run of RLPAF, and what losing them costs: `python benchmarks/rlpaf_nodes.py`.

A cluster of simulated nodes on this machine: one that writes, and two, four or eight that judge with one Lean
process each. Simulated nodes share this machine's cores, so with more of them than cores the rate says what
the cluster's own work costs, not what real nodes would give; the number of cores stands beside each figure.

Then two runs of the same configuration and seed, one of them with a node killed every minute and a new
one added: their curves, and the difference of the proved shares in units of its standard error, which is
estimated from the scatter of the steps. `--smoke` does all of that in small.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from common import Bar, report
from ray.cluster_utils import Cluster

from lean_env.values import Verdict
from prover.prompts import make_prompt
from training.rlpaf.cluster.remote import open_cluster
from training.rlpaf.config import RlpafConfig, load_config
from training.rlpaf.statements import Statements

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "configs" / "rlpaf-tiny.toml"
RUN = """
[model]
checkpoint = "{checkpoint}"
[theorems]
generated = 400
[curriculum]
theorems = {theorems}
group = {group}
[sampling]
max_tokens = 64
[algorithm]
preset = "paper"
kl = 0.0
[optimizer]
learning_rate = 2e-5
weight_decay = 0.0
warmup = 0
[batch]
rows = 4
[lean]
seconds = 5.0
workers = 1
judges = {judges}
[run]
steps = {steps}
dtype = "float32"
"""


@contextmanager
def simulated(judges: int) -> Iterator[tuple[Cluster, list[Any]]]:
    """A cluster on this machine with a node for the sampler, and nodes for so many judges."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    try:
        yield cluster, [cluster.add_node(num_cpus=1) for _ in range(1 + judges)]
    finally:
        cluster.shutdown()


async def rates(config: RlpafConfig, address: str, theorems: int, group: int) -> dict[str, float]:
    """Samples a second: written, and judged while the next are written."""
    found = Statements(config.theorems, []).beginning()
    rounds = [found[:theorems], found[theorems : 2 * theorems], found[2 * theorems : 3 * theorems]]
    async with open_cluster(config, address) as (sampler, judge):

        async def write(part: Sequence[Any], seed: int) -> list[Any]:
            return await sampler.write([make_prompt(theorem) for theorem in part], group, seed)

        warm = await write(rounds[0], 0)  # Lean and the sampler start with their first work.
        await asyncio.gather(*map(judge.judge, rounds[0], warm))
        began = time.perf_counter()
        judging: list[asyncio.Task[Any]] = []
        for seed, part in enumerate(rounds[1:], 1):
            answers = await write(part, seed)
            judging += [asyncio.create_task(judge.judge(*one)) for one in zip(part, answers, strict=True)]
        written = time.perf_counter() - began
        groups = await asyncio.gather(*judging)
        judged = time.perf_counter() - began
    rollouts = [rollout for one in groups for rollout in one.rollouts]
    assert all(rollout.verdict is not Verdict.FAULT for rollout in rollouts)
    return {"written": len(rollouts) / written, "judged": len(rollouts) / judged}


def curve(config: str, judges: int, every: float | None) -> dict[str, Any]:
    """A run on so many judging nodes; one is killed, and another added, each `every` seconds."""
    with tempfile.TemporaryDirectory() as temporary, simulated(judges) as (cluster, nodes):
        path, out, log = (Path(temporary, name) for name in ("run.toml", "run", "log"))
        path.write_text(config, encoding="utf-8")
        command = [sys.executable, "-c", "from prover.cli import main; main()", "train", "rlpaf", str(path)]
        began, killed = time.perf_counter(), 0
        with (
            log.open("w") as file,
            subprocess.Popen(
                [*command, "--out", str(out), "--ray", cluster.address], stderr=file, env={**os.environ}
            ) as process,
        ):
            while process.poll() is None:
                try:
                    process.wait(every)
                except subprocess.TimeoutExpired:
                    cluster.remove_node(nodes.pop(0), allow_graceful=False)
                    nodes.append(cluster.add_node(num_cpus=1))
                    killed += 1
        said = log.read_text(encoding="utf-8")
        if process.returncode != 0:
            raise SystemExit(f"the run ended with {process.returncode}: {said[-2000:]}")
        lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    steps = [line for line in lines if "proved_share" in line]
    return {
        "seconds": time.perf_counter() - began,
        "killed": killed,
        "lost": said.count("was lost; its work is done again"),
        "proved_share": [line["proved_share"] for line in steps],
        "fault_share": [line["fault_share"] for line in steps],
        "rollouts_per_second": [line["rollouts_per_second"] for line in steps],
    }


def standard_errors(one: Sequence[float], other: Sequence[float]) -> float:
    """The difference of two means, in units of its standard error."""
    error = (statistics.variance(one) / len(one) + statistics.variance(other) / len(other)) ** 0.5
    return abs(statistics.mean(one) - statistics.mean(other)) / max(error, 1e-9)


def main() -> int:
    """Measure, print, write; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--nodes", type=int, nargs="*", default=[2, 4, 8], help="that judge")
    parser.add_argument("--steps", type=int, default=20, help="of each of the two runs; 0: no runs")
    parser.add_argument("--every", type=float, default=60.0, help="seconds between two kills")
    parser.add_argument(
        "--smoke", action="store_true", help="two nodes, few samples, a kill every 15 seconds"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "rlpaf_nodes.json")
    arguments = parser.parse_args()
    nodes, steps, every = arguments.nodes, arguments.steps, arguments.every
    theorems, group = 32, 8
    if arguments.smoke:
        nodes, steps, every, theorems, group = [2], 6, 15.0, 6, 4
    start = load_config(CONFIG)
    start = replace(start, theorems=replace(start.theorems, generated=3 * theorems))
    bars: list[Bar] = []
    details: dict[str, Any] = {"cores": os.cpu_count(), "load": os.getloadavg(), "theorems": theorems}
    details |= {"group": group, "smoke": arguments.smoke}
    for count in nodes:
        config = replace(start, lean=replace(start.lean, workers=1, judges=count))
        with simulated(count) as (cluster, _):
            found = asyncio.run(rates(config, cluster.address, theorems, group))
        where = f"{count} simulated nodes on {os.cpu_count()} cores"
        bars += [Bar(f"{where}: samples/s {what}", rate) for what, rate in found.items()]
    if steps:
        numbers = {"theorems": 4 if arguments.smoke else 8, "group": group, "steps": steps, "judges": 2}
        told = RUN.format(checkpoint=start.model.checkpoint, **numbers)
        calm, disturbed = curve(told, 2, None), curve(told, 2, every)
        details |= {"undisturbed": calm, "disturbed": disturbed, "kill_every_seconds": every}
        bars += [
            Bar("nodes killed", disturbed["killed"], at_least=1),
            Bar("undisturbed: proved share, mean of steps", statistics.mean(calm["proved_share"])),
            Bar("disturbed: proved share, mean of steps", statistics.mean(disturbed["proved_share"])),
            Bar(
                "difference, in standard errors",
                standard_errors(calm["proved_share"], disturbed["proved_share"]),
                at_most=3.0,
            ),
            Bar("disturbed: largest share of faults", max(disturbed["fault_share"]), at_most=0.0),
            Bar("seconds, disturbed : undisturbed", disturbed["seconds"] / calm["seconds"]),
        ]
        for name, one in (("undisturbed", calm), ("disturbed", disturbed)):
            print(f"{name:12}", " ".join(f"{share:.2f}" for share in one["proved_share"]))
    return report(arguments.out, bars, details)


if __name__ == "__main__":
    sys.exit(main())
