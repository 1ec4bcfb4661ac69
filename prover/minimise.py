"""Makes a proof shorter by leaving out steps that it does not need."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable

from lean_env.audit import AuditResult
from lean_env.errors import LeanEnvError
from lean_env.pool import CheckPool
from lean_env.steps import boundaries
from lean_env.values import Proof, Theorem, Verdict

MAX_CHECKS = 64
MAX_SECONDS = 20.0
"""A long proof keeps some steps that it does not need rather than everybody waiting."""

_BULLET = re.compile(r"[·.]\s+")

Audit = Callable[[Theorem, str], Awaitable[AuditResult]]


async def minimise(proof: Proof, pool: CheckPool, audit: Audit) -> Proof:
    """`proof` without the steps that can go one by one, the last first; as it was, unless the shorter
    one passes the strict audit too. Whatever goes wrong on the way, `proof` is not lost by it."""
    try:
        text = await shortened(proof, pool)
        if text == proof.text:
            return proof
        result = await audit(proof.theorem, text)
    except LeanEnvError:
        return proof
    return proof if result.certificate is None else Proof(proof.theorem, text, result.certificate)


async def shortened(proof: Proof, pool: CheckPool) -> str:
    """The shortest text, of those tried, that the check service still accepts."""
    text, before, checks = proof.text, "", 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(MAX_SECONDS):
            while text != before and checks < MAX_CHECKS:
                before = text
                index = len(boundaries(text)) - 1
                while index >= 0 and checks < MAX_CHECKS:
                    step = boundaries(text)[index]
                    shorter = without(text, step.start, step.end)
                    checks += 1
                    if not shorter.strip():
                        break
                    check = await pool.check(proof.theorem, shorter)
                    if check.verdict is Verdict.PROVED:
                        text = shorter
                    index = min(index, len(boundaries(text))) - 1
    return text


def without(text: str, start: int, end: int) -> str:
    """`text` without what stands from `start` to `end`, nor the `;` or the line that becomes empty.

    The bullet of a step with which a block begins passes on to the step below it.
    """
    rest = text[end:].lstrip(" ")
    if (bullet := _BULLET.match(text, start, end)) is not None:
        below = rest.removeprefix("\n")
        column = start - (text.rfind("\n", 0, start) + 1)
        if rest.startswith(";") or (below != rest and len(below) - len(below.lstrip(" ")) > column):
            return text[: bullet.end()] + below.removeprefix(";").lstrip(" ")
    before = text[:start]
    if rest.startswith(";"):
        return before + rest[1:].lstrip(" ")
    if before.rstrip(" ").endswith(";"):
        return before.rstrip(" ")[:-1] + text[end:]
    line = before.rfind("\n") + 1
    if not before[line:].strip() and (not rest or rest.startswith("\n")):
        return (text[:line] + rest.removeprefix("\n")).rstrip("\n")
    return before + text[end:]
