"""Asking Lean whether a proof is right: toolchains, the check service, verdicts, the strict audit."""
