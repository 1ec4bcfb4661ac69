"""Side by side on one GPU: what one stage exchanges runs under what another computes.

Each stage that is here has a stream of its own, its lane, for all of its work: autograd runs a backward pass
on the stream of the forward pass. Where a schedule pairs a forward at one stage with a backward at another,
two threads issue them: either may have to wait for the sizes of its messages, and the other goes on. Without
a GPU there are the threads, and no streams.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import torch
from torch import Tensor


class Lanes:
    """The lanes of one place of a pipeline."""

    def __init__(self, stages: Collection[int], device: torch.device) -> None:
        self._gpu = device.type == "cuda"
        self._streams: dict[int, torch.cuda.Stream] = {}
        if self._gpu:
            self._streams = {stage: torch.cuda.Stream(device) for stage in stages}  # type: ignore[no-untyped-call]
        start = (lambda: torch.cuda.set_device(device)) if self._gpu else None
        self._second = ThreadPoolExecutor(1, "lane", initializer=start)

    @contextmanager
    def open(self) -> Iterator[None]:
        """What is done in lanes inside begins behind what was done before, and ends before what follows."""
        for stream in self._streams.values():
            stream.wait_stream(torch.cuda.current_stream())
        yield
        for stream in self._streams.values():
            torch.cuda.current_stream().wait_stream(stream)

    @contextmanager
    def of(self, stage: int) -> Iterator[None]:
        """Work of a stage."""
        if not self._gpu:
            yield
            return
        with torch.cuda.stream(self._streams[stage]):
            yield

    def both(self, one: Callable[[], None], other: Callable[[], None]) -> None:
        """Do two pieces of work at the same time."""
        under_way = self._second.submit(other)
        one()
        under_way.result()


class Handed:
    """A tensor that goes from one lane to another on the same GPU."""

    def __init__(self, x: Tensor) -> None:
        self._x = x
        self._made = torch.cuda.current_stream().record_event() if x.is_cuda else None

    def take(self) -> Tensor:
        """The tensor, behind its making."""
        if self._made is not None:
            self._made.wait()
            self._x.record_stream(torch.cuda.current_stream())
        return self._x
