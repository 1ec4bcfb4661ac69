"""What a run says of the rollouts that were judged for a batch."""

from __future__ import annotations

from lean_env.values import Verdict
from training.rlpaf.judge import Tally
from training.rlpaf.practice import Tried


def tried_figures(tried: Tried, tally: Tally, seconds: float) -> dict[str, float]:
    """Shares of what was judged since the last batch, `seconds` ago, and how fast."""
    total = max(1, tried.verdicts.total())
    figures = {f"{verdict.lower()}_share": tried.verdicts[verdict] / total for verdict in Verdict}
    return figures | {
        "rollouts_per_second": tried.verdicts.total() / seconds,
        "proofs_per_second": tried.verdicts[Verdict.PROVED] / seconds,
        "checks_per_second": tally.checks / seconds,
        "known_share": tally.known / max(1, tally.known + tally.checks),
        "lean_seconds": tally.seconds,
        "uninformative_share": tried.uninformative / max(1, tried.groups),
        "stale_groups": float(tried.stale),
        "unusable_theorems": float(tried.unusable),
        "first_proofs": float(tried.first_proofs),
        "audited": float(tally.audited),
        "refused": float(len(tally.refused)),
    }
