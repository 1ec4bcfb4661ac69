"""`prover verify`: a verdict for every theorem of the files that a user names.

A `.lean` file's theorems are judged in their own context (`lean_env.wholefile`); the proofs of a
`.jsonl` file may be tactics only and go through the check service, and with `--strict` through the
audit. Verdicts go to standard output, in the order of the files, as soon as they are known; progress
and complaints about files go to standard error.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from lean_env.audit import audit
from lean_env.errors import AuditError, LimitError, SourceError, StatementError
from lean_env.limits import Limits
from lean_env.pool import CheckPool
from lean_env.source import LeanFile, Record, read_lean, read_records
from lean_env.toolchain import Toolchain
from lean_env.values import Certificate, Verdict
from lean_env.wholefile import check_file
from prover.loop import run_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXIT_PROVED, EXIT_NOT_PROVED, EXIT_UNREADABLE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is reported about one theorem."""

    name: str
    place: str
    """`file:line` or `file:line:column`."""
    verdict: Verdict | None
    """None if the statement itself does not elaborate."""
    reason: str
    proof: str
    axioms: tuple[str, ...] | None
    """None if nobody looked."""
    seconds: float
    """Wall-clock seconds; of a Lean file, which is compiled as a whole, those of the file."""
    certificate: Certificate | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """What to verify with, and how hard."""

    toolchain: Toolchain
    strict: bool
    workers: int
    limits: Limits


def run(
    files: list[Path],
    *,
    toolchain: Toolchain,
    strict: bool,
    as_json: bool,
    workers: int,
    seconds: float,
    memory_bytes: int,
) -> int:
    """Verify `files` and return the exit code. Raises `LimitError` for limits that make no sense."""
    if workers < 1:
        raise LimitError(f"at least one worker is needed, not {workers}")
    job = Job(toolchain, strict, workers, Limits(seconds=seconds, memory_bytes=memory_bytes))
    sources, code = _read(files)
    total = sum(len(source.entries) if isinstance(source, LeanFile) else len(source) for source in sources)
    with _progress(total) as advance:
        report = _Report(toolchain, as_json, advance)
        run_loop(_verify(sources, job, report))
    report.finish()
    return max(code, report.code)


def _read(files: Iterable[Path]) -> tuple[list[LeanFile | tuple[Record, ...]], int]:
    """The files that can be read; complains about the others, and says so by the exit code."""
    sources: list[LeanFile | tuple[Record, ...]] = []
    code = EXIT_PROVED
    for path in files:
        try:
            if path.suffix == ".jsonl":
                sources.append(_with_proofs(path, read_records(path)))
            elif path.suffix == ".lean" or not path.is_file():
                sources.append(read_lean(path))
            else:
                raise SourceError(f"{path} is neither a .lean nor a .jsonl file")
        except SourceError as error:
            print(f"prover: {error}", file=sys.stderr)
            code = EXIT_UNREADABLE
    return sources, code


def _with_proofs(path: Path, records: tuple[Record, ...]) -> tuple[Record, ...]:
    for record in records:
        if record.proof is None:
            raise SourceError(f"{path}, line {record.line}: the field `proof` is missing: nothing to verify")
    return records


async def _verify(sources: Iterable[LeanFile | tuple[Record, ...]], job: Job, report: _Report) -> None:
    """Report on all sources in order; when interrupted, on what was finished."""
    for source in sources:
        if isinstance(source, LeanFile):
            await _file(source, job, report)
        else:
            await _records(source, job, report)


async def _file(file: LeanFile, job: Job, report: _Report) -> None:
    started = monotonic()
    result = await check_file(
        job.toolchain,
        file,
        seconds=job.limits.seconds,
        memory_bytes=job.limits.memory_bytes,
        workers=job.workers,
        strict=job.strict,
    )
    for line, column, message in result.stray:
        report.complain(f"{file.path}:{line}:{column}: {message}")
    for found in result.verdicts:
        report.add(
            Outcome(
                name=found.entry.name,
                place=f"{file.path}:{found.line}:{found.column}",
                verdict=found.verdict,
                reason=found.reason,
                proof=found.entry.proof,
                axioms=found.axioms if found.verdict is Verdict.PROVED else None,
                seconds=monotonic() - started,
                certificate=found.certificate,
            )
        )


async def _records(records: tuple[Record, ...], job: Job, report: _Report) -> None:
    audits = asyncio.Semaphore(job.workers)
    tasks: list[asyncio.Task[Outcome]] = []
    reported = 0
    try:
        async with CheckPool(job.toolchain, workers=job.workers, limits=job.limits) as pool:
            tasks += [asyncio.create_task(_record(record, job, pool, audits)) for record in records]
            for task in tasks:
                report.add(await task)
                reported += 1
    finally:  # Interrupted, maybe: what is finished is told, the rest is called off.
        for task in tasks[reported:]:
            if task.done() and not task.cancelled() and task.exception() is None:
                report.add(task.result())
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _record(record: Record, job: Job, pool: CheckPool, audits: asyncio.Semaphore) -> Outcome:
    theorem, proof = record.theorem, record.proof or ""
    started = monotonic()
    axioms: tuple[str, ...] | None = None
    certificate = None
    verdict: Verdict | None
    try:
        check = await pool.check(theorem, proof)
        verdict, reason = check.verdict, check.reason
        if job.strict and verdict is Verdict.PROVED:
            async with audits:
                result = await audit(
                    job.toolchain,
                    theorem,
                    proof,
                    seconds=job.limits.seconds,
                    memory_bytes=job.limits.memory_bytes,
                )
            verdict, reason, certificate = result.verdict, result.reason, result.certificate
            axioms = certificate.axioms if certificate else None
    except StatementError as error:
        verdict, reason = None, str(error).removeprefix(f"{theorem.name}: ")
    except AuditError as error:
        verdict, reason = Verdict.FAULT, str(error)
    place = f"{theorem.provenance.source}:{record.line}"
    return Outcome(record.name, place, verdict, reason, proof, axioms, monotonic() - started, certificate)


class _Report:
    """Prints outcomes, and remembers what they come to."""

    def __init__(self, toolchain: Toolchain, as_json: bool, advance: Callable[[], None]) -> None:
        from rich.console import Console

        self._toolchain = toolchain
        self._as_json = as_json
        self._advance = advance
        self._console = Console(highlight=False, soft_wrap=True)
        self._proved = self._seen = 0
        self.code = EXIT_PROVED

    def add(self, outcome: Outcome) -> None:
        """Print one outcome."""
        self._seen += 1
        self._advance()
        if outcome.verdict is Verdict.PROVED:
            self._proved += 1
        else:
            self.code = max(self.code, EXIT_NOT_PROVED if outcome.verdict else EXIT_UNREADABLE)
        if self._as_json:
            print(json.dumps(self._fields(outcome), ensure_ascii=False), flush=True)
            return
        from rich.text import Text

        if outcome.verdict is Verdict.PROVED:
            line = Text.assemble(("✓ ", "green"), f"{outcome.place} {outcome.name}")
            if outcome.certificate is not None:
                line.append(f" [{', '.join(outcome.certificate.axioms) or 'no axioms'}]", "dim")
        else:
            what = f"{outcome.verdict}: {outcome.reason}" if outcome.verdict else outcome.reason
            line = Text.assemble(("✗ ", "red"), f"{outcome.place} {outcome.name} — {what}")
        self._console.print(line)

    def complain(self, message: str) -> None:
        """Print an error that belongs to no theorem."""
        self.code = EXIT_UNREADABLE
        print(f"prover: {message}", file=sys.stderr)

    def finish(self) -> None:
        """Print the sum, for people."""
        if not self._as_json and self._seen:
            print(f"{self._proved} of {self._seen} proved, {self._toolchain.describe()}", file=sys.stderr)

    def _fields(self, outcome: Outcome) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "name": outcome.name,
            "verdict": outcome.verdict,
            "reason": outcome.reason,
            "place": outcome.place,
            "proof": outcome.proof,
            "axioms": outcome.axioms,
            "samples": None,
            "seconds": round(outcome.seconds, 3),
            "search": None,
            "policy": None,
            "toolchain": self._toolchain.describe(),
            "seed": None,
        }
        if outcome.certificate is not None:
            fields["certificate"] = asdict(outcome.certificate)
        return fields


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """A bar on standard error, if that is a terminal and there is something to wait for."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Verifying", total=total)
        yield lambda: bar.advance(task)
