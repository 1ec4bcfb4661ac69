"""Settings that outlive one command: flag over `PROVER_…` variable over `prover.toml` over default.

`prover.toml` is looked for in the working directory and those above it; the nearest one counts, and
relative paths in it start at its own directory. A key that nobody knows is an error, not a silence.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

Value = str | int | float | Path
T = TypeVar("T", str, int, float, Path)

FILE = "prover.toml"
KINDS: dict[str, type[str] | type[int] | type[float] | type[Path]] = {
    "benchmarks": Path,
    "cache": Path,
    "format": str,
    "memory": float,
    "policy": str,
    "project": Path,
    "timeout": float,
    "workers": int,
}
"""Every setting with its type; each is also the variable `PROVER_` followed by its name in capitals."""
WORDS = {str: "text", int: "a whole number", float: "a number", Path: "a path"}


class SettingsError(ValueError):
    """A setting that cannot be read; the command line prints its one line and exits with 2."""


@dataclass(frozen=True)
class Settings:
    """What the environment and `prover.toml` say; `get` puts a flag before it."""

    values: Mapping[str, Value]

    def get(self, name: str, flag: T | None, kind: type[T]) -> T | None:
        """The setting `name`: `flag` if it was given, else what was found, else None."""
        found = self.values.get(name) if flag is None else flag
        assert found is None or isinstance(found, kind), name
        return found


def load_settings(environ: Mapping[str, str] | None = None, directory: Path | None = None) -> Settings:
    """Read `prover.toml` and the variables. Raises `SettingsError`."""
    environ = os.environ if environ is None else environ
    directory = (directory or Path.cwd()).absolute()
    values: dict[str, Value] = {}
    for folder in (directory, *directory.parents):
        if (folder / FILE).is_file():
            values = _read_file(folder / FILE)
            break
    for name, kind in KINDS.items():
        variable = f"PROVER_{name.upper()}"
        if text := environ.get(variable):
            values[name] = _parse(variable, text, kind, directory)
    return Settings(values)


def _read_file(path: Path) -> dict[str, Value]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    if unknown := table.keys() - KINDS.keys():
        raise SettingsError(f"{path}: unknown setting {min(unknown)!r}; known are {', '.join(sorted(KINDS))}")
    values: dict[str, Value] = {}
    for name, value in table.items():
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise SettingsError(f"{path}: {name} must be {WORDS[KINDS[name]]}")
        values[name] = _parse(f"{path}: {name}", str(value), KINDS[name], path.parent)
    return values


def _parse(
    place: str, text: str, kind: type[str] | type[int] | type[float] | type[Path], directory: Path
) -> Value:
    if kind is Path:
        return directory / os.path.expanduser(text)
    try:
        return kind(text)
    except ValueError:
        raise SettingsError(f"{place} must be {WORDS[kind]}, not {text!r}") from None
