"""What prompts a model of ours was trained on: a small file beside its weights, `prover.json`."""

from __future__ import annotations

import json
from pathlib import Path

from prover.policies.base import PolicyError
from prover.policies.tactics.hints import VERSION

FILE = "prover.json"


def write_prompting(folder: Path, *, hints: bool) -> None:
    """Say whether the prompts of the model in `folder` show hints, and which."""
    text = json.dumps({"hints": VERSION if hints else None})
    (folder / FILE).write_text(f"{text}\n", encoding="utf-8")


def wants_hints(folder: Path, name: str) -> bool:
    """Whether the model in `folder`, which the user calls `name`, was trained on hints; without the file not.

    Raises `PolicyError` for a file that cannot be read, or asks for hints that this version does not give.
    """
    try:
        told = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    except (OSError, ValueError, RecursionError) as error:
        raise PolicyError(f"{name}: {FILE} cannot be read: {error}") from None
    hints = told.get("hints") if isinstance(told, dict) else ""
    if hints is not None and hints != VERSION:
        raise PolicyError(f"{name}: {FILE} asks for hints {hints!r}; this version gives {VERSION!r}")
    return hints is not None
