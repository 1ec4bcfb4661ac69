"""The figures of a run: of any proof and of proofs that do not name their lemma, published and corrected."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from prover.evaluation.estimates import Counts, Estimate, Outcomes, combine
from prover.evaluation.lemmas import lemma_of, names
from prover.evaluation.reading import Run
from prover.evaluation.records import ProblemLine, Result


class Flaw(Protocol):
    """What is known to be wrong with a published statement."""

    @property
    def kind(self) -> str:
        """`spelling` if it says the same in other words: then it is no defect of the figures."""

    @property
    def reason(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def corrected_in(self) -> str:
        """The benchmark that has the corrected statement under the same name; empty if none has."""


Flaws = Callable[[str], Mapping[str, Flaw]]
"""The known defects of the benchmark whose file has this hash, by the problem's name."""


@dataclass(frozen=True, slots=True)
class Figure:
    """The same estimates of some of the problems, or by some of the proofs."""

    name: str
    about: str
    attempted: int
    """Problems, those with faults and those that have not ended among them."""
    estimates: tuple[Estimate, ...]
    """Of whole searches, for growing k."""


def figures_of(run: Run, defects: Mapping[str, Flaw], others: Sequence[Run]) -> tuple[Figure, ...]:
    """All problems by any proof, then by proofs that do not name their lemma; and both with corrected
    statements for defective ones, or without them."""
    every = [problem for problem in run.problems if not problem.skipped]
    bad = {name: flaw for name, flaw in defects.items() if flaw.kind != "spelling"}
    flawed = any(problem.name in bad for problem in run.problems)
    lemmas = sum(bool(lemma_of(problem.source)) for problem in every)
    kinds: list[tuple[str, str, Counts]] = [("any proof", "", _any)]
    if lemmas:
        about = (
            f"{lemmas} statements restate a lemma of the library; their proofs count only if they do not "
            "name it. A search ends at its first proof: this is a lower bound"
        )
        kinds.append(("the lemma not named", about, _unnamed))
    figures = []
    for name, about, counts in kinds:
        of = Outcomes(run, counts)
        sources = [(of, problem) for problem in every]
        figures.append(_figure(f"as published, {name}" if flawed else name, about, sources))
        if flawed:
            found = _corrected(
                run.problems, bad, [Outcomes(other, counts) for other in others if _alike(run, other)]
            )
            sound = [(of, problem) for problem in every if problem.name not in bad]
            tried = sum(problem.name in bad for problem in every)
            how = (
                f"of {tried} statements attempted that are known to be defective, {len(found)} are replaced "
            )
            how += "by the corrected ones of another run in this report, and the others left out"
            text = "; ".join(filter(None, [how, about]))
            figures.append(_figure(f"corrected, {name}", text, [*sound, *found]))
    return tuple(figures)


def _any(problem: ProblemLine, result: Result) -> bool:
    return True


def _unnamed(problem: ProblemLine, result: Result) -> bool:
    lemma = lemma_of(problem.source)
    return not (lemma and names(result.proof, lemma))


def _corrected(
    problems: Sequence[ProblemLine], bad: Mapping[str, Flaw], others: Sequence[Outcomes]
) -> list[tuple[Outcomes, ProblemLine]]:
    """The corrected statements of the defective ones among `problems` that other runs attempted."""
    found: list[tuple[Outcomes, ProblemLine]] = []
    for problem in problems:
        flaw = bad.get(problem.name)
        matches = (
            (other, one)
            for other in others
            for one in other.problems
            if flaw and one.name == problem.name and other.settings.benchmark == flaw.corrected_in
        )
        found += itertools.islice(matches, 1)
    return found


def _figure(name: str, about: str, sources: Sequence[tuple[Outcomes, ProblemLine]]) -> Figure:
    """pass@k of these problems, each by its own run; the runs are alike."""
    repeats = sources[0][0].settings.repeats if sources else 1
    estimates = (combine([of.share(one, k) for of, one in sources], k, None) for k in tries(repeats))
    return Figure(name, about, len(sources), tuple(estimates))


def _alike(run: Run, other: Run) -> bool:
    """Whether two runs differ in what they are run on, and in nothing else."""
    about = {
        name: getattr(run.settings, name) for name in ("benchmark", "benchmark_sha256", "split", "limit")
    }
    return replace(other.settings, **about, header=run.settings.header) == run.settings


def tries(repeats: int) -> list[int]:
    """For which k a run with so many repeats is asked: 1, 2, 4 and so on, and all."""
    return sorted({k for k in (2**power for power in range(16)) if k < repeats} | {repeats})
