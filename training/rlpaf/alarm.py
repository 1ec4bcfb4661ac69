"""Watches over the verifier: cheats are written down, and its two tiers must agree."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.errors import TrainError
from training.files import CHEATS
from training.rlpaf.judge import Tally
from training.rlpaf.values import RefusedProof

MIN_AUDITS = 20
"""Audits before a share of refusals says anything."""


class Alarm:
    """Hears of what judges have done; counts over a whole run, through its interruptions."""

    def __init__(self, out: Path, max_disagreement: float) -> None:
        self._path, self._max = out / CHEATS, max_disagreement
        self._audited = 0
        self.refused: list[RefusedProof] = []
        """All proofs that an audit has refused."""

    def hear(self, batch: int, tally: Tally) -> None:
        """Keep the cheats. Raises `TrainError` if the strict audit refuses more of what it is given than
        the share that it may, behind the first few."""
        if tally.cheats:
            with self._path.open("a", encoding="utf-8") as file:
                file.writelines(f"-- batch {batch}\n{text}\n\n" for text in tally.cheats)
        self._audited += tally.audited
        self.refused += tally.refused
        share = len(self.refused) / max(1, self._audited)
        if self._audited >= MIN_AUDITS and share > self._max:
            raise TrainError(
                f"the strict audit refuses {share:.1%} of what the fast tier calls proved: the policy has "
                f"found a hole; {self._path} shows it, earlier checkpoints are intact"
            )

    def state(self) -> dict[str, Any]:
        """What a checkpoint must hold, as JSON knows it."""
        return {"audited": self._audited, "refused": self.refused}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where `state` was asked for."""
        self._audited = int(state["audited"])
        self.refused = [(str(digest), str(proof)) for digest, proof in state["refused"]]
