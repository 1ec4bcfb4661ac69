"""Ctrl-C during training: what is under way is finished first."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from training.sft.world import World


@contextmanager
def patience(world: World) -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed: the step under way is finished first. Pressed again, it ends at once.

    Of several processes, none can know at which step the others hear of it, so they end at once.
    """
    told: list[int] = []
    if world.size > 1:
        yield lambda: False
        return

    def tell(number: int, frame: object) -> None:
        told.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, tell)
    try:
        yield lambda: bool(told)
    finally:
        signal.signal(signal.SIGINT, before)
