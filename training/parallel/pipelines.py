"""The schedules that DualPipe is compared with: 1F1B, ZB1P, and Chimera.

1F1B (arXiv 2006.09503) and ZB1P (ZB-H1 of arXiv 2401.10241) have one stage a rank; Chimera (arXiv 2107.06925)
has two copies of the model, whose pipelines run against each other.
"""

from __future__ import annotations

from training.parallel.schedule import Action, Part, Schedule, Work


def one_forward_one_backward(ranks: int, batches: int) -> Schedule:
    """1F1B: after a warm-up every rank alternates. Raises `ValueError` for fewer micro-batches than ranks."""
    return _alternating("1F1B", ranks, batches, split=False)


def zb1p(ranks: int, batches: int) -> Schedule:
    """ZB1P: 1F1B with backwards in two parts; rank r is r weight gradients behind, and makes up for them
    where 1F1B would wait at the end. No more activations are held than in 1F1B. Raises as 1F1B does."""
    return _alternating("ZB1P", ranks, batches, split=True)


def chimera(ranks: int, batches: int) -> Schedule:
    """Chimera: half of each group of `ranks` micro-batches goes down the ranks, half up.

    If all work took one slot, a stream whose micro-batches follow each other every second slot would use
    the even ones of a rank, and its mirror image the odd ones; that is the order. A group begins where the
    one before has left gaps ("direct concatenation" in the paper). Raises `ValueError` unless `ranks` is
    even and divides `batches`.
    """
    if ranks < 2 or ranks % 2:
        raise ValueError(f"Chimera needs an even number of ranks, not {ranks}")
    if batches < ranks or batches % ranks:
        raise ValueError(
            f"Chimera over {ranks} ranks needs a multiple of {ranks} micro-batches, not {batches}"
        )
    slots: list[dict[int, Action]] = [{} for _ in range(ranks)]
    for batch in range(batches):
        group, number = divmod(batch, ranks)
        up, number = divmod(number, ranks // 2)
        begin = 2 * (group * ranks + number)
        for stage in range(ranks):
            mine = slots[ranks - 1 - stage if up else stage]
            mine[begin + stage] = (Work(Part.FORWARD, stage, batch),)
            mine[begin + 2 * ranks - 1 - stage] = (Work(Part.BACKWARD, stage, batch),)
    programs = tuple(tuple(mine[slot] for slot in sorted(mine)) for mine in slots)
    return Schedule("Chimera", ranks, batches, programs)


def _alternating(name: str, ranks: int, batches: int, *, split: bool) -> Schedule:
    if ranks < 1:
        raise ValueError(f"{name} needs a rank, not {ranks}")
    if batches < ranks:
        raise ValueError(f"{name} over {ranks} ranks needs {ranks} micro-batches, not {batches}")
    programs = []
    for rank in range(ranks):
        ahead = ranks - 1 - rank
        works = [Work(Part.FORWARD, rank, batch) for batch in range(ahead)]
        for batch in range(batches):
            if batch + ahead < batches:
                works.append(Work(Part.FORWARD, rank, batch + ahead))
            works.append(Work(Part.INPUT if split else Part.BACKWARD, rank, batch))
            if split and batch >= rank:
                works.append(Work(Part.WEIGHT, rank, batch - rank))
        if split:
            works += [Work(Part.WEIGHT, rank, batch) for batch in range(batches - rank, batches)]
        programs.append(tuple((work,) for work in works))
    return Schedule(name, ranks, batches, tuple(programs))
