"""Two pieces of work at once, one of which may fail."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest
import torch

from training.parallel.lanes import Lanes

CPU = torch.device("cpu")


def nothing() -> None:
    pass


@pytest.mark.parametrize("second", [False, True])
def test_what_one_raises_reaches_the_caller_as_itself_while_the_other_waits(second: bool) -> None:
    lanes, never = Lanes([0, 1], CPU), threading.Event()
    error = ValueError("what has happened")

    def fail() -> None:
        raise error

    def wait() -> None:
        never.wait()

    pair: tuple[Callable[[], None], ...] = (wait, fail) if second else (fail, wait)
    began = time.monotonic()
    with pytest.raises(ValueError, match="what has happened") as raised:
        lanes.both(*pair)
    assert raised.value is error
    assert time.monotonic() - began < 5
    never.set()
    lanes.both(nothing, nothing)


def test_both_are_under_way_together_and_threads_end_with_their_lanes() -> None:
    before = set(threading.enumerate())
    lanes = Lanes([0, 1], CPU)
    meeting = threading.Barrier(2, timeout=20)

    def meet() -> None:
        meeting.wait()

    lanes.both(meet, meet)
    mine = set(threading.enumerate()) - before
    assert len(mine) == 2
    del lanes
    until = time.monotonic() + 20
    while any(thread.is_alive() for thread in mine) and time.monotonic() < until:
        time.sleep(0.01)
    assert not any(thread.is_alive() for thread in mine)


def test_a_lane_that_waits_for_ever_does_not_keep_the_process() -> None:
    program = """
import threading, torch
from training.parallel.lanes import Lanes
def fail():
    raise ValueError("what has happened")
Lanes([0, 1], torch.device("cpu")).both(threading.Event().wait, fail)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == "ValueError: what has happened"
