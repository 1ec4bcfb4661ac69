"""What the symbolic policy proves by plain sampling: `python benchmarks/policy_baseline.py BENCH [...]`.

BENCH is a `.jsonl` file of statements with `name`, `statement`, `tier`, `domain` and `source`. Every
statement gets up to `--samples` scripts from `tactics`, each checked by the check service. Printed is
the share proved within 64 samples and within all, by tier and by domain, with 95 % Wilson intervals; and
the same for proofs that do not name the lemma which the statement comes from. The file is split at
random, once and for all, into a half that rules may be developed on and a half that only measures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from common import Bar, report

from lean_env.errors import StatementError
from lean_env.limits import Limits
from lean_env.pool import CheckPool
from lean_env.toolchain import find_toolchain
from lean_env.values import Theorem, Verdict
from prover.evaluation.statistics import wilson
from prover.policies import Sampling, open_policy
from prover.prompts import make_prompt
from prover.replies import Reply, read_reply

SPLIT_SEED = 20241
CHUNK = 32
CHECK_SECONDS = 5.0
FIRST = 64


@dataclass(frozen=True, slots=True)
class Result:
    """One statement's."""

    name: str
    tier: int
    domain: str
    half: str
    proved_at: int | None
    """The sample, from 1, of the first proof; None without one."""
    proof: str
    unnamed_at: int | None
    """The sample of the first proof that does not name the statement's source."""
    unnamed_proof: str
    distinct: int
    """How many different scripts were checked."""
    faults: int


def halves(items: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Which half each statement belongs to, by its name."""
    order = list(range(len(items)))
    random.Random(SPLIT_SEED).shuffle(order)
    return {
        items[index]["name"]: "development" if place < len(items) // 2 else "other"
        for place, index in enumerate(order)
    }


def names_source(proof: str, source: str) -> bool:
    """Whether the proof contains the last component of the source's name as a word's last component."""
    last = source.split()[-1].rsplit(".", 1)[-1]
    return re.search(rf"(?<![\w'!?]){re.escape(last)}(?![\w'!?])", proof) is not None


async def sample(pool: CheckPool, item: dict[str, Any], half: str, samples: int, seed: int) -> Result:
    """Draw and check scripts until a proof is found that does not name the source, or all are drawn."""
    theorem = Theorem(item["name"], item["statement"])
    prompt = make_prompt(theorem)
    proved: tuple[int, str] | None = None
    unnamed: tuple[int, str] | None = None
    verdicts: dict[str, Verdict] = {}
    async with open_policy("tactics") as policy:
        for start in range(0, samples, CHUNK):
            count = min(CHUNK, samples - start)
            (completions,) = await policy.generate([prompt], count, Sampling(seed=seed * 100_003 + start))
            replies = [read_reply(prompt, completion) for completion in completions]
            proofs = [reply.proof if isinstance(reply, Reply) else "" for reply in replies]
            new = sorted({proof for proof in proofs if proof} - verdicts.keys())
            try:
                checks = await pool.check_many([(theorem, proof) for proof in new])
            except StatementError as error:
                print(error, file=sys.stderr)
                break
            verdicts.update((proof, check.verdict) for proof, check in zip(new, checks, strict=True))
            for place, proof in enumerate(proofs, start + 1):
                if verdicts.get(proof) is Verdict.PROVED:
                    proved = proved or (place, proof)
                    if not names_source(proof, item["source"]):
                        unnamed = unnamed or (place, proof)
            if unnamed:
                break
    return Result(
        name=item["name"],
        tier=item["tier"],
        domain=item["domain"],
        half=half,
        proved_at=proved[0] if proved else None,
        proof=proved[1] if proved else "",
        unnamed_at=unnamed[0] if unnamed else None,
        unnamed_proof=unnamed[1] if unnamed else "",
        distinct=len(verdicts),
        faults=sum(verdict is Verdict.FAULT for verdict in verdicts.values()),
    )


def table(results: Sequence[Result], samples: int) -> None:
    """Print the shares."""

    def where(field: str, value: object) -> list[Result]:
        return [result for result in results if getattr(result, field) == value]

    groups = [("all", list(results))]
    groups += [(f"{half} half", where("half", half)) for half in ("development", "other")]
    groups += [(f"tier {tier}", where("tier", tier)) for tier in sorted({r.tier for r in results})]
    groups += [(domain, where("domain", domain)) for domain in sorted({r.domain for r in results})]
    budgets = [budget for budget in (FIRST, samples) if budget <= samples]
    heads = [f"{kind} @{budget}" for kind in ("any", "unnamed") for budget in dict.fromkeys(budgets)]
    print(f"{'':18}{'n':>4}  " + "".join(f"{head:>24}" for head in heads))
    for name, chosen in groups:
        cells = []
        for kind in ("proved_at", "unnamed_at"):
            for budget in dict.fromkeys(budgets):
                count = sum((getattr(r, kind) or math.inf) <= budget for r in chosen)
                low, high = wilson(count, len(chosen))
                cells.append(f"{count / max(1, len(chosen)):7.1%} [{low:6.1%}, {high:6.1%}]")
        print(f"{name:18}{len(chosen):4}  " + "".join(f"{cell:>24}" for cell in cells))


async def run(arguments: argparse.Namespace) -> list[Result]:
    """All results, a few statements at a time."""
    items = [json.loads(line) for line in arguments.bench.read_text(encoding="utf-8").splitlines() if line]
    half = halves(items)
    chosen = [item for item in items if arguments.half in (half[item["name"]], "both")][: arguments.limit]
    results: list[Result] = []
    toolchain = find_toolchain()
    print(toolchain.describe())
    async with CheckPool(toolchain, workers=arguments.workers, limits=Limits(seconds=CHECK_SECONDS)) as pool:
        turn = asyncio.Semaphore(2 * arguments.workers)

        async def one(item: dict[str, Any]) -> None:
            async with turn:
                results.append(
                    await sample(pool, item, half[item["name"]], arguments.samples, arguments.seed)
                )
                print(f"\r{len(results)}/{len(chosen)}", end="", file=sys.stderr, flush=True)

        await asyncio.gather(*(one(item) for item in chosen))
    print(file=sys.stderr)
    return sorted(results, key=lambda result: result.name)


def main() -> int:
    """Measure, print, write; 1 if the bar is missed, 2 without the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bench", type=Path)
    parser.add_argument("--samples", type=int, default=512)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--half", choices=("development", "other", "both"), default="both")
    parser.add_argument("--limit", type=int, default=None)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks/policy_baseline.json"))
    arguments = parser.parse_args()
    if not arguments.bench.is_file():
        print(f"{arguments.bench} does not exist: name the file of statements", file=sys.stderr)
        return 2
    started = time.perf_counter()
    results = asyncio.run(run(arguments))
    table(results, arguments.samples)
    seconds = time.perf_counter() - started
    drawn = sum(r.unnamed_at or arguments.samples for r in results)
    proved = sum(r.proved_at is not None for r in results) / max(1, len(results))
    faulty = sum(result.faults > 0 for result in results)
    print(f"{seconds:.0f} s, {drawn} samples, {faulty} statements with faults")
    bars = [
        Bar(f"share proved within {arguments.samples} samples", proved, at_least=0.55),
        Bar("samples a second", drawn / seconds),
    ]
    return report(arguments.out, bars, {"results": [asdict(result) for result in results]})


if __name__ == "__main__":
    sys.exit(main())
