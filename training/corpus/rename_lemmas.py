"""Other names for the lemmas that prompts show: what is shown is to be read, not known by heart.

A library has few lemmas, and a pass over a corpus names each many times, so a small model learns how their
names go on rather than to copy the one it is shown; a lemma that no proof of the corpus uses, or of another
library, it then cannot name. With names made up from parts of other names, nothing is left but to copy. Such
a proof is for training only: Lean knows no lemma of that name.
"""

from __future__ import annotations

import random
import re
from functools import lru_cache

from data.records import CorpusRecord
from prover.policies.tactics.lemmas import core_library
from training.corpus.rename import rewritten

_NAME = re.compile(r"(?<![\w.'])[^\W\d][\w'!?]*(?:\.[^\W\d][\w'!?]*)*")


def with_other_lemmas(record: CorpusRecord, rng: random.Random) -> CorpusRecord:
    """The record with made-up names for the lemmas in its hints, wherever they stand."""
    known, parts = _library()
    shown = {name for hints in record.hints for hint in hints for name in _NAME.findall(hint)} & known
    names = {name: _made_up(name, parts, rng) for name in sorted(shown)}
    if not names:
        return record
    return rewritten(record, lambda text: _NAME.sub(lambda found: names.get(found[0], found[0]), text))


def _made_up(name: str, parts: tuple[str, ...], rng: random.Random) -> str:
    """A name in the same namespace, of about as many parts."""
    namespace, dot, last = name.rpartition(".")
    count = max(2, last.count("_") + rng.choice((0, 1, 1, 2)))
    return namespace + dot + "_".join(rng.choices(parts, k=count))


@lru_cache(maxsize=1)
def _library() -> tuple[frozenset[str], tuple[str, ...]]:
    """The library's names, and what they are made of, each part as often as it occurs."""
    names = [lemma.name for lemma in core_library().lemmas]
    parts = [part for name in names for part in name.rpartition(".")[2].split("_")]
    return frozenset(names), tuple(part for part in parts if re.fullmatch(r"[^\W\d][\w']*", part))
