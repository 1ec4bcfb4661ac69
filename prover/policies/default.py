"""`default`: the model that is shipped with the package, trained from nothing on proofs that Lean accepted.

Its files lie in `data/models`; `data/models/README.md` says how they were made.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import data
from prover.policies.base import PolicyError
from prover.policies.moe import MoePolicy

MODEL = Path(data.__file__).parent / "models" / "default"
"""The checkpoint's directory."""


def default_policy() -> MoePolicy:
    """The shipped policy. Raises `PolicyError` if its files or torch are missing, and says what to do."""
    missing = [name for name in ("torch", "tokenizers", "safetensors") if find_spec(name) is None]
    if missing:
        raise PolicyError(f"the default policy needs {', '.join(missing)} (pip install 'rmax-prover[model]')")
    if not (MODEL / "config.json").is_file():
        raise PolicyError(f"the default policy's files are missing: {MODEL}")
    return MoePolicy(str(MODEL), name="default")
