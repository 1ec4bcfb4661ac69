"""Figures over the steps of a run, and histograms, as inline SVG; small, so that a phone shows them too."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from prover.evaluation.markup import text
from prover.evaluation.plots import COLOURS

WIDTH, HEIGHT = 420, 220
LEFT, RIGHT, TOP, BOTTOM = 54, 18, 10, 36
MOST = 200
"""Points of a line; of more, neighbours are averaged."""
MARKED = 24
"""So few points are marked, each with its value to point at."""

Points = Sequence[tuple[float, float]]
Form = Callable[[float], str]
"""How a value is said."""


@dataclass(frozen=True, slots=True)
class Line:
    """One figure over the steps."""

    name: str
    points: Points
    """Step and value, in the order of the steps."""
    band: Points = ()
    """Lower and upper end of the interval of each point; empty for none."""


def percent(value: float) -> str:
    """A share, as exact as it is small."""
    return f"{100 * value:.3g} %"


def number(value: float) -> str:
    """A number in few letters."""
    for unit, least, size in (("M", 1e6, 1e6), ("k", 1e4, 1e3)):
        if abs(value) >= least:
            return f"{value / size:.3g}{unit}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def lines(
    series: Sequence[Line], title: str, unit: str, form: Form = number, top: float | None = None
) -> str:
    """Lines over a linear axis that begins at 0; `top` is where the other one ends, by default what it must.
    Without any point there is no plot, and the result is empty."""
    shown = [Line(one.name, *thinned(one.points, one.band)) for one in series if one.points]
    if not shown:
        return ""
    xs = [x for one in shown for x, _ in one.points]
    ys = [y for one in shown for _, y in one.points] + [y for one in shown for pair in one.band for y in pair]
    frame = _Frame(max([1.0, *xs]), min([0.0, *ys]), max(ys) if top is None else top)
    parts = [frame.grid(unit, form)]
    colours = {one.name: f"s{index % COLOURS}" for index, one in enumerate(series)}
    for one in shown:
        colour = colours[one.name]
        if one.band:
            upper = [frame.at(x, high) for (x, _), (_, high) in zip(one.points, one.band, strict=True)]
            lower = [frame.at(x, low) for (x, _), (low, _) in zip(one.points, one.band, strict=True)]
            parts.append(f'<polygon class="band {colour}" points="{" ".join([*upper, *lower[::-1]])}"/>')
        places = [frame.at(x, y) for x, y in one.points]
        parts.append(f'<polyline class="line {colour}" points="{" ".join(places)}"/>')
        if len(places) <= MARKED:
            for (x, y), place in zip(one.points, places, strict=True):
                tip = text(f"{one.name}, {unit} {x:,g}: {form(y)}")
                parts.append(f"{_circle(place, colour)}<title>{tip}</title></circle>")
    said = "; ".join(f"{one.name} {form(one.points[-1][1])}" for one in shown)
    return _svg(f"{title}, at the end: {said}", parts)


def areas(series: Mapping[str, Points], title: str, unit: str) -> str:
    """Shares of one whole, stacked; each colour is the class `v-NAME`. All have the same steps."""
    stacked = {name: thinned(points)[0] for name, points in series.items() if points}
    if not stacked:
        return ""
    steps = [x for x, _ in next(iter(stacked.values()))]
    frame = _Frame(max([1.0, *steps]), 0.0, 1.0, min(steps))
    steps = [*steps, steps[0] + 1] if len(steps) == 1 else steps
    below = [0.0] * len(steps)
    parts = []
    for name, points in stacked.items():
        values = [y for _, y in points]
        values += values[-1:] * (len(steps) - len(values))
        above = [low + value for low, value in zip(below, values, strict=True)]
        outline = [frame.at(x, y) for x, y in zip(steps, above, strict=True)]
        outline += [frame.at(x, y) for x, y in zip(steps, below, strict=True)][::-1]
        tip = f"<title>{text(name)}</title>"
        parts.append(f'<polygon class="v-{text(name)}" points="{" ".join(outline)}">{tip}</polygon>')
        below = above
    parts.append(frame.grid(unit, percent))
    return _svg(title, parts)


def columns(series: Mapping[str, Sequence[float]], names: Sequence[str], title: str, unit: str) -> str:
    """Shares in classes, one column for each class and series side by side."""
    highest = max(itertools.chain([0.0], *series.values()))
    if not highest:
        return ""
    frame = _Frame(len(names), 0.0, highest)
    parts = [frame.grid(unit, percent, ticks=False)]
    slot = (WIDTH - LEFT - RIGHT) / len(names)
    wide = 0.8 * slot / len(series)
    for index, (label, values) in enumerate(series.items()):
        for place, value in enumerate(values):
            x, y = LEFT + slot * (place + 0.1) + wide * index, frame.y(value)
            tip = f"<title>{text(f'{label}, {names[place]}: {percent(value)}')}</title>"
            size = f'x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{frame.y(0) - y:.1f}"'
            parts.append(f'<rect class="column s{index % COLOURS}" {size}>{tip}</rect>')
    for place, name in enumerate(names):
        x = LEFT + slot * (place + 0.5)
        parts.append(f'<text class="x" x="{x:.1f}" y="{HEIGHT - BOTTOM + 15}">{text(name)}</text>')
    return _svg(title, parts)


def thinned(points: Points, band: Points = ()) -> tuple[Points, Points]:
    """At most `MOST` points: means of neighbours. A band stays as it is drawn, and so do its points."""
    size = math.ceil(len(points) / MOST)
    if size <= 1 or band:
        return points, band
    parts = [points[start : start + size] for start in range(0, len(points), size)]
    return [(sum(x for x, _ in part) / len(part), sum(y for _, y in part) / len(part)) for part in parts], ()


class _Frame:
    """Linear axes: steps from `first` to `last`, values from `low` to `high`, both rounded outwards unless
    they all but have a round value."""

    def __init__(self, last: float, low: float, high: float, first: float = 0.0) -> None:
        self.first, self.last = (first, last) if first < last else (first, first + 1)
        self._step = _round_step((high - low) or 1.0, 5)
        self.low = math.floor(low / self._step + 0.02) * self._step
        self.high = max(math.ceil(high / self._step - 0.02) * self._step, self.low + self._step)

    def x(self, value: float) -> float:
        return LEFT + (value - self.first) / (self.last - self.first) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return TOP + (self.high - value) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)

    def at(self, x: float, y: float) -> str:
        return f"{self.x(x):.1f},{self.y(y):.1f}"

    def grid(self, unit: str, form: Form, ticks: bool = True) -> str:
        parts = []
        for index in range(round((self.high - self.low) / self._step) + 1):
            value = self.low + index * self._step
            y = self.y(value)
            parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            said = text(form(0.0 if abs(value) < self._step / 2 else value))
            parts.append(f'<text class="y" x="{LEFT - 6}" y="{y + 4:.1f}">{said}</text>')
        step = max(1.0, _round_step(self.last - self.first, 6))
        tick = math.ceil(self.first / step - 1e-9) * step
        while ticks and tick <= self.last * (1 + 1e-9):
            place = f'x="{self.x(tick):.1f}" y="{HEIGHT - BOTTOM + 15}"'
            parts.append(f'<text class="x" {place}>{text(number(tick))}</text>')
            tick += step
        middle = (LEFT + WIDTH - RIGHT) / 2
        parts.append(f'<text class="x unit" x="{middle}" y="{HEIGHT - 4}">{text(unit)}</text>')
        return "".join(parts)


def _round_step(span: float, parts: int) -> float:
    """1, 2 or 5 times a power of ten, of which about so many make the span."""
    power = 10.0 ** math.floor(math.log10(span / parts))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= span / parts * (1 - 1e-9))


def _circle(place: str, colour: str) -> str:
    x, y = place.split(",")
    return f'<circle class="dot {colour}" cx="{x}" cy="{y}" r="3">'


def _svg(label: str, parts: Sequence[str]) -> str:
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{text(label)}">'
        f"{''.join(parts)}</svg>"
    )
