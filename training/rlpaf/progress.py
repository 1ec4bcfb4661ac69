"""Held-out proving over a run: pass@1 and pass@k of each suite, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from prover.evaluation.charts import Line, lines, percent
from prover.evaluation.comparison import contest_of
from prover.evaluation.estimates import Estimate, Known, Share, combine
from prover.evaluation.markdown import difference, share
from prover.evaluation.markup import card, legend, table, text
from prover.evaluation.plots import whisker
from prover.evaluation.statistics import luck, pass_at_k
from training.rlpaf.record import RunRecord, Tries


def held_out(record: RunRecord) -> str:
    """The section: a plot for each suite, and a table of the first evaluation and the last."""
    if not record.evaluations:
        return card("Held-out theorems", "<p>None was tried yet, or there is no held_out.jsonl.</p>")
    suites = sorted({suite for evaluation in record.evaluations.values() for suite in evaluation})
    tries = samples(record)
    plots, rows = [], []
    for suite in suites:
        series = {k: estimates(record, suite, k) for k in tries}
        plots.append(_plot(suite, series))
        for index, (k, found) in enumerate(series.items()):
            if found:
                rows.append(_row(record, suite, k, found, index))
    heads = ["", "theorems", "first", "last", "difference", ""]
    evaluated = list(record.evaluations)
    said = f"Evaluated at batch {', '.join(f'{batch:,}' for batch in evaluated[-12:])}. "
    if len(evaluated) > 12:
        said = (
            f"Evaluated {len(evaluated)} times, first at batch {evaluated[0]:,}, last at {evaluated[-1]:,}. "
        )
    said += (
        "Theorems with fewer judged samples than k are left out. Differences are within theorems, with their "
        "95 % interval, theorems that became better : worse, and the exact paired test."
    )
    return card(
        "Held-out theorems",
        f'<div class="plots small">{"".join(plots)}</div>',
        table(heads, rows),
        f'<p class="quiet">{text(said)}</p>',
        kind="scores",
    )


def samples(record: RunRecord) -> list[int]:
    """For which k pass@k is told: 1, and as many samples as each theorem has."""
    judged = (
        tries.judged
        for evaluation in record.evaluations.values()
        for scores in evaluation.values()
        for tries in scores.values()
    )
    told = record.told.get("evaluation.samples")
    most = told if isinstance(told, int) and told > 0 else max(judged, default=1)
    return sorted({1, max(1, most)})


def estimates(record: RunRecord, suite: str, k: int) -> list[tuple[int, Estimate]]:
    """pass@k of a suite at each evaluation that had it."""
    found = []
    for batch, evaluation in record.evaluations.items():
        estimate = combine([_share(tries, k) for tries in evaluation.get(suite, {}).values()], k, None)
        if estimate.value is not None:
            found.append((batch, estimate))
    return found


def _share(tries: Tries, k: int) -> Share:
    """What a theorem contributes to pass@k; nothing if too few of its samples were judged."""
    if tries.judged < k:
        return Share(None, Fraction(0), Fraction(1), None, frozenset({Known.FAULT}))
    value = pass_at_k(tries.judged, tries.proved, k)
    return Share(value, value, value, luck(tries.judged, tries.proved, k), frozenset())


def _plot(suite: str, series: Mapping[int, list[tuple[int, Estimate]]]) -> str:
    drawn = [
        Line(
            f"pass@{k}",
            [(batch, estimate.value or 0.0) for batch, estimate in found],
            [estimate.interval or estimate.bounds for _, estimate in found],
        )
        for k, found in series.items()
    ]
    plot = lines(drawn, f"Held-out {suite}", "batches", percent, 1.0)
    if not plot:
        return ""
    colours = legend((f"s{index}", text(one.name)) for index, one in enumerate(drawn))
    return f"<div><h3>{text(suite)}</h3>{plot}{colours}</div>"


def _row(record: RunRecord, suite: str, k: int, found: list[tuple[int, Estimate]], index: int) -> list[str]:
    """The first evaluation, the last and the difference, on the theorems that both tell of."""
    (begin, first), (end, last) = found[0], found[-1]
    told = "–"
    if begin != end:
        before, after = record.evaluations[begin][suite], record.evaluations[end][suite]
        pairs = [
            (_share(tries, k), _share(before[name], k)) for name, tries in after.items() if name in before
        ]
        told = _contest(pairs, k)
    name = f"{suite}, pass@{k}"
    return [text(name), str(last.problems), text(share(first)), text(share(last)), told, whisker(last, index)]


def _contest(pairs: list[tuple[Share, Share]], k: int) -> str:
    contest = contest_of(pairs, "all", k)
    clear = contest.interval is not None and not contest.interval[0] <= 0 <= contest.interval[1]
    kind = ("better" if (contest.difference or 0) > 0 else "worse") if clear else ""
    return f'<span class="{kind}">{text(difference(contest))}</span>'
