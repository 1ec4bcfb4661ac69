"""Schedules: each is valid, and takes as long as the papers say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.parallel.dualpipe import dualpipe
from training.parallel.pipelines import chimera, one_forward_one_backward
from training.parallel.schedule import Action, Part, Schedule, Work, check, needs, split_pairs
from training.parallel.schedules import SCHEDULES
from training.parallel.simulate import PUBLISHED, Costs, simulate

UNIT = Costs()


def sizes(name: str, ranks: int, extra: int) -> tuple[int, int]:
    """Numbers of ranks and micro-batches that a schedule can have."""
    if name == "Chimera":
        return 2 * ranks, 2 * ranks * (1 + extra)
    return (2 * ranks if name == "DualPipe" else ranks), 4 * ranks + 2 * extra


@pytest.mark.parametrize("name", SCHEDULES)
@settings(deadline=None)
@given(ranks=st.integers(1, 5), extra=st.integers(0, 5), gain=st.floats(0, 0.5), latency=st.floats(0, 3))
def test_every_schedule_can_be_kept(name: str, ranks: int, extra: int, gain: float, latency: float) -> None:
    ranks, batches = sizes(name, ranks, extra)
    schedule = SCHEDULES[name](ranks, batches)
    timeline = simulate(schedule, Costs(1.0, 0.9, 1.1, gain, latency))
    split = split_pairs(schedule)
    ended = {
        work: (rank, span.end)
        for rank, spans in enumerate(timeline.ranks)
        for span in spans
        for work in span.action
    }
    for rank, spans in enumerate(timeline.ranks):
        for work, begin in ((work, span.begin) for span in spans for work in span.action):
            for need in needs(work, schedule.stages, split):
                other, end = ended[need]
                assert begin >= end + (latency if other != rank else 0.0), (work, need)


@pytest.mark.parametrize("name", PUBLISHED)
@pytest.mark.parametrize("ranks", [2, 4, 8, 16])
@pytest.mark.parametrize("extra", [0, 2, 8])
def test_bubbles_are_the_published_ones(name: str, ranks: int, extra: int) -> None:
    timeline = simulate(SCHEDULES[name](ranks, 2 * ranks + extra), UNIT)
    assert timeline.bubble == pytest.approx(PUBLISHED[name](ranks, UNIT))
    assert timeline.seconds == pytest.approx(3 * (2 * ranks + extra) + PUBLISHED[name](ranks, UNIT))


@pytest.mark.parametrize("ranks", [2, 4, 8, 16])
def test_chimera_has_the_published_bubble(ranks: int) -> None:
    timeline = simulate(chimera(ranks, ranks), UNIT)
    # arXiv 2107.06925, table 2, for as many micro-batches as ranks, and backwards of twice the forwards.
    assert timeline.bubble / timeline.seconds == pytest.approx((ranks - 2) / (1.5 * ranks + ranks - 2))


@pytest.mark.parametrize(
    ("ranks", "batches", "name", "plain", "gained"),
    [
        (4, 8, "1F1B", 33, 33),
        (4, 8, "ZB1P", 27, 27),
        (4, 8, "DualPipe", 26, 23.6),
        (4, 20, "1F1B", 69, 69),
        (4, 20, "ZB1P", 63, 63),
        (4, 20, "DualPipe", 62, 52.4),
        (8, 20, "1F1B", 81, 81),
        (8, 20, "ZB1P", 67, 67),
        (8, 20, "DualPipe", 66, 57.6),
    ],
)
def test_steps_worked_out_by_hand(ranks: int, batches: int, name: str, plain: float, gained: float) -> None:
    schedule = SCHEDULES[name](ranks, batches)
    assert simulate(schedule, UNIT).seconds == plain
    assert simulate(schedule, replace(UNIT, gain=0.2)).seconds == pytest.approx(gained)


@pytest.mark.parametrize("ranks", [2, 4, 8, 16])
def test_weights_and_activations_that_are_held(ranks: int) -> None:
    held = {
        name: (schedule.copies, max(simulate(schedule, UNIT).activations))
        for name, schedule in ((name, make(ranks, 2 * ranks)) for name, make in SCHEDULES.items())
    }
    assert held == {
        "1F1B": (1, ranks),
        "ZB1P": (1, ranks),
        "Chimera": (2, ranks),
        "DualPipe": (2, ranks + 1),
        "DualPipeV": (1, ranks + 0.5),
    }


def test_dualpipe_pairs_all_but_its_ends() -> None:
    schedule = dualpipe(8, 40)
    paired = [action for actions in schedule.ranks for action in actions if len(action) == 2]
    assert len(paired) / (8 * 40) > 0.7
    for rank in range(8):
        assert schedule.stages_of(rank) == tuple(sorted({rank, 7 - rank}))
        for work in schedule.works(rank):
            assert (work.stage == rank) == (work.batch < 20), "half of the micro-batches go up"


@pytest.mark.parametrize(
    ("name", "ranks", "batches", "said"),
    [
        ("DualPipe", 3, 20, "an even number of ranks, not 3"),
        ("DualPipe", 0, 20, "an even number of ranks, not 0"),
        ("DualPipe", 4, 9, "an even number of micro-batches, not 9"),
        ("DualPipe", 4, 6, "over 4 ranks needs 8 micro-batches, not 6"),
        ("DualPipeV", 4, 7, "over 4 ranks needs 8 micro-batches, not 7"),
        ("DualPipeV", 0, 7, "needs a rank, not 0"),
        ("1F1B", 4, 3, "over 4 ranks needs 4 micro-batches, not 3"),
        ("ZB1P", 0, 3, "needs a rank, not 0"),
        ("Chimera", 3, 6, "an even number of ranks, not 3"),
        ("Chimera", 4, 6, "needs a multiple of 4 micro-batches, not 6"),
    ],
)
def test_sizes_that_cannot_be(name: str, ranks: int, batches: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        SCHEDULES[name](ranks, batches)


F, B, W = Part.FORWARD, Part.BACKWARD, Part.WEIGHT


def actions(*works: tuple[Part, int, int]) -> tuple[Action, ...]:
    return tuple((Work(*work),) for work in works)


@pytest.mark.parametrize(
    ("ranks", "said"),
    [
        ([actions((F, 0, 0))], "stage 0 does F with micro-batch 0"),
        ([()], "stage 0 does nothing with micro-batch 0"),
        ([actions((F, 0, 0), (Part.INPUT, 0, 0))], "stage 0 does FI with micro-batch 0"),
        ([actions((F, 0, 0), (B, 0, 0), (W, 0, 0))], "stage 0 does FBW with micro-batch 0"),
        ([actions((F, 0, 0), (B, 0, 0), (F, 0, 0))], "F0@0 is done by rank 0 and by rank 0"),
        ([actions((F, 0, 0)), actions((B, 0, 0))], "stage 0 has micro-batch 0 on several ranks"),
        ([actions((B, 0, 0), (F, 0, 0))], "rank 0 waits for ever to do B0@0"),
        ([actions((F, 0, 0), (W, 0, 0), (Part.INPUT, 0, 0))], "rank 0 waits for ever to do W0@0"),
        ([actions((F, 0, 0), (B, 0, 0), (F, 1, 0), (B, 1, 0))], "work outside"),
        ([((Work(F, 0, 0), Work(B, 0, 0)),)], "waits for ever"),
    ],
)
def test_schedules_that_cannot_be_right(ranks: list[tuple[Action, ...]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check(Schedule("wrong", 1, 1, tuple(ranks)))


def test_two_forwards_are_no_action() -> None:
    both = (Work(F, 0, 0), Work(F, 0, 1))
    with pytest.raises(ValueError, match="F0@0 and F1@0 cannot be one action"):
        check(Schedule("wrong", 1, 2, ((both, *actions((B, 0, 0), (B, 0, 1))),)))


@pytest.mark.parametrize("which", ["outputs", "gradients"])
def test_both_ends_of_a_channel_agree(which: str) -> None:
    one, other = [
        actions((F, 0, 0), (F, 0, 1), (B, 0, 0), (B, 0, 1)),
        actions((F, 1, 0), (F, 1, 1), (B, 1, 0), (B, 1, 1)),
    ]
    check(Schedule("right", 2, 2, (one, other)))
    swapped = (one[1], one[0], *one[2:]) if which == "outputs" else (*one[:2], one[3], one[2])
    with pytest.raises(ValueError, match=f"sends {which} in another order"):
        check(Schedule("wrong", 2, 2, (swapped, other)))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"forward": -1.0}, "forward must not be negative"),
        ({"gain": 1.0}, "gain must lie in"),
        ({"latency": float("nan")}, "latency must not be negative"),
    ],
)
def test_costs_that_cannot_be(values: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Costs(**values)


def test_messages_take_time() -> None:
    schedule = one_forward_one_backward(2, 2)
    assert simulate(schedule, UNIT).seconds == 9
    assert simulate(schedule, replace(UNIT, latency=0.5)).seconds == 10, "one there and one back"
