"""Texts that try to pass without proving anything: none may, on either tier.

Each case of `redteam/*.toml` goes through the check service, the audit, and the audit with the token
filter off, which must not need it. A naive check, "Lean reports no error", shows for each case whether
it would have been fooled, so that the suite cannot pass because the attacks are no attacks.
"""

from __future__ import annotations

import asyncio
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from lean_env.audit import audit
from lean_env.compile import parse_messages
from lean_env.errors import StatementError
from lean_env.limits import GIB, Limits
from lean_env.pool import CheckPool
from lean_env.process import run_limited
from lean_env.toolchain import Toolchain
from lean_env.values import Severity, Theorem, Verdict

SECONDS = 30.0
MEMORY = 6 * GIB
PROCESSES = 2
FIXTURES = Path(__file__).with_name("redteam")


@dataclass(frozen=True)
class Case:
    """One attack."""

    group: str
    name: str
    theorem: Theorem
    proof: str
    fast: frozenset[Verdict]
    strict: frozenset[Verdict]
    naive: bool | None
    """Whether the naive check accepts it; None where that depends on the library."""

    @property
    def is_true(self) -> bool:
        """Whether the statement is true, so that an audit without token filter may accept the proof."""
        return "1 = 2" not in self.theorem.statement


@dataclass(frozen=True)
class Answers:
    """What each check said about one attack."""

    fast: Verdict
    strict: Verdict
    bare: Verdict
    """The audit's verdict with the token filter off."""
    naive: bool


def read_cases() -> list[Case]:
    cases = []
    for group in ("commands", "sorry", "text"):
        path = FIXTURES / f"{group}.toml"
        given = tomllib.loads(path.read_text(encoding="utf-8").replace("\\u0000", "\\u0001NUL"))
        for case in given["case"]:
            theorem = Theorem(
                name=case.get("constant", "target"),
                statement=case.get("statement", given.get("statement", "")),
                header=case.get("header", ""),
                footer=case.get("footer", ""),
            )
            naive = case["naive"]
            cases.append(
                Case(
                    group=group,
                    name=case["name"],
                    theorem=theorem,
                    proof=case["proof"].replace("\u0001NUL", "\0"),
                    fast=frozenset(map(Verdict, case["fast"].split("|"))),
                    strict=frozenset(map(Verdict, case["strict"].split("|"))),
                    naive=None if naive == "either" else naive,
                )
            )
    return cases


CASES = read_cases()


async def naive_check(toolchain: Toolchain, case: Case, directory: Path) -> bool:
    """What many systems do: paste the proof behind the statement, and look for errors."""
    path = directory / f"{case.group}-{case.name}.lean"
    lines = "\n".join(f"  {line}" for line in case.proof.split("\n"))
    path.write_text(
        f"{case.theorem.header}{case.theorem.statement}\n{lines}\n{case.theorem.footer}", newline=""
    )
    finished = await run_limited(
        (*toolchain.command, "--json", "--tstack=131072", str(path)),
        directory=directory,
        environment=toolchain.environment,
        seconds=SECONDS,
        memory_bytes=MEMORY,
    )
    if finished.trouble is not None:
        return False
    return all(message.severity is not Severity.ERROR for message in parse_messages(finished.output))


async def ask(toolchain: Toolchain, cases: list[Case], directory: Path) -> dict[str, Answers]:
    turn = asyncio.Semaphore(PROCESSES)
    limits = Limits(seconds=SECONDS, memory_bytes=MEMORY)

    async def answer(case: Case, pool: CheckPool) -> Answers:
        async def audited(trust_text: bool) -> Verdict:
            async with turn:
                try:
                    result = await audit(
                        toolchain,
                        case.theorem,
                        case.proof,
                        seconds=SECONDS,
                        memory_bytes=MEMORY,
                        trust_text=trust_text,
                    )
                except StatementError as error:  # no case has a bad statement
                    raise AssertionError(case.name) from error
                assert (result.certificate is not None) == (result.verdict is Verdict.PROVED)
                assert result.verdict is Verdict.PROVED or result.reason
                return result.verdict

        fast = (await pool.check(case.theorem, case.proof)).verdict
        strict, bare = await audited(False), await audited(True)
        async with turn:
            return Answers(fast, strict, bare, await naive_check(toolchain, case, directory))

    async with CheckPool(toolchain, workers=PROCESSES, limits=limits) as pool:
        found = await asyncio.gather(*(answer(case, pool) for case in cases))
    return {case.name: answers for case, answers in zip(cases, found, strict=True)}


@pytest.fixture(scope="module")
def answers(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answers]:
    return asyncio.run(ask(toolchain, CASES, tmp_path_factory.mktemp("naive")))


def test_names_are_unique() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.group}-{case.name}")
def test_attack(case: Case, answers: dict[str, Answers]) -> None:
    answer = answers[case.name]
    assert answer.fast in case.fast
    assert answer.strict in case.strict
    assert case.is_true or answer.bare is not Verdict.PROVED
    assert answer.bare is not Verdict.FAULT
    assert case.naive is None or answer.naive == case.naive


def test_the_naive_check_is_fooled_often_enough_for_this_to_mean_something() -> None:
    assert sum(case.naive is True for case in CASES) >= 40
