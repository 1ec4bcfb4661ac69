"""`prover prove`: proves what is open in files, or a statement from the command line.

Proofs go to standard output as they are found, progress and complaints to standard error. With `--out`
the completed file is written at the end, in one piece, and beside it the certificates of its proofs.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lean_env.errors import LeanEnvError, SourceError
from lean_env.lexer import code, tokenize
from lean_env.limits import Limits
from lean_env.outline import Entry
from lean_env.pool import CheckPool
from lean_env.source import LeanFile, parse_statement, read_lean, read_records
from lean_env.toolchain import Toolchain
from lean_env.values import Theorem
from prover.complete import completed, indented, task
from prover.driver import Attempt, Driver, Settings
from prover.policies import PolicyError, open_policy
from prover.watching import Display

EXIT_PROVED, EXIT_NOT_PROVED, EXIT_UNREADABLE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Task:
    """One theorem to prove, and where its proof belongs."""

    name: str
    theorem: Theorem
    file: LeanFile | None = None
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What the user asked for."""

    files: tuple[Path, ...] = ()
    statement: str = ""
    policy: str = "tactics"
    settings: Settings = field(default_factory=Settings)
    limits: Limits = field(default_factory=Limits)
    as_json: bool = False
    out: Path | None = None
    trace: Path | None = None


def run(order: Order, toolchain: Toolchain) -> int:
    """Do what the order says and return the exit code. Raises `LeanEnvError`."""
    tasks, exit_code = _tasks(order)
    if order.out is not None:
        _check_out(order, tasks)
    display = Display(len(tasks), order.settings.budget, order.as_json)
    attempts: dict[int, Attempt] = {}

    def done(index: int, attempt: Attempt) -> None:
        attempts[index] = attempt
        display.finished(tasks[index].name, attempt)
        if order.as_json:
            print(
                json.dumps(_fields(tasks[index], attempt, order, toolchain), ensure_ascii=False), flush=True
            )

    try:
        with display:
            asyncio.run(_prove(order, toolchain, tasks, done, display))
    finally:  # What was finished is kept, also when the user interrupts.
        if order.out is not None:
            _write(order.out, tasks, attempts)
    display.summary(len(attempts), toolchain.describe())
    for attempt in attempts.values():
        if attempt.proof is None:
            exit_code = max(exit_code, EXIT_UNREADABLE if attempt.error else EXIT_NOT_PROVED)
    return exit_code


async def _prove(
    order: Order, toolchain: Toolchain, tasks: Sequence[Task], done: Any, display: Display
) -> None:
    try:
        async with (
            open_policy(order.policy) as policy,
            CheckPool(toolchain, workers=order.settings.workers, limits=order.limits) as pool,
            Driver.open(policy, pool, order.settings, display.changed) as driver,
        ):
            traces = [_trace(order.trace, task, len(tasks)) for task in tasks]
            await driver.prove_all([task.theorem for task in tasks], traces, done)
    except PolicyError as error:
        raise LeanEnvError(str(error)) from error


def _tasks(order: Order) -> tuple[list[Task], int]:
    """All that is to be proved; complains about files that cannot be read, and says so by the exit code."""
    tasks: list[Task] = []
    exit_code = EXIT_PROVED
    if order.statement:
        theorem = parse_statement(_whole(order.statement))
        tasks.append(Task(theorem.name, theorem))
    for path in order.files:
        try:
            tasks += _of_file(path)
        except SourceError as error:
            print(f"prover: {error}", file=sys.stderr)
            exit_code = EXIT_UNREADABLE
    if not tasks and exit_code == EXIT_PROVED:
        print("prover: every theorem has a proof already; `prover verify` checks them", file=sys.stderr)
    return tasks, exit_code


def _of_file(path: Path) -> list[Task]:
    if path.suffix == ".jsonl":
        return [Task(record.name, record.theorem) for record in read_records(path)]
    file = read_lean(path)
    return [Task(entry.name, task(entry), file, entry) for entry in file.entries if entry.is_open]


def _whole(statement: str) -> str:
    """`statement` as a declaration: what is only a proposition, maybe with binders, gets a name."""
    text = statement.strip()
    if any(token.text in ("theorem", "lemma", "example") for token in code(tokenize(text))):
        return text
    return (
        f"theorem statement {text}"
        if text[:1] in "({[⦃" and _has_colon(text)
        else f"theorem statement : {text}"
    )


def _has_colon(text: str) -> bool:
    """Whether a colon stands outside of all brackets: what is before it are binders."""
    depth = 0
    for token in code(tokenize(text)):
        depth += (token.text in "([{⦃⟨") - (token.text in ")]}⦄⟩")
        if token.text == ":" and depth == 0:
            return True
    return False


def _trace(trace: Path | None, task: Task, count: int) -> Path | None:
    """The file of one theorem's trace: the one that was named, or one in the folder of that name."""
    if trace is None or count == 1:
        return trace
    safe = "".join(c if c.isalnum() or c in "._-" else "_" for c in task.name)
    return trace / f"{safe}-{task.theorem.digest[:8]}.jsonl"


def _check_out(order: Order, tasks: Sequence[Task]) -> None:
    """Raise `SourceError` unless there is one file to write, and a place for it."""
    out = order.out
    assert out is not None
    if len(order.files) + bool(order.statement) != 1:
        raise SourceError("--out writes one completed file: name one file, or one --statement")
    if out.suffix != (order.files[0].suffix if order.files else ".lean"):
        raise SourceError(f"--out {out}: a .lean file becomes a .lean file, a .jsonl file a .jsonl file")
    if not out.parent.is_dir():
        raise SourceError(f"--out {out}: there is no directory {out.parent}")
    if not os.access(out.parent, os.W_OK):
        raise SourceError(f"--out {out}: {out.parent} is not writable")


def _write(out: Path, tasks: Sequence[Task], attempts: dict[int, Attempt]) -> None:
    """The completed file, and its certificates beside it; each appears whole or not at all."""
    found = [(tasks[index], attempt.proof) for index, attempt in sorted(attempts.items()) if attempt.proof]
    if not found:
        return
    first = found[0][0]
    if out.suffix == ".jsonl":
        records = [
            {
                "name": task.name,
                "header": task.theorem.header,
                "statement": task.theorem.statement,
                "proof": p.text,
            }
            for task, p in found
        ]
        text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    elif first.file is not None:
        text = completed(first.file.text, {task.entry: p.text for task, p in found if task.entry})
    else:
        text = f"{first.theorem.statement}\n{indented(found[0][1].text, 2)}\n"
    certificates = [asdict(proof.certificate) for _, proof in found]
    _replace(out, text)
    _replace(
        out.with_suffix(".certificates.json"), json.dumps(certificates, indent=1, ensure_ascii=False) + "\n"
    )


def _replace(path: Path, text: str) -> None:
    """Write `path` in one piece: a reader, or a crash, finds the old text or the new one."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        new.write_text(text, encoding="utf-8", newline="\n")
        os.replace(new, path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise SourceError(f"{path} cannot be written: {error.strerror}") from error


def _fields(task: Task, attempt: Attempt, order: Order, toolchain: Toolchain) -> dict[str, Any]:
    """What `--json` says about one theorem."""
    statistics, proof = attempt.statistics, attempt.proof
    stopped = statistics.stopped if statistics else None
    return {
        "name": task.name,
        "verdict": "PROVED" if proof else None,
        "reason": attempt.error or (f"stopped: {stopped}" if stopped else ""),
        "proof": proof.text if proof else None,
        "axioms": proof.certificate.axioms if proof else None,
        "samples": statistics.samples if statistics else 0,
        "seconds": round(statistics.seconds, 3) if statistics else 0.0,
        "search": order.settings.rule.algorithm,
        "policy": order.policy,
        "toolchain": toolchain.describe(),
        "seed": order.settings.seed,
        "certificate": asdict(proof.certificate) if proof else None,
    }
