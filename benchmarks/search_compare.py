"""RMaxTS against sampling and best-first at equal samples: `python benchmarks/search_compare.py BENCH [...]`.

BENCH is a `.jsonl` file of statements (`name`, `statement`, `tier`, `domain`). Every search gets the same
policy, the same statements and the same number of samples each; a search that proves a
statement with fewer would have proved it with more, so one run at the largest budget tells all smaller
ones. Only what passes the strict audit counts. Faults of ours leave a statement out, for all searches.

Printed is a Markdown table: the share proved with Wilson's 95 % interval, by tier and by domain, and the
paired difference to the baseline with its bootstrapped 95 % interval and the exact McNemar test. Each result
is written to `--out` as soon as it is there, and a second run goes on with what is missing; everything
that changes a result is part of the file's first line, and must be the same.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lean_env.limits import Limits
from lean_env.pool import CheckPool
from lean_env.source import read_records
from lean_env.toolchain import find_toolchain
from lean_env.values import Theorem
from prover.attempt import Attempt, Settings
from prover.driver import Driver
from prover.evaluation.statistics import bootstrap, mcnemar, wilson
from prover.policies import open_policy
from search import RULES, Budget, RMaxTS, Rule

BUDGETS = (64, 512, 2048)
SEARCHES: dict[str, Rule] = {
    **{name: rule() for name, rule in RULES.items()},
    "rmaxts-no-intrinsic": RMaxTS(intrinsic=False),
    "rmaxts-transpositions": RMaxTS(transpositions=True),
    "rmaxts-prior": RMaxTS(prior_weight=1.0),
}
"""What can be compared: the algorithms, and RMaxTS with each of its options."""
CHECK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Result:
    """One search for one statement."""

    name: str
    search: str
    proved_at: int | None
    """How many samples had been spent when the proof was found, it included; None without one."""
    samples: int
    proof: str | None
    error: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement and the groups that it belongs to."""

    theorem: Theorem
    name: str
    groups: tuple[str, ...]


def table(
    results: Mapping[tuple[str, str], Result],
    statements: Sequence[Statement],
    searches: Sequence[str],
    budget: int,
    baseline: str,
) -> tuple[str, dict[str, Any]]:
    """A Markdown table for one budget, and its figures."""
    valid = [s for s in statements if all((r := results.get((n, s.name))) and not r.error for n in searches)]
    solved = {
        n: {s.name for s in valid if (results[n, s.name].proved_at or math.inf) <= budget} for n in searches
    }
    others = [name for name in searches if name != baseline] if baseline in searches else []
    heads = ["", "n", *searches, *(f"{name} − {baseline}" for name in others)]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    figures: dict[str, Any] = {}
    for group in ["all", *sorted({group for s in valid for group in s.groups})]:
        chosen = [s.name for s in valid if group == "all" or group in s.groups]
        cells, entry = [], {}
        for name in searches:
            count = sum(one in solved[name] for one in chosen)
            low, high = wilson(count, len(chosen))
            entry[name] = {"proved": count, "of": len(chosen), "interval": [low, high]}
            cells.append(f"{count / max(1, len(chosen)):.1%} [{low:.1%}, {high:.1%}]")
        for name in others:
            differences = [(one in solved[name]) - (one in solved[baseline]) for one in chosen]
            interval = bootstrap(differences)
            mean = sum(differences) / max(1, len(differences))
            wins, losses = differences.count(1), differences.count(-1)
            chance = mcnemar(wins, losses)
            entry[f"{name} - {baseline}"] = {
                "mean": mean,
                "interval": interval,
                "wins": wins,
                "losses": losses,
                "p": chance,
            }
            range_ = f"[{interval[0]:+.1%}, {interval[1]:+.1%}]" if interval else "[no difference]"
            cells.append(f"{mean:+.1%} {range_}, {wins}:{losses}, p = {chance:.2g}")
        figures[group] = entry
        lines.append(f"| {group} | {len(chosen)} | {' | '.join(cells)} |")
    return "\n".join(lines), figures


def read_results(path: Path, settings: Mapping[str, Any]) -> dict[tuple[str, str], Result]:
    """What an earlier run has found. Raises `ValueError` if that run was another one."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"settings": settings}) + "\n", encoding="utf-8")
        return {}
    text = path.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:  # The last line was cut off.
        path.write_text(whole, encoding="utf-8")
    first, *rest = map(json.loads, whole.splitlines())
    if first.get("settings") != settings:
        raise ValueError(f"{path} holds results of other settings: {first.get('settings')}")
    return {(one["search"], one["name"]): Result(**one) for one in rest}


async def compare(
    arguments: argparse.Namespace,
    statements: Sequence[Statement],
    results: dict[tuple[str, str], Result],
    keep: Callable[[Result], None],
) -> None:
    """Run what is missing, one search after the other."""
    limits = Limits(seconds=CHECK_SECONDS)
    for name in arguments.searches:
        missing = [one for one in statements if (name, one.name) not in results]
        settings = Settings(
            rule=SEARCHES[name],
            budget=Budget(samples=arguments.samples),
            seed=arguments.seed,
            workers=arguments.workers,
        )
        done = 0

        def finished(
            index: int, attempt: Attempt, search: str = name, todo: list[Statement] = missing
        ) -> None:
            nonlocal done
            statistics = attempt.statistics
            samples = statistics.samples if statistics else 0
            keep(
                Result(
                    name=todo[index].name,
                    search=search,
                    proved_at=samples if attempt.proof else None,
                    samples=samples,
                    proof=attempt.proof.text if attempt.proof else None,
                    error=attempt.error,
                    seconds=round(statistics.seconds, 3) if statistics else 0.0,
                )
            )
            done += 1
            print(f"\r{search}: {done}/{len(todo)} ", end="", file=sys.stderr, flush=True)

        async with (
            open_policy(arguments.policy) as policy,
            CheckPool(find_toolchain(), workers=arguments.workers, limits=limits) as pool,
            Driver.open(policy, pool, settings) as driver,
        ):
            await driver.prove_all([one.theorem for one in missing], [None] * len(missing), finished)
        print(file=sys.stderr)


def load(bench: Path, limit: int | None) -> list[Statement]:
    """The statements, or a sample of them that is the same each time."""
    fields = {}
    for line in bench.read_text(encoding="utf-8").splitlines():
        if line.strip():
            record = json.loads(line)
            fields[record.get("name")] = record
    found = []
    for record in read_records(bench):
        given = fields.get(record.name, {})
        groups = tuple(f"{key} {given[key]}" for key in ("tier", "domain") if key in given)
        found.append(Statement(record.theorem, record.name, groups))
    if limit is not None and limit < len(found):
        found = sorted(random.Random(0).sample(found, limit), key=lambda one: one.name)
    return found


def main() -> int:
    """Measure, print, write; 2 without the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bench", type=Path)
    parser.add_argument("--policy", default="tactics")
    parser.add_argument("--samples", type=int, default=512)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=int, default=None, help="a random sample of so many statements")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--searches", nargs="+", choices=SEARCHES, default=["rmaxts", "sampling", "best-first"]
    )
    parser.add_argument("--baseline", choices=SEARCHES, default="sampling", help="what is subtracted")
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks/search_compare.jsonl"))
    arguments = parser.parse_args()
    if not arguments.bench.is_file():
        print(f"{arguments.bench} does not exist: name the file of statements", file=sys.stderr)
        return 2
    statements = load(arguments.bench, arguments.limit)
    toolchain = find_toolchain().describe()
    settings = {
        "policy": arguments.policy,
        "samples": arguments.samples,
        "seed": arguments.seed,
        "toolchain": toolchain,
    }
    try:
        results = read_results(arguments.out, settings)
    except ValueError as error:
        print(f"{error}; name another --out", file=sys.stderr)
        return 2
    with arguments.out.open("a", encoding="utf-8") as file:

        def keep(result: Result) -> None:
            results[result.search, result.name] = result
            file.write(json.dumps(asdict(result), ensure_ascii=False) + "\n")
            file.flush()

        asyncio.run(compare(arguments, statements, results, keep))
    figures: dict[str, Any] = {"settings": settings, "statements": len(statements)}
    for budget in sorted({*(b for b in BUDGETS if b < arguments.samples), arguments.samples}):
        text, figures[f"at {budget}"] = table(
            results, statements, arguments.searches, budget, arguments.baseline
        )
        print(f"\n**{budget} samples**, {arguments.policy}, {toolchain}, seed {arguments.seed}\n\n{text}")
    bad = sorted({result.name for result in results.values() if result.error})
    if bad:
        print(f"\nleft out, for an error: {', '.join(bad)}")
    summary = arguments.out.with_suffix(".summary.json")
    summary.write_text(json.dumps(figures | {"left_out": bad}, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
