"""Policies: whatever writes proofs. `open_policy` makes one of what the user typed.

Nothing heavy is imported before a policy that needs it is opened.
"""

from __future__ import annotations

from pathlib import Path

from prover.policies.base import Completion, Finish, Policy, PolicyError, Prompt, Sampling, Turn

__all__ = [
    "Completion",
    "Finish",
    "Policy",
    "PolicyError",
    "Prompt",
    "Sampling",
    "Turn",
    "open_policy",
    "usual_policy",
]

KNOWN = "default, tactics, moe:PATH, hf:PATH, vllm:MODEL, openai:URL#MODEL"


def open_policy(spec: str) -> Policy:
    """The policy that `spec` names; use it as an asynchronous context manager.

    Raises `PolicyError` for a name that nobody knows, and for a path without weights. A server is
    asked on entering the context, not here.
    """
    kind, _, rest = spec.partition(":")
    if spec == "tactics":
        from prover.policies.tactics import TacticPolicy

        return TacticPolicy()
    if spec == "default":
        from prover.policies.shipped import shipped_model

        return shipped_model()
    if kind == "moe":
        from prover.policies.moe import MoePolicy
        from prover.policies.prompting import as_trained

        return as_trained(MoePolicy(rest), Path(rest).expanduser())
    if kind == "hf":
        from prover.policies.hf import HuggingFacePolicy

        return HuggingFacePolicy(rest)
    if kind == "openai":
        from prover.policies.openai import OpenAIPolicy

        return OpenAIPolicy(rest)
    if kind == "vllm":
        from prover.policies.prompting import as_trained
        from prover.policies.vllm_engine import VllmPolicy

        engine = VllmPolicy(rest)
        return as_trained(engine, engine.path)
    raise PolicyError(f"there is no policy {spec!r}; known are {KNOWN}")


def usual_policy() -> tuple[str, str]:
    """The policy for who names none, and a remark if it is not the shipped model, which says why."""
    from prover.policies.shipped import shipped_model

    try:
        shipped_model()
    except PolicyError as error:
        return "tactics", f"{error}; going on with `tactics`"
    return "default", ""
