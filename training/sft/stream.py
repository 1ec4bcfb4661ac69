"""An endless stream of rows, epoch after epoch, that can be taken up again anywhere.

The next epoch is rendered and packed by a process of its own while the current one is learnt from, so that
a fast device does not wait for it.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import Future, ProcessPoolExecutor
from types import TracebackType
from typing import NamedTuple, Self

from training.sft.dataset import Dataset
from training.sft.errors import TrainError
from training.sft.packing import Rows, concatenate


class Position(NamedTuple):
    """Where in the stream the next row is taken."""

    epoch: int
    row: int


START = Position(0, 0)


class RowStream:
    """Rows in order; a context manager, because of its process."""

    def __init__(self, dataset: Dataset, position: Position = START) -> None:
        self.position = position
        self.too_long = 0
        """Examples of the current epoch that fit no row."""
        self._dataset = dataset
        self._worker: ProcessPoolExecutor | None = None
        self._next: Future[tuple[Rows, int]] | None = None
        self._rows = self._made(*dataset.epoch(position.epoch))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._worker is not None:
            self._worker.shutdown(wait=False, cancel_futures=True)

    @property
    def epoch_rows(self) -> int:
        """Rows of the current epoch; others have about as many."""
        return len(self._rows)

    def take(self, count: int) -> Rows:
        """The next `count` rows."""
        parts: list[Rows] = []
        while count:
            epoch, row = self.position
            if row == len(self._rows):
                self._rows = self._made(*self._following(epoch + 1))
                self.position = Position(epoch + 1, 0)
                continue
            part = self._rows[row : row + count]
            parts.append(part)
            count -= len(part)
            self.position = Position(epoch, row + len(part))
        return parts[0] if len(parts) == 1 else concatenate(parts)

    def _following(self, epoch: int) -> tuple[Rows, int]:
        """The rows of an epoch; a process starts on the one behind it."""
        if self._worker is None:
            # A forked process would inherit threads and a GPU that it must not touch.
            self._worker = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
        rows = self._next.result() if self._next is not None else self._dataset.epoch(epoch)
        self._next = self._worker.submit(self._dataset.epoch, epoch + 1)
        return rows

    def _made(self, rows: Rows, too_long: int) -> Rows:
        if not len(rows):
            length = self._dataset.config.length
            raise TrainError(f"no example of the corpus fits data.length = {length}; raise it")
        self.too_long = too_long
        return rows
