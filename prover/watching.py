"""What `prover prove` shows: one line a running search, the proofs as they come, and the sum."""

from __future__ import annotations

import os
import sys
from time import monotonic
from types import TracebackType
from typing import Self, TextIO

from lean_env.errors import SourceError
from lean_env.values import Theorem
from prover.attempt import Attempt
from prover.complete import indented
from search import Budget, Statistics

LINES = 8
"""Searches shown at the same time; more of them would not fit."""
REDRAW_SECONDS = 0.1
"""At most so often; searches change hundreds of times a second."""


def say(text: str, out: TextIO | None = None) -> None:
    """Print to standard output, or to what it was once. Raises `SourceError` if it takes nothing any more."""
    out = out or sys.stdout
    try:
        print(text, file=out, flush=True)
    except OSError as error:
        # What is left in the buffer would be complained about once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
        raise SourceError(f"standard output cannot be written: {error.strerror}") from None


class Display:
    """Live progress on standard error if that is a terminal; results on standard output unless `silent`."""

    def __init__(self, total: int, budget: Budget, silent: bool) -> None:
        from rich.console import Console
        from rich.live import Live

        self._total = total
        self._budget = budget
        self._silent = silent
        self._running: dict[str, tuple[Theorem, Statistics]] = {}
        self._proved = 0
        self._drawn = 0.0
        self._out = Console(highlight=False, soft_wrap=True)
        console = Console(stderr=True)
        # Redirection would send what is for standard output to the terminal, wherever it should go.
        self._live = (
            Live(
                console=console,
                transient=True,
                auto_refresh=False,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            if console.is_terminal
            else None
        )

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def changed(self, theorem: Theorem, statistics: Statistics) -> None:
        """A search has gone on."""
        self._running[theorem.digest] = theorem, statistics
        if self._live is not None and monotonic() - self._drawn >= REDRAW_SECONDS:
            self._draw()

    def say(self, text: str) -> None:
        """Print to standard output, above the progress. Raises `SourceError` if it takes nothing any more."""
        if self._live is not None:
            self._live.stop()
        try:
            say(text)
        finally:
            if self._live is not None:
                self._live.start()
                self._draw()

    def finished(self, name: str, attempt: Attempt) -> None:
        """A search has ended."""
        self._running.pop(attempt.theorem.digest, None)
        self._proved += attempt.proof is not None
        if not self._silent:
            self.say(self._told(name, attempt))

    def summary(self, toolchain: str) -> None:
        """The sum, for people."""
        if not self._silent and self._total:
            print(f"{self._proved} of {self._total} proved, {toolchain}", file=sys.stderr)

    def _told(self, name: str, attempt: Attempt) -> str:
        """An outcome, in colour where standard output is a terminal."""
        from rich.text import Text

        proof, statistics = attempt.proof, attempt.statistics
        spent = f"{statistics.samples} samples, {statistics.seconds:.1f} s" if statistics else ""
        if proof is not None:
            line = Text.assemble(("✓ ", "green"), name, (f" — {spent}", "dim"))
        elif attempt.error:
            line = Text.assemble(("✗ ", "red"), f"{name} — {attempt.error}")
        else:
            assert statistics is not None
            best = "; ".join(line.strip() for line in statistics.best_prefix.strip().split("\n"))
            far = f"; got as far as: {best}" if best else ""
            line = Text.assemble(("✗ ", "red"), f"{name} — no proof within {spent}{far}")
        with self._out.capture() as capture:
            self._out.print(line, end="")
        return capture.get() + (f"\n{indented(proof.text, 4)}" if proof is not None else "")

    def _draw(self) -> None:
        assert self._live is not None
        from rich.text import Text

        self._drawn = monotonic()
        shown = list(self._running.values())[:LINES]
        lines = [self._line(theorem.name, statistics) for theorem, statistics in shown]
        if len(self._running) > LINES:
            lines.append(f"… and {len(self._running) - LINES} more")
        self._live.update(Text("\n".join(lines), no_wrap=True, overflow="ellipsis"), refresh=True)

    def _line(self, name: str, statistics: Statistics) -> str:
        budget = self._budget
        samples = f"{statistics.samples}/{budget.samples}" if budget.samples else f"{statistics.samples}"
        left = ""
        if budget.seconds is not None:
            left = f", {max(0.0, budget.seconds - statistics.seconds):.0f} s left"
        best = statistics.best_prefix.strip().split("\n")[-1].strip()
        return f"{name}: {samples} samples, {statistics.nodes} nodes, depth {statistics.depth}{left}  {best}"
