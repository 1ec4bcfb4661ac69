"""What prompts a model of ours was trained on: a small file beside its weights, `prover.json`."""

from __future__ import annotations

import json
from pathlib import Path

from prover.policies.base import Policy, PolicyError
from prover.policies.hinted import HintedPolicy
from prover.policies.tactics.hints import VERSION

FILE = "prover.json"


def write_prompting(folder: Path, *, hints: bool) -> None:
    """Say whether the prompts of the model in `folder` show hints, and which."""
    text = json.dumps({"hints": VERSION if hints else None})
    (folder / FILE).write_text(f"{text}\n", encoding="utf-8")


def as_trained(policy: Policy, folder: Path) -> Policy:
    """The policy with the prompts that the model in `folder` was trained on; without the file, plain ones.

    Raises `PolicyError` for a file that cannot be read, or asks for hints that this version does not give.
    """
    try:
        told = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return policy
    except (OSError, ValueError) as error:
        raise PolicyError(f"{policy.name}: {FILE} cannot be read: {error}") from None
    hints = told.get("hints") if isinstance(told, dict) else ""
    if hints is None:
        return policy
    if hints != VERSION:
        raise PolicyError(f"{policy.name}: {FILE} asks for hints {hints!r}; this version gives {VERSION!r}")
    return HintedPolicy(policy)
