"""The error that ends a training run: one line for a person, which says what to do."""

from __future__ import annotations


class TrainError(Exception):
    """A run that cannot start or go on; the command line prints its one line and exits with 2.

    Of several processes one speaks for all, unless something has happened to one `alone`.
    """

    def __init__(self, text: str, *, alone: bool = False) -> None:
        super().__init__(text)
        self.alone = alone
