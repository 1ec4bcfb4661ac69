"""Which library lemmas may help with a goal, as tactics that use them.

A model of a few million weights cannot know a library's names by heart, let alone those of a library that
it was not trained on. So it is shown the lemmas that match the goal, as in ReProver (LeanDojo,
arXiv 2306.15626, section 5), with two differences: they are found by matching, not by an encoder, and
they are shown as the tactics that would use them, ready to be copied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from prover.policies.base import Prompt
from prover.policies.tactics.closing import simp_sets
from prover.policies.tactics.goals import Goal
from prover.policies.tactics.lemmas import Library, library_for
from prover.policies.tactics.moves import Move
from prover.policies.tactics.policy import start_goals
from prover.policies.tactics.retrieval import applications, forward, rewrites

VERSION = "hints-1"
"""Changes when other hints are given: a model is used with those that it was trained on."""
_SOURCES: tuple[tuple[int, Callable[[Goal, Library], Iterable[Move]]], ...] = (
    (5, applications),
    (4, rewrites),
    (2, simp_sets),
    (2, forward),
)
"""How many hints of each kind there are at most."""
MAX_LENGTH = 80
"""Characters of a hint; longer ones name long terms, not lemmas."""


def hints(prompt: Prompt) -> tuple[str, ...]:
    """Tactics that use lemmas of the library, or of the file's header, on the prompt's first goal."""
    goals = start_goals(prompt)
    return _hints(goals[0], prompt.theorem.header) if goals else ()


@lru_cache(maxsize=16_384)
def _hints(goal: Goal, header: str) -> tuple[str, ...]:
    library = library_for(header)
    return tuple(
        dict.fromkeys(text for count, moves in _SOURCES for text in _best(moves(goal, library), count))
    )


def _best(moves: Iterable[Move], count: int) -> Iterator[str]:
    """The texts of the moves of the largest weights, the largest first."""
    weights: dict[str, float] = {}
    for move in moves:
        if len(move.text) <= MAX_LENGTH:
            weights[move.text] = max(move.weight, weights.get(move.text, 0.0))
    yield from sorted(weights, key=lambda text: -weights[text])[:count]
