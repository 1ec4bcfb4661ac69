"""The report as one HTML page that needs nothing else, neither a script nor a network.

What a folder says is written by others, language models among them: all of it passes through
`markup.text`, and the page's own security policy (`document`) lets a browser run its script and nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from urllib.parse import quote

from prover.evaluation.comparison import Comparison, Report
from prover.evaluation.document import asset, document
from prover.evaluation.estimates import Estimate
from prover.evaluation.markdown import abouts, contests, difference, duration, share
from prover.evaluation.markup import card, folded, legend, notes, table, text
from prover.evaluation.plots import COLOURS, Series, curves, stack, whisker
from prover.evaluation.problems import problems_table
from prover.evaluation.report import RunReport

FOOTER = (
    "<footer>Intervals are 95 %, over problems: Wilson’s of shares, the bootstrap’s of differences. “Seeds "
    "alone” is the standard error on these very problems. pass@k is of whole searches (Chen et al. "
    "2021).</footer>"
)

Trees = Mapping[tuple[str, str], Path]
"""Pages of search trees, by the run's name and the trace."""


def render(report: Report, markdown: str, trees: Trees, folder: Path) -> str:
    """The page, for a file in `folder`; `markdown` is what it offers to copy."""
    links = {key: quote(os.path.relpath(path, folder)) for key, path in trees.items()}
    runs = report.runs
    body = [
        f'<div class="runs">{"".join(_run(run, index) for index, run in enumerate(runs))}</div>',
        _plots(runs),
        *(_comparison(comparison) for comparison in report.comparisons),
        _figures(runs),
        _groups(runs),
        _spent(runs),
        problems_table(runs, links),
        _skipped(runs),
        _settings(runs),
        card(
            "To paste",
            '<p><button class="copy" id="copy" type="button">Copy as Markdown</button></p>',
            f'<pre class="markdown" id="markdown">{text(markdown)}</pre>',
        ),
        FOOTER,
    ]
    title = " against ".join(run.name for run in runs) if len(runs) < 3 else f"{len(runs)} runs"
    return document(title, "evaluation", body, asset("page.js"))


def _run(run: RunReport, index: int) -> str:
    """What matters most of a run, and what to beware of."""
    settings, first = run.settings, run.figures[0]
    one, most = first.estimates[0], first.estimates[-1]
    lines = [f"<b>{run.proved}</b> of {run.attempted} proved in any repeat"]
    if run.skipped:
        lines.append(f"{sum(run.skipped.values())} of {run.problems} skipped")
    if most.k > 1:
        lines.append(f"pass@{most.k}: {text(share(most))}")
    lines += [text(f"{figure.name}: {share(figure.estimates[0])}") for figure in run.figures[1:]]
    about = [settings.benchmark, settings.split, settings.policy, settings.search]
    about.append("no limit of samples" if settings.samples is None else f"{settings.samples:,} samples")
    about.append(f"{settings.repeats} repeats" if settings.repeats > 1 else "one repeat")
    value = "not known" if one.value is None else f"{one.value:.1%}"
    low, high = one.interval or one.bounds
    content = [
        f'<p class="quiet">{text(" · ".join(filter(None, about)))}</p>',
        f'<p class="big">{value}<small>pass@1, {low:.1%} to {high:.1%}</small></p>',
        *(f"<p>{line}</p>" for line in lines),
    ]
    return card(text(run.name), *content, notes(run.notes), kind=f"run s{index % COLOURS}")


def _plots(runs: Sequence[RunReport]) -> str:
    by_samples, by_seconds = [], []
    for run in runs:
        budget = run.ladder[-1].within or 1.0
        whole = tuple((e.k * budget, e) for e in run.figures[0].estimates if e.k > 1)
        by_samples.append(Series(run.name, run.by_samples, budget, whole))
        longest = max((x for x, _ in run.by_seconds), default=1.0)
        by_seconds.append(Series(run.name, run.by_seconds, run.settings.seconds or longest))
    colours = legend((f"s{index % COLOURS}", text(run.name)) for index, run in enumerate(runs))
    rings = any(one.whole for one in by_samples)
    said = "Rings: that many samples in several searches, proved by any of them. " if rings else ""
    samples = card(
        "Proved against samples <small>of one search</small>",
        curves(by_samples, "Proved against samples", "samples"),
        colours,
        f'<p class="quiet">{said}Bands: 95 %.</p>',
    )
    seconds = card(
        "Proved against time <small>wall-clock of one search, while others go on</small>",
        curves(by_seconds, "Proved against time", "seconds"),
        colours,
    )
    return f'<div class="plots">{samples}{seconds}</div>'


def _comparison(comparison: Comparison) -> str:
    """One run against another."""
    rows = []
    for label, contest in contests(comparison):
        values = ["–" if v is None else f"{v:.1%}" for v in (contest.first, contest.second)]
        clear = contest.interval is not None and not contest.interval[0] <= 0 <= contest.interval[1]
        kind = ("better" if (contest.difference or 0) > 0 else "worse") if clear else ""
        cell = f'<span class="{kind}">{text(difference(contest))}</span>'
        rows.append([text(label), str(contest.problems), *values, cell])
    one, other = comparison.first, comparison.second
    about = (
        f"{comparison.common} problems that both attempted. Differences with their 95 % interval, problems "
        "where the first : the second is better, and the exact paired test (McNemar’s)."
    )
    left = [
        f"<p>{len(names)} problems {what}: {text(', '.join(names))}</p>"
        for names, what in (
            (comparison.changed, "have different statements and are not compared"),
            (comparison.only_first, "were attempted by the first only"),
            (comparison.only_second, "were attempted by the second only"),
        )
        if names
    ]
    differ = [[text(name), text(a), text(b)] for name, a, b in comparison.differ]
    return card(
        text(f"{one} against {other}"),
        f'<p class="quiet">{about}</p>',
        notes(comparison.warnings),
        table(["", "n", one, other, "difference"], rows),
        *left,
        folded("Settings that differ", table(["", one, other], differ, 3)),
        kind="comparison",
    )


def _figures(runs: Sequence[RunReport]) -> str:
    rows = []
    for index, run in enumerate(runs):
        name = [text(run.name)] if len(runs) > 1 else []
        for figure in run.figures:
            for estimate in figure.estimates:
                luck = "not known" if estimate.luck is None else f"± {estimate.luck:.1%}"
                cells = [text(figure.name), str(estimate.problems), str(estimate.k)]
                rows.append([*name, *cells, *_share(estimate, index), luck])
    heads = ["run"] if len(runs) > 1 else []
    about = [f'<p class="quiet">{text(one)}</p>' for one in abouts(runs)]
    heads += ["figure", "n", "k searches", "pass@k", "", "seeds alone"]
    return card("Figures", table(heads, rows, 1 + (len(runs) > 1)), *about)


def _groups(runs: Sequence[RunReport]) -> str:
    rows = []
    for kind, name in dict.fromkeys((group.kind, group.name) for run in runs for group in run.groups):
        for index, run in enumerate(runs):
            for group in run.groups:
                if (group.kind, group.name) == (kind, name):
                    label = [text(f"{kind} {name}"), *([text(run.name)] if len(runs) > 1 else [])]
                    counts = [str(group.attempted), str(group.skipped or ""), str(group.proved)]
                    costs = [duration(group.costs.lean_seconds), duration(group.costs.policy_seconds)]
                    rows.append([*label, *counts, *_share(group.estimate, index), *costs])
    heads = ["", *(["run"] if len(runs) > 1 else []), "attempted", "skipped", "proved", "pass@1", ""]
    heads += ["in Lean", "in the policy"]
    return card("By split, domain and tier", table(heads, rows, 1 + (len(runs) > 1))) if rows else ""


def _spent(runs: Sequence[RunReport]) -> str:
    """Verdicts and costs."""
    parts = []
    for run in runs:
        costs, total, each = run.costs, max(1, sum(run.verdicts.values())), max(1, run.costs.samples)
        mix = [
            (f"v-{text(name)}", f"{text(name.lower().replace('_', ' '))} {count:,} ({count / total:.1%})")
            for name, count in run.verdicts.items()
        ]
        mix.append(("", f"lost to faults, not counted: {run.lost:,}"))
        searches = ", ".join(f"{count:,} {name.lower()}" for name, count in run.searches.items())
        time = (
            f"{duration(costs.seconds)} of searches, {duration(costs.lean_seconds)} in Lean "
            f"({costs.lean_seconds / each:.3f} s a sample), {duration(costs.policy_seconds)} in the policy "
            f"({costs.policy_seconds / each:.3f} s a sample); {costs.tokens:,} tokens"
        )
        parts.append(
            f"<h3>{text(run.name)}</h3>{stack(run.verdicts, f'Verdicts of {run.name}')}{legend(mix)}"
            f"<p>Searches: {text(searches)}.</p><p>{time}.</p>"
        )
        cheats = [f"{row.name} {row.cheats}" for row in run.rows if row.cheats]
        faults = [f"{row.name} {row.faults}" for row in run.rows if row.faults or row.outcome == "FAULT"]
        for what, names in (("Cheats, by problem", cheats), ("Faults, by problem", faults)):
            if names:
                parts.append(folded(what, f"<p>{text(', '.join(names))}</p>"))
    return card("Verdicts and costs <small>of all samples</small>", *parts)


def _skipped(runs: Sequence[RunReport]) -> str:
    parts = []
    for run in runs:
        for reason, count in run.skipped.items():
            names = (row.name for row in run.rows if row.outcome == "SKIPPED" and row.note == reason)
            summary = f"{text(run.name)}: {count} problems, {text(reason)}"
            parts.append(folded(summary, f"<p>{text(', '.join(names))}</p>"))
    return card("Skipped", *parts) if parts else ""


def _settings(runs: Sequence[RunReport]) -> str:
    every = [asdict(run.settings) | {"folder": run.path} for run in runs]
    rows = [[text(name), *(text(one[name]) for one in every)] for name in every[0]]
    return card("", folded("All settings", table(["", *(run.name for run in runs)], rows, 1 + len(runs))))


def _share(estimate: Estimate, index: int) -> tuple[str, str]:
    return text(share(estimate)), whisker(estimate, index)
