"""The driver over real Lean: proofs, budgets, reproducibility, and policies that misbehave."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lean_env.audit import ALLOWED, AuditResult
from lean_env.limits import Limits
from lean_env.pool import CheckPool
from lean_env.toolchain import Toolchain
from lean_env.values import Theorem
from prover.attempt import MAX_FAULTS, Attempt, Means, Run, Settings, opening_goals
from prover.batching import Batcher
from prover.driver import Driver
from prover.policies import Completion, Finish, Policy, PolicyError, open_policy
from prover.trail import Trail
from search import BestFirst, Budget, RMaxTS, Stop
from search import Sampling as SamplingSearch
from tests.prover.scripted import STALL, Answer, Scripted, completion, theorem

SWAP = theorem("swap", "∀ p q : Prop, p ∧ q → q ∧ p")
ZERO = theorem("zero", "∀ n : Nat, 0 + n = n")
FALSE = theorem("wrong", "∀ n : Nat, n = n + 1")
NONSENSE = theorem("nonsense", '(0 : Nat) = "zero"')
TRUE = theorem("true_", "True")


def prove(
    toolchain: Toolchain,
    policy: Policy,
    theorems: Sequence[Theorem],
    traces: Sequence[Path | None] | None = None,
    limits: Limits | None = None,
    **settings: Any,
) -> dict[str, Attempt]:
    """What becomes of the theorems; fails rather than hangs."""
    attempts: dict[str, Attempt] = {}

    async def scenario() -> None:
        given = Settings(**{"workers": 2, "budget": Budget(samples=8), **settings})
        async with (
            asyncio.timeout(120),
            policy,
            CheckPool(toolchain, workers=given.workers, limits=limits) as pool,
            Driver.open(policy, pool, given) as driver,
        ):
            await driver.prove_all(
                theorems,
                traces or [None] * len(theorems),
                lambda index, attempt: attempts.update({theorems[index].name: attempt}),
            )

    asyncio.run(scenario())
    assert attempts.keys() == {one.name for one in theorems}
    assert not any("\n" in attempt.error for attempt in attempts.values())
    return attempts


def events(path: Path) -> list[dict[str, Any]]:
    """A trace without its times, and without the budgets it had."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [event for event in map(json.loads, lines) if event["event"] != "circumstances"]
    for event in found:
        for name in ("seconds", "check_seconds"):
            event.pop(name, None)
            event.get("sample", {}).pop(name, None)
    return found


def spent(attempt: Attempt) -> int:
    assert attempt.statistics is not None
    return attempt.statistics.samples


def stopped(attempt: Attempt) -> Stop | None:
    assert attempt.statistics is not None
    return attempt.statistics.stopped


@pytest.mark.parametrize("rule", [RMaxTS(), BestFirst(), SamplingSearch()], ids=lambda rule: rule.algorithm)
def test_theorems_are_proved_through_the_strict_audit_and_false_ones_are_not(
    toolchain: Toolchain, rule: Any
) -> None:
    budget = Budget(samples=64)
    found = prove(toolchain, open_policy("tactics"), [SWAP, FALSE, ZERO, NONSENSE], rule=rule, budget=budget)
    for one in (SWAP, ZERO):
        proof = found[one.name].proof
        assert proof is not None
        assert (proof.theorem, proof.certificate.statement) == (one, one.statement)
        assert proof.certificate.proof == proof.text
        assert set(proof.certificate.axioms) <= ALLOWED
    assert (found["wrong"].proof, spent(found["wrong"]), found["wrong"].error) == (None, 64, "")
    assert found["nonsense"].statistics is None
    assert found["nonsense"].error.startswith("the statement does not elaborate: ")


def test_without_an_audit_the_check_service_has_the_last_word(toolchain: Toolchain) -> None:
    """As for a corpus; and where the rollout began that found the proof is known."""
    given = Settings(budget=Budget(samples=20), workers=1)

    def answer(prompt: Any) -> str:
        return "exact ⟨h.2, h.1⟩\n" if prompt.prefix.strip() else "intro p q h\nfail\n"

    async def scenario() -> None:
        async with (
            asyncio.timeout(120),
            CheckPool(toolchain, workers=1) as pool,
            Batcher(Scripted(answer), given.sampling, size=1) as batcher,
        ):
            means = Means(given, pool, batcher, audit=None, watch=lambda theorem, statistics: None)
            goals = await opening_goals(pool, SWAP)
            search, trail = Trail.follow(None, SWAP, given.rule, given.budget, goals)
            run = Run(means, search, trail)
            await run.search()
            await run.shorten()
        assert search.proof is not None
        assert " ".join(search.proof.split()) == "intro p q h exact ⟨h.2, h.1⟩"
        assert run.beginning.strip() == "intro p q h"
        assert (run.attempt.proof, run.attempt.error) == (None, "")

    asyncio.run(scenario())


def test_one_worker_and_a_seed_give_the_same_run_and_another_seed_another(
    toolchain: Toolchain, tmp_path: Path
) -> None:
    for name, seed in (("one", 7), ("two", 7), ("three", 8)):
        traces = [tmp_path / name / "swap", tmp_path / name / "wrong"]
        prove(toolchain, open_policy("tactics"), [SWAP, FALSE], traces, workers=1, seed=seed)
    for trace in ("swap", "wrong"):
        assert events(tmp_path / "one" / trace) == events(tmp_path / "two" / trace)
    assert events(tmp_path / "one" / "wrong") != events(tmp_path / "three" / "wrong")


def test_a_search_that_was_resumed_is_the_one_that_was_not_interrupted(
    toolchain: Toolchain, tmp_path: Path
) -> None:
    def search(trace: Path, **budget: Any) -> None:
        prove(toolchain, open_policy("tactics"), [FALSE], [trace], workers=1, budget=Budget(**budget))

    search(tmp_path / "whole", samples=20)
    for samples in (0, 3, 9, 9, 20):
        search(tmp_path / "parts", samples=samples)
    assert events(tmp_path / "parts") == events(tmp_path / "whole")


def test_what_time_cuts_short_is_done_again_as_if_it_had_never_begun(
    toolchain: Toolchain, tmp_path: Path
) -> None:
    def search(trace: Path, policy: Policy, **budget: Any) -> Attempt:
        found = prove(toolchain, policy, [FALSE], [trace], workers=1, budget=Budget(**budget))
        return found["wrong"]

    cut = search(tmp_path / "cut", Scripted(lambda _: STALL), samples=5, seconds=0.2)
    assert (spent(cut), stopped(cut), cut.error) == (0, Stop.SECONDS, "")
    search(tmp_path / "cut", open_policy("tactics"), samples=5)
    search(tmp_path / "whole", open_policy("tactics"), samples=5)
    done = [event for event in events(tmp_path / "cut") if event["event"] == "observation"]
    assert done == [event for event in events(tmp_path / "whole") if event["event"] == "observation"]
    assert {event["event"] for event in events(tmp_path / "cut")} == {"start", "expansion", "observation"}


def test_everything_else_is_cancelled_when_the_proof_is_there(toolchain: Toolchain, tmp_path: Path) -> None:
    """The first call gets proofs of which the check takes for ever, but for one; so does the policy."""

    def answer(prompt: Any) -> Any:
        asked = sum(len(call) for call in policy.calls)
        if len(policy.calls) > 1:
            return STALL
        answered.append(asked)
        return "trivial" if len(answered) == 1 else "repeat refine ?_"

    answered: list[int] = []
    policy = Scripted(answer)
    trace = tmp_path / "trace"
    found = prove(toolchain, policy, [TRUE], [trace], limits=Limits(seconds=600), budget=Budget(samples=99))
    attempt = found["true_"]
    assert attempt.proof is not None
    assert attempt.statistics is not None
    assert (attempt.statistics.stopped, attempt.statistics.under_way) == (Stop.PROVED, 0)
    assert (attempt.statistics.samples, attempt.statistics.abandoned) == (1, len(answered) - 1)
    assert [event["reason"] for event in events(trace) if event["event"] == "abandonment"] == [
        "cancelled"
    ] * (len(answered) - 1)


BAD_REPLIES = [
    "",
    "\n \n",
    "-- nothing",
    "\ud800",
    "\0",
    "```lean4\n```",
    "sorry",
    "exact sorryAx _ true",
    "native_decide",
    "theorem wrong : False := by",
    "exact (",
    "/- never closed",
    "x" * 200_000,
    "induction n with",
    completion("rfl", tokens=-5),
    Completion("omega", Finish.LENGTH, "v", 1, logprobs=(float("nan"), 3.0), offsets=(0,)),
    Completion("omega", Finish.STOP, "v", 1, logprobs=(float("-inf"),), offsets=(0,)),
]


@pytest.mark.parametrize("rule", [RMaxTS(), BestFirst()], ids=lambda rule: rule.algorithm)
def test_a_bad_reply_costs_a_sample_and_nothing_else(toolchain: Toolchain, rule: Any) -> None:
    replies = iter(BAD_REPLIES)
    policy = Scripted(lambda _: next(replies, "rfl"))
    budget = Budget(samples=len(BAD_REPLIES) + 3)
    attempt = prove(toolchain, policy, [FALSE], budget=budget, workers=1, rule=rule)["wrong"]
    assert (attempt.proof, attempt.error) == (None, "")
    assert (spent(attempt), stopped(attempt)) == (budget.samples, Stop.SAMPLES)


@pytest.mark.parametrize("error", [PolicyError("the server is down"), RuntimeError("a\nb")], ids=repr)
def test_a_policy_that_fails_on_one_theorem_leaves_the_others_alone(
    toolchain: Toolchain, error: Exception
) -> None:
    policy = Scripted(lambda prompt: error if prompt.theorem == SWAP else "intros; simp")
    found = prove(toolchain, policy, [SWAP, ZERO, TRUE])
    assert found["zero"].proof is not None
    assert found["true_"].proof is not None
    assert found["swap"].proof is None
    assert found["swap"].error.endswith("the server is down" if isinstance(error, PolicyError) else "a b")


def test_faults_are_no_samples_and_do_not_go_on_for_ever(toolchain: Toolchain) -> None:
    broken = completion("", finish=Finish.ERROR, reason="the connection was lost")
    policy = Scripted(lambda _: broken)
    attempt = prove(toolchain, policy, [TRUE], workers=1)["true_"]
    assert attempt.error == f"given up after {MAX_FAULTS} faults in a row: the connection was lost"
    assert (spent(attempt), len(policy.calls)) == (0, MAX_FAULTS)

    replies = iter([broken] * (MAX_FAULTS - 1) + ["rfl"] + [broken] * (MAX_FAULTS - 1))
    policy = Scripted(lambda _: next(replies, "trivial"))
    attempt = prove(toolchain, policy, [TRUE], workers=1)["true_"]
    assert attempt.proof is not None
    assert attempt.statistics is not None
    assert (spent(attempt), attempt.statistics.abandoned) == (2, 2 * (MAX_FAULTS - 1))


def test_each_budget_ends_a_search(toolchain: Toolchain) -> None:
    def search(answer: Answer, **budget: Any) -> Attempt:
        return prove(toolchain, Scripted(answer), [FALSE], budget=Budget(**budget), workers=1)["wrong"]

    nothing = search(lambda _: "rfl", samples=0)
    assert (spent(nothing), stopped(nothing)) == (0, Stop.SAMPLES)
    tokens = search(lambda _: completion("rfl", tokens=10), tokens=25)
    assert (spent(tokens), stopped(tokens)) == (3, Stop.TOKENS)
    seconds = search(lambda _: STALL, seconds=0.3)
    assert (spent(seconds), stopped(seconds)) == (0, Stop.SECONDS)


def test_a_proof_that_is_being_audited_when_the_time_is_up_is_not_lost(toolchain: Toolchain) -> None:
    async def scenario() -> Attempt:
        settings = Settings(budget=Budget(seconds=4.0), workers=2)
        policy = Scripted(lambda _: "trivial")
        async with (
            asyncio.timeout(120),
            CheckPool(toolchain, workers=2) as pool,
            Driver.open(policy, pool, settings) as driver,
        ):
            audit = driver.check_strictly

            async def slow(one: Theorem, proof: str) -> AuditResult:
                await asyncio.sleep(4.5)
                return await audit(one, proof)

            driver.use_audit(slow)
            return await driver.prove(TRUE)

    attempt = asyncio.run(scenario())
    assert attempt.proof is not None
    assert attempt.error == ""


def test_too_little_memory_for_lean_is_one_line_a_theorem(toolchain: Toolchain) -> None:
    limits = Limits(memory_bytes=64 * 1024**2)
    found = prove(toolchain, open_policy("tactics"), [SWAP, ZERO], limits=limits)
    for attempt in found.values():
        assert attempt.proof is None
        assert "memory" in attempt.error


def test_a_proof_in_the_trace_is_audited_again(toolchain: Toolchain, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    first = prove(toolchain, open_policy("tactics"), [SWAP], [trace], budget=Budget(samples=64))["swap"]
    again = prove(toolchain, Scripted(lambda _: PolicyError("not asked")), [SWAP], [trace])["swap"]
    assert first.proof is not None
    assert again.proof is not None
    assert (again.error, spent(again)) == ("", spent(first))

    lines = trace.read_text().splitlines(keepends=True)
    forged = next(line for line in lines if '"verdict":"PROVED"' in line)
    record = json.loads(forged)
    record["proof"] = "intro p q h; exact ⟨h.1, h.2⟩"
    trace.write_text("".join(lines).replace(forged, json.dumps(record, separators=(",", ":")) + "\n"))
    bad = prove(toolchain, open_policy("tactics"), [SWAP], [trace])["swap"]
    assert bad.proof is None
    assert bad.error.startswith("the trace's proof was not accepted again: ")


def test_a_run_that_is_cancelled_hands_over_a_proof_that_was_only_being_shortened(
    toolchain: Toolchain,
) -> None:
    async def scenario() -> list[Attempt]:
        attempts: list[Attempt] = []
        settings = Settings(budget=Budget(samples=4), workers=1)
        async with (
            asyncio.timeout(120),
            CheckPool(toolchain, workers=1) as pool,
            Driver.open(Scripted(lambda _: "skip\ntrivial"), pool, settings) as driver,
        ):
            audit, audits = driver.check_strictly, 0

            async def stall_later(one: Theorem, proof: str) -> AuditResult:
                nonlocal audits
                audits += 1
                if audits > 1:
                    running.cancel()
                    await asyncio.Event().wait()
                return await audit(one, proof)

            driver.use_audit(stall_later)
            running = asyncio.create_task(
                driver.prove_all([TRUE], [None], lambda _, attempt: attempts.append(attempt))
            )
            await asyncio.wait({running})
            assert running.cancelled()
        return attempts

    (attempt,) = asyncio.run(scenario())
    assert attempt.proof is not None
    assert "skip" in attempt.proof.text
