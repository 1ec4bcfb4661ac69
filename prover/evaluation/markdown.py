"""A report as Markdown tables to paste."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lean_env.values import printable
from prover.evaluation.comparison import Comparison, Contest, Report
from prover.evaluation.estimates import Estimate
from prover.evaluation.figures import Figure
from prover.evaluation.report import RunReport


def markdown(report: Report) -> str:
    """The tables: what was run, the figures, groups, searches at equal samples, verdicts, comparisons."""
    runs = report.runs
    parts = [_about(runs), _figures(runs), _ladder(runs), _groups(runs), _verdicts(runs), _costs(runs)]
    parts += [_notes(run, len(runs) > 1) for run in runs]
    parts += [part for comparison in report.comparisons for part in _comparison(comparison)]
    return "\n\n".join(filter(None, parts)) + "\n"


def share(estimate: Estimate) -> str:
    """An estimate in a cell: with its interval, or only bounds."""
    if estimate.value is None or estimate.interval is None:
        low, high = estimate.bounds
        return f"{low:.1%} to {high:.1%}" if estimate.stopped else "–"
    low, high = estimate.interval
    return f"{estimate.value:.1%} [{low:.1%}, {high:.1%}]"


def contests(comparison: Comparison) -> Iterable[tuple[str, Contest]]:
    """All of a comparison's lines, each with what it is of."""
    for contest in comparison.ladder:
        yield f"{_number(contest.within)} {'sample' if contest.within == 1 else 'samples'}", contest
    for contest in comparison.searches:
        yield "one whole search" if contest.k == 1 else f"any of {contest.k} whole searches", contest
    for contest in comparison.groups:
        yield contest.group, contest


def difference(contest: Contest) -> str:
    """A difference in a cell, with its interval, who won how often, and the test."""
    if contest.difference is None or contest.p is None:
        return "not known"
    interval = contest.interval
    between = f" [{interval[0]:+.1%}, {interval[1]:+.1%}]" if interval else ""
    return (
        f"{contest.difference:+.1%}{between}, {contest.wins}:{contest.losses}, p = {probability(contest.p)}"
    )


def probability(p: float) -> str:
    """A probability with two digits that count."""
    return f"{p:.2f}" if p >= 0.1 else f"{p:.2g}"


def _about(runs: Sequence[RunReport]) -> str:
    rows = [
        [
            run.name,
            run.settings.benchmark + (f" {run.settings.split}" if run.settings.split else ""),
            run.settings.policy,
            run.settings.search,
            _number(run.settings.samples),
            run.settings.repeats,
            f"{run.settings.check_seconds:g} s",
            run.settings.toolchain,
            f"{run.proved} of {run.attempted}",
            sum(run.skipped.values()),
        ]
        for run in runs
    ]
    heads = ["run", "benchmark", "policy", "search", "samples", "repeats", "a check", "toolchain", "proved"]
    return table([*heads, "skipped"], rows)


def _figures(runs: Sequence[RunReport]) -> str:
    rows: list[list[object]] = []
    for run in runs:
        for figure in run.figures:
            name = [run.name] if len(runs) > 1 else []
            rows += [[*name, *cells] for cells in _figure(figure)]
    heads = (["run"] if len(runs) > 1 else []) + ["figure", "problems", "k searches", "pass@k", "seeds alone"]
    return "\n\n".join([table(heads, rows), *map(_text, abouts(runs))])


def abouts(runs: Sequence[RunReport]) -> list[str]:
    """What is to be said of figures, and of whose if there are several runs."""
    whose: dict[str, list[str]] = {}
    for run in runs:
        for figure in run.figures:
            if figure.about:
                whose.setdefault(f"{figure.name}: {figure.about}.", []).append(run.name)
    return [f"{', '.join(names)}: {about}" if len(runs) > 1 else about for about, names in whose.items()]


def _figure(figure: Figure) -> Iterable[list[object]]:
    for estimate in figure.estimates:
        luck = "not known" if estimate.luck is None else f"± {estimate.luck:.1%}"
        yield [figure.name, estimate.problems, estimate.k, share(estimate), luck]


def _ladder(runs: Sequence[RunReport]) -> str:
    limits = sorted({estimate.within for run in runs for estimate in run.ladder if estimate.within})
    by_run = [{estimate.within: share(estimate) for estimate in run.ladder} for run in runs]
    rows = [[_number(limit), *(found.get(limit, "") for found in by_run)] for limit in limits]
    return table(["samples", *(run.name if len(runs) > 1 else "pass@1" for run in runs)], rows)


def _groups(runs: Sequence[RunReport]) -> str:
    names = list(dict.fromkeys((group.kind, group.name) for run in runs for group in run.groups))
    if not names:
        return ""
    by_run = [{(group.kind, group.name): group for group in run.groups} for run in runs]
    rows = []
    for kind, name in names:
        cells: list[object] = [f"{kind} {name}"]
        for found in by_run:
            group = found.get((kind, name))
            skipped = f" (+ {group.skipped} skipped)" if group and group.skipped else ""
            cells += [f"{group.attempted}{skipped}", share(group.estimate)] if group else ["", ""]
        rows.append(cells)
    heads = [cell for run in runs for cell in ("n", run.name if len(runs) > 1 else "pass@1")]
    return table(["", *heads], rows)


def _verdicts(runs: Sequence[RunReport]) -> str:
    kinds = list(dict.fromkeys(verdict for run in runs for verdict in run.verdicts))
    rows = []
    for run in runs:
        total = max(1, sum(run.verdicts.values()))
        mix = (f"{run.verdicts.get(kind, 0):,} ({run.verdicts.get(kind, 0) / total:.1%})" for kind in kinds)
        rows.append([run.name, *mix, f"{run.lost:,}"])
    return table(["samples by verdict", *kinds, "lost to faults"], rows)


def _costs(runs: Sequence[RunReport]) -> str:
    rows = []
    for run in runs:
        costs, samples = run.costs, max(1, run.costs.samples)
        each = [f"{costs.lean_seconds / samples:.3f} s", f"{costs.policy_seconds / samples:.3f} s"]
        sums = [duration(costs.seconds), duration(costs.lean_seconds), duration(costs.policy_seconds)]
        rows.append([run.name, f"{costs.samples:,}", f"{costs.tokens:,}", *sums, *each])
    heads = [
        "time",
        "samples",
        "tokens",
        "searches",
        "in Lean",
        "in the policy",
        "Lean a sample",
        "policy a sample",
    ]
    return table(heads, rows)


def _notes(run: RunReport, several: bool) -> str:
    return "\n".join(f"- {f'{_text(run.name)}: ' if several else ''}{note}" for note in run.notes)


def _comparison(comparison: Comparison) -> Iterable[str]:
    one, other = comparison.first, comparison.second
    yield f"**{_text(one)} against {_text(other)}**, {comparison.common} problems that both attempted"
    if comparison.warnings:
        yield "\n".join(f"- **Mind:** {_text(warning)}" for warning in comparison.warnings)
    if comparison.differ:
        yield table(["setting", one, other], comparison.differ)
    rows = []
    for label, contest in contests(comparison):
        values = ("–" if v is None else f"{v:.1%}" for v in (contest.first, contest.second))
        rows.append([label, contest.problems, *values, difference(contest)])
    yield table(["", "n", one, other, f"{one} − {other}"], rows)
    for names, what in (
        (comparison.changed, "with different statements, not compared"),
        (comparison.only_first, f"attempted by {one} only"),
        (comparison.only_second, f"attempted by {other} only"),
    ):
        if names:
            yield f"{len(names)} problems {_text(what)}: {', '.join(map(_text, names))}"


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(_text(str(cell)) for cell in line)} |" for line in lines)


def _text(text: str) -> str:
    """Text that is only text in Markdown's tables."""
    safe = text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "\\`")
    return printable(" ".join(safe.split()))


def _number(value: float | None) -> str:
    return "no limit" if value is None else f"{value:,}"


def duration(seconds: float) -> str:
    """Seconds, minutes or hours, as a person would say."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
