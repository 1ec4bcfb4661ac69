"""The tactic states that are known already, so that Lean is not asked twice.

The state after a step depends on the theorem and on the text up to the next step's end, which says
where the step ends. Proofs that share a beginning share its states.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from lean_env.steps import Boundary

CAPACITY = 20_000

Goals = tuple[str, ...] | None
"""The goals at a position; None where there is no tactic."""


class Key(NamedTuple):
    """What a state depends on."""

    digest: str
    """The theorem's."""
    end: int
    """Offset of the step's end."""
    text: str
    """The proof up to the next step's end."""


class States:
    """A bounded memory of states; the least recently used are forgotten."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._known: OrderedDict[Key, Goals] = OrderedDict()

    def keys(self, digest: str, proof: str, steps: Sequence[Boundary]) -> list[Key]:
        """A key for the state after each of a proof's steps."""
        ends = [step.end for step in steps]
        followed = zip(ends, [*ends[1:], len(proof)][: len(ends)], strict=True)
        return [Key(digest, end, proof[:following]) for end, following in followed]

    def __contains__(self, key: Key) -> bool:
        return key in self._known

    def __getitem__(self, key: Key) -> Goals:
        self._known.move_to_end(key)
        return self._known[key]

    def __setitem__(self, key: Key, goals: Goals) -> None:
        self._known[key] = goals
        if len(self._known) > self._capacity:
            self._known.popitem(last=False)
