"""Two runs on the same problems: is one better, and by how much?

Only problems with the same name and statement that both attempted are compared, and of these only those
whose outcome both runs tell. Differences are within a problem, so that its difficulty cancels. Another Lean
or another header may make another problem of the same statement: that is compared, with a warning.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction

from prover.evaluation.estimates import Known, Outcomes, Share
from prover.evaluation.figures import tries
from prover.evaluation.reading import Run
from prover.evaluation.records import ProblemLine
from prover.evaluation.report import KINDS, RunReport, budgets
from prover.evaluation.statistics import Interval, bootstrap, sign_flip

NAMED = 8
"""So many problems a warning names."""
Pair = tuple[ProblemLine, ProblemLine]


@dataclass(frozen=True, slots=True)
class Contest:
    """One figure of both runs, on the problems where both tell it."""

    group: str
    """`all`, or a kind and a name such as `domain nat`."""
    k: int
    within: int | None
    """Samples of each search; None for the runs' own budgets."""
    problems: int
    left_out: int
    """Common problems where a fault or a search still to come leaves one of the runs open."""
    first: float | None
    """None, as are the others, if repeats that were given up leave it open."""
    second: float | None
    difference: float | None
    """`first - second`."""
    interval: Interval | None
    """95 %, by the bootstrap over problems; None without any difference."""
    wins: int
    """Problems where the first is better; `losses` where the second is."""
    losses: int
    p: float | None
    """Two-sided, exact: McNemar's where outcomes are 0 or 1, else with random signs (`sign_flip`)."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One run against another."""

    first: str
    second: str
    differ: tuple[tuple[str, str, str], ...]
    """Settings that are not the same: name, the first's, the second's."""
    warnings: tuple[str, ...]
    """Why the same statement may not have been the same problem: a sentence for each reason."""
    common: int
    only_first: tuple[str, ...]
    """Problems that only the first attempted."""
    only_second: tuple[str, ...]
    changed: tuple[str, ...]
    """Problems that both attempted, but with different statements; they are not compared."""
    ladder: tuple[Contest, ...]
    """At equal samples."""
    searches: tuple[Contest, ...]
    """At equal numbers of whole searches; of one only if that is not the ladder's last."""
    groups: tuple[Contest, ...]
    """Split by split, domain and tier, each of one whole search."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that there is to show."""

    runs: tuple[RunReport, ...]
    comparisons: tuple[Comparison, ...]
    """Each run against the baseline."""


def compare(first: Run, second: Run, names: tuple[str, str]) -> Comparison:
    """The first run against the second, the baseline."""
    one, other = Outcomes(first), Outcomes(second)
    theirs = {problem.name: problem for problem in other.problems}
    pairs, changed = [], []
    for problem in one.problems:
        if (match := theirs.get(problem.name)) is not None:
            if problem.statement.split() == match.statement.split():
                pairs.append((problem, match))
            else:
                changed.append(problem.name)
    mine = {problem.name for problem in one.problems}
    shared = budgets(first.settings, first.results), budgets(second.settings, second.results)
    most = min(shared[0][-1], shared[1][-1])
    within = sorted({n for n in {*shared[0], *shared[1]} if n <= most})
    equal = first.settings.samples is not None and first.settings.samples == second.settings.samples
    repeats = min(first.settings.repeats, second.settings.repeats)

    def contest(k: int, limit: int | None, chosen: Sequence[Pair], group: str = "all") -> Contest:
        shares = [(one.share(a, k, limit), other.share(b, k, limit)) for a, b in chosen]
        return contest_of(shares, group, k, limit)

    return Comparison(
        *names,
        differ=_differences(first, second),
        warnings=tuple(_warnings(first, second, pairs)),
        common=len(pairs),
        only_first=tuple(problem.name for problem in one.problems if problem.name not in theirs),
        only_second=tuple(name for name in theirs if name not in mine),
        changed=tuple(changed),
        ladder=tuple(contest(1, limit, pairs) for limit in within),
        searches=tuple(contest(k, None, pairs) for k in tries(repeats) if k > 1 or not equal),
        groups=tuple(contest(1, None, chosen, group) for group, chosen in _groups(pairs)),
    )


def contest_of(
    shares: Sequence[tuple[Share, Share]], group: str, k: int, within: int | None = None
) -> Contest:
    """One figure, from what each problem contributes to it in the first run and in the second."""
    told = [(a.value, b.value) for a, b in shares if a.value is not None and b.value is not None]
    open_ = any(share.value is None and Known.STOPPED in share.unknown for pair in shares for share in pair)
    left = len(shares) - len(told)
    if open_ or not told:
        return Contest(group, k, within, len(told), left, None, None, None, None, 0, 0, None)
    differences = [a - b for a, b in told]
    count = len(told)
    return Contest(
        group=group,
        k=k,
        within=within,
        problems=count,
        left_out=left,
        first=float(sum((a for a, _ in told), Fraction()) / count),
        second=float(sum((b for _, b in told), Fraction()) / count),
        difference=float(sum(differences, Fraction()) / count),
        interval=bootstrap(differences),
        wins=sum(difference > 0 for difference in differences),
        losses=sum(difference < 0 for difference in differences),
        p=sign_flip(differences),
    )


def _groups(pairs: Sequence[Pair]) -> list[tuple[str, list[Pair]]]:
    found: list[tuple[str, list[Pair]]] = []
    for kind in KINDS:
        values = sorted({getattr(problem, kind) for problem, _ in pairs} - {""})
        if len(values) > 1:
            found += [
                (f"{kind} {v}", [pair for pair in pairs if getattr(pair[0], kind) == v]) for v in values
            ]
    return found


def _differences(first: Run, second: Run) -> tuple[tuple[str, str, str], ...]:
    one, other = asdict(first.settings), asdict(second.settings)
    return tuple((name, _said(one[name]), _said(other[name])) for name in one if one[name] != other[name])


def _warnings(first: Run, second: Run, pairs: Sequence[Pair]) -> Iterator[str]:
    one, other = first.settings, second.settings
    if one.toolchain != other.toolchain:
        yield (
            f"The runs used different Leans or libraries ({one.toolchain}; {other.toolchain}): what differs "
            "need not come from the search or the policy."
        )
    headers = [mine.name for mine, theirs in pairs if mine.header.split() != theirs.header.split()]
    if headers:
        shown = ", ".join(headers[:NAMED]) + (", …" if len(headers) > NAMED else "")
        yield (
            f"{len(headers)} of the {len(pairs)} problems stand behind different headers, so that the same "
            f"statement may mean something else: {shown}."
        )
    if one.benchmark_sha256 != other.benchmark_sha256:
        yield (
            f"The runs measured different files ({one.benchmark}, SHA-256 {one.benchmark_sha256[:12]}…; "
            f"{other.benchmark}, {other.benchmark_sha256[:12]}…): problems are matched by name and text."
        )


def _said(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
