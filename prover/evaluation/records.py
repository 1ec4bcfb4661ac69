"""What a run folder holds: the values, and their lines of JSON.

    run.json         what is measured: a `RunSettings`; a folder is resumed with the same one only
    problems.jsonl   the problems in order, a `ProblemLine` each, so that a report needs no benchmark file
    results.jsonl    a `Result` for every problem and repeat that has ended, in the order in which they ended
    traces/          for each problem and repeat the search's trace: every sample with its verdict, proof,
                     seconds and tokens (`search.trace`); `Result.trace` names the file

All are UTF-8, and the `.jsonl` files are only ever appended to. A line that has no line end was cut off by
a crash and does not count. A problem and repeat have one line, unless it is a `FAULT`: running the same
command again tries those again, and the last line counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FORMAT = 1
"""Of a run folder; a reader refuses others."""

MAX_REPEATS = 10_000
"""What a report does takes time and memory for each repeat of each problem, whether or not it has ended."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """All that changes a figure of a run, and where it came from."""

    benchmark: str
    """`Benchmark.name`."""
    benchmark_sha256: str
    split: str
    """The split that was chosen; empty for all."""
    limit: int | None
    """The first so many problems of the split; None for all."""
    policy: str
    """As the user named it."""
    policy_version: str
    search: str
    """`rmaxts`, `best-first`, `sampling` or `self-correction`."""
    rule: Mapping[str, Any]
    """The search rule's fields."""
    sampling: Mapping[str, Any]
    """`Sampling`'s fields, but for the seed."""
    samples: int | None
    """At most so many for each problem and repeat; None for no limit. So are `seconds` and `tokens`."""
    seconds: float | None
    tokens: int | None
    repeats: int
    """Independent searches a problem; repeat r has the seed `seed + r`."""
    seed: int
    stop_early: bool
    """Whether a problem's other repeats are given up when one has proved it."""
    check_seconds: float
    """The limit for one check of Lean's."""
    toolchain: str
    header: str
    """What stands before statements instead of, or in addition to, their own header; `none` for their own."""
    rollouts: int = 1
    """Of one search, under way at a time. With 1, what a search does depends on its seed alone, for a policy
    that answers each prompt by itself, whatever the number of workers."""
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class ProblemLine:
    """A problem, and whether it is attempted."""

    index: int
    """From 0, in the benchmark's order; `Result.problem` refers to it."""
    name: str
    statement: str
    header: str
    split: str = ""
    domain: str = ""
    tier: str = ""
    source: str = ""
    skipped: str = ""
    """Why it is not attempted (such as: needs Mathlib, which is not there); empty if it is. A skipped problem
    is counted and listed, and has no results."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one problem in one repeat."""

    problem: int
    name: str
    repeat: int
    verdict: str
    """`PROVED`: the strict audit accepted `proof`. `FAILED`: the budget was spent. `FAULT`: our side failed
    too often; it counts neither as proved nor as failed. `STOPPED`: given up since another repeat proved it;
    its samples up to then are in the trace, and it says nothing about the repeat's own outcome."""
    samples: int
    """Rollouts that count, the one that proved it included."""
    seconds: float
    """Of wall-clock time of the search."""
    tokens: int
    lean_seconds: float
    """Sum over checks; several run at a time."""
    policy_seconds: float
    """Sum over samples of the time of the policy's call, divided by the prompts that it answered; a server
    may be called several times at a time."""
    verdicts: Mapping[str, int] = field(default_factory=dict)
    """How many rollouts ended with each verdict; faults are counted in `faults` alone."""
    faults: int = 0
    proof: str = ""
    axioms: tuple[str, ...] = ()
    certificate: Mapping[str, Any] | None = None
    error: str = ""
    """For `FAULT`, one line that says what happened."""
    trace: str = ""
    """The trace's path inside of the folder."""
    finished: str = ""
    """When, ISO 8601 in UTC."""
    corrections: int = 0
    """Those of `samples` that were to correct an earlier proof."""
    proof_round: int = 0
    """How many proofs `proof` corrects in turn; 0 for a fresh one, and where there is none."""
