"""Watches over the verifier: cheats are written down, and its two tiers must agree."""

from __future__ import annotations

from pathlib import Path

from training.errors import TrainError
from training.rlpaf.judge import Tally

MIN_AUDITS = 20
"""Audits before a share of refusals says anything."""


class Alarm:
    """Hears of what judges have done; counts over a whole run, through its interruptions."""

    def __init__(self, out: Path, max_disagreement: float) -> None:
        self._path, self._max = out / "cheats.txt", max_disagreement
        self.audited = 0
        self.refused = 0

    def hear(self, batch: int, tally: Tally) -> None:
        """Keep the cheats. Raises `TrainError` if the strict audit refuses too much of what it is given."""
        if tally.cheats:
            with self._path.open("a", encoding="utf-8") as file:
                file.writelines(f"-- batch {batch}\n{text}\n\n" for text in tally.cheats)
        self.audited += tally.audited
        self.refused += tally.refused
        share = self.refused / max(1, self.audited)
        if self.audited >= MIN_AUDITS and share > self._max:
            raise TrainError(
                f"the strict audit refuses {share:.1%} of what the fast tier calls proved: the policy has "
                f"found a hole; {self._path} shows it, earlier checkpoints are intact"
            )
