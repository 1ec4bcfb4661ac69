"""All schedules by the names that they have in the papers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from training.parallel.dualpipe import dualpipe, dualpipev
from training.parallel.pipelines import chimera, one_forward_one_backward, zb1p
from training.parallel.schedule import Schedule

SCHEDULES: Mapping[str, Callable[[int, int], Schedule]] = {
    "1F1B": one_forward_one_backward,
    "ZB1P": zb1p,
    "Chimera": chimera,
    "DualPipe": dualpipe,
    "DualPipeV": dualpipev,
}
"""Each makes the schedule of so many ranks and micro-batches, or raises `ValueError`."""
