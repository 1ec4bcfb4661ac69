"""Records with the hints that a search would show, so that training and search agree.

To look hints up takes some milliseconds a goal, which is much for a corpus and nothing for a search; so
all processors do it, once for a run, before the first step, or once for a corpus that keeps them. Each
pass over the corpus then gives them the names that it gives the variables.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

from data.records import CorpusRecord
from prover.policies.tactics.hints import hints
from prover.policies.tactics.lemmas import core_library
from prover.prompts import make_prompt

CHUNK = 64
"""Records that a process takes at once: proofs of one statement stand together, and share hints."""


def with_hints_looked_up(records: Sequence[CorpusRecord]) -> list[CorpusRecord]:
    """The records, each with hints: those that it has, if it has some."""
    processes = min(len(os.sched_getaffinity(0)), -(-len(records) // CHUNK))
    if processes < 2 or all(record.hints for record in records):
        return [hinted(record) for record in records]
    # Spawned, not forked: torch may have threads by now.
    context = get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=core_library) as pool:
        return list(pool.map(hinted, records, chunksize=CHUNK))


def hinted(record: CorpusRecord) -> CorpusRecord:
    """The record with its hints."""
    if record.hints:
        return record
    places = [("", ())] + [(record.proof[:end], goals) for end, goals in record.steps or ()]
    found = [hints(make_prompt(record.theorem, prefix, goals)) for prefix, goals in places]
    return replace(record, hints=tuple(found))
