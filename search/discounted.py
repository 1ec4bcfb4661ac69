"""Discounted statistics of one choice: the sums that the selection rule of RMaxTS is made of.

DeepSeek-Prover-V1.5 (arXiv 2408.08152), §3.3: a choice that was taken N times and brought the rewards
R_1 … R_N has the discounted return W_γ = Σ_t γ^(N−t) R_t and the discounted visit count
N_γ = Σ_{t<N} γ^t. Both follow from their predecessors, so that neither the rewards nor the times need
be kept; `count` is kept because two stretches of a run can be joined only if it is known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Discounted:
    """W_γ, N_γ and N of one choice. γ is not part of it: every method is given the same."""

    reward: float = 0.0
    """W_γ; between 0 and `visits` for rewards in [0, 1]."""
    visits: float = 0.0
    """N_γ; 0, or in [1, 1/(1−γ)]."""
    count: int = 0
    """N: how often the choice was updated."""

    @property
    def value(self) -> float:
        """The mean reward W_γ / N_γ. Raises `ZeroDivisionError` before the first visit."""
        return self.reward / self.visits

    def update(self, reward: float, gamma: float) -> Discounted:
        """After one more visit that brought `reward`."""
        return Discounted(self.reward * gamma + reward, self.visits * gamma + 1.0, self.count + 1)

    def with_virtual_loss(self, pending: int, gamma: float) -> Discounted:
        """As if `pending` visits under way had all ended with reward 0 (§3.3, virtual loss).

        In closed form: W·γ^k and N·γ^k + (1 − γ^k)/(1 − γ), which is N + k for γ = 1.
        """
        if pending == 0:
            return self
        decay, fresh = _geometric(pending, gamma)
        return Discounted(self.reward * decay, self.visits * decay + fresh, self.count + pending)

    def then(self, later: Discounted, gamma: float) -> Discounted:
        """The statistics of all updates, when `later` holds those that came after these.

        Associative, with `UNVISITED` as unit; commutative for γ = 1 only.
        """
        decay, _ = _geometric(later.count, gamma)
        return Discounted(
            self.reward * decay + later.reward,
            self.visits * decay + later.visits,
            self.count + later.count,
        )


UNVISITED = Discounted()
"""The statistics of a choice that was never taken."""


def _geometric(k: int, gamma: float) -> tuple[float, float]:
    """γ^k and 1 + γ + … + γ^(k−1), without loss of digits as γ approaches 1."""
    if gamma == 1.0:
        return 1.0, float(k)
    exponent = k * math.log1p(gamma - 1.0)
    return math.exp(exponent), -math.expm1(exponent) / (1.0 - gamma)
