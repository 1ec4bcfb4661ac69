"""Proofs by hints: of each statement of a corpus, those that one of its hints gives.

The shortest proof of most statements is Lean's automation, so a corpus of short proofs teaches to ignore
the lemmas that a prompt shows. Where automation fails, they are what is needed. So every statement's hints
are tried, alone, and where nothing of one step proves it, with a tactic behind that closes what is left.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

from data.records import CorpusRecord
from lean_env.limits import Limits
from lean_env.pool import CheckPool
from lean_env.steps import boundaries
from lean_env.toolchain import find_toolchain
from lean_env.values import Theorem, Verdict
from prover.policies.tactics.lemmas import core_library
from prover.prompts import proof_block
from training.corpus.hint import hinted

MAX_ALONE, MAX_CLOSED = 2, 2
"""So many proofs are added at most: by a hint alone, and by a hint and one tactic."""
TRIED = 8
"""So many hints are tried with a tactic behind."""
CLOSING = ("simp_all", "omega", "assumption")
SECONDS = 2.0
STATEMENTS = 200
"""Statements that a process takes at once."""
UNDER_WAY = 32
WORKERS = 2
"""Lean workers of a process; its own work keeps a third processor busy for some of the time."""


def with_hint_proofs(records: Sequence[CorpusRecord], workers: int) -> Iterator[CorpusRecord]:
    """The records with their hints, and behind those of each statement the proofs that hints give.

    Proofs of one statement stand together. Raises `LeanEnvError` if Lean is not there.
    """
    groups = [list(group) for _, group in itertools.groupby(records, lambda record: record.statement)]
    chunks = [groups[start : start + STATEMENTS] for start in range(0, len(groups), STATEMENTS)]
    processes = max(1, min(workers // WORKERS, len(chunks)))
    context = get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=core_library) as pool:
        for found in pool.map(_tried, chunks):
            yield from found


def _tried(groups: list[list[CorpusRecord]]) -> list[CorpusRecord]:
    return asyncio.run(_try(groups))


async def _try(groups: list[list[CorpusRecord]]) -> list[CorpusRecord]:
    turn = asyncio.Semaphore(UNDER_WAY * WORKERS)
    async with CheckPool(find_toolchain(), workers=WORKERS, limits=Limits(seconds=SECONDS)) as pool:

        async def one(group: list[CorpusRecord]) -> list[CorpusRecord]:
            async with turn:
                group = [hinted(record) for record in group]
                return group + await _proofs(pool, group)

        found = await asyncio.gather(*map(one, groups))
    return [record for group in found for record in group]


async def _proofs(pool: CheckPool, group: Sequence[CorpusRecord]) -> list[CorpusRecord]:
    """New proofs of the statement that the records of `group` prove."""
    record, known = group[0], {" ".join(record.proof.split()) for record in group}
    theorem = record.theorem
    steps = min(len(record.steps or ()) for record in group)
    tried = [
        hint
        for hint in record.hints[0]
        # Where automation suffices, `simp` with any lemma does: that says nothing about the lemma.
        if hint not in known and not (steps == 1 and hint.startswith("simp"))
    ]
    alone = [hint for hint, fine in zip(tried, await _accepted(pool, theorem, tried), strict=True) if fine]
    scripts = alone[:MAX_ALONE]
    if not alone and steps > 1:
        closed = [f"{hint}\n{last}" for hint in tried[:TRIED] for last in CLOSING]
        closed = [script for script in closed if " ".join(script.split()) not in known]
        fine = await _accepted(pool, theorem, closed)
        scripts += list(itertools.islice(itertools.compress(closed, fine), MAX_CLOSED))
    made = [await _record(pool, record, proof_block(script).rstrip()) for script in scripts]
    return [record for record in made if record is not None]


async def _accepted(pool: CheckPool, theorem: Theorem, scripts: Iterable[str]) -> list[bool]:
    checks = await pool.check_many([(theorem, proof_block(script).rstrip()) for script in scripts])
    return [check.verdict is Verdict.PROVED for check in checks]


async def _record(pool: CheckPool, like: CorpusRecord, proof: str) -> CorpusRecord | None:
    """The record of a proof, with Lean's states and hints; None if Lean does not accept it again."""
    check = await pool.check(like.theorem, proof, steps=True)
    if check.verdict is not Verdict.PROVED or len(check.steps) != len(boundaries(proof)):
        return None
    steps = tuple((step.end, step.goals) for step in check.steps)
    return hinted(replace(like, proof=proof, start=0, steps=steps, hints=()))
