"""The error that ends a training run: one line for a person, which says what to do."""

from __future__ import annotations


class TrainError(Exception):
    """A run that cannot start or go on; the command line prints its one line and exits with 2."""
