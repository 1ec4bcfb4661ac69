"""What `prover eval` shows: a bar on standard error, and a line for each result on standard output."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from lean_env.values import one_line
from prover.evaluation.reading import Run
from prover.evaluation.records import ProblemLine, Result, RunSettings
from prover.watching import say

MARKS = {"PROVED": ("✓", "green"), "FAILED": ("✗", "red"), "FAULT": ("!", "yellow"), "STOPPED": ("–", "dim")}


class Display:
    """Tells of a run while it goes on: for people, or a JSON object for each problem and repeat."""

    def __init__(self, as_json: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._as_json = as_json
        self._out = Console(highlight=False, soft_wrap=True)
        self._stdout = sys.stdout  # What else is printed while a cluster is used goes elsewhere.
        console = Console(stderr=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        # Redirection would send what is for standard output to the terminal, wherever it should go.
        self._bar = (
            Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)
            if console.is_terminal
            else None
        )
        self._task = self._bar.add_task("", total=None) if self._bar else None
        self._run: Run | None = None
        self._verdicts: Counter[str] = Counter()
        self._proved: set[int] = set()

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def step(self, what: str, done: int, total: int | None) -> None:
        """How far a step is."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=what, completed=done, total=total)

    def begin(self, run: Run) -> None:
        """Tell of what is skipped, and of what is in the folder already."""
        self._run = run
        for problem in run.problems:
            if problem.skipped:
                self._say(self._skipped(problem))
        for result in run.results:
            if result.verdict != "FAULT":  # Those are tried again.
                self.ended(result)

    def ended(self, result: Result) -> None:
        """Tell of a result."""
        assert self._run is not None
        self._verdicts[result.verdict] += 1
        if result.verdict == "PROVED":
            self._proved.add(result.problem)
        attempted = sum(not problem.skipped for problem in self._run.problems)
        self.step(
            f"{len(self._proved)} proved",
            self._verdicts.total(),
            attempted * self._run.settings.repeats,
        )
        self._say(self._json(result) if self._as_json else self._line(result))

    def summary(self, run: Run) -> None:
        """The sum, for people."""
        if self._as_json:
            return
        attempted = sum(not problem.skipped for problem in run.problems)
        parts = [f"{len(self._proved)} of {attempted} proved"]
        if skipped := len(run.problems) - attempted:
            parts.append(f"{skipped} skipped")
        if faults := self._verdicts["FAULT"]:
            parts.append(f"{faults} ended in faults of ours (the same command tries them again)")
        print(f"{', '.join(parts)}; {run.settings.toolchain}; in {run.path}", file=sys.stderr)

    @property
    def faults(self) -> int:
        """How many repeats ended in a fault."""
        return self._verdicts["FAULT"]

    def _say(self, text: str) -> None:
        if self._bar is not None:
            self._bar.stop()
        try:
            say(text, self._stdout)
        finally:
            if self._bar is not None:
                self._bar.start()

    def _line(self, result: Result) -> str:
        from rich.text import Text

        assert self._run is not None
        mark, colour = MARKS[result.verdict]
        repeat = f" [{result.repeat}]" if self._run.settings.repeats > 1 else ""
        told = f"{result.samples} samples, {result.seconds:.1f} s"
        if result.verdict == "FAULT":
            told = result.error
        if result.verdict == "STOPPED":
            told = "not begun: proved already"
        return self._coloured(
            Text.assemble((f"{mark} ", colour), f"{one_line(result.name)}{repeat}", (f" — {told}", "dim"))
        )

    def _skipped(self, problem: ProblemLine) -> str:
        if self._as_json:
            assert self._run is not None
            return _dump(_fields(problem.name, "SKIPPED", problem.skipped, self._run.settings))
        from rich.text import Text

        return self._coloured(
            Text.assemble(("– ", "dim"), one_line(problem.name), (f" — skipped: {problem.skipped}", "dim"))
        )

    def _coloured(self, text: Any) -> str:
        with self._out.capture() as capture:
            self._out.print(text, end="")
        return capture.get()

    def _json(self, result: Result) -> str:
        assert self._run is not None
        settings = self._run.settings
        given = _fields(result.name, result.verdict, result.error, settings)
        return _dump(
            given
            | {
                "proof": result.proof or None,
                "axioms": result.axioms if result.proof else None,
                "samples": result.samples,
                "seconds": result.seconds,
                "tokens": result.tokens,
                "seed": settings.seed + result.repeat,
                "repeat": result.repeat,
                "faults": result.faults,
                "corrections": result.corrections,
                "round": result.proof_round if result.proof else None,
                "verdicts": dict(result.verdicts),
                "trace": result.trace or None,
            }
        )


def _fields(name: str, verdict: str, reason: str, settings: RunSettings) -> dict[str, Any]:
    """What is told of every problem (`cli.md`'s fields)."""
    return {
        "name": name,
        "verdict": verdict,
        "reason": reason,
        "proof": None,
        "axioms": None,
        "samples": 0,
        "seconds": 0.0,
        "search": settings.search,
        "policy": settings.policy,
        "toolchain": settings.toolchain,
        "seed": settings.seed,
    }


def _dump(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False)


def bad_lines(path: object, lines: Sequence[Any]) -> None:
    """Say on standard error which lines of a benchmark could not be used."""
    for line in lines:
        print(f"prover: {path}, line {line.line}: {line.reason}; left out", file=sys.stderr)
