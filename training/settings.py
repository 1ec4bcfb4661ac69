"""What a training run is told: a TOML file, read once into frozen dataclasses that check themselves.

A key that nobody knows, a value of the wrong type and a value that cannot work are refused here, with one
line, before anything is built. Relative paths in the file start at its own directory, as in `prover.toml`.
"""

from __future__ import annotations

import dataclasses
import math
import tomllib
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from training.errors import TrainError
from training.files import fingerprint

T = TypeVar("T")

LARGEST = 2**64
"""Whole numbers beyond this are none that a machine counts with."""


def read_settings(
    kind: type[T],
    path: Path,
    seed: int | None = None,
    complete: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
) -> T:
    """The dataclass `kind` from a TOML file; `seed` replaces the file's. `complete` may add to the file's
    table what a preset stands for. Raises `TrainError`."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise TrainError(f"{path} is not TOML: {error}") from error
    if seed is not None:
        table["seed"] = seed
    try:
        return _build(kind, complete(table) if complete is not None else table, "", path.parent)
    except ValueError as error:
        raise TrainError(f"{path}: {error}") from error


def flat(settings: Any) -> dict[str, Any]:
    """Every setting under its dotted name, as JSON knows it; two runs are the same if these are.

    A file, or a checkpoint's folder, counts by its name and content and not by its place, so a run can be
    moved to another machine.
    """
    return {
        name: [_told(part) for part in value] if isinstance(value, tuple) else _told(value)
        for name, value in _leaves(dataclasses.asdict(settings), "")
    }


def _told(value: object) -> object:
    return f"{value.name} {fingerprint(value)}".rstrip() if isinstance(value, Path) else value


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """The first key in which two flat configurations differ, with both values; empty if none does."""
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            return f"{name} was {old.get(name)!r} and is now {new.get(name)!r}"
    return ""


def _build(kind: type[T], table: object, place: str, folder: Path) -> T:
    """The dataclass `kind` from a TOML table that lies at the dotted name `place`."""
    if not isinstance(table, dict):
        raise ValueError(f"{place.rstrip('.')} must be a table")
    hints = typing.get_type_hints(kind)
    if unknown := table.keys() - hints.keys():
        raise ValueError(f"unknown key {place + min(unknown)!r}; known are {', '.join(sorted(hints))}")
    for part in dataclasses.fields(kind):  # type: ignore[arg-type]
        required = part.default is dataclasses.MISSING and part.default_factory is dataclasses.MISSING
        if required and part.name not in table:
            raise ValueError(f"{place + part.name} is missing")
    values = {name: _value(hints[name], value, place + name, folder) for name, value in table.items()}
    try:
        return kind(**values)
    except ValueError as error:
        raise ValueError(f"{place}{error}") from None


def _value(kind: Any, value: object, place: str, folder: Path) -> Any:
    """`value` as the field's type `kind` wants it."""
    if dataclasses.is_dataclass(kind):
        return _build(typing.cast(type, kind), value, f"{place}.", folder)
    origin, parameters = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list):
            raise ValueError(f"{place} must be a list")
        return tuple(_value(parameters[0], item, place, folder) for item in items)
    if origin is Literal:
        if value not in parameters:
            raise ValueError(f"{place} must be one of {', '.join(parameters)}, not {value!r}")
        return value
    if origin is types.UnionType:
        return _value(parameters[0], value, place, folder)
    if kind is Path and isinstance(value, str):
        return folder / Path(value).expanduser()
    if origin is Mapping and isinstance(value, dict):
        return value
    if kind is float and type(value) is int and abs(value) <= LARGEST:
        return float(value)
    if type(value) is not kind:
        words = {int: "a whole number", float: "a number", bool: "true or false", Path: "a path"}
        raise ValueError(f"{place} must be {words.get(kind, 'a table')}, not {value!r}")
    if kind is float and not math.isfinite(typing.cast(float, value)):
        raise ValueError(f"{place} must be finite, not {value!r}")
    if kind is int and abs(typing.cast(int, value)) > LARGEST:
        raise ValueError(f"{place} is larger than any that makes sense")
    return value


def _leaves(value: Any, name: str) -> list[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        return [(name, value)]
    return [leaf for key, part in value.items() for leaf in _leaves(part, f"{name}.{key}".lstrip("."))]


def require(holds: bool, message: str) -> None:
    """Raise `ValueError` with the message unless it holds."""
    if not holds:
        raise ValueError(message)
