"""Held-out proving while a run goes on: pass@k by independent samples, judged by the fast tier.

It says where a run is going. What a model card claims comes from `prover eval`, with the strict audit.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from lean_env.errors import StatementError
from lean_env.values import Theorem, Verdict
from prover.evaluation.statistics import pass_at_k
from prover.prompts import make_prompt
from training.files import METRICS, SCORES, read_lines, replace_text
from training.rlpaf.config import EvaluationConfig
from training.rlpaf.judge import Judge
from training.rlpaf.sampler import Sampler, Written

PREFIX = "pass@"
AT_A_TIME = 256
"""Theorems whose completions are written in one call."""


class Score(NamedTuple):
    """How often one theorem was proved."""

    suite: str
    name: str
    proved: int
    judged: int
    """Samples without those that came to a `FAULT`."""


class HeldOut:
    """The held-out theorems of a run, and what is known of its scores."""

    def __init__(self, out: Path, config: EvaluationConfig, theorems: Sequence[tuple[str, Theorem]]) -> None:
        """`out`: the run's folder; `theorems`, each with the name of the suite that it belongs to."""
        self._out, self._config, self.theorems = out, config, theorems
        self.left_out: list[str] = []
        """What Lean said of theorems that it did not understand; they are in no figure."""

    def is_due(self, batch: int) -> bool:
        """Whether theorems are proved after so many batches."""
        every = self._config.every
        return bool(self.theorems) and (batch % every == 0 if every else batch == 0)

    async def prove(self, sampler: Sampler, judge: Judge, batch: int, seed: int) -> dict[str, float]:
        """The figures of the weights that have seen so many batches. Raises `PolicyError`."""
        samples = self._config.samples
        scores, self.left_out = await prove_held_out(sampler, judge, self.theorems, samples, seed)
        write_scores(self._out, batch, scores)
        return pass_figures(scores, samples)

    def known(self, batch: int) -> dict[str, float]:
        """The figures if they were recorded before the run was interrupted; else empty."""
        return known_figures(self._out / METRICS, batch)


async def prove_held_out(
    sampler: Sampler, judge: Judge, theorems: Sequence[tuple[str, Theorem]], samples: int, seed: int
) -> tuple[list[Score], list[str]]:
    """So many independent proofs of each theorem, named with the suite that it belongs to, and their success.

    Theorems that Lean does not understand have no score, but what Lean says of them comes second; one that
    leaves the policy no room for a proof is not proved. Raises `PolicyError`.
    """
    left_out: list[str] = []

    async def one(suite: str, theorem: Theorem, written: Sequence[Written]) -> Score | None:
        try:
            group = await judge.judge(theorem, written)
        except StatementError as error:
            left_out.append(str(error))
            return None
        proved = sum(rollout.verdict is Verdict.PROVED for rollout in group.judged)
        return Score(suite, theorem.name, proved, len(group.judged))

    scores: list[asyncio.Task[Score | None]] = []
    try:
        for start in range(0, len(theorems), AT_A_TIME):
            part = theorems[start : start + AT_A_TIME]
            written = await sampler.write(
                [make_prompt(theorem) for _, theorem in part], samples, seed + start
            )
            for (suite, theorem), answers in zip(part, written, strict=True):
                scores.append(asyncio.create_task(one(suite, theorem, answers)))
        found = await asyncio.gather(*scores)
    finally:
        for task in scores:
            task.cancel()
    return [score for score in found if score is not None], left_out


def pass_figures(scores: Sequence[Score], samples: int) -> dict[str, float]:
    """`pass@k/SUITE`, the mean of the unbiased estimates, for k = 1 and k = `samples`. Theorems of which
    fewer than k samples were judged are left out."""
    suites: dict[str, list[Score]] = defaultdict(list)
    for score in scores:
        suites[score.suite].append(score)
    figures = {}
    for suite, members in sorted(suites.items()):
        for k in sorted({1, samples}):
            shares = [float(pass_at_k(one.judged, one.proved, k)) for one in members if one.judged >= k]
            if shares:
                figures[f"{PREFIX}{k}/{suite}"] = sum(shares) / len(shares)
    return figures


def write_scores(out: Path, batch: int, scores: Sequence[Score]) -> None:
    """Put into the run's folder what each theorem scored after so many batches, one JSON line each, in place
    of what is there of this batch and of later ones: a run that was interrupted comes there again."""
    path = out / SCORES
    kept = [line for line, fields in read_lines(path) if fields.get("batch", 0) < batch]
    kept += [json.dumps({"batch": batch, **score._asdict()}) + "\n" for score in scores]
    replace_text(path, "".join(kept))


def known_figures(metrics: Path, batch: int) -> dict[str, float]:
    """What `pass_figures` was after so many batches, as a run's metrics have it; empty if they do not."""
    for _, fields in read_lines(metrics):
        found = {name: float(value) for name, value in fields.items() if name.startswith(PREFIX)}
        if fields.get("step") == batch and found:
            return found
    return {}
