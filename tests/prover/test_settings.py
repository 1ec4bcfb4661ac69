"""Where a setting comes from, and which source wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from prover.settings import SettingsError, load_settings


def test_flag_over_variable_over_file(tmp_path: Path) -> None:
    (tmp_path / "prover.toml").write_text('workers = 3\ntimeout = 5\nproject = "mathlib"\n')
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    settings = load_settings({}, below)
    assert settings.get("workers", None, int) == 3
    assert settings.get("timeout", None, float) == 5.0
    assert settings.get("project", None, Path) == tmp_path / "mathlib"  # Relative to the file.
    assert settings.get("memory", None, float) is None
    settings = load_settings({"PROVER_WORKERS": "4", "PROVER_PROJECT": "other"}, below)
    assert settings.get("workers", None, int) == 4
    assert settings.get("project", None, Path) == below / "other"  # Relative to where the user is.
    assert settings.get("workers", 7, int) == 7
    assert settings.get("timeout", 0.0, float) == 0.0  # A flag counts even where it is zero.


def test_the_nearest_file_counts_and_an_empty_variable_does_not(tmp_path: Path) -> None:
    (tmp_path / "prover.toml").write_text("workers = 3\ntimeout = 5\n")
    (tmp_path / "near").mkdir()
    (tmp_path / "near" / "prover.toml").write_text("workers = 2\n")
    settings = load_settings({"PROVER_WORKERS": ""}, tmp_path / "near")
    assert settings.get("workers", None, int) == 2
    assert settings.get("timeout", None, float) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("workers = 'many'", "workers must be a whole number, not 'many'"),
        ("workers = 1.5", "workers must be a whole number, not '1.5'"),
        ("workers = true", "workers must be a whole number"),
        ("timeout = [1]", "timeout must be a number"),
        ("project = 3.0\nfoo = 1", "unknown setting 'foo'; known are benchmarks, cache, format, memory"),
        ("workers", "cannot be read"),
        ("\xff", "cannot be read"),
    ],
)
def test_files_that_make_no_sense(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "prover.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingsError, match=message) as caught:
        load_settings({}, tmp_path)
    assert "\n" not in str(caught.value)


def test_variables_that_make_no_sense(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="PROVER_WORKERS must be a whole number, not 'x'"):
        load_settings({"PROVER_WORKERS": "x"}, tmp_path)
