"""Checks a corpus again: a proof may stop checking when Lean or the library changes."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from pathlib import Path

from data.records import CorpusRecord, numbered
from lean_env.errors import StatementError
from lean_env.limits import Limits
from lean_env.pool import CheckPool
from lean_env.toolchain import find_toolchain
from lean_env.values import Verdict

SECONDS = 20.0
AT_A_TIME = 64


@dataclass(frozen=True, slots=True)
class Broken:
    """A record whose proof is no proof."""

    line: int
    name: str
    reason: str


async def recheck(
    path: Path, *, workers: int, sample: int | None = None, seed: int = 0
) -> tuple[int, list[Broken]]:
    """How many records were checked, and those that Lean refuses, in order.

    `sample` records are drawn at random, or all of them taken. Raises `CorpusError` for a file that
    cannot be read, and `LeanEnvError` if Lean is not there.
    """
    records = list(numbered(path))
    if sample is not None and sample < len(records):
        records = sorted(random.Random(seed).sample(records, sample), key=lambda pair: pair[0])
    broken: list[Broken] = []
    turn = asyncio.Semaphore(AT_A_TIME * workers)
    async with CheckPool(find_toolchain(), workers=workers, limits=Limits(seconds=SECONDS)) as pool:

        async def one(line: int, record: CorpusRecord) -> None:
            async with turn:
                try:
                    check = await pool.check(record.theorem, record.proof)
                    reason = "" if check.verdict is Verdict.PROVED else check.reason or check.verdict.value
                except StatementError as error:
                    reason = str(error)
            if reason:
                broken.append(Broken(line, record.name, reason))

        await asyncio.gather(*(one(line, record) for line, record in records))
    return len(records), sorted(broken, key=lambda one: one.line)
