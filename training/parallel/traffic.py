"""What expert parallelism sends over which kind of link, as counted and as expected.

A token's row goes once to each place (a node, or a GPU) that has one of its experts, so the expected number
of places is what traffic depends on. Expectations are for routing without preferences.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

from training.parallel.spread import Hop

INDEX_BYTES, WEIGHT_BYTES = 4, 4
"""Of one choice: its expert and its weight, which go along with the row."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What one process has sent over one hop, to others and to itself."""

    rows: int
    """To others, over the wire."""
    local: int
    """To itself."""
    bytes: int
    """Over the wire, with choices and weights: of the way out in forward passes alone. The answers come back
    without either."""

    @property
    def wire_share(self) -> float:
        """Of all rows, those that cross a wire: *logical* bandwidth counts the others too."""
        return self.rows / max(1, self.rows + self.local)


def counted(hop: Hop) -> Traffic:
    """What a hop has sent since it was made, in the form in which it has travelled."""
    local = int(hop.sent_W[hop.me])
    wire = int(hop.bytes_W.sum() - hop.bytes_W[hop.me])
    return Traffic(int(hop.sent_W.sum()) - local, local, wire)


def expected_places(experts: int, places: int, choices: int, limit: int | None = None) -> float:
    """In how many of `places` a token's experts are expected to lie, if each has an equal part of them.

    `limit`: routing is limited to so many places, drawn first (node-limited routing, arXiv 2412.19437,
    section 2.1.2). A place is missed by `choices` draws without replacement with the chance of a
    hypergeometric 0. Raises `ValueError` for numbers that do not fit together.
    """
    limit = places if limit is None else limit
    if experts % places:
        raise ValueError(f"{experts} experts cannot be divided evenly among {places} places")
    if not 1 <= limit <= places:
        raise ValueError(f"a limit of {limit} places lies outside 1 to {places}")
    a_place = experts // places
    if not 0 < choices <= limit * a_place:
        raise ValueError(f"{limit} places of {a_place} experts do not have {choices}")
    missed = comb((limit - 1) * a_place, choices) / comb(limit * a_place, choices)
    return limit * (1 - missed)


def expected_ratio(experts: int, places: int, choices: int, limit: int) -> float:
    """Rows over the wires with the limit, as a share of those without. That a token's own place costs
    nothing changes both alike."""
    limited, free = (expected_places(experts, places, choices, most) for most in (limit, None))
    return limited / free
