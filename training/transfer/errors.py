"""What goes wrong between a learner and the engine that samples for it."""

from __future__ import annotations


class TransferError(Exception):
    """Weights that did not arrive, or not as they were sent: one line. The engine must not be used on."""
