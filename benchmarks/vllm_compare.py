"""The shipped model in vLLM and in our own program: `python benchmarks/vllm_compare.py BENCH [--out FILE]`.

Plain sampling on the same statements of BENCH, with the same prompts, seeds and number of independent
samples; the two draw with other random numbers, so what they prove differs by chance, and by nothing else.
Printed are the theorems proved, the exact McNemar test of the difference, and tokens a second of writing.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

from common import Bar, report

from data import MODEL
from lean_env.limits import Limits
from lean_env.pool import CheckPool
from lean_env.source import read_records
from lean_env.toolchain import find_toolchain
from lean_env.values import Theorem
from prover.attempt import Attempt, Settings
from prover.driver import Driver
from prover.evaluation.statistics import mcnemar
from prover.policies import Sampling, open_policy
from search import RULES, Budget


async def prove(policy: str, theorems: list[Theorem], samples: int, workers: int) -> dict[str, Any]:
    """What one policy proves."""
    settings = Settings(
        rule=RULES["sampling"](),
        budget=Budget(samples=samples),
        sampling=Sampling(distinct=False),
        workers=workers,
    )
    proved: set[str] = set()
    spent = {"samples": 0, "tokens": 0}

    def done(index: int, attempt: Attempt) -> None:
        if attempt.proof is not None:
            proved.add(theorems[index].name)
        if attempt.statistics is not None:
            spent["samples"] += attempt.statistics.samples
            spent["tokens"] += attempt.statistics.tokens
        if attempt.error:
            print(f"{theorems[index].name}: {attempt.error}", file=sys.stderr)

    async with (
        open_policy(policy) as opened,
        CheckPool(find_toolchain(), workers=workers, limits=Limits(seconds=10.0)) as pool,
        Driver.open(opened, pool, settings) as driver,
    ):
        begin = time.perf_counter()
        await driver.prove_all(theorems, [None] * len(theorems), done)
        seconds = time.perf_counter() - begin
        busy = driver.batcher.busy_seconds
    return {"proved": sorted(proved), **spent, "seconds": round(seconds, 1), "policy_seconds": round(busy, 1)}


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bench", type=Path)
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--limit", type=int, default=60)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks/vllm_compare.json"))
    arguments = parser.parse_args()
    if not arguments.bench.is_file():
        print(f"{arguments.bench} does not exist: name the file of statements", file=sys.stderr)
        return 2
    theorems = [one.theorem for one in read_records(arguments.bench)]
    theorems = random.Random(0).sample(theorems, min(arguments.limit, len(theorems)))
    found = {
        name: asyncio.run(prove(policy, theorems, arguments.samples, arguments.workers))
        for name, policy in (("default", "default"), ("vllm", f"vllm:{MODEL}"))
    }
    ours, theirs = (set(found[name]["proved"]) for name in ("default", "vllm"))
    chance = mcnemar(len(theirs - ours), len(ours - theirs))
    bars = [
        Bar(f"proved by `default`, of {len(theorems)}", len(ours)),
        Bar(f"proved by `vllm:`, of {len(theorems)}", len(theirs)),
        Bar("proved by one and not by the other", len(ours ^ theirs)),
        Bar("chance of such a difference, McNemar's exact test", chance, at_least=0.05),
        *(
            Bar(f"tokens a second of writing, {name}", one["tokens"] / max(one["policy_seconds"], 1e-9))
            for name, one in found.items()
        ),
    ]
    return report(arguments.out, bars, {"samples": arguments.samples, "found": found})


if __name__ == "__main__":
    sys.exit(main())
