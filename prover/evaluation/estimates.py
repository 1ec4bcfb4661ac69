"""What a run tells of pass@k: an estimate with its interval, or bounds where it does not tell.

A *try* is a repeat: one whole search. Its samples are no tries of their own: a search ends at its first
proof, a tree search learns from what it saw, and a sampling one draws no answer twice. "Within b samples"
means that the search had its proof when b samples were spent, which a search with a budget of b would have
had too; that is unbiased for every search and every b up to the run's budget, and the run's other limits are
part of it.

- Repeats that all ended: Chen's estimate of pass@k from all of them.
- A run that stops early: whether one of the *first* k repeats, in the order of their numbers, has a proof.
  Chen's estimate would be biased upwards, since the number of tries depends on their outcomes. A repeat that
  was given up before it spent b samples is not known; where that matters there is no estimate, only bounds.
  It does for k > 1 and b below the budget: a proof found beyond b ends the other repeats, too.
- A fault after s samples says that there was no proof before; beyond them the repeat is not known, and is
  left out as if it had never been tried. That is unbiased if faults do not depend on what is proved.
- A repeat that has no result yet is left out too, but what ends first is what is easy: `missing` says how
  many problems lack some, and `bounds` how much they could change.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from fractions import Fraction

from prover.evaluation.reading import Run
from prover.evaluation.records import ProblemLine, Result
from prover.evaluation.statistics import Interval, luck, pass_at_k, wilson

Counts = Callable[[ProblemLine, Result], bool]
"""Whether a proof counts for a figure."""


class Known(Enum):
    """Whether a repeat had its proof within a limit, or why that is not known."""

    YES = auto()
    NO = auto()
    FAULT = auto()
    STOPPED = auto()
    MISSING = auto()


@dataclass(frozen=True, slots=True)
class Share:
    """What one problem contributes to an estimate: a number between 0 and 1 if it is known."""

    value: Fraction | None
    low: Fraction
    """What it would be if nothing unknown had been proved; `high`: if all had."""
    high: Fraction
    variance: Fraction | None
    """Of `value`, over seeds; None if the repeats are too few to tell."""
    unknown: frozenset[Known]
    """Why repeats that this needs are not known."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The mean of pass@k over problems."""

    k: int
    within: float | None
    """The limit of each search, in samples or in seconds; None for the run's own."""
    value: float | None
    """None where the run cannot tell."""
    interval: Interval | None
    """95 %, over problems (`statistics.wilson`)."""
    luck: float | None
    """The standard error over seeds, on these very problems; None if the repeats are too few to tell."""
    bounds: Interval
    """Of the mean over all problems, whatever became of the repeats that are not known."""
    problems: int
    """In the mean."""
    faults: int
    """Problems that are left out for faults."""
    missing: int
    """Problems of which repeats have not ended yet."""
    stopped: int
    """Problems of which repeats were given up too early to tell."""


class Outcomes:
    """All that a run's results say of its problems, by repeat."""

    def __init__(self, run: Run, counts: Counts = lambda problem, result: True) -> None:
        self.settings = run.settings
        self.problems = [problem for problem in run.problems if not problem.skipped]
        self._counts = counts
        self._results: dict[int, list[Result | None]] = {
            problem.index: [None] * run.settings.repeats for problem in self.problems
        }
        for result in run.results:
            self._results[result.problem][result.repeat] = result
        self.ordered = run.settings.stop_early and run.settings.repeats > 1

    def results(self, problem: ProblemLine) -> list[Result]:
        """Those that have ended, by repeat."""
        return [result for result in self._results[problem.index] if result is not None]

    def proof(self, problem: ProblemLine) -> Result | None:
        """The first repeat with a proof that counts."""
        return next((r for r in self.results(problem) if self._proved(problem, r)), None)

    def known(
        self, problem: ProblemLine, within: float | None = None, measure: str = "samples"
    ) -> list[Known]:
        """For each repeat, whether it had a proof within so many samples, or `seconds`."""
        results = self._results[problem.index]
        given_up = self.ordered and any(r is not None and r.verdict == "PROVED" for r in results)
        never = Known.STOPPED if given_up else Known.MISSING
        return [self._known(problem, result, within, measure) if result else never for result in results]

    def share(
        self, problem: ProblemLine, k: int, within: float | None = None, measure: str = "samples"
    ) -> Share:
        """One problem's pass@k. Raises `ValueError` unless 1 ≤ k ≤ repeats."""
        known = self.known(problem, within, measure)
        return _of_first(known, k) if self.ordered else _of_all(known, k)

    def estimate(
        self,
        k: int = 1,
        within: float | None = None,
        measure: str = "samples",
        problems: Sequence[ProblemLine] | None = None,
    ) -> Estimate:
        """pass@k over these problems, by default all. Raises `ValueError` unless 1 ≤ k ≤ repeats."""
        chosen = self.problems if problems is None else problems
        return combine([self.share(problem, k, within, measure) for problem in chosen], k, within)

    def _proved(self, problem: ProblemLine, result: Result) -> bool:
        return result.verdict == "PROVED" and self._counts(problem, result)

    def _known(self, problem: ProblemLine, result: Result, within: float | None, measure: str) -> Known:
        spent = result.samples if measure == "samples" else result.seconds
        limit = math.inf if within is None else within
        match result.verdict:
            case "PROVED":
                return Known.YES if spent <= limit and self._counts(problem, result) else Known.NO
            case "FAILED":
                return Known.NO
        if limit <= spent:
            return Known.NO
        return Known.FAULT if result.verdict == "FAULT" else Known.STOPPED


def combine(shares: Iterable[Share], k: int, within: float | None) -> Estimate:
    """The mean of shares."""
    chosen = list(shares)
    values = [share.value for share in chosen if share.value is not None]
    total = sum(values, Fraction())
    stopped = sum(Known.STOPPED in share.unknown for share in chosen if share.value is None)
    tells = bool(values) and not stopped
    variances = [share.variance for share in chosen if share.value is not None]
    spread = None if None in variances or not tells else sum((v for v in variances if v), Fraction())
    count = max(1, len(chosen))
    return Estimate(
        k=k,
        within=within,
        value=float(total / len(values)) if tells else None,
        interval=wilson(total, len(values)) if tells else None,
        luck=None if spread is None else math.sqrt(spread) / len(values),
        bounds=(
            float(sum((share.low for share in chosen), Fraction()) / count),
            float(sum((share.high for share in chosen), Fraction()) / count),
        ),
        problems=len(values),
        faults=sum(Known.FAULT in share.unknown for share in chosen if share.value is None),
        missing=sum(Known.MISSING in share.unknown for share in chosen if share.low < share.high),
        stopped=stopped,
    )


def _of_all(known: Sequence[Known], k: int) -> Share:
    """Chen's estimate, from the repeats that are known."""
    tries = [one for one in known if one in (Known.YES, Known.NO)]
    passed = tries.count(Known.YES)
    unknown = len(known) - len(tries)
    enough = len(tries) >= k and Known.STOPPED not in known
    return Share(
        value=pass_at_k(len(tries), passed, k) if enough else None,
        low=pass_at_k(len(known), passed, k),
        high=pass_at_k(len(known), passed + unknown, k),
        variance=luck(len(tries), passed, k) if enough else None,
        unknown=frozenset(known) - {Known.YES, Known.NO},
    )


def _of_first(known: Sequence[Known], k: int) -> Share:
    """Whether one of the first k repeats has a proof; faults are as if they had never been tried."""
    if not 1 <= k <= len(known):
        raise ValueError(f"no pass@{k} of {len(known)} tries")
    tries = [one for one in known if one is not Known.FAULT][:k]
    if Known.YES in tries:
        before = tries[: tries.index(Known.YES)]
        one = Fraction(1)
        return Share(one, one, one, None, frozenset(before) - {Known.NO})
    unknown = frozenset(known[:k] if len(tries) < k else tries) - {Known.NO}
    sure = len(tries) == k and not unknown
    return Share(Fraction(0) if sure else None, Fraction(0), Fraction(0 if sure else 1), None, unknown)
