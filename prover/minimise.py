"""Makes a proof shorter by leaving out steps that it does not need."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from lean_env.audit import AuditResult
from lean_env.pool import CheckPool
from lean_env.steps import boundaries
from lean_env.values import Proof, Theorem, Verdict

MAX_CHECKS = 64
"""A long proof keeps some steps that it does not need rather than everybody waiting."""


async def minimise(
    proof: Proof, pool: CheckPool, audit: Callable[[Theorem, str], Awaitable[AuditResult]]
) -> Proof:
    """`proof` without the steps that can go one by one, the last first; as it was, unless the shorter
    one passes the strict audit too."""
    text, before, checks = proof.text, "", 0
    while text != before and checks < MAX_CHECKS:
        before = text
        index = len(boundaries(text)) - 1
        while index >= 0 and checks < MAX_CHECKS:
            step = boundaries(text)[index]
            shorter = without(text, step.start, step.end)
            checks += 1
            if shorter.strip() and (await pool.check(proof.theorem, shorter)).verdict is Verdict.PROVED:
                text = shorter
            index = min(index, len(boundaries(text))) - 1
    if text == proof.text:
        return proof
    result = await audit(proof.theorem, text)
    return proof if result.certificate is None else Proof(proof.theorem, text, result.certificate)


def without(text: str, start: int, end: int) -> str:
    """`text` without what stands from `start` to `end`, nor the `;` or the line that becomes empty."""
    rest = text[end:].lstrip(" ")
    before = text[:start]
    if rest.startswith(";"):
        return before + rest[1:].lstrip(" ")
    if before.rstrip(" ").endswith(";"):
        return before.rstrip(" ")[:-1] + text[end:]
    line = before.rfind("\n") + 1
    if not before[line:].strip() and (not rest or rest.startswith("\n")):
        return (text[:line] + rest.removeprefix("\n")).rstrip("\n")
    return before + text[end:]
