"""Self-correction against sampling and RMaxTS at equal tokens: `python benchmarks/self_correction.py BENCH`.

BENCH is a `.jsonl` file of statements (`name`, `statement`, `tier`, `domain`). Every search gets the same
policy, seed and statements, one rollout at a time, and the same number of *tokens* that the policy may write:
a correction is a sample like any other, and costs what it costs. A search that proves a statement with fewer
tokens would have proved it with more, so one run at the largest budget tells all smaller ones. Only what
passes the strict audit counts.

Printed is a Markdown table a budget (share proved with Wilson's 95 % interval, paired difference to sampling
with its bootstrapped interval, wins : losses, McNemar's exact test), and in which rounds proofs were found.
Each result is written to `--out` as soon as it is there, and a second run goes on with what is missing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from search_compare import CHECK_SECONDS, Result, Statement, load, table

from lean_env.limits import Limits
from lean_env.pool import CheckPool
from lean_env.toolchain import find_toolchain
from prover.attempt import Settings
from prover.driver import Driver
from prover.evaluation.work import open_driver
from prover.formats.hints import Hints
from prover.formats.policy import FormattedPolicy
from prover.policies import Policy, open_policy
from search import Budget, RMaxTS, Rule, Sampling, SelfCorrection

SEARCHES: dict[str, tuple[Rule, bool]] = {
    "sampling": (Sampling(), False),
    "correct-1": (SelfCorrection(1), False),
    "correct-2": (SelfCorrection(2), False),
    "correct-2-told": (SelfCorrection(2), True),
    "rmaxts": (RMaxTS(), False),
    "rmaxts-told": (RMaxTS(feedback=True), True),
}
"""Each search with its rule, and whether the model is told the error in a comment."""
AT_A_TIME = 16
"""Statements under way, so that the policy writes in batches."""


@dataclass(frozen=True, slots=True)
class Found:
    """One search for one statement."""

    search: str
    name: str
    proved: bool
    tokens: int
    """Written in all; if proved, the proof's sample included."""
    samples: int
    corrections: int
    round: int
    seconds: float
    error: str


def opened(spec: str, told: bool) -> Policy:
    """The policy; if it is of ours, with or without errors in its prompts."""
    policy = open_policy(spec)
    if told and isinstance(policy, FormattedPolicy) and policy.form == Hints():
        return FormattedPolicy(policy.policy, Hints(errors=True))
    return policy


async def run(arguments: argparse.Namespace, name: str, missing: list[Statement], keep: Any) -> None:
    """Search for a proof of each statement."""
    rule, told = SEARCHES[name]
    settings = Settings(
        rule=rule,
        budget=Budget(tokens=arguments.tokens, samples=arguments.tokens),
        seed=arguments.seed,
        workers=1,
        rollouts_at_a_time=1,
    )
    room = asyncio.Semaphore(AT_A_TIME)
    done = 0

    async def one(driver: Driver, statement: Statement) -> None:
        nonlocal done
        async with room:
            attempt = await driver.prove(statement.theorem)
        found = attempt.statistics
        assert found is not None, attempt.error
        keep(
            Found(
                search=name,
                name=statement.name,
                proved=attempt.proof is not None,
                tokens=found.tokens,
                samples=found.samples,
                corrections=found.corrections,
                round=found.proof_round,
                seconds=round(found.policy_seconds + found.lean_seconds, 3),
                error=attempt.error,
            )
        )
        done += 1
        print(f"\r{name}: {done}/{len(missing)} ", end="", file=sys.stderr, flush=True)

    async with (
        opened(arguments.policy, told) as policy,
        CheckPool(find_toolchain(), workers=1, limits=Limits(seconds=CHECK_SECONDS)) as pool,
        open_driver(policy, pool, settings) as driver,
        asyncio.TaskGroup() as group,
    ):
        for statement in missing:
            group.create_task(one(driver, statement))
    print(file=sys.stderr)


def rounds(found: list[Found]) -> dict[str, Any]:
    """How many samples were corrections, and in which rounds proofs were found."""
    return {
        "proved": sum(one.proved for one in found),
        "tokens": sum(one.tokens for one in found),
        "samples": sum(one.samples for one in found),
        "corrections": sum(one.corrections for one in found),
        "proofs by round": dict(sorted(Counter(one.round for one in found if one.proved).items())),
    }


def main() -> int:
    """Measure, print, write; 2 without the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bench", type=Path)
    parser.add_argument("--policy", default="default")
    parser.add_argument("--tokens", type=int, default=2048)
    parser.add_argument("--budgets", type=int, nargs="*", default=[256, 512, 1024])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=int, default=None, help="a random sample of so many statements")
    parser.add_argument("--searches", nargs="+", choices=SEARCHES, default=list(SEARCHES))
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks/self_correction.jsonl"))
    arguments = parser.parse_args()
    if not arguments.bench.is_file():
        print(f"{arguments.bench} does not exist: name the file of statements", file=sys.stderr)
        return 2
    statements = load(arguments.bench, arguments.limit)
    settings = {
        "policy": arguments.policy,
        "tokens": arguments.tokens,
        "seed": arguments.seed,
        "toolchain": find_toolchain().describe(),
    }
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    if not arguments.out.exists():
        arguments.out.write_text(json.dumps({"settings": settings}) + "\n", encoding="utf-8")
    first, *rest = map(json.loads, arguments.out.read_text(encoding="utf-8").splitlines())
    if first["settings"] != settings:
        print(f"{arguments.out} holds results of other settings; name another --out", file=sys.stderr)
        return 2
    found = {(one["search"], one["name"]): Found(**one) for one in rest}
    with arguments.out.open("a", encoding="utf-8") as file:

        def keep(one: Found) -> None:
            found[one.search, one.name] = one
            file.write(json.dumps(asdict(one)) + "\n")
            file.flush()

        for name in arguments.searches:
            started = time.perf_counter()
            missing = [one for one in statements if (name, one.name) not in found]
            if missing:
                asyncio.run(run(arguments, name, missing, keep))
                print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
    results = {
        key: Result(one.name, one.search, one.tokens if one.proved else None, one.samples, None, one.error, 0)
        for key, one in found.items()
    }
    figures: dict[str, Any] = {"settings": settings, "statements": len(statements)}
    for budget in sorted({*(b for b in arguments.budgets if b < arguments.tokens), arguments.tokens}):
        text, figures[f"at {budget}"] = table(results, statements, arguments.searches, budget, "sampling")
        rows = text.split("\n")[:3]  # By tier and domain there are too few that differ.
        print(f"\n**{budget} tokens**\n\n" + "\n".join(rows))
    names = {one.name for one in statements}
    figures["rounds"] = {
        name: rounds([one for key, one in found.items() if key[0] == name and key[1] in names])
        for name in arguments.searches
    }
    print()
    for name, told in figures["rounds"].items():
        print(f"{name}: {told}")
    summary = arguments.out.with_suffix(".summary.json")
    summary.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
