"""Audits a benchmark's statements: by their text, by the published goal, and with the Lean at hand.

Lean is asked three things of a statement that elaborates: whether `False` follows from its hypotheses,
whether its negation has a proof, and whether a short proof of it does without one of the hypotheses. All
three look for proofs with a few tactics and, for the negation, with small values for the variables; that
nothing was found says nothing. What Lean accepts is in the finding.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from data.benchmarks.mathlib import Unusable
from data.benchmarks.values import Benchmark, Problem
from data.lint import Finding, Rule, Tree, UnreadableError, by_goal, by_text, read_tree
from data.lint.compare import differences, duplicates
from data.lint.counterexamples import disproofs
from data.lint.tree import binder_groups
from lean_env.errors import StatementError, UncheckedError
from lean_env.pool import CheckPool
from lean_env.values import Theorem, Verdict
from prover.statements import usable

TACTICS = ("omega", "simp_all", "simp_all <;> omega", "decide", "contradiction")
"""Tried on `False`, and on the statement itself."""
MATHLIB_TACTICS = ("norm_num at *", "linarith", "nlinarith", "positivity", "aesop")
"""Tried as well where there is Mathlib."""


@dataclass(slots=True)
class Report:
    """What was found in one benchmark."""

    benchmark: Benchmark
    findings: dict[str, list[Finding]]
    """By problem, in the benchmark's order."""
    unread: list[str] = field(default_factory=list)
    """Problems whose text was not understood, so that only Lean and the goal were asked."""
    without_goal: int = 0
    """How many problems have no published goal."""
    not_asked: dict[str, str] = field(default_factory=dict)
    """Why Lean could not be asked, by problem."""

    def counts(self) -> Counter[Rule]:
        """How many statements each rule found something in."""
        return Counter(rule for found in self.findings.values() for rule in {one.rule for one in found})


def lint_text(benchmark: Benchmark, other: Benchmark | None = None) -> Report:
    """What needs no Lean; with another copy of the benchmark also where the two differ."""
    report = Report(benchmark, {problem.name: [] for problem in benchmark.problems})
    for problem in benchmark.problems:
        found = report.findings[problem.name]
        try:
            found += by_text(read_tree(problem.theorem.statement))
        except UnreadableError:
            report.unread.append(problem.name)
        if not problem.goal:
            report.without_goal += 1
        elif not any(one.rule is Rule.PHANTOM for one in found):
            found += by_goal(problem.theorem.statement, problem.goal)
    for name, finding in duplicates(benchmark.problems):
        report.findings[name].append(finding)
    if other is not None:
        others = {problem.name: problem for problem in other.problems}
        for name, finding in differences(benchmark.problems, others, other.name):
            report.findings[name].append(finding)
    return report


async def lint_with_lean(report: Report, pool: CheckPool, advance: Callable[[], None] = lambda: None) -> None:
    """Add to the report what Lean says; `advance` is called after each statement. Raises `LeanEnvError`."""

    async def one(problem: Problem) -> None:
        found, reason = await _ask(problem, pool)
        known = {finding.rule for finding in report.findings[problem.name]} & {Rule.PHANTOM}
        report.findings[problem.name] += [finding for finding in found if finding.rule not in known]
        if reason:
            report.not_asked[problem.name] = reason
        advance()

    try:
        async with asyncio.TaskGroup() as tasks:
            for problem in report.benchmark.problems:
                tasks.create_task(one(problem))
    except ExceptionGroup as group:
        raise group.exceptions[0] from None


async def _ask(problem: Problem, pool: CheckPool) -> tuple[list[Finding], str]:
    """What Lean finds, and why it could not be asked."""
    candidate = await usable(problem, pool)
    if isinstance(candidate, Unusable):
        if candidate.reason.startswith("needs Mathlib"):
            return [], candidate.reason
        return [Finding(Rule.ELABORATION, candidate.reason)], ""
    theorem = candidate.theorem
    found: list[Finding] = []
    try:
        await pool.validate(theorem)
    except UncheckedError as error:
        return [], str(error).removeprefix(f"{theorem.name}: ")
    begun = await pool.check(theorem, "skip", steps=True)
    if begun.steps and begun.steps[0].goals:
        found += by_goal(theorem.statement, begun.steps[0].goals[0])
    if (proof := await _contradiction(theorem, pool)) is not None:
        found.append(Finding(Rule.CONTRADICTION, "the hypotheses prove False, so anything follows", proof))
    elif (proof := await _disproof(theorem, pool)) is not None:
        found.append(Finding(Rule.FALSE, "the statement is false: Lean accepts a disproof", proof))
    else:
        found += await _not_needed(theorem, pool)
    return found, ""


async def _contradiction(theorem: Theorem, pool: CheckPool) -> str | None:
    """A proof of `False` from what stands before the colon."""
    groups = binder_groups(theorem.statement)
    if groups is None or not groups[1]:
        return None
    claim = groups[2]
    return await _first(_with(theorem, f"{theorem.statement[:claim]} False := by"), _tactics(pool), pool)


async def _disproof(theorem: Theorem, pool: CheckPool) -> str | None:
    """A proof of the statement's negation."""
    groups = binder_groups(theorem.statement)
    if groups is None:
        return None
    name_end, binders, claim_start, end = groups
    claim = theorem.statement[claim_start:end].strip()
    before = " ".join(theorem.statement[start:stop] for start, stop in binders)
    negated = f"¬ (∀ {before}, {claim})" if binders else f"¬ ({claim})"
    try:
        tree: Tree | None = read_tree(theorem.statement)
    except UnreadableError:
        tree = None
    proofs = (*_tactics(pool), *(disproofs(tree) if tree else ()))
    return await _first(_with(theorem, f"{theorem.statement[:name_end]} : {negated} := by"), proofs, pool)


async def _not_needed(theorem: Theorem, pool: CheckPool) -> list[Finding]:
    """The hypotheses that a short proof of the statement does without."""
    groups = binder_groups(theorem.statement)
    if groups is None or not groups[1]:
        return []
    proof = await _first(theorem, _tactics(pool), pool)
    if proof is None:
        return []
    found = []
    for start, end in groups[1]:
        shorter = _with(theorem, f"{theorem.statement[:start]}{theorem.statement[end:]}")
        names = theorem.statement[start + 1 : end - 1].partition(":")[0].split()
        if not names or not any(name[:1] in "hH_" for name in names):
            continue
        if (proof := await _first(shorter, _tactics(pool), pool)) is not None:
            found.append(
                Finding(Rule.UNUSED, f"there is a proof without the hypothesis {' '.join(names)}", proof)
            )
    return found


async def _first(theorem: Theorem, proofs: Sequence[str], pool: CheckPool) -> str | None:
    """The first of the proofs that Lean accepts; None too if the statement does not elaborate."""
    for proof in proofs:
        try:
            if (await pool.check(theorem, proof)).verdict is Verdict.PROVED:
                return proof
        except StatementError:
            return None
    return None


def _with(theorem: Theorem, statement: str) -> Theorem:
    return replace(theorem, statement=statement)


def _tactics(pool: CheckPool) -> tuple[str, ...]:
    return (*TACTICS, *MATHLIB_TACTICS) if pool.toolchain.has_mathlib else TACTICS
