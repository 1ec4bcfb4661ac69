"""`default`: the model that is shipped with the package.

It was trained from nothing on proofs that Lean accepted (`data/models/core-7m`), then on Lean's verdicts of
its own. Its files lie in `data/models/core-7m-rl`, where `README.md` says how, and what it proves.
"""

from __future__ import annotations

from importlib.util import find_spec

from data import MODEL
from prover.policies.base import PolicyError
from prover.policies.moe import MoePolicy


def shipped_model() -> MoePolicy:
    """The shipped model. Raises `PolicyError` if its files or torch are missing, and says what to do."""
    missing = [name for name in ("torch", "tokenizers", "safetensors") if find_spec(name) is None]
    if missing:
        raise PolicyError(f"the shipped model needs {', '.join(missing)} (pip install 'rmax-prover[model]')")
    if not (MODEL / "config.json").is_file():
        raise PolicyError(f"the shipped model's files are missing: {MODEL}")
    return MoePolicy(str(MODEL), name="default")
