"""Which problems of a benchmark the Lean at hand can be asked about, and with which header."""

from __future__ import annotations

from data.benchmarks.mathlib import Unusable, mathlib_free
from data.benchmarks.values import Problem
from lean_env.errors import StatementError, UncheckedError
from lean_env.pool import CheckPool


async def usable(problem: Problem, pool: CheckPool) -> Problem | Unusable:
    """The problem as `pool` can check proofs of it, or why it cannot be attempted.

    Where there is no Mathlib, a header that imports it is replaced (`data.benchmarks.mathlib`); then, and
    with Mathlib too, Lean is asked whether the statement elaborates. If it cannot be asked, which is a fault
    of ours, the problem is to be attempted: a fault must not pass for what the statement is.
    """
    candidate = problem if pool.toolchain.has_mathlib else mathlib_free(problem)
    if isinstance(candidate, Unusable):
        return candidate
    try:
        await pool.validate(candidate.theorem)
    except UncheckedError:
        return candidate
    except StatementError as error:
        said = str(error).removeprefix(f"{candidate.theorem.name}: ")
        return Unusable(said if candidate == problem else f"needs Mathlib: {said}")
    return candidate
