"""How much of a search vLLM need not read again: `python benchmarks/prefix_sharing.py BENCH [--out FILE]`.

RMaxTS with `vllm:` over statements of BENCH (`.jsonl`; by default those that take the longest, tier 3). Every
expansion asks with the whole prompt: header, statement, the proof's beginning, its state. Tokens requested
are those of all prompts; computed are those that vLLM did not find in its prefix cache. Both are vLLM's own
figures: its counters `vllm:prefix_cache_queries` and `vllm:prefix_cache_hits`, and `num_cached_tokens` of
each answer. A last part of a block is never found, so on prompts of 150 tokens the size of blocks matters.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
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
from prover.policies import Sampling
from prover.policies.prompting import as_trained
from prover.policies.vllm_engine import VllmPolicy
from search import Budget

SHARE = 0.7


async def search(arguments: argparse.Namespace, theorems: list[Theorem]) -> dict[str, Any]:
    """Search for proofs of all theorems, and say what vLLM has read for it."""
    from vllm.v1.metrics.reader import Counter, get_metrics_snapshot

    def counter(name: str) -> int:
        return sum(m.value for m in get_metrics_snapshot() if isinstance(m, Counter) and m.name == name)

    settings = Settings(
        budget=Budget(samples=arguments.samples), sampling=Sampling(), workers=arguments.workers, seed=0
    )
    attempts: list[Attempt] = []
    engine = VllmPolicy(
        str(arguments.model), settings={"block_size": arguments.block} if arguments.block else None
    )
    async with (
        as_trained(engine, engine.path) as policy,
        CheckPool(find_toolchain(), workers=arguments.workers, limits=Limits(seconds=10.0)) as pool,
        Driver.open(policy, pool, settings) as driver,
    ):
        assert engine.started is not None
        block = engine.started.engine.vllm_config.cache_config.block_size
        begin = time.perf_counter()
        await driver.prove_all(
            theorems, [None] * len(theorems), lambda index, attempt: attempts.append(attempt)
        )
        seconds = time.perf_counter() - begin
        queries, hits = counter("vllm:prefix_cache_queries"), counter("vllm:prefix_cache_hits")
        written = counter("vllm:generation_tokens")
    return {
        "theorems": len(theorems),
        "proved": sum(attempt.proof is not None for attempt in attempts),
        "samples": sum(attempt.statistics.samples for attempt in attempts if attempt.statistics),
        "seconds": round(seconds, 1),
        "tokens_written": written,
        "tokens_requested": queries,
        "tokens_computed": queries - hits,
        "share_found": hits / max(1, queries),
        "by_answers": {"requested": engine.prompt_tokens, "found": engine.cached_tokens},
        "block_size": block,
        "model": arguments.model.name,
    }


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bench", type=Path)
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--samples", type=int, default=128)
    parser.add_argument("--limit", type=int, default=24)
    parser.add_argument("--tier", type=int, default=3)
    parser.add_argument("--block", type=int, default=None, help="tokens a block; the policy's own choice")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks/prefix_sharing.json"))
    arguments = parser.parse_args()
    if not arguments.bench.is_file():
        print(f"{arguments.bench} does not exist: name the file of statements", file=sys.stderr)
        return 2
    lines = filter(str.strip, arguments.bench.read_text(encoding="utf-8").splitlines())
    tiers = {record.get("name"): record.get("tier", arguments.tier) for record in map(json.loads, lines)}
    theorems = [one.theorem for one in read_records(arguments.bench) if tiers[one.name] == arguments.tier]
    found = asyncio.run(search(arguments, theorems[: arguments.limit]))
    bars = [
        Bar("share of prompt tokens found in the prefix cache", found["share_found"], at_least=SHARE),
        Bar("prompt tokens requested for one computed", found["tokens_requested"] / found["tokens_computed"]),
    ]
    return report(arguments.out, bars, found)


if __name__ == "__main__":
    sys.exit(main())
