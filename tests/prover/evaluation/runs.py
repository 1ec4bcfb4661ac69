"""A small benchmark, `prover eval` on it, and what a run folder holds without its times."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PROBLEMS = {
    "swap": "(p q : Prop) (h : p ∧ q) : q ∧ p",
    "square": "(n : Nat) : n + n = n * n",
    "append": "(xs : List Nat) : xs ++ [] = xs",
    "smaller": "(n : Nat) : n < n",
    "commutes": "(a b : Nat) : a + b = b + a",
    "choice": "(p q : Prop) (h : p ∨ q) : q",
}
TRUE = {"swap", "append", "commutes"}
SAMPLES = 30
REPEATS = 2
TIMES = ("seconds", "check_seconds", "worker", "lean_seconds", "policy_seconds", "finished")


def write_benchmark(path: Path) -> Path:
    """The problems above as a benchmark."""
    lines = (
        json.dumps({"name": name, "statement": f"theorem {name} {rest} := by"}, ensure_ascii=False) + "\n"
        for name, rest in PROBLEMS.items()
    )
    path.write_text("".join(lines), encoding="utf-8")
    return path


def arguments(benchmark: Path, out: Path, *more: str, workers: int = 2) -> list[str]:
    """The command line of a run."""
    return [
        *("eval", str(benchmark), "--json", "--samples", str(SAMPLES), "--repeats", str(REPEATS)),
        *("--policy", "tactics", "--workers", str(workers), "--out", str(out), *more),
    ]


def results(out: Path) -> dict[tuple[str, int], dict[str, Any]]:
    """The results without times, by name and repeat; fails if there are two for a pair."""
    found: dict[tuple[str, int], dict[str, Any]] = {}
    path = out / "results.jsonl"
    for line in path.read_bytes().split(b"\n")[:-1] if path.exists() else []:
        result = without_times(json.loads(line))
        key = result["name"], result["repeat"]
        assert key not in found, f"{key} has two results"
        found[key] = result
    return found


def observations(out: Path) -> dict[str, list[dict[str, Any]]]:
    """The samples in each trace, in order, without times."""
    found = {}
    for path in sorted(out.glob("traces/*.jsonl")):
        events = [without_times(json.loads(line)) for line in path.read_bytes().split(b"\n")[:-1]]
        found[path.name] = [event for event in events if event["event"] == "observation"]
    return found


def without_times(line: dict[str, Any]) -> dict[str, Any]:
    """What the seed decides. Lean does not compile the same text to the same bytes each time."""
    kept = {key: value for key, value in line.items() if key not in TIMES}
    if kept.get("certificate"):
        kept["certificate"] = {**kept["certificate"], "olean_sha256": ""}
    if "sample" in kept:
        kept["sample"] = {key: value for key, value in kept["sample"].items() if key != "seconds"}
    return kept
