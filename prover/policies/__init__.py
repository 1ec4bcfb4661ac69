"""Policies: whatever writes proofs. `open_policy` makes one of what the user typed.

Nothing heavy is imported before a policy that needs it is opened.
"""

from __future__ import annotations

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


def open_policy(spec: str, form: str | None = None) -> Policy:
    """The policy that `spec` names; use it as an asynchronous context manager.

    A language model is asked in the prompt format `form`, or in the one that its name or its checkpoint
    asks for (`prover.formats.registry`). Raises `PolicyError` for a name that nobody knows, and for a path
    without weights. A server is asked on entering the context, not here.
    """
    policy = _open(spec)
    if spec == "tactics":
        if form is not None:
            raise PolicyError("`tactics` reads no prompts: a format is for language models")
        return policy
    from prover.formats.policy import FormattedPolicy
    from prover.formats.registry import choose_format, format_named

    if form is not None:
        return FormattedPolicy(policy, format_named(form))
    kind, _, rest = spec.partition(":")
    if kind == "openai":
        return FormattedPolicy(policy)  # Its server knows the model's name.
    if spec == "default":
        from data import MODEL

        rest = str(MODEL)
    if kind == "vllm" and choose_format(rest) == format_named("completion"):
        from prover.policies.vllm_engine import locate

        rest = str(locate(spec, rest))  # A name says nothing of what the checkpoint behind it wants.
    return FormattedPolicy(policy, choose_format(rest))


def _open(spec: str) -> Policy:
    """The policy that `spec` names, to be asked as it is."""
    kind, _, rest = spec.partition(":")
    if spec == "tactics":
        from prover.policies.tactics import TacticPolicy

        return TacticPolicy()
    if spec == "default":
        from prover.policies.shipped import shipped_model

        return shipped_model()
    if kind == "moe":
        from prover.policies.moe import MoePolicy

        return MoePolicy(rest)
    if kind == "hf":
        from prover.policies.hf import HuggingFacePolicy

        return HuggingFacePolicy(rest)
    if kind == "openai":
        from prover.policies.openai import OpenAIPolicy

        return OpenAIPolicy(rest)
    if kind == "vllm":
        from prover.policies.vllm_engine import VllmPolicy

        return VllmPolicy(rest)
    raise PolicyError(f"there is no policy {spec!r}; known are {KNOWN}")


def usual_policy() -> tuple[str, str]:
    """The policy for who names none, and a remark if it is not the shipped model, which says why."""
    from prover.policies.shipped import shipped_model

    try:
        shipped_model()
    except PolicyError as error:
        return "tactics", f"{error}; going on with `tactics`"
    return "default", ""
