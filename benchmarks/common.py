"""What the benchmarks share: a figure with its bar, and the report of a run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Bar:
    """A measured figure, and the bar that it must meet, if it has one."""

    name: str
    value: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool:
        """Whether the figure meets its bar; true without one."""
        return (self.at_least is None or self.value >= self.at_least) and (
            self.at_most is None or self.value <= self.at_most
        )

    def __str__(self) -> str:
        bar = ""
        if self.at_least is not None:
            bar = f"at least {self.at_least:g}"
        if self.at_most is not None:
            bar = f"at most {self.at_most:g}"
        return f"{self.name:50}{self.value:9.3f}  {bar}{'' if self.met else '  MISSED'}"


def report(out: Path, bars: Sequence[Bar], details: Mapping[str, Any]) -> int:
    """Print the figures and write them to `out` as JSON; 1 if a bar is missed, else 0."""
    for bar in bars:
        print(bar)
    out.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"figures": [asdict(bar) | {"met": bar.met} for bar in bars], **details}, indent=1)
    out.write_text(text + "\n", encoding="utf-8")
    return 0 if all(bar.met for bar in bars) else 1
