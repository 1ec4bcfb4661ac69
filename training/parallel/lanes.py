"""Side by side on one GPU: what one stage exchanges runs under what another computes.

Each stage that is here has a stream of its own, its lane, for all of its work: autograd runs a backward pass
on the stream of the forward pass. Where a schedule pairs a forward at one stage with a backward at another,
two threads issue them: either may have to wait for the sizes of its messages, and the other goes on. Without
a GPU there are the threads, and no streams.

If one of the two fails, the other may wait for ever for processes that wait for this one. So nobody waits for
it: the caller hears of the failure at once, and the thread that is left does not keep the process alive.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Thread
from typing import NamedTuple
from weakref import finalize

import torch
from torch import Tensor


class _Task(NamedTuple):
    work: Callable[[], None]
    ended: SimpleQueue[BaseException | None]
    """Is told what the work has raised, or None."""


class Lanes:
    """The lanes of one place of a pipeline."""

    def __init__(self, stages: Collection[int], device: torch.device) -> None:
        self._gpu = device.type == "cuda"
        self._streams: dict[int, torch.cuda.Stream] = {}
        if self._gpu:
            self._streams = {stage: torch.cuda.Stream(device) for stage in stages}  # type: ignore[no-untyped-call]
        self._tasks: list[SimpleQueue[_Task | None]] = [SimpleQueue(), SimpleQueue()]
        for tasks in self._tasks:
            Thread(target=_issue, args=(tasks, device), name="lane", daemon=True).start()
            finalize(self, tasks.put, None)

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
        """Do two pieces of work at the same time. What either of them raises is raised here, at once."""
        ended: SimpleQueue[BaseException | None] = SimpleQueue()
        for tasks, work in zip(self._tasks, (one, other), strict=True):
            tasks.put(_Task(work, ended))
        for _ in self._tasks:
            if (error := ended.get()) is not None:
                raise error


def _issue(tasks: SimpleQueue[_Task | None], device: torch.device) -> None:
    """A thread's work, until there is no more to come."""
    if device.type == "cuda":
        torch.cuda.set_device(device)
    while (task := tasks.get()) is not None:
        try:
            task.work()
        except BaseException as error:  # The caller raises it.
            task.ended.put(error)
        else:
            task.ended.put(None)
        del task  # What it holds is not kept until the next one.


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
