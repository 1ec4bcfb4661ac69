"""Charts over the steps of a run: where values come to lie, and what is said of them."""

from __future__ import annotations

import re

import pytest

from prover.evaluation.charts import (
    BOTTOM,
    HEIGHT,
    LEFT,
    MOST,
    RIGHT,
    TOP,
    WIDTH,
    Line,
    areas,
    columns,
    lines,
    number,
    percent,
    thinned,
)

HOSTILE = "<script>alert(1)</script>"


def points_of(svg: str, kind: str) -> list[list[tuple[float, float]]]:
    """The corners of each `polyline` or `polygon`."""
    found = re.findall(rf'<{kind} class="[^"]*" points="([^"]*)"', svg)
    return [[tuple(map(float, one.split(","))) for one in points.split()] for points in found]


def test_values_lie_where_the_axes_say() -> None:
    svg = lines([Line("a", [(0, 0.0), (5, 0.5), (10, 1.0)])], "Shares", "batches", percent, 1.0)
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    middle = ((LEFT + right) / 2, (TOP + bottom) / 2)
    assert points_of(svg, "polyline") == [[(LEFT, bottom), middle, (right, TOP)]]
    assert re.findall(r'<text class="y"[^>]*>([^<]*)', svg) == [f"{share} %" for share in range(0, 101, 20)]
    assert re.findall(r'<text class="x"[^>]*>([^<]*)', svg) == ["0", "2", "4", "6", "8", "10"]
    assert "<title>a, batches 5: 50 %</title>" in svg
    assert 'aria-label="Shares, at the end: a 100 %"' in svg


def test_a_band_goes_around_its_line() -> None:
    svg = lines([Line("a", [(0, 0.5), (10, 0.5)], [(0.25, 0.75), (0.0, 1.0)])], "", "", percent, 1.0)
    ((*_, (_, low_first)),) = points_of(svg, "polygon")
    (band,) = points_of(svg, "polygon")
    high = HEIGHT - BOTTOM - TOP
    assert [y for _, y in band] == [TOP + high / 4, TOP, HEIGHT - BOTTOM, low_first]
    assert low_first == TOP + high * 3 / 4


def test_an_axis_holds_all_values_and_ignores_noise_below_zero() -> None:
    svg = lines([Line("a", [(1, -3.0), (2, 7.0)])], "", "")
    ((low, high),) = points_of(svg, "polyline")
    assert TOP <= high[1] < low[1] <= HEIGHT - BOTTOM
    assert ">-4</text>" in svg
    assert ">-" not in lines([Line("a", [(1, -5e-9), (2, 6e-4)])], "", "")


@pytest.mark.parametrize("points", [[(0, 0.0)], [(7, 0.0)], [(7, 3e-9)], [(1, 1e9), (2, 1e9)], [(3, -2.0)]])
def test_one_point_or_equal_ones_have_a_place(points: list[tuple[int, float]]) -> None:
    for svg in (lines([Line("a", points)], "", ""), areas({"a": points}, "", "")):
        assert "nan" not in svg
        assert "inf" not in svg
    ((x, y), *_) = points_of(lines([Line("a", points)], "", ""), "polyline")[0]
    assert LEFT <= x <= WIDTH - RIGHT
    assert TOP <= y <= HEIGHT - BOTTOM + 1


def test_nothing_is_no_chart() -> None:
    assert (
        lines([Line("a", [])], "", "")
        == areas({"a": []}, "", "")
        == columns({"a": [0.0]}, ["b"], "", "")
        == ""
    )


def test_shares_are_stacked() -> None:
    svg = areas({"PROVED": [(0, 0.25), (4, 0.5)], "FAILED": [(0, 0.75), (4, 0.5)]}, "Mix", "batches")
    bottom, high = HEIGHT - BOTTOM, HEIGHT - BOTTOM - TOP
    proved, failed = points_of(svg, "polygon")
    assert [y for _, y in proved] == [bottom - high / 4, bottom - high / 2, bottom, bottom]
    assert [y for _, y in failed] == [TOP, TOP, bottom - high / 2, bottom - high / 4]


def test_columns_are_as_high_as_their_shares() -> None:
    svg = columns({"one": [0.1, 0.4], "two": [0.5, 0.0]}, ["0", "50"], "Tenths", "%")
    heights = [float(height) for height in re.findall(r'height="([\d.]+)"', svg)]
    full = HEIGHT - BOTTOM - TOP
    assert heights == pytest.approx([full * 0.2, full * 0.8, full, 0.0], abs=0.1)
    assert "<title>one, 50: 40 %</title>" in svg


def test_many_points_become_means() -> None:
    points = [(step, float(step % 2)) for step in range(10 * MOST)]
    few, band = thinned(points)
    assert (len(few), band) == (MOST, ())
    assert few[0] == (4.5, 0.5)
    assert thinned(points[:MOST]) == (points[:MOST], ())


def test_names_are_text() -> None:
    drawn = lines([Line(HOSTILE, [(1, 1.0)])], HOSTILE, HOSTILE) + areas(
        {HOSTILE: [(1, 1.0)]}, HOSTILE, HOSTILE
    )
    assert "<script" not in drawn + columns({HOSTILE: [1.0]}, [HOSTILE], HOSTILE, HOSTILE)


def test_numbers_are_short() -> None:
    values = (0.0, 3.21e-6, 0.0125, 71.53, 1643.2, 23_245, 1_500_000)
    assert [number(value) for value in values] == ["0", "3.21e-06", "0.0125", "71.5", "1643", "23.2k", "1.5M"]
    assert [percent(value) for value in (0.00012, 0.9987, 1.0)] == ["0.012 %", "99.9 %", "100 %"]
