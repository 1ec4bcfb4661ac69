"""Builds a corpus: statements from the generator, proofs from our own search, all on one machine.

This process draws the statements, leaves out what a benchmark has, hands the others to processes that
prove (`training.corpus.work`), and writes the journal. Which statements there are depends on the seed
alone, and what becomes of each on the statement, so the number of workers changes the time only (and what
is lost to a time limit).
"""

from __future__ import annotations

import hashlib
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from pathlib import Path
from queue import Empty
from typing import Protocol

from data.hygiene import Screen
from data.records import write_corpus
from lean_env.errors import LeanEnvError
from lean_env.toolchain import find_toolchain
from lean_env.values import Theorem
from training.corpus.attempt import Effort, Outcome
from training.corpus.journal import Entry, Journal, Plan
from training.corpus.work import UNDER_WAY, Result, Task, serve

CORPUS = "corpus.jsonl"
WORKERS_A_PROCESS = 3
SILENCE = 120.0
"""Seconds without any result after which something must be wrong."""


class Statement(Protocol):
    """What the generator yields."""

    @property
    def name(self) -> str: ...
    @property
    def statement(self) -> str: ...
    @property
    def domain(self) -> str: ...
    @property
    def kind(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Report:
    """A build at its end."""

    outcomes: dict[str, Counter[Outcome]]
    """By kind of statement."""
    proofs: Counter[str]
    """By kind of statement; all records count."""
    audited: int
    seconds: float
    sha256: str
    """Of the corpus."""

    def __str__(self) -> str:
        lines = [f"{'kind':16}" + "".join(f"{outcome:>10}" for outcome in Outcome) + f"{'proofs':>10}"]
        for kind, counts in [*sorted(self.outcomes.items()), ("all", sum(self.outcomes.values(), Counter()))]:
            proofs = self.proofs[kind] if kind != "all" else self.proofs.total()
            lines.append(f"{kind:16}" + "".join(f"{counts[o]:10,}" for o in Outcome) + f"{proofs:10,}")
        lines.append(f"{self.seconds:.0f} s, {self.audited} proofs audited, sha256 {self.sha256}")
        return "\n".join(lines)


def build(
    directory: Path,
    stream: Iterable[Statement],
    count: int,
    *,
    seed: int,
    workers: int,
    benchmarks: Sequence[Path] = (),
    effort: Effort = Effort(),  # noqa: B008 - frozen
) -> Report:
    """Prove the first `count` statements of the stream and write the corpus to `directory`.

    Goes on where an earlier build in the directory was interrupted. Raises `SourceError` for files that
    cannot be read, `CorpusError` for a directory with another corpus, and `LeanEnvError` if Lean is not
    there or the audit refuses a proof.
    """
    started = time.monotonic()
    find_toolchain()  # Compiles the library, if need be, once and not in every process.
    screen = Screen.load(benchmarks)
    digests = tuple(hashlib.sha256(path.read_bytes()).hexdigest() for path in benchmarks)
    audited = 0
    with Journal(directory, Plan(seed, digests, effort)) as journal:
        done = len(journal.entries)
        progress = _Progress(journal, count, done, started)
        tasks = _tasks(stream, count, screen, journal)
        with _processes(workers, seed, effort) as (todo, results, processes):
            for result in _results(tasks, todo, results, processes, workers):
                if result.fatal:
                    raise LeanEnvError(result.fatal)
                audited += result.audited
                journal.add(Entry(result.task.index, result.task.kind, result.outcome, result.records))
                progress.show()
        progress.show(last=True)
        path = directory / CORPUS
        records = list(journal.records())
        write_corpus(path, records)
        outcomes: dict[str, Counter[Outcome]] = {}
        for entry in journal.entries.values():
            outcomes.setdefault(entry.kind, Counter())[entry.outcome] += 1
    proofs = Counter(record.kind for record in records)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Report(outcomes, proofs, audited, time.monotonic() - started, digest)


def _tasks(stream: Iterable[Statement], count: int, screen: Screen, journal: Journal) -> Iterator[Task]:
    """What is still to be proved; what a benchmark has goes straight to the journal."""
    for index, one in enumerate(islice(stream, count)):
        if index in journal.entries:
            continue
        if screen.find(one.statement) is not None:
            journal.add(Entry(index, one.kind, Outcome.REFUSED))
        else:
            yield Task(index, Theorem(one.name, one.statement), one.kind, one.domain)


@contextmanager
def _processes(
    workers: int, seed: int, effort: Effort
) -> Iterator[tuple[Queue[Task | None], Queue[Result], list[BaseProcess]]]:
    """Processes that prove, with `workers` Lean workers between them; killed at the end."""
    context = multiprocessing.get_context("spawn")
    todo: Queue[Task | None] = context.Queue()
    results: Queue[Result] = context.Queue()
    number = -(-workers // WORKERS_A_PROCESS)
    shares = [workers // number + (place < workers % number) for place in range(number)]
    processes: list[BaseProcess] = [
        context.Process(target=serve, args=(todo, results, share, seed, effort), daemon=True)
        for share in shares
    ]
    for process in processes:
        process.start()
    try:
        yield todo, results, processes
    finally:
        for queue in (todo, results):
            queue.cancel_join_thread()
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


def _results(
    tasks: Iterator[Task],
    todo: Queue[Task | None],
    results: Queue[Result],
    processes: Sequence[BaseProcess],
    workers: int,
) -> Iterator[Result]:
    """Hand the tasks out, always a few more than are under way, and yield the results as they come."""
    waiting = 0
    heard = time.monotonic()
    while True:
        while waiting < 2 * UNDER_WAY * workers and (task := next(tasks, None)) is not None:
            todo.put(task)
            waiting += 1
        if not waiting:
            return
        try:
            result = results.get(timeout=1.0)
        except Empty:
            if any(process.exitcode is not None for process in processes):
                raise LeanEnvError("a process of the build died; start it again to go on") from None
            if time.monotonic() - heard > SILENCE:
                raise LeanEnvError(f"no result within {SILENCE:.0f} s; start again to go on") from None
            continue
        heard = time.monotonic()
        waiting -= 1
        yield result


class _Progress:
    """A line on the terminal that tells how far the build is."""

    def __init__(self, journal: Journal, count: int, before: int, started: float) -> None:
        self._journal, self._count, self._before, self._started = journal, count, before, started
        self._shown = 0.0
        self._every = 1.0 if sys.stderr.isatty() else 15.0

    def show(self, *, last: bool = False) -> None:
        """Print the line, if it is time."""
        now = time.monotonic()
        if now - self._shown < self._every and not last:
            return
        self._shown = now
        entries = self._journal.entries
        outcomes = Counter(entry.outcome for entry in entries.values())
        proofs = sum(len(entry.records) for entry in entries.values())
        rate = (len(entries) - self._before) / max(1e-9, now - self._started)
        left = (self._count - len(entries)) / rate if rate else 0.0
        proved = outcomes[Outcome.SAMPLED] + outcomes[Outcome.SEARCHED]
        line = (
            f"{len(entries):,}/{self._count:,} statements, {proved:,} proved, {proofs:,} proofs, "
            f"{outcomes[Outcome.REFUSED]:,} refused, {rate:.1f}/s, {left / 60:.0f} min left"
        )
        end = "\r" if sys.stderr.isatty() and not last else "\n"
        print(line, end=end, file=sys.stderr, flush=True)
