"""The formats by name, and which one a model wants.

A model is known by its name, which a server tells, or by what its checkpoint's directory says: our own
`prover.json`, the name that the weights had when they were saved (`config.json`), and the directory's name.
A model that nobody knows is asked for a raw completion.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from prover.formats.base import Format, Plain
from prover.formats.chat import DEEPSEEK_V2, DEEPSEEK_V2_NON_COT, GOEDEL_V2, KIMINA_PROVER
from prover.formats.hints import Hints
from prover.policies.base import PolicyError
from prover.policies.prompting import wants_hints

FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        Plain(),
        Plain(cot=True),
        Hints(),
        Hints(cot=True),
        DEEPSEEK_V2,
        DEEPSEEK_V2_NON_COT,
        GOEDEL_V2,
        KIMINA_PROVER,
    )
}
"""All formats by name."""
_FAMILIES = (
    (re.compile(r"deepseek[-_. ]?prover[-_. ]?v?2(?!\d)"), DEEPSEEK_V2.name),
    (re.compile(r"goedel[-_. ]?prover[-_. ]?v?2(?!\d)"), GOEDEL_V2.name),
    (re.compile(r"kimina[-_. ]?prover"), KIMINA_PROVER.name),
    (re.compile(r"^(?:default|core-7m)$"), "hints"),  # Our own, as `prover serve` names it.
)


def format_named(name: str) -> Format:
    """The format of that name. Raises `PolicyError`."""
    if name not in FORMATS:
        raise PolicyError(f"there is no format {name!r}; known are {', '.join(FORMATS)}")
    return FORMATS[name]


def choose_format(model: str) -> Format:
    """The format for a model, by its name or the directory of its checkpoint.

    Raises `PolicyError` for a `prover.json` that cannot be read.
    """
    folder = _folder(model)
    if folder is not None and wants_hints(folder, model):
        return FORMATS["hints"]
    for name in (model if folder is None else folder.resolve().name, *_told(folder)):
        for pattern, chosen in _FAMILIES:
            if pattern.search(name.lower()):
                return FORMATS[chosen]
    return FORMATS["completion"]


def _folder(model: str) -> Path | None:
    """The checkpoint's directory, if it is one."""
    try:
        path = Path(model).expanduser()
        return path if (path / "config.json").is_file() else None
    except (OSError, RuntimeError, ValueError):
        return None


def _told(folder: Path | None) -> list[str]:
    """The names that a checkpoint's files give it."""
    if folder is None:
        return []
    try:
        told = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return []  # Whoever loads it says what is wrong.
    name = told.get("_name_or_path") if isinstance(told, dict) else None
    return [name] if isinstance(name, str) else []
