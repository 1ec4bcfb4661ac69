"""An endless stream of rows, epoch after epoch, that can be taken up again anywhere.

Rendering and packing a large corpus takes longer than a fast device needs to learn it, so then the next
epochs are made by other processes in the meantime. A small corpus is made in passing.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from concurrent.futures import Future, ProcessPoolExecutor
from types import TracebackType
from typing import NamedTuple, Self

from training.errors import TrainError
from training.sft.dataset import Dataset
from training.sft.packing import Rows, concatenate

SLOW_SECONDS = 1.0
"""An epoch that takes longer is made ahead."""
MAX_AHEAD = 8
"""So many epochs at most, each by a process."""


class Position(NamedTuple):
    """Where in the stream the next row is taken."""

    epoch: int
    row: int


START = Position(0, 0)


class RowStream:
    """Rows in order; a context manager, because of its processes."""

    def __init__(self, dataset: Dataset, position: Position = START) -> None:
        self.position = position
        self.too_long = 0
        """Examples of the current epoch that fit no row."""
        self._dataset = dataset
        self._ahead: dict[int, Future[tuple[Rows, int]]] = {}
        self._workers: ProcessPoolExecutor | None = None
        began = time.monotonic()
        self._rows = self._checked(*dataset.epoch(position.epoch))
        if time.monotonic() - began > SLOW_SECONDS:
            count = max(1, min(MAX_AHEAD, (os.cpu_count() or 1) // 2))
            # A forked process would inherit threads, and a GPU that it must not touch.
            context = multiprocessing.get_context("spawn")
            self._workers = ProcessPoolExecutor(count, context, _keep, (dataset,))
            for epoch in range(position.epoch + 1, position.epoch + 1 + count):
                self._ahead[epoch] = self._workers.submit(_epoch, epoch)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._workers is not None:
            self._workers.shutdown(wait=False, cancel_futures=True)

    @property
    def epoch_rows(self) -> int:
        """Rows of the current epoch; others have about as many."""
        return len(self._rows)

    def take(self, count: int) -> Rows:
        """The next `count` rows."""
        parts: list[Rows] = []
        while count:
            epoch, row = self.position
            if row >= len(self._rows):  # More: the position is of a version that packed them otherwise.
                self._rows = self._checked(*self._made(epoch + 1))
                self.position = Position(epoch + 1, 0)
                continue
            part = self._rows[row : row + count]
            parts.append(part)
            count -= len(part)
            self.position = Position(epoch, row + len(part))
        return parts[0] if len(parts) == 1 else concatenate(parts)

    def _made(self, epoch: int) -> tuple[Rows, int]:
        if self._workers is None:
            return self._dataset.epoch(epoch)
        last = max(self._ahead)
        self._ahead[last + 1] = self._workers.submit(_epoch, last + 1)
        return self._ahead.pop(epoch).result()

    def _checked(self, rows: Rows, too_long: int) -> Rows:
        if not len(rows):
            length = self._dataset.config.length
            raise TrainError(f"no example of the corpus fits data.length = {length}; raise it")
        self.too_long = too_long
        return rows


_dataset: Dataset | None = None
"""In a process that makes epochs: what of."""


def _keep(dataset: Dataset) -> None:
    global _dataset
    _dataset = dataset


def _epoch(number: int) -> tuple[Rows, int]:
    assert _dataset is not None, "the process was told what to make epochs of"
    return _dataset.epoch(number)
