"""What training has gained: `python benchmarks/rlpaf_gain.py BEFORE AFTER... [--files JSONL...]`.

Independent samples of each held-out theorem from the model BEFORE and from each model AFTER (directories;
several: of several seeds), judged by the fast tier. pass@k of each model, and the gain of the mean AFTER,
with a bootstrapped 95 % interval over the theorems. Generated theorems are in no shipped corpus.

BEFORE and AFTER may also be files that `search_compare.py` wrote, one of each model: then it is what RMaxTS
has proved within 8, 16, 32 and 64 samples.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from common import Bar, report

from data import MODEL
from prover.evaluation.statistics import bootstrap, pass_at_k
from training.rlpaf.config import EvaluationConfig, LeanConfig, SamplingConfig, TheoremsConfig
from training.rlpaf.heldout import Score, prove_held_out
from training.rlpaf.judge import LeanJudge
from training.rlpaf.sampler import ModelSampler
from training.rlpaf.statements import held_out

CORPUS = MODEL.parent.parent / "corpus" / "corpus.jsonl.xz"


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path, nargs="+")
    parser.add_argument("--files", type=Path, nargs="*", default=[])
    parser.add_argument("--generated", type=int, default=200)
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks/rlpaf_gain.json"))
    told = parser.parse_args()
    paths = (told.before, *told.after)
    if len({path.suffix == ".jsonl" for path in paths}) > 1:
        parser.error("models and files of searches cannot be compared")
    bars: list[Bar] = []
    intervals: dict[str, tuple[float, float]] = {}
    if told.before.suffix == ".jsonl":
        for samples in (8, 16, 32, 64):
            found = [searched(path, samples) for path in paths]
            intervals |= compare(f"RMaxTS within {samples}", paths, found, bars)
    else:
        scores = [asyncio.run(prove(path, told)) for path in paths]
        for suite in sorted({score.suite for score in scores[0]}):
            for k in (k for k in (1, 2, 4, 8, 16, 32, 64) if k <= told.samples):
                found = [shares_of(one, suite, k) for one in scores]
                intervals |= compare(f"{suite}, pass@{k}", paths, found, bars)
    for name, (low, high) in intervals.items():
        print(f"{name}: [{low:.1f}, {high:.1f}]")
    return report(told.out, bars, {"samples": told.samples, "seed": told.seed, "intervals": intervals})


def compare(
    label: str, paths: Sequence[Path], shares: Sequence[Mapping[str, Fraction]], bars: list[Bar]
) -> dict[str, tuple[float, float]]:
    """Add each model's mean, and what the first one's has gained; the gain's interval, if it has one."""
    theorems = sorted(set.intersection(*(set(one) for one in shares)))
    for path, one in zip(paths, shares, strict=True):
        mean = 100 * sum(one[theorem] for theorem in theorems) / len(theorems)
        bars.append(Bar(f"{label} ({len(theorems)}), {path}, %", float(mean)))
    before, *after = shares
    gains = [sum((one[each] for one in after), Fraction()) / len(after) - before[each] for each in theorems]
    bars.append(Bar(f"{label}, gain, points", 100 * float(sum(gains)) / len(gains)))
    interval = bootstrap(gains)
    if interval is None:
        return {}
    low, high = (100 * float(end) for end in interval)
    return {f"{label}, gain, 95 %": (low, high)}


def searched(path: Path, samples: int) -> dict[str, Fraction]:
    """Whether each theorem was proved with so many samples, of those without a fault of ours."""
    results = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    return {
        one["name"]: Fraction(one["proved_at"] is not None and one["proved_at"] <= samples)
        for one in results
        if one["search"] == "rmaxts" and not one["error"]
    }


async def prove(model: Path, told: argparse.Namespace) -> list[Score]:
    """How often each theorem is proved."""
    evaluation = EvaluationConfig(files=tuple(told.files), generated=told.generated, samples=told.samples)
    theorems = held_out(evaluation, TheoremsConfig(corpus=(CORPUS,)))
    lean = LeanConfig(seconds=2.0, heartbeats=1000, workers=os.cpu_count() or 1, audit_share=0.0)
    async with (
        ModelSampler(model, SamplingConfig(max_tokens=160), told.device) as sampler,
        LeanJudge(lean, told.seed) as judge,
    ):
        scores, left_out = await prove_held_out(sampler, judge, theorems, told.samples, told.seed)
    for text in left_out:
        print(f"left out: {text}", file=sys.stderr)
    return scores


def shares_of(scores: Sequence[Score], suite: str, k: int) -> dict[str, Fraction]:
    """pass@k of each theorem of a suite that was judged often enough."""
    return {
        score.name: pass_at_k(score.judged, score.proved, k)
        for score in scores
        if score.suite == suite and score.judged >= k
    }


if __name__ == "__main__":
    sys.exit(main())
