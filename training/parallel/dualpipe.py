"""DualPipe and DualPipeV: micro-batches enter at both ends, so that a forward and a backward always meet.

DualPipe (arXiv 2412.19437, section 3.2.1 and figure 5) has two copies of each stage: rank r of P has stage r
for micro-batches that go down the ranks, and stage P - 1 - r for those that go up. DualPipeV folds one
pipeline of 2 P stages at its middle instead, so each weight is there once. Seen from a rank both are the
same: it is near the beginning with one of its stages, and near the end with the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import count

from training.parallel.schedule import Action, Part, Schedule, Work

Name = Callable[[bool, int], tuple[int, int]]
"""From which of a rank's two stages it is (the late one?), and the number of a micro-batch among those that
pass there, to stage and micro-batch."""


def dualpipe(ranks: int, batches: int) -> Schedule:
    """DualPipe over `ranks` ranks. Raises `ValueError` unless both numbers are even, and `batches` at least
    2 `ranks`."""
    if ranks < 2 or ranks % 2:
        raise ValueError(f"DualPipe needs an even number of ranks, not {ranks}: each meets its mirror image")
    if batches % 2:
        raise ValueError(f"DualPipe needs an even number of micro-batches, not {batches}: half go each way")
    if batches < 2 * ranks:
        raise ValueError(f"DualPipe over {ranks} ranks needs {2 * ranks} micro-batches, not {batches}")
    half = batches // 2

    def name(depth: int, mirrored: bool) -> Name:
        def named(late: bool, number: int) -> tuple[int, int]:
            down = late == mirrored
            return (ranks - 1 - depth if late else depth), (number if down else half + number)

        return named

    depths = [min(rank, ranks - 1 - rank) for rank in range(ranks)]
    programs = [
        _program(depth, ranks // 2, half, name(depth, rank != depth)) for rank, depth in enumerate(depths)
    ]
    return Schedule("DualPipe", ranks, batches, tuple(programs))


def dualpipev(ranks: int, batches: int) -> Schedule:
    """DualPipeV over `ranks` ranks with two stages each. Raises `ValueError` for fewer than 2 `ranks`
    micro-batches."""
    if ranks < 1:
        raise ValueError(f"DualPipeV needs a rank, not {ranks}")
    if batches < 2 * ranks:
        raise ValueError(f"DualPipeV over {ranks} ranks needs {2 * ranks} micro-batches, not {batches}")

    def name(rank: int) -> Name:
        return lambda late, number: ((2 * ranks - 1 - rank if late else rank), number)

    programs = [_program(rank, ranks, batches, name(rank)) for rank in range(ranks)]
    return Schedule("DualPipeV", 2 * ranks, batches, tuple(programs))


def _program(depth: int, middle: int, batches: int, name: Name) -> tuple[Action, ...]:
    """What a rank does that is `depth` ranks away from where its early stage's stream begins, and `middle` -
    1 - `depth` from where both streams meet; `batches` pass it each way."""
    forwards, backwards = (count(), count()), (count(), count())
    unpaid: deque[tuple[int, int]] = deque()
    actions: list[Action] = []

    def forward(late: bool) -> Work:
        return Work(Part.FORWARD, *name(late, next(forwards[late])))

    def backward(late: bool) -> Work:
        return Work(Part.BACKWARD, *name(late, next(backwards[late])))

    def inputs(late: bool) -> Work:
        work = Work(Part.INPUT, *name(late, next(backwards[late])))
        unpaid.append((work.stage, work.batch))
        return work

    def weights() -> Work:
        return Work(Part.WEIGHT, *unpaid.popleft())

    inner = middle - 1 - depth
    early, late = False, True
    # 1: the early stage fills the ranks up to the middle and back.
    actions += [(forward(early),) for _ in range(2 * inner)]
    # 2: what comes from the other side arrives.
    for _ in range(depth + 1):
        actions += [(forward(early),), (forward(late),)]
    # 3: the first backwards; nothing can be paired yet, so their weights fill the gaps.
    for _ in range(inner):
        actions += [(inputs(late),), (weights(),), (forward(late),)]
    # 4: the long part, in which everything is paired.
    for turn in range(batches - 2 * middle + depth + 1):
        if turn == 0 and inner == 0:
            # In the middle this backward is of the micro-batch whose forward was just done.
            actions += [(forward(early),), (backward(late),)]
        else:
            actions.append((forward(early), backward(late)))
        actions.append((forward(late), backward(early)))
    # 5: no new micro-batches at the early stage.
    for _ in range(inner):
        actions += [(backward(late),), (forward(late), backward(early))]
    # 6: backwards only; the weights of the second half are put off.
    for turn in range(2 * (depth + 1)):
        actions.append((inputs(turn % 2 == 0) if turn > depth else backward(turn % 2 == 0),))
    # 7: they fill the gaps in which the last backwards are waited for.
    for _ in range(inner):
        actions += [(weights(),), (inputs(early),)]
    # 8: what is left.
    actions += [(weights(),) for _ in range(depth + 1)]
    return tuple(actions)
