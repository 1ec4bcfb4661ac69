"""Held-out scores: as figures, and in the run's folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.rlpaf.heldout import SCORES, Score, known_figures, pass_figures, write_scores


def test_figures_are_means_over_each_suite_s_theorems() -> None:
    scores = [Score("a", "x", 4, 4), Score("a", "y", 1, 4), Score("a", "z", 0, 4), Score("b", "x", 0, 4)]
    figures = pass_figures(scores, 4)
    assert figures == pytest.approx(
        {"pass@1/a": (1 + 0.25) / 3, "pass@4/a": 2 / 3, "pass@1/b": 0, "pass@4/b": 0}
    )
    assert pass_figures(scores, 1).keys() == {"pass@1/a", "pass@1/b"}


def test_theorems_with_too_few_verdicts_are_left_out() -> None:
    scores = [Score("a", "x", 1, 1), Score("a", "y", 0, 4), Score("a", "z", 0, 0)]
    assert pass_figures(scores, 4) == {"pass@1/a": 0.5, "pass@4/a": 0}
    assert pass_figures([Score("a", "z", 0, 0)], 4) == {}


def scores_in(folder: Path) -> list[tuple[int, str]]:
    lines = (folder / SCORES).read_text().splitlines()
    return [(json.loads(line)["batch"], json.loads(line)["name"]) for line in lines]


def test_what_a_run_comes_to_again_is_replaced(tmp_path: Path) -> None:
    for batch in (0, 5, 10):
        write_scores(tmp_path, batch, [Score("a", "x", 1, 2), Score("a", "y", 1, 2)])
    assert scores_in(tmp_path) == [(batch, name) for batch in (0, 5, 10) for name in "xy"]
    with (tmp_path / SCORES).open("a") as file:
        file.write('{"batch": 15, "sui')
    write_scores(tmp_path, 5, [Score("a", "z", 1, 2)])
    assert scores_in(tmp_path) == [(0, "x"), (0, "y"), (5, "z")]
    write_scores(tmp_path, 1, ())
    assert scores_in(tmp_path) == [(0, "x"), (0, "y")]
    assert [path.name for path in tmp_path.iterdir()] == [SCORES]


def test_figures_of_a_batch_are_found_again(tmp_path: Path) -> None:
    metrics = tmp_path / "metrics.jsonl"
    assert known_figures(metrics, 0) == {}
    metrics.write_text('{"step": 0, "pass@1/a": 0.5}\n{"step": 1, "reward": 1}\n{"step": 2, "pass@1/a": 1}\n')
    assert known_figures(metrics, 0) == {"pass@1/a": 0.5}
    assert known_figures(metrics, 1) == {}
    assert known_figures(metrics, 2) == {"pass@1/a": 1.0}
