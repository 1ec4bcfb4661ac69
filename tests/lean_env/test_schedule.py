"""Which check a worker takes: no Lean, no clock."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lean_env.schedule import (
    PATIENCE,
    REPORT_DELAY,
    Batch,
    Held,
    Job,
    Schedule,
    imports_of,
    shared_length,
)
from lean_env.values import Theorem

THEOREM = Theorem("t", "theorem t : True := by")
SLOW = "first long step that takes its time and more\n"


@pytest.fixture
def loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    yield loop  # type: ignore[misc]
    loop.close()


def job(
    loop: asyncio.AbstractEventLoop, proof: str, theorem: Theorem = THEOREM, *, solo: bool = False
) -> Job:
    return Job(theorem, proof, False, loop.create_future(), solo=solo)


def schedule(workers: int = 2) -> Schedule:
    return Schedule([Held() for _ in range(workers)])


def test_independent_jobs_share_a_document_and_are_spread_over_the_workers(
    loop: asyncio.AbstractEventLoop,
) -> None:
    plan = schedule()
    plan.waiting = [job(loop, f"exact x{i}") for i in range(10)]
    first, second = plan.take(0), plan.take(1)
    assert first is not None
    assert second is not None
    assert [len(first.jobs), len(second.jobs)] == [5, 3]
    assert len(plan.waiting) == 2


def test_a_document_holds_one_header_only(loop: asyncio.AbstractEventLoop) -> None:
    plan = schedule(1)
    other = replace(THEOREM, header="open Nat")
    plan.waiting = [job(loop, "a"), job(loop, "b", other), job(loop, "c")]
    batch = plan.take(0)
    assert batch is not None
    assert [one.proof for one in batch.jobs] == ["a", "c"]


def test_a_worker_keeps_to_its_imports_but_nobody_waits_for_ever(loop: asyncio.AbstractEventLoop) -> None:
    plan = schedule(1)
    here, there = (replace(THEOREM, header=f"import {name}\n") for name in ("Here", "There"))
    plan.held[0].imports = imports_of(here.header)
    old = job(loop, "b", there, solo=True)
    plan.waiting = [old]
    taken = 0
    while True:
        plan.waiting.append(job(loop, "a", here, solo=True))
        batch = plan.take(0)
        assert batch is not None
        if batch.jobs == [old]:
            break
        assert batch.jobs[0].theorem == here
        taken += 1
    assert taken == PATIENCE


def test_a_solo_job_gets_a_document_of_its_own(loop: asyncio.AbstractEventLoop) -> None:
    plan = schedule(1)
    plan.waiting = [job(loop, "a", solo=True), job(loop, "b")]
    batch = plan.take(0)
    assert batch is not None
    assert [one.proof for one in batch.jobs] == ["a"]


def test_cancelled_jobs_are_dropped(loop: asyncio.AbstractEventLoop) -> None:
    plan = schedule(1)
    plan.waiting = [job(loop, "a")]
    plan.waiting[0].future.cancel()
    assert plan.take(0) is None
    assert plan.waiting == []


def test_a_slow_beginning_is_gone_back_to_by_the_worker_that_has_it(loop: asyncio.AbstractEventLoop) -> None:
    plan = schedule()
    plan.hold(1, job(loop, SLOW + "a"), 1.0)
    plan.waiting = [job(loop, "other"), job(loop, SLOW + "b")]
    batch = plan.take(1)
    assert batch is not None
    assert [one.proof for one in batch.jobs] == [SLOW + "b"]


def test_an_idle_worker_leaves_a_slow_beginning_to_its_busy_owner_while_that_pays(
    loop: asyncio.AbstractEventLoop,
) -> None:
    plan = schedule()
    plan.hold(1, job(loop, SLOW + "a"), 1.0)
    plan.held[1].increment, plan.held[1].busy = 0.4, True
    plan.waiting = [job(loop, SLOW + text) for text in "bcd"]
    stolen = plan.take(0)
    assert stolen is not None
    assert [one.proof for one in stolen.jobs] == [SLOW + "d"], "the third would wait longer than it saves"
    assert plan.take(0) is None


def test_of_many_alike_proofs_one_goes_ahead_to_learn_what_the_beginning_costs(
    loop: asyncio.AbstractEventLoop,
) -> None:
    plan = schedule(1)
    plan.waiting = [job(loop, SLOW + text) for text in "abcd"]
    first = plan.take(0)
    assert first is not None
    assert len(first.jobs) == 1
    plan.hold(0, first.jobs[0], 0.001)
    rest = plan.take(0)
    assert rest is not None
    assert len(rest.jobs) == 3, "it was cheap"


def test_documents_grow_until_they_take_a_little_longer_than_the_delay(
    loop: asyncio.AbstractEventLoop,
) -> None:
    plan = schedule(1)
    jobs = [job(loop, "a") for _ in range(100)]
    for _ in range(100):
        count = max(2, round(plan.size))
        batch = Batch((jobs * 4)[:count], large=True)
        plan.learn(batch, max(REPORT_DELAY, 0.002 * count))
    assert 1.1 * REPORT_DELAY <= 0.002 * plan.size <= 1.9 * REPORT_DELAY


def test_slow_proofs_get_small_documents(loop: asyncio.AbstractEventLoop) -> None:
    plan = schedule(1)
    for _ in range(20):
        plan.learn(Batch([job(loop, "a") for _ in range(max(2, round(plan.size)))], large=True), 16.0)
    assert plan.size == 1


def test_documents_grow_again_when_the_slow_proofs_are_over(loop: asyncio.AbstractEventLoop) -> None:
    plan = schedule(1)
    for _ in range(30):
        plan.learn(Batch([job(loop, "a") for _ in range(max(1, round(plan.size)))], large=True), 1.25)
    assert round(plan.size) == 1
    for _ in range(60):
        count = max(1, round(plan.size))
        plan.learn(Batch([job(loop, "a") for _ in range(count)], large=count > 1), 0.005 + 0.01 * count)
    assert 10 <= plan.size <= 20


def test_proofs_that_had_to_be_alone_say_nothing_of_others(loop: asyncio.AbstractEventLoop) -> None:
    plan = schedule(1)
    before = plan.size
    plan.learn(Batch([job(loop, "a", solo=True)]), 2.0)
    plan.learn(Batch([job(loop, "a")]), 2.0)
    plan.learn(Batch([job(loop, "a"), job(loop, "b")]), 0.03)
    assert plan.size == before
    plan.learn(Batch([job(loop, "a"), job(loop, "b")]), 0.6)
    assert plan.size < before


@given(st.text("ab", max_size=30), st.text("ab", max_size=30))
def test_shared_length_is_the_longest_common_beginning(one: str, other: str) -> None:
    length = shared_length(one, other)
    assert one[:length] == other[:length]
    assert one[length : length + 1] != other[length : length + 1] or length == min(len(one), len(other))
