"""The symbolic policy: reads the goal, writes short scripts; needs no weights."""

from prover.policies.tactics.policy import TacticPolicy

__all__ = ["TacticPolicy"]
