"""What a run came to: figures, groups, verdicts, costs, and a line for every problem.

A report is values; `markdown` and `page` show them, and `--json` prints them. All of it follows from the
folder: no clock, no Lean, and no traces, which only `trees` reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from prover.evaluation.estimates import Estimate, Known, Outcomes
from prover.evaluation.figures import Figure, Flaw, Flaws, figures_of
from prover.evaluation.lemmas import lemma_of, names
from prover.evaluation.notes import notes_of
from prover.evaluation.reading import Run
from prover.evaluation.records import ProblemLine, Result, RunSettings

POINTS = 120
"""About so many points of a curve, at most."""
SHORTEST = 1e-3
"""What is shorter, in seconds, is not told apart."""
KINDS = ("split", "domain", "tier")


@dataclass(frozen=True, slots=True)
class Costs:
    """What was spent, over all searches: also those that were given up or ended in a fault."""

    samples: int
    tokens: int
    seconds: float
    """Wall-clock time of the searches; several go on at a time."""
    lean_seconds: float
    policy_seconds: float


@dataclass(frozen=True, slots=True)
class Group:
    """The problems of one split, domain or tier."""

    kind: str
    name: str
    skipped: int
    attempted: int
    proved: int
    """In any repeat."""
    estimate: Estimate
    """pass@1."""
    costs: Costs


@dataclass(frozen=True, slots=True)
class Row:
    """One problem."""

    name: str
    split: str
    domain: str
    tier: str
    outcome: str
    """`SKIPPED`; `PROVED` in one of its repeats; else the first of `UNFINISHED`, `FAULT` and `FAILED` that
    one of them is."""
    note: str
    """Why it was skipped, or what the fault was."""
    proved: int
    """Repeats with a proof, of `ended`: those that were not given up and had no fault."""
    ended: int
    samples: int
    """Until the first repeat's proof that there is; else in all."""
    seconds: float
    cheats: int
    faults: int
    """Rollouts that were lost; a repeat that ended in a fault has `outcome` and `note` too."""
    proof: str
    lemma: str
    """The library's lemma that the statement restates, by its `source`."""
    names_lemma: bool
    """Whether `proof` names it."""
    defect: str
    """What is known to be wrong with the statement, and who says so."""
    traces: tuple[str, ...]
    """Files in the run's folder, by repeat."""


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run."""

    name: str
    path: str
    settings: RunSettings
    problems: int
    skipped: Mapping[str, int]
    """Problems that were not attempted, by reason."""
    attempted: int
    proved: int
    """Problems with a proof in any repeat."""
    searches: Mapping[str, int]
    """Repeats by what became of them; `MISSING` are those that have no result yet."""
    figures: tuple[Figure, ...]
    """The first is of all problems and any proof."""
    ladder: tuple[Estimate, ...]
    """Of the first figure: pass@1 within growing numbers of samples, up to the budget."""
    groups: tuple[Group, ...]
    verdicts: Mapping[str, int]
    """Of samples that count, whatever became of their searches."""
    lost: int
    """Rollouts that do not, for faults."""
    costs: Costs
    by_samples: tuple[tuple[float, Estimate], ...]
    """pass@1 within so many samples, and within so many seconds, wherever it grows."""
    by_seconds: tuple[tuple[float, Estimate], ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    """What a reader must know to read the figures right, a sentence each."""
    corrections: int = 0
    """Samples that were to correct an earlier proof."""
    rounds: Mapping[str, int] = field(default_factory=dict)
    """If there were any: repeats with a proof, by the round in which it was found; 0 is a fresh proof."""


def report_run(run: Run, name: str, flaws: Flaws, others: Sequence[Run] = ()) -> RunReport:
    """The report of one run. What it lacks for a corrected figure is taken from `others`, if they were made
    with the same settings on the benchmark that has the corrected statements."""
    outcomes = Outcomes(run)
    defects = flaws(run.settings.benchmark_sha256)
    results = run.results
    rows = tuple(_row(run, problem, outcomes, defects) for problem in run.problems)
    searches = Counter(result.verdict for result in results)
    searches["MISSING"] = _missing(outcomes)
    report = RunReport(
        name=name,
        path=str(run.path),
        settings=run.settings,
        problems=len(run.problems),
        skipped=dict(Counter(p.skipped for p in run.problems if p.skipped).most_common()),
        attempted=len(outcomes.problems),
        proved=sum(row.outcome == "PROVED" for row in rows),
        searches={name: count for name, count in searches.items() if count},
        figures=figures_of(run, defects, others),
        ladder=tuple(outcomes.estimate(within=samples) for samples in budgets(run.settings, results)),
        groups=_groups(run, outcomes),
        verdicts=dict(sum((Counter(result.verdicts) for result in results), Counter[str]()).most_common()),
        lost=sum(result.faults for result in results),
        corrections=(corrections := sum(result.corrections for result in results)),
        rounds=_rounds(results) if corrections else {},
        costs=_costs(results),
        by_samples=_curve(outcomes, results, "samples"),
        by_seconds=_curve(outcomes, results, "seconds"),
        rows=rows,
    )
    return replace(report, notes=notes_of(report))


def budgets(settings: RunSettings, results: Sequence[Result] = ()) -> list[int]:
    """Within how many samples: 1, 4, 16 and so on, and the run's budget, or the most that was spent."""
    most = settings.samples or max((result.samples for result in results), default=1)
    return sorted({n for n in (4**power for power in range(16)) if n < most} | {max(1, most)})


def _missing(outcomes: Outcomes) -> int:
    """Repeats that are still to come; what early stop made needless is not."""
    return sum(known.name == "MISSING" for problem in outcomes.problems for known in outcomes.known(problem))


def _groups(run: Run, outcomes: Outcomes) -> tuple[Group, ...]:
    found = []
    for kind in KINDS:
        values = sorted({getattr(problem, kind) for problem in run.problems} - {""})
        for value in values if len(values) > 1 else ():
            members = [problem for problem in run.problems if getattr(problem, kind) == value]
            tried = [problem for problem in members if not problem.skipped]
            indices = {problem.index for problem in members}
            found.append(
                Group(
                    kind,
                    value,
                    len(members) - len(tried),
                    len(tried),
                    sum(outcomes.proof(problem) is not None for problem in tried),
                    outcomes.estimate(problems=tried),
                    _costs([result for result in run.results if result.problem in indices]),
                )
            )
    return tuple(found)


def _costs(results: Sequence[Result]) -> Costs:
    return Costs(
        sum(result.samples for result in results),
        sum(result.tokens for result in results),
        sum(result.seconds for result in results),
        sum(result.lean_seconds for result in results),
        sum(result.policy_seconds for result in results),
    )


def _curve(outcomes: Outcomes, results: Sequence[Result], measure: str) -> tuple[tuple[float, Estimate], ...]:
    """pass@1 wherever there was a proof; of many places, those that a logarithmic axis tells apart."""
    places = sorted({getattr(result, measure) for result in results if result.verdict == "PROVED"})
    if len(places) > POINTS:
        first, *rest, last = places
        step = (last / max(first, SHORTEST)) ** (1 / POINTS)
        places = [first]
        for place in rest:
            if place >= max(places[-1], SHORTEST) * step:
                places.append(place)
        places.append(last)
    return tuple((place, outcomes.estimate(1, place, measure)) for place in places)


def _rounds(results: Iterable[Result]) -> dict[str, int]:
    """How many proofs were found in each round."""
    found = Counter(result.proof_round for result in results if result.verdict == "PROVED")
    return {str(number): found[number] for number in sorted(found)}


def _row(run: Run, problem: ProblemLine, outcomes: Outcomes, defects: Mapping[str, Flaw]) -> Row:
    tried = not problem.skipped
    results = outcomes.results(problem) if tried else []
    won = outcomes.proof(problem) if tried else None
    verdicts = {result.verdict for result in results}
    unfinished = tried and Known.MISSING in outcomes.known(problem)
    ways = [("SKIPPED", problem.skipped), ("PROVED", won), ("UNFINISHED", unfinished)]
    ways += [("FAULT", "FAULT" in verdicts), ("FAILED", True)]
    outcome = next(name for name, holds in ways if holds)
    lemma, defect = lemma_of(problem.source), defects.get(problem.name)
    return Row(
        name=problem.name,
        split=problem.split,
        domain=problem.domain,
        tier=problem.tier,
        outcome=outcome,
        note=problem.skipped or next((r.error for r in results if r.verdict == "FAULT"), ""),
        proved=sum(result.verdict == "PROVED" for result in results),
        ended=sum(result.verdict in ("PROVED", "FAILED") for result in results),
        samples=won.samples if won else sum(result.samples for result in results),
        seconds=won.seconds if won else sum(result.seconds for result in results),
        cheats=sum(result.verdicts.get("CHEAT", 0) for result in results),
        faults=sum(result.faults for result in results),
        proof=won.proof if won else "",
        lemma=lemma,
        names_lemma=bool(won and lemma and names(won.proof, lemma)),
        defect=f"{defect.reason} ({defect.source})" if defect else "",
        traces=tuple(result.trace for result in results if result.trace),
    )


def titles(paths: Sequence[Path]) -> list[str]:
    """A name for each folder: as much of the end of its path as tells it from the others."""
    whole = [path.resolve().parts[1:] or ("/",) for path in paths]
    depth = 1
    while depth < max(map(len, whole)) and len({parts[-depth:] for parts in whole}) < len(set(whole)):
        depth += 1
    return ["/".join(parts[-depth:]) for parts in whole]
