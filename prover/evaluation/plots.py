"""Curves and bars as inline SVG. The style sheet has the colours: `s0` and on of runs, `v-…` of verdicts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prover.evaluation.estimates import Estimate
from prover.evaluation.markup import text

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 12, 40
COLOURS = 6
"""Runs beyond these share colours; the legend names them in order."""


@dataclass(frozen=True, slots=True)
class Series:
    """pass@1 of one run, wherever it grows."""

    name: str
    points: tuple[tuple[float, Estimate], ...]
    end: float
    """Where the run's budget ends: the last estimate holds up to there."""
    whole: tuple[tuple[float, Estimate], ...] = ()
    """pass@k of k whole searches, at the samples that they have together; drawn as rings."""


def curves(series: Sequence[Series], title: str, unit: str) -> str:
    """pass@1 over a logarithmic axis, with its interval as a band."""
    places = [x for one in series for x, _ in (*one.points, *one.whole)] + [one.end for one in series]
    low = min((x for x in places if x > 0), default=1.0)
    high = max([low * 2, *places])
    axis = _Axis(low, high)
    parts = [_grid(axis, unit)]
    for index, one in enumerate(series):
        parts.append(_curve(one, axis, f"s{index % COLOURS}"))
    label = text(f"{title}: {'; '.join(_said(one, unit) for one in series)}")
    body = "".join(parts)
    return f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{body}</svg>'


def stack(counts: Mapping[str, int], label: str) -> str:
    """One bar in parts."""
    total, x, parts = max(1, sum(counts.values())), 0.0, []
    for name, count in counts.items():
        width = 600 * count / total
        tip = f"<title>{text(f'{name} {count:,} ({count / total:.1%})')}</title>"
        parts.append(f'<rect class="v-{text(name)}" x="{x:.2f}" width="{width:.2f}" height="16">{tip}</rect>')
        x += width
    return (
        f'<svg class="stack" viewBox="0 0 600 16" preserveAspectRatio="none" role="img" '
        f'aria-label="{text(label)}">{"".join(parts)}</svg>'
    )


def whisker(estimate: Estimate, index: int = 0) -> str:
    """An estimate and its interval on a line from 0 to 100 %; bounds alone are a dashed line."""
    low, high = estimate.interval or estimate.bounds
    kind = "" if estimate.interval else " open"
    dot = "" if estimate.value is None else f'<circle cx="{2 + 156 * estimate.value:.1f}" cy="8" r="3.5"/>'
    return (
        f'<svg class="whisker s{index % COLOURS}" viewBox="0 0 160 16" aria-hidden="true">'
        f'<line class="scale" x1="2" x2="158" y1="8" y2="8"/>'
        f'<line class="range{kind}" x1="{2 + 156 * low:.1f}" x2="{2 + 156 * high:.1f}" y1="8" y2="8"/>'
        f"{dot}</svg>"
    )


class _Axis:
    """A logarithmic axis from `low` to `high`."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def x(self, value: float) -> float:
        share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def ticks(self) -> list[float]:
        """1, 2 and 5 times powers of ten; over more than three of them the powers alone."""
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        steps = (1, 2, 5) if last - first <= 3 else (1,)
        every = [step * 10.0**power for power in range(first, last + 1) for step in steps]
        return [tick for tick in every if self.low * 0.999 <= tick <= self.high * 1.001]


def _y(value: float) -> float:
    return TOP + (1 - value) * (HEIGHT - TOP - BOTTOM)


def _grid(axis: _Axis, unit: str) -> str:
    parts = []
    for percent in (0, 25, 50, 75, 100):
        y = _y(percent / 100)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="y" x="{LEFT - 6}" y="{y + 4:.1f}">{percent} %</text>')
    for tick in axis.ticks():
        x = axis.x(tick)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text class="x" x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}">{tick:,g}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text class="x unit" x="{middle}" y="{HEIGHT - 5}">{text(unit)}</text>')
    return "".join(parts)


def _curve(one: Series, axis: _Axis, colour: str) -> str:
    known = [(x, estimate) for x, estimate in one.points if estimate.value is not None]
    parts = []
    if known:
        ends = [x for x, _ in known[1:]] + [max(one.end, known[-1][0])]
        spans = [(axis.x(x), axis.x(end), e) for (x, e), end in zip(known, ends, strict=True)]
        line = f"M{spans[0][0]:.1f} {_y(0):.1f}" + "".join(
            f"V{_y(e.value or 0):.1f}H{end:.1f}" for _, end, e in spans
        )
        upper = [p for x, end, e in spans if e.interval for p in _step(x, end, e.interval[1])]
        lower = [p for x, end, e in spans if e.interval for p in _step(x, end, e.interval[0])]
        band = " ".join((*upper, *lower[::-1]))
        parts += [
            f'<polygon class="band {colour}" points="{band}"/>',
            f'<path class="line {colour}" d="{line}"/>',
        ]
    for x, estimate in one.whole:
        if estimate.value is not None:
            tip = text(f"{one.name}: {estimate.value:.1%} by {estimate.k} searches")
            ring = f'cx="{axis.x(x):.1f}" cy="{_y(estimate.value):.1f}" r="4"'
            parts.append(f'<circle class="ring {colour}" {ring}><title>{tip}</title></circle>')
    return "".join(parts)


def _step(x: float, end: float, value: float) -> tuple[str, str]:
    return f"{x:.1f},{_y(value):.1f}", f"{end:.1f},{_y(value):.1f}"


def _said(one: Series, unit: str) -> str:
    """What a curve shows, in words."""
    last = one.points[-1] if one.points else None
    if last is None or last[1].value is None:
        return f"{one.name}, nothing"
    return f"{one.name}, {last[1].value:.1%} within {last[0]:,.4g} {unit.split(',')[0]}"
