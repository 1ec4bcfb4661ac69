"""Shorter proofs that are still proofs."""

from __future__ import annotations

import asyncio

import pytest

from lean_env.audit import AuditResult, audit
from lean_env.errors import AuditError
from lean_env.limits import GIB
from lean_env.pool import CheckPool
from lean_env.steps import boundaries
from lean_env.toolchain import Toolchain
from lean_env.values import Proof, Theorem, Verdict
from prover.minimise import minimise, without
from tests.prover.scripted import theorem

SWAP = theorem("swap", "∀ p q : Prop, p ∧ q → q ∧ p")


@pytest.mark.parametrize(
    ("proof", "step", "shorter"),
    [
        ("intro h\nskip\nexact h", 1, "intro h\nexact h"),
        ("  intro h\n  exact h", 0, "  exact h"),
        ("skip; rfl", 0, "rfl"),
        ("intro h; skip; exact h", 1, "intro h; exact h"),
        ("rfl; skip", 1, "rfl"),
        ("rfl\nskip", 1, "rfl"),
        ("skip", 0, ""),
        ("constructor\n· skip\n  rfl\n· rfl", 1, "constructor\n· rfl\n· rfl"),
        ("constructor\n· skip; rfl\n· rfl", 1, "constructor\n· rfl\n· rfl"),
        ("constructor\n· rfl\n· rfl", 1, "constructor\n· rfl"),
    ],
)
def test_a_step_is_left_out_with_its_semicolon_or_its_line(proof: str, step: int, shorter: str) -> None:
    place = boundaries(proof)[step]
    assert without(proof, place.start, place.end) == shorter


async def proved(toolchain: Toolchain, text: str) -> Proof:
    result = await strict(toolchain, SWAP, text)
    assert result.certificate is not None
    return Proof(SWAP, text, result.certificate)


async def strict(toolchain: Toolchain, one: Theorem, proof: str) -> AuditResult:
    return await audit(toolchain, one, proof, seconds=60, memory_bytes=6 * GIB)


@pytest.mark.parametrize(
    ("long", "short"),
    [
        (
            "skip\nintro p q h\nhave h2 : p := h.1\nobtain ⟨hp, hq⟩ := h\nexact ⟨hq, hp⟩; all_goals skip",
            "intro p q h\nobtain ⟨hp, hq⟩ := h\nexact ⟨hq, hp⟩",
        ),
        ("intro p q h\nexact ⟨h.2, h.1⟩", "intro p q h\nexact ⟨h.2, h.1⟩"),
        (
            "intro p q h\nconstructor\n· skip\n  exact h.2\n· have := h\n  exact h.1",
            "intro p q h\nconstructor\n· exact h.2\n· exact h.1",
        ),
    ],
)
def test_what_is_left_is_a_proof_with_a_certificate_of_its_own(
    toolchain: Toolchain, long: str, short: str
) -> None:
    async def scenario() -> None:
        async with CheckPool(toolchain, workers=1) as pool:
            proof = await proved(toolchain, long)
            found = await minimise(proof, pool, lambda one, text: strict(toolchain, one, text))
            assert "".join(found.text.split()) == "".join(short.split())
            assert found.certificate.proof == found.text
            assert (await strict(toolchain, SWAP, found.text)).verdict is Verdict.PROVED

    asyncio.run(scenario())


def test_a_proof_survives_whatever_goes_wrong(toolchain: Toolchain) -> None:
    async def scenario() -> None:
        proof = await proved(toolchain, "skip\nintro p q h\nexact ⟨h.2, h.1⟩")

        async def fails(one: Theorem, text: str) -> AuditResult:
            raise AuditError("no room for files")

        async def refuses(one: Theorem, text: str) -> AuditResult:
            return AuditResult(Verdict.CHEAT, "no")

        async with CheckPool(toolchain, workers=1) as pool:
            assert await minimise(proof, pool, fails) is proof
            assert await minimise(proof, pool, refuses) is proof

    asyncio.run(scenario())
