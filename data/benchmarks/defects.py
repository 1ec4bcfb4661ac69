"""Statements of published benchmarks that are known to be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Defect:
    """What is wrong with a published statement."""

    kind: str
    reason: str
    source: str
    """Where the correction comes from."""
    corrected_in: str = ""
    """The benchmark that has the corrected statement under the same name; empty if none has."""


def known_defects(sha256: str) -> Mapping[str, Defect]:
    """The known defects of the benchmark whose file has this hash, by the problem's name."""
    return {}
