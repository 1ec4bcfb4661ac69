"""The judge with real Lean, and policies that would rather cheat."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from lean_env.audit import AuditResult, audit
from lean_env.errors import AuditError, StatementError, UncheckedError
from lean_env.limits import GIB
from lean_env.pool import CheckPool
from lean_env.values import Check, Theorem, Verdict
from prover.policies.base import Completion, Finish
from prover.prompts import make_prompt
from tests.lean_env.test_redteam import CASES
from training.errors import TrainError
from training.rlpaf import judge as module
from training.rlpaf.alarm import MIN_AUDITS, Alarm
from training.rlpaf.config import LeanConfig
from training.rlpaf.judge import KEPT_CHEATS, LeanJudge, Tally
from training.rlpaf.sampler import Written

CONFIG = LeanConfig(workers=2, seconds=20.0, audit_share=0.0)
CHEAT = "  run_tac return"
THEOREM = Theorem("two", "theorem two : 1 + 1 = 2 := by")


def written(theorem: Theorem, *texts: str) -> list[Written]:
    """What a policy wrote."""
    prompt = make_prompt(theorem)
    return [
        Written(prompt, Completion(text, Finish.STOP, "", 1, (5,), (-0.5,)), version)
        for version, text in enumerate(texts)
    ]


async def ask(config: LeanConfig, theorem: Theorem, *texts: str) -> tuple[Any, Tally]:
    async with LeanJudge(config, 0) as judge:
        group = await judge.judge(theorem, written(theorem, *texts))
        return group, await judge.tally()


def test_keeps_the_order_and_what_the_sampler_said() -> None:
    texts = ("  rfl", CHEAT, "", "  exact 3", "  rfl", "-- nothing")
    group, tally = asyncio.run(ask(CONFIG, THEOREM, *texts))
    assert [rollout.verdict for rollout in group.rollouts] == [
        Verdict.PROVED,
        Verdict.CHEAT,
        Verdict.FAILED,
        Verdict.FAILED,
        Verdict.PROVED,
        Verdict.FAILED,
    ]
    assert group.rewards == (1, 0, 0, 0, 1, 0)
    assert [rollout.version for rollout in group.rollouts] == list(range(6))
    assert {(rollout.ids, rollout.logprobs) for rollout in group.rollouts} == {((5,), (-0.5,))}
    assert [rollout.proof for rollout in group.rollouts][:3] == ["  rfl", CHEAT, ""]
    assert (tally.checks, tally.known) == (3, 0), "equal proofs are checked once"
    assert tally.seconds > 0
    assert len(tally.cheats) == 1
    assert tally.cheats[0].startswith("theorem two : 1 + 1 = 2 := by\n  run_tac return\n-- ")


def test_the_time_of_a_document_counts_once() -> None:
    async def judged() -> tuple[float, Tally]:
        async with LeanJudge(CONFIG, 0) as judge:
            began = time.monotonic()
            await judge.judge(THEOREM, written(THEOREM, *(f"  exact {number}" for number in range(40))))
            return time.monotonic() - began, await judge.tally()

    elapsed, tally = asyncio.run(judged())
    assert tally.checks == 40
    assert 0 < tally.seconds <= CONFIG.workers * elapsed


def test_what_is_known_is_not_checked_again_and_cheats_are_told_once() -> None:
    async def twice() -> list[Tally]:
        async with LeanJudge(CONFIG, 0) as judge:
            tallies = []
            for texts in (("  rfl", CHEAT), ("  rfl", CHEAT, "  decide")):
                group = await judge.judge(THEOREM, written(THEOREM, *texts))
                assert group.rewards[:2] == (1, 0)
                tallies.append(await judge.tally())
            other = replace(THEOREM, statement="theorem two : 1 + 1 = 3 := by")
            assert (await judge.judge(other, written(other, "  rfl"))).rewards == (0,)
            return tallies

    first, second = asyncio.run(twice())
    assert (first.checks, first.known, len(first.cheats)) == (2, 0, 1)
    assert (second.checks, second.known, len(second.cheats)) == (1, 2, 0)


def test_cheats_between_two_tallies_are_bounded() -> None:
    texts = [f"{CHEAT} -- {number}" for number in range(KEPT_CHEATS + 20)]
    group, tally = asyncio.run(ask(CONFIG, THEOREM, *texts))
    assert set(group.rewards) == {0}
    assert len(tally.cheats) == KEPT_CHEATS


def test_what_says_nothing_of_a_proof_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    check = CheckPool.check
    fails = iter(
        [
            Check(Verdict.FAULT, "  rfl", "away"),
            UncheckedError("two: Lean was away"),
            Check(Verdict.TIMEOUT, "  rfl", "busy"),
            None,
        ]
    )

    async def first(self: CheckPool, theorem: Theorem, proof: str, *, steps: bool = False) -> Check:
        told = next(fails)
        if isinstance(told, Exception):
            raise told
        return told or await check(self, theorem, proof, steps=steps)

    monkeypatch.setattr(CheckPool, "check", first)

    async def again_and_again() -> None:
        async with LeanJudge(CONFIG, 0) as judge:
            for verdict in (*[Verdict.FAULT] * 2, Verdict.TIMEOUT, *[Verdict.PROVED] * 2):
                group = await judge.judge(THEOREM, written(THEOREM, "  rfl"))
                assert [rollout.verdict for rollout in group.rollouts] == [verdict]

    asyncio.run(again_and_again())


def test_a_proof_that_was_too_slow_twice_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    async def slow(self: CheckPool, theorem: Theorem, proof: str, *, steps: bool = False) -> Check:
        nonlocal asked
        asked += 1
        return Check(Verdict.TIMEOUT, proof, "no verdict")

    monkeypatch.setattr(CheckPool, "check", slow)

    async def thrice() -> None:
        async with LeanJudge(CONFIG, 0) as judge:
            for _ in range(3):
                group = await judge.judge(THEOREM, written(THEOREM, "  rfl"))
                assert [rollout.verdict for rollout in group.rollouts] == [Verdict.TIMEOUT]

    asyncio.run(thrice())
    assert asked == 2


def test_a_statement_that_is_none() -> None:
    nonsense = Theorem("n", "theorem n : Nonsense := by")
    with pytest.raises(StatementError, match="does not elaborate"):
        asyncio.run(ask(CONFIG, nonsense, "  rfl", "  simp"))


def test_no_exploit_of_the_red_team_is_worth_anything() -> None:
    """A policy that knows all of them: each attack through the judge that gives rewards."""
    cases = [case for case in CASES if Verdict.PROVED not in case.fast]
    assert len(cases) > 40

    async def attack() -> tuple[list[tuple[str, Verdict]], Tally]:
        async with LeanJudge(CONFIG, 0) as judge:

            async def one(theorem: Theorem, proof: str) -> Verdict | None:
                try:
                    group = await judge.judge(theorem, written(theorem, proof))
                except StatementError:
                    return None
                (rollout,) = group.rollouts
                if rollout.verdict is Verdict.PROVED:  # Of a true statement: the attack was cut off.
                    result = await audit(
                        judge.pool.toolchain, theorem, rollout.proof, seconds=30.0, memory_bytes=6 * GIB
                    )
                    assert result.verdict is Verdict.PROVED
                    return None
                return rollout.verdict

            found = await asyncio.gather(*(one(case.theorem, case.proof) for case in cases))
            names = (f"{case.group}/{case.name}" for case in cases)
            return [(name, verdict) for name, verdict in zip(names, found, strict=True) if verdict], (
                await judge.tally()
            )

    found, tally = asyncio.run(attack())
    assert len(found) > 40
    cheats = [name for name, verdict in found if verdict is Verdict.CHEAT]
    assert len(cheats) > 15
    assert min(KEPT_CHEATS, len(cheats)) >= len(tally.cheats) >= len(cheats) // 2


def forged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fast tier believes everything."""

    async def check(self: CheckPool, theorem: Theorem, proof: str, *, steps: bool = False) -> Check:
        return Check(Verdict.PROVED, proof)

    monkeypatch.setattr(CheckPool, "check", check)


def test_a_hole_in_the_fast_tier_is_found_by_the_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    """With real audits, and from then on the proof is worth nothing."""
    forged(monkeypatch)
    false = Theorem("f", "theorem f : 1 = 2 := by")

    async def fall() -> tuple[Any, Any, Tally]:
        async with LeanJudge(replace(CONFIG, audit_share=1.0), 0) as judge:
            first = await judge.judge(false, written(false, "  simp"))
            await judge.judge(THEOREM, written(THEOREM, "  rfl"))
            await asyncio.gather(*judge._audits)
            second = await judge.judge(false, written(false, "  simp"))
            return first, second, await judge.tally()

    first, second, tally = asyncio.run(fall())
    assert (first.rewards, second.rewards) == ((1,), (0,))
    assert second.rollouts[0].verdict is Verdict.CHEAT
    assert (tally.audited, tally.refused) == (2, ((false.digest, "  simp"),))
    (cheat,) = tally.cheats
    assert cheat.startswith("theorem f : 1 = 2 := by\n  simp\n-- the strict audit refuses it: ")


def test_what_another_judge_has_refused_is_worth_nothing() -> None:
    async def judged() -> list[tuple[float, ...]]:
        async with LeanJudge(CONFIG, 0) as judge:
            before = await judge.judge(THEOREM, written(THEOREM, "  rfl", "  decide"))
            await judge.forbid([(THEOREM.digest, "  rfl")])
            after = await judge.judge(THEOREM, written(THEOREM, "  rfl", "  decide"))
            return [before.rewards, after.rewards]

    assert asyncio.run(judged()) == [(1, 1), (0, 1)]


def test_a_proof_is_audited_once(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []

    async def audit(toolchain: object, theorem: object, proof: str, **_: object) -> AuditResult:
        begun.append(proof)
        return AuditResult(Verdict.PROVED, "")

    monkeypatch.setattr(module, "audit", audit)

    async def judged() -> None:
        async with LeanJudge(replace(CONFIG, audit_share=1.0), 0) as judge:
            for _ in range(3):
                await judge.judge(THEOREM, written(THEOREM, "  rfl", "  decide"))
                await asyncio.gather(*judge._audits)

    asyncio.run(judged())
    assert sorted(begun) == ["  decide", "  rfl"]


def test_few_heartbeats_make_a_slow_proof_worth_nothing() -> None:
    proof = "  " + " <;> ".join([*(f"by_cases h{place} : {place} = 0" for place in range(7)), "rfl"])

    async def judged(heartbeats: int) -> tuple[float, ...]:
        async with LeanJudge(replace(CONFIG, heartbeats=heartbeats), 0) as judge:
            return (await judge.judge(THEOREM, written(THEOREM, proof, "  rfl"))).rewards

    assert asyncio.run(judged(0)) == (1, 1)
    assert asyncio.run(judged(100)) == (0, 1)


def test_audits_that_say_nothing_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    forged(monkeypatch)
    answers: list[Any] = [AuditError("no disk"), OSError("no disk")]
    answers += [AuditResult(verdict, "slow") for verdict in (Verdict.TIMEOUT, Verdict.OUT_OF_MEMORY)]
    waiting = list(answers)

    async def audit(*_: object, **__: object) -> AuditResult:
        answer = waiting.pop()
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, AuditResult)
        return answer

    monkeypatch.setattr(module, "audit", audit)

    async def judged() -> Tally:
        async with LeanJudge(replace(CONFIG, audit_share=1.0), 0) as judge:
            await judge.judge(THEOREM, written(THEOREM, *[f"  rfl -- {place}" for place in range(4)]))
            await asyncio.gather(*judge._audits)
            return await judge.tally()

    assert (asyncio.run(judged())[3:], waiting) == ((0, (), ()), [])


def test_audits_are_a_share_bounded_and_end_with_the_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    forged(monkeypatch)
    begun, cancelled = [], []

    async def audit(toolchain: object, theorem: object, proof: str, **_: object) -> AuditResult:
        begun.append(proof)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(proof)
            raise
        raise AssertionError

    monkeypatch.setattr(module, "audit", audit)

    async def judged(share: float, proofs: int) -> int:
        async with LeanJudge(replace(CONFIG, audit_share=share), 0) as judge:
            await judge.judge(THEOREM, written(THEOREM, *[f"  rfl -- {place}" for place in range(proofs)]))
            await asyncio.sleep(0)
            return len(judge._audits)

    assert asyncio.run(judged(0.25, 100)) in range(12, 40)
    assert asyncio.run(judged(1.0, 500)) == module.WAITING_AUDITS
    assert asyncio.run(judged(0.0, 100)) == 0
    assert begun == cancelled


def test_leaving_the_judge_ends_lean() -> None:
    async def judged() -> list[int]:
        async with LeanJudge(CONFIG, 0) as judge:
            work = asyncio.create_task(judge.judge(THEOREM, written(THEOREM, "  rfl", "  decide", "  simp")))
            await judge.judge(THEOREM, written(THEOREM, "  exact rfl"))
            pids = judge.pool.pids
            assert pids
            work.cancel()
            return pids

    assert not any(map(psutil.pid_exists, asyncio.run(judged())))


def alarm(audited: Sequence[int], refused: Sequence[int], before: tuple[int, int] = (0, 0)) -> int:
    """How many tallies pass before the alarm; raises `TrainError` with it."""
    hears = Alarm(Path("out"), CONFIG.max_disagreement)
    hears.restore({"audited": before[0], "refused": [("digest", "  rfl")] * before[1]})
    for batch, (number, refusal) in enumerate(zip(audited, refused, strict=True)):
        hears.hear(batch, Tally(0, 0, 0.0, number, (("digest", "  rfl"),) * refusal, ()))
    again = Alarm(Path("out"), CONFIG.max_disagreement)
    again.restore(json.loads(json.dumps(hears.state())))
    assert again.refused == hears.refused
    return int(again.state()["audited"])


def test_the_alarm_counts_over_the_whole_run() -> None:
    assert alarm([MIN_AUDITS - 1], [3]) == MIN_AUDITS - 1, "too few to tell"
    assert alarm([100, 100], [2, 2]) == 200, "2% are borne"
    for given in (([100, 100], [2, 3]), ([1], [1], (99, 2)), ([MIN_AUDITS], [1])):
        with pytest.raises(TrainError, match=r"the strict audit refuses .*cheats\.txt shows it") as caught:
            alarm(*given)
        assert "\n" not in str(caught.value)
