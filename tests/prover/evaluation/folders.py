"""Makes run folders, from a description of what became of each problem."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from prover.evaluation.records import ProblemLine, Result, RunSettings

SETTINGS = RunSettings(
    benchmark="toys",
    benchmark_sha256="0" * 64,
    split="",
    limit=None,
    policy="tactics",
    policy_version="1",
    search="sampling",
    rule={},
    sampling={"temperature": 1.0},
    samples=64,
    seconds=None,
    tokens=None,
    repeats=1,
    seed=0,
    stop_early=False,
    check_seconds=60.0,
    toolchain="Lean 4.35.0, embedded",
    header="none",
)


def problem(index: int, **fields: Any) -> ProblemLine:
    name = fields.pop("name", f"toy_{index}")
    statement = fields.pop("statement", f"theorem {name} : {index} = {index} := by")
    return ProblemLine(index=index, name=name, statement=statement, header="", **fields)


def result(
    of: ProblemLine, verdict: str = "PROVED", repeat: int = 0, samples: int = 1, **fields: Any
) -> Result:
    mix = {"FAILED": samples} if verdict != "PROVED" else {"FAILED": samples - 1, "PROVED": 1}
    usual: dict[str, Any] = {
        "seconds": 0.5 * samples,
        "tokens": 12 * samples,
        "lean_seconds": 0.25 * samples,
        "policy_seconds": 0.125 * samples,
        "verdicts": {name: count for name, count in mix.items() if count},
        "proof": "  rfl" if verdict == "PROVED" else "",
        "finished": "2026-01-01T00:00:00Z",
    }
    return Result(of.index, of.name, repeat, verdict, samples, **(usual | fields))


def write(
    folder: Path,
    problems: Sequence[ProblemLine],
    results: Sequence[Result],
    settings: RunSettings = SETTINGS,
) -> Path:
    """A run folder; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(json.dumps(asdict(settings)) + "\n")
    for name, values in (("problems", problems), ("results", results)):
        lines = (json.dumps(asdict(value), ensure_ascii=False) + "\n" for value in values)
        (folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
    return folder


def first_proofs(
    rates: Sequence[float], settings: RunSettings, dice: random.Random
) -> list[list[int | None]]:
    """For each problem and repeat the sample that proves it, if one of the budget's does."""
    assert settings.samples is not None
    budget = range(1, settings.samples + 1)
    return [
        [next((i for i in budget if dice.random() < rate), None) for _ in range(settings.repeats)]
        for rate in rates
    ]


def simulate(
    rates: Sequence[float],
    settings: RunSettings = SETTINGS,
    seed: int = 0,
    groups: Mapping[str, Sequence[str]] | None = None,
) -> tuple[list[ProblemLine], list[Result]]:
    """A run whose samples prove problem i independently with the chance `rates[i]`.

    With `stop_early` the repeats take place one after the other, and those behind a proof are given up.
    """
    dice = random.Random(seed)
    assert settings.samples is not None
    problems = [
        problem(index, **{name: values[index % len(values)] for name, values in (groups or {}).items()})
        for index in range(len(rates))
    ]
    results = []
    for one, ends in zip(problems, first_proofs(rates, settings, dice), strict=True):
        stopped = False
        for repeat, end in enumerate(ends):
            if stopped:
                results.append(result(one, "STOPPED", repeat, 0))
            elif end is None:
                results.append(result(one, "FAILED", repeat, settings.samples))
            else:
                results.append(result(one, "PROVED", repeat, end))
                stopped = settings.stop_early
    return problems, results


def settings(**changes: Any) -> RunSettings:
    return replace(SETTINGS, **changes)
