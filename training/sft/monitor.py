"""What a run says while it goes on: a progress line, TensorBoard, and the same figures as JSON lines.

`metrics.jsonl` is what a model card quotes, so it holds each step once: a resumed run drops what the
interrupted one wrote behind its checkpoint.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from training.files import METRICS, read_lines, replace_text


class Monitor:
    """Shows and keeps the figures of a run; a context manager. All ranks have one, and one of them speaks."""

    def __init__(self, out: Path, steps: int, done: int, *, silent: bool) -> None:
        self._steps, self._first, self._silent = steps, done, silent
        if silent:
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
        from torch.utils.tensorboard import SummaryWriter

        console = Console(stderr=True)
        columns = (
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            TimeRemainingColumn(elapsed_when_finished=True),
        )
        self._bar = Progress(*columns, console=console, disable=not console.is_terminal)
        self._task = self._bar.add_task("", total=steps, completed=done)
        self._board = SummaryWriter(str(out / "tensorboard"), purge_step=done + 1)
        path = out / METRICS
        kept = [line for line, fields in read_lines(path) if fields.get("step", 0) <= done]
        replace_text(path, "".join(kept))
        self._file = path.open("a", encoding="utf-8")
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        if not self._silent:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._silent:
            self._bar.stop()
            self._file.close()
            self._board.close()

    def record(self, step: int, figures: Mapping[str, float]) -> None:
        """Keep the figures of a step."""
        if self._silent:
            return
        for name, value in figures.items():
            self._board.add_scalar(name, value, step)
        self._file.write(json.dumps({"step": step, **figures}) + "\n")
        self._file.flush()

    def show(self, step: int, words: str) -> None:
        """Say in one line how the training goes."""
        if self._silent:
            return
        self._bar.update(self._task, completed=step, description=words)
        if self._bar.disable:
            each = (time.monotonic() - self._began) / max(1, step - self._first)
            left = _duration(each * (self._steps - step))
            print(f"step {step}/{self._steps}  {words}  {left} left", file=sys.stderr)

    def say(self, text: str) -> None:
        """A line that stays."""
        if self._silent:
            return
        if self._bar.disable:
            print(text, file=sys.stderr)
        else:
            self._bar.console.print(text, highlight=False, markup=False, soft_wrap=True)


def short(number: float) -> str:
    """A number of tokens as a person reads it."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.1f}{unit}"
    return f"{number:.0f}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
