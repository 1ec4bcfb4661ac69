"""The check service with real Lean: verdicts, steps, and what it survives."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from lean_env.errors import LimitError, StatementError, UncheckedError
from lean_env.limits import Limits
from lean_env.pool import CheckPool
from lean_env.toolchain import Toolchain, Variables
from lean_env.values import Check, Theorem, Verdict
from tests.lean_env.project import Project

SWAP = Theorem("swap", "theorem swap (p q : Prop) : p ∧ q → q ∧ p := by")
GOOD = "intro h\ncases h with\n| intro hp hq => exact ⟨hq, hp⟩"
BAD = "intro h\ncases h with\n| intro hp hq => exact ⟨hp, hq⟩"
ENDLESS = "intro h\nrepeat (have := h)\nexact ⟨h.2, h.1⟩"

Use = Callable[[CheckPool], Awaitable[None]]


def with_pool(toolchain: Toolchain, use: Use, workers: int = 2, limits: Limits | None = None) -> None:
    """Run `use` on a pool."""

    async def main() -> None:
        async with CheckPool(toolchain, workers=workers, limits=limits) as pool:
            await use(pool)

    asyncio.run(asyncio.wait_for(main(), 300))


def check(toolchain: Toolchain, theorem: Theorem, proof: str, **options: bool) -> Check:
    """One check in a pool of its own."""
    results: list[Check] = []

    async def use(pool: CheckPool) -> None:
        results.append(await pool.check(theorem, proof, **options))

    with_pool(toolchain, use, workers=1)
    return results[0]


@pytest.mark.parametrize(
    ("proof", "verdict"),
    [
        (GOOD, Verdict.PROVED),
        (BAD, Verdict.FAILED),
        ("exact fun h => ⟨h.2, h.1⟩", Verdict.PROVED),
        ("intro h\nconstructor\n· exact h.2", Verdict.INCOMPLETE),
        ("intro h\nconstructor\n· skip\n· exact h.1", Verdict.INCOMPLETE),
        ("sorry", Verdict.INCOMPLETE),
        ("intro h\nexact sorryAx _", Verdict.CHEAT),
        ("", Verdict.INCOMPLETE),
        ("intro h\nexact", Verdict.FAILED),
        ("exact (fun h => ⟨h.2, h.1⟩", Verdict.FAILED),
        ("exact fun h => ⟨h.2, h.1⟩ /- the end", Verdict.FAILED),
        ("intro h\nrfl", Verdict.FAILED),
        ("no such tactic", Verdict.FAILED),
    ],
)
def test_verdicts(toolchain: Toolchain, proof: str, verdict: Verdict) -> None:
    found = check(toolchain, SWAP, proof)
    assert found.verdict is verdict, found
    assert found.proof == proof
    assert bool(found.reason) == (verdict is not Verdict.PROVED)


def test_steps_have_the_state_that_lean_shows_after_each(toolchain: Toolchain) -> None:
    found = check(toolchain, SWAP, "intro h\nconstructor\n· exact h.2\n· exact h.1", steps=True)
    assert [step.text for step in found.steps] == ["intro h", "constructor", "· exact h.2", "· exact h.1"]
    assert found.steps[0].goals == ("p q : Prop\nh : p ∧ q\n⊢ q ∧ p",)
    assert found.steps[1].goals == (
        "case left\np q : Prop\nh : p ∧ q\n⊢ q",
        "case right\np q : Prop\nh : p ∧ q\n⊢ p",
    )
    assert found.steps[-1].goals == ()
    assert found.valid_prefix == found.proof


@pytest.mark.parametrize(
    ("proof", "prefix"),
    [
        (BAD, "intro h\ncases h with"),
        ("intro h\nhave a := h.1\nrfl\nexact a", "intro h\nhave a := h.1"),
        ("intro h; have a := h.1; rfl", "intro h; have a := h.1"),
        ("rfl", ""),
        ("intro h\nsorry\nexact h", "intro h"),
        ("intro h\nconstructor\n· have b := h.2\n· exact h.1", "intro h\nconstructor\n· have b := h.2"),
        ("intro h\nconstructor", "intro h\nconstructor"),
        (
            "intro h\nhave a : q := by\n  have b := h.2\n  rfl\nexact ⟨a, h.1⟩",
            "intro h\nhave a : q := by\n  have b := h.2",
        ),
    ],
)
def test_the_longest_valid_prefix_ends_before_the_first_error(
    toolchain: Toolchain, proof: str, prefix: str
) -> None:
    found = check(toolchain, SWAP, proof, steps=True)
    assert found.valid_prefix == prefix
    assert all(step.end <= len(prefix) for step in found.steps)


def test_messages_are_placed_in_characters_of_the_proof(toolchain: Toolchain) -> None:
    theorem = Theorem("u", "theorem u (𝕡 : Prop) (h𝕡 : 𝕡) : 𝕡 ∧ 𝕡 := by")
    proof = "have 𝕒 := h𝕡\r\nexact ⟨𝕒, 𝕓⟩"
    found = check(toolchain, theorem, proof)
    assert found.verdict is Verdict.FAILED
    message = next(one for one in found.messages if "𝕓" in one.text)
    assert (message.line, message.column) == (2, 10)
    assert proof[message.offset] == "𝕓"


def test_a_header_and_a_footer_give_the_statement_its_meaning(toolchain: Toolchain) -> None:
    theorem = Theorem(
        "A.t",
        "theorem t : double n = n + n := by",
        header="namespace A\nvariable (n : Nat)\ndef double (n : Nat) := n + n\n",
        footer="end A",
    )
    assert check(toolchain, theorem, "rfl").verdict is Verdict.PROVED


def test_a_projects_own_modules_can_be_imported(tmp_path: Path, toolchain: Toolchain) -> None:
    project = Project(tmp_path, toolchain).find()
    theorem = Theorem("again", "theorem again : True ∧ True := by", header="import Hello\n\nopen Nat\n")

    async def use(pool: CheckPool) -> None:
        proofs = ["exact ⟨hello, hello⟩", "exact ⟨hello, goodbye⟩"]
        checks = await pool.check_many([(theorem, proof) for proof in proofs], steps=True)
        assert [found.verdict for found in checks] == [Verdict.PROVED, Verdict.FAILED]
        assert (await pool.check(SWAP, GOOD)).verdict is Verdict.PROVED, "other imports, another process"
        many = await pool.check_many([(theorem, "exact ⟨hello, hello⟩"), (SWAP, GOOD)] * 10)
        assert all(found.verdict is Verdict.PROVED for found in many)

    with_pool(project, use)


def test_a_batch_gives_every_proof_its_own_verdict(toolchain: Toolchain) -> None:
    generator = random.Random(1)
    kinds = {
        GOOD: Verdict.PROVED,
        BAD: Verdict.FAILED,
        "intro h": Verdict.INCOMPLETE,
        "exact (": Verdict.FAILED,
    }
    items = []
    for index in range(300):
        proof = generator.choice(list(kinds))
        items.append(
            (replace(SWAP, name=f"s{index}", statement=SWAP.statement.replace("swap", f"s{index}")), proof)
        )

    async def use(pool: CheckPool) -> None:
        checks = await pool.check_many(items)
        assert [found.verdict for found in checks] == [kinds[proof] for _, proof in items]

    with_pool(toolchain, use)


def test_what_the_kernel_says_of_a_step_that_failed_changes_nothing(toolchain: Toolchain) -> None:
    """Here it may name the theorem, under a name that only the document gives it."""
    square = Theorem("square", "theorem square (n : Nat) : n + n = n * n := by")
    proof = (
        "induction n\nrefine Classical.byContradiction fun h => ?_\napply h\nomega\n"
        "rename_i n ih\ncases n <;> simp_all <;> omega"
    )

    async def use(pool: CheckPool) -> None:
        alone = await pool.check(square, proof)
        checks = await pool.check_many([(square, proof + "\n" * count) for count in range(4)])
        for one in (alone, *checks):
            assert (one.verdict, one.reason) == (Verdict.FAILED, "simp_all made no progress")
            assert one.valid_prefix == proof[: proof.index("\ncases")]
            assert all("square_" not in message.text for message in one.messages)

    with_pool(toolchain, use, workers=1)


def test_proofs_in_one_document_do_not_see_each_other(toolchain: Toolchain) -> None:
    uses = [(SWAP, f"intro h\nexact {SWAP.name} p q h"), *[(SWAP, GOOD)] * 8]

    async def use(pool: CheckPool) -> None:
        checks = await pool.check_many(uses)
        assert [found.verdict is Verdict.PROVED for found in checks] == [False, *[True] * 8]

    with_pool(toolchain, use, workers=1)


def test_a_statement_that_does_not_elaborate_is_said_so(toolchain: Toolchain) -> None:
    bad = Theorem("b", "theorem b (n : Nat) : n + true = 0 := by")
    missing = Theorem("m", "theorem m : 1 = 1 := by", header="import No.Such.Module\n")

    async def use(pool: CheckPool) -> None:
        with pytest.raises(StatementError, match="b: the statement does not elaborate"):
            await pool.check(bad, "rfl")
        with pytest.raises(StatementError, match=r"No\.Such\.Module|No"):
            await pool.check(missing, "rfl")
        await pool.validate(SWAP)
        assert (await pool.check(SWAP, GOOD)).verdict is Verdict.PROVED

    with_pool(toolchain, use)


def test_an_endless_proof_times_out_and_harms_no_other(toolchain: Toolchain) -> None:
    async def use(pool: CheckPool) -> None:
        checks = await pool.check_many([(SWAP, GOOD), (SWAP, ENDLESS), *[(SWAP, GOOD)] * 6])
        assert [found.verdict for found in checks] == [Verdict.PROVED, Verdict.TIMEOUT, *[Verdict.PROVED] * 6]

    with_pool(toolchain, use, limits=Limits(seconds=1.5))


def test_cancelling_a_check_frees_its_worker(toolchain: Toolchain) -> None:
    async def use(pool: CheckPool) -> None:
        endless = asyncio.create_task(pool.check(SWAP, ENDLESS))
        await asyncio.sleep(0.5)
        endless.cancel()
        with pytest.raises(asyncio.CancelledError):
            await endless
        assert (await asyncio.wait_for(pool.check(SWAP, GOOD), 20)).verdict is Verdict.PROVED

    with_pool(toolchain, use, workers=1, limits=Limits(seconds=200))


def test_workers_killed_at_random_lose_no_verdict(toolchain: Toolchain) -> None:
    generator = random.Random(7)
    kinds = {GOOD: Verdict.PROVED, BAD: Verdict.FAILED, "intro h": Verdict.INCOMPLETE}
    proofs = [generator.choice(list(kinds)) for _ in range(1000)]
    killed: list[int] = []

    async def use(pool: CheckPool) -> None:
        found: list[Check] = []
        for start in range(0, len(proofs), 8):
            pairs = [(SWAP, proof) for proof in proofs[start : start + 8]]
            under_way = asyncio.create_task(pool.check_many(pairs))
            await asyncio.sleep(generator.uniform(0.0, 0.02))
            if alive := [pid for pid in pool.pids if _runs(pid)]:
                killed.append(generator.choice(alive))
                os.kill(killed[-1], signal.SIGKILL)
            found += await under_way
        assert [check.verdict for check in found] == [kinds[proof] for proof in proofs]

    with_pool(toolchain, use)
    assert len(killed) >= 100
    assert len(set(killed)) > 50, "the pool went on with new processes"


def test_a_proof_that_crashes_lean_is_rejected_and_harms_no_other(toolchain: Toolchain) -> None:
    huge = Theorem("huge", "theorem huge : 2 ^ 1000000000000 = 1 := by")
    crash = "set_option exponentiation.threshold 10000000000000 in decide +kernel"

    async def use(pool: CheckPool) -> None:
        checks = await pool.check_many([(SWAP, GOOD), (huge, crash), (SWAP, GOOD)])
        assert [check.verdict for check in checks] == [Verdict.PROVED, Verdict.FAILED, Verdict.PROVED]
        assert "crash" in checks[1].reason

    with_pool(toolchain, use, workers=1)


def test_a_pool_may_be_left_while_checks_are_being_cancelled(toolchain: Toolchain) -> None:
    async def main() -> None:
        for pause in (0.0, 0.005, 0.02, 0.1):
            async with CheckPool(toolchain, workers=2) as pool:
                await pool.check(SWAP, GOOD)
                tasks = [asyncio.create_task(pool.check(SWAP, ENDLESS)) for _ in range(4)]
                await asyncio.sleep(pause)
                for task in tasks:
                    task.cancel()

    asyncio.run(asyncio.wait_for(main(), 60))


def fake_lean(tmp_path: Path, toolchain: Toolchain, body: str) -> Toolchain:
    """A toolchain whose `lean` is a Python script."""
    script = tmp_path / "lean.py"
    script.write_text(body, encoding="utf-8")
    return replace(toolchain, command=(sys.executable, str(script)), environment=Variables({}))


@pytest.mark.parametrize(
    "body",
    [
        "raise SystemExit(3)",
        "import sys; sys.stdin.buffer.read(1); sys.exit('it broke')",
        "print('no protocol at all', flush=True); import time; time.sleep(100)",
        "import time; time.sleep(100)",
        "import os; os.kill(os.getpid(), 9)",
    ],
)
def test_a_lean_that_talks_nonsense_is_our_fault_and_not_the_proofs(
    tmp_path: Path, toolchain: Toolchain, body: str
) -> None:
    async def use(pool: CheckPool) -> None:
        found = await pool.check(SWAP, GOOD)
        assert found.verdict is Verdict.FAULT
        assert found.reason

    patience = 0.1 if "sleep" in body else 10.0
    with_pool(fake_lean(tmp_path, toolchain, body), use, workers=1, limits=Limits(start_seconds=patience))


def test_a_program_that_cannot_be_started_is_a_fault(toolchain: Toolchain) -> None:
    async def use(pool: CheckPool) -> None:
        assert (await pool.check(SWAP, GOOD)).verdict is Verdict.FAULT

    with_pool(replace(toolchain, command=("/no/such/lean",)), use, workers=1)


def test_a_statement_that_could_not_be_checked_is_not_called_bad(toolchain: Toolchain) -> None:
    async def use(pool: CheckPool) -> None:
        for _ in range(2):
            with pytest.raises(UncheckedError, match="swap: the statement could not be checked: "):
                await pool.validate(SWAP)
        assert not pool._statements  # What says nothing is not remembered.

    with_pool(replace(toolchain, command=("/no/such/lean",)), use, workers=1)


def test_closing_the_pool_leaves_no_process_and_no_waiting_caller(toolchain: Toolchain) -> None:
    async def main() -> list[int]:
        pool = CheckPool(toolchain, workers=2, limits=Limits(seconds=100))
        async with pool:
            await pool.check_many([(SWAP, GOOD)] * 40)
            waiting = [asyncio.create_task(pool.check(SWAP, ENDLESS)) for _ in range(4)]
            await asyncio.sleep(0.3)
            pids = pool.pids
        ended = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 10)
        assert all(isinstance(one, asyncio.CancelledError) for one in ended)
        return pids

    pids = asyncio.run(main())
    assert pids
    assert not any(psutil.pid_exists(pid) for pid in pids)


PARENT = """
import asyncio, sys
from lean_env.pool import CheckPool
from lean_env.toolchain import find_toolchain
from lean_env.values import Theorem
async def main():
    async with CheckPool(find_toolchain(), workers=2) as pool:
        theorem = Theorem("t", "theorem t (p : Prop) : p → p := by")
        await pool.check_many([(theorem, "exact id")] * 40)
        print(*pool.pids, flush=True)
        await pool.check(theorem, "intro h\\nrepeat (have := h)")
asyncio.run(main())
"""


def test_no_process_outlives_a_killed_parent(toolchain: Toolchain) -> None:
    environ = {name: value for name, value in os.environ.items() if name != "PROVER_PROJECT"}
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, env=environ
    ) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) >= 2
        assert all(psutil.pid_exists(pid) for pid in pids)
        time.sleep(0.2)
        parent.kill()
    deadline = time.monotonic() + 20
    while (left := [pid for pid in pids if _runs(pid)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left


def _runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("memory_bytes", [1, 10 * 1024**2, 100 * 1024**2, 500 * 1024**2])
def test_too_little_memory_to_start_lean_is_said_so(toolchain: Toolchain, memory_bytes: int) -> None:
    async def use(pool: CheckPool) -> None:
        with pytest.raises(LimitError, match="too little to start Lean"):
            await pool.check(SWAP, GOOD)

    with_pool(toolchain, use, workers=1, limits=Limits(memory_bytes=memory_bytes))


def test_a_pool_needs_a_worker(toolchain: Toolchain) -> None:
    with pytest.raises(LimitError):
        CheckPool(toolchain, workers=0)


@pytest.mark.parametrize("value", [0.0, -1.0, float("inf"), float("nan")])
def test_limits_must_make_sense(value: float) -> None:
    with pytest.raises(LimitError):
        Limits(seconds=value)
    with pytest.raises(LimitError):
        Limits(memory_bytes=-1)


def test_a_theorem_that_cannot_be_called_so_is_no_statement_among_others_either(toolchain: Toolchain) -> None:
    named = [
        Theorem(name, f"theorem {name} (p : Prop) (h : p) : p := by") for name in ("fine", "exists", "also")
    ]

    async def check() -> list[object]:
        async with CheckPool(toolchain, workers=1) as pool:
            return await asyncio.gather(
                *(pool.check(theorem, "exact h") for theorem in named), return_exceptions=True
            )

    fine, reserved, also = asyncio.run(check())
    assert isinstance(reserved, StatementError)
    assert [getattr(one, "verdict", one) for one in (fine, also)] == [Verdict.PROVED, Verdict.PROVED]
