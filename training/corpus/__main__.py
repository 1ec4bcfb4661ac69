"""Builds and checks corpora.

    python -m training.corpus build --out DIR --seed 0 --statements 20000 --workers 16 --bench FILE...
    python -m training.corpus merge --out CORPUS DIR...
    python -m training.corpus hint CORPUS --out CORPUS
    python -m training.corpus check CORPUS --sample 1000

`build` goes on where it was interrupted. `check` exits with 1 if Lean refuses a proof.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from data.generate import statements
from data.records import read_corpus, write_corpus
from lean_env.errors import LeanEnvError
from training.corpus.attempt import Effort
from training.corpus.build import CORPUS, build
from training.corpus.check import recheck
from training.corpus.merge import merged
from training.corpus.try_hints import with_hint_proofs


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 2 with one line on standard error for what cannot be done."""
    given = _parser().parse_args(arguments)
    try:
        if given.command != "merge" and given.workers < 1:
            raise LeanEnvError(f"--workers must be at least 1, not {given.workers}")
        return {"build": _build, "merge": _merge, "hint": _hint, "check": _check}[given.command](given)
    except (LeanEnvError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; the same command goes on", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    cores = os.cpu_count() or 1
    parser = argparse.ArgumentParser(prog="python -m training.corpus", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("build", help="prove generated statements and write a corpus")
    make.add_argument("--out", type=Path, required=True, help="directory of the corpus")
    make.add_argument("--seed", type=int, default=0)
    make.add_argument("--statements", type=int, required=True, help="how many are tried")
    make.add_argument("--workers", type=int, default=cores, help="Lean processes")
    make.add_argument("--bench", type=Path, nargs="*", default=[], help="statements to keep out")
    for name, value in (("samples", 8), ("rollouts", 48), ("proofs", 3)):
        make.add_argument(f"--{name}", type=int, default=value, help="for each statement")
    join = commands.add_parser("merge", help="make one corpus of several builds, finished or not")
    join.add_argument(
        "sources", type=Path, nargs="+", metavar="SOURCE", help="a build's directory, or a corpus"
    )
    join.add_argument("--out", type=Path, required=True, help="a .jsonl or .jsonl.xz file")
    hint = commands.add_parser("hint", help="look hints up, and add the proofs that they give")
    hint.add_argument("corpus", type=Path, help="a .jsonl or .jsonl.xz file")
    hint.add_argument("--out", type=Path, required=True, help="a .jsonl or .jsonl.xz file")
    hint.add_argument("--workers", type=int, default=cores, help="Lean processes")
    check = commands.add_parser("check", help="ask Lean about the proofs of a corpus again")
    check.add_argument("corpus", type=Path, help="a .jsonl file, or the directory of a build")
    check.add_argument("--sample", type=int, help="how many records to check; all by default")
    check.add_argument("--seed", type=int, default=0)
    check.add_argument("--workers", type=int, default=cores, help="Lean processes")
    return parser


def _build(given: argparse.Namespace) -> int:
    effort = Effort(given.samples, given.rollouts, given.proofs)
    report = build(
        given.out,
        statements(given.seed),
        given.statements,
        seed=given.seed,
        workers=given.workers,
        benchmarks=given.bench,
        effort=effort,
    )
    print(report)
    return 0


def _merge(given: argparse.Namespace) -> int:
    print(f"{write_corpus(given.out, merged(given.sources)):,} proofs in {given.out}")
    return 0


def _hint(given: argparse.Namespace) -> int:
    records = with_hint_proofs(read_corpus(given.corpus), given.workers)
    print(f"{write_corpus(given.out, records):,} proofs in {given.out}")
    return 0


def _check(given: argparse.Namespace) -> int:
    path = given.corpus / CORPUS if given.corpus.is_dir() else given.corpus
    checked, broken = asyncio.run(recheck(path, workers=given.workers, sample=given.sample, seed=given.seed))
    for one in broken:
        print(f"{path}:{one.line}: {one.name} no longer checks: {one.reason}")
    print(f"{checked - len(broken):,} of {checked:,} proofs check")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
