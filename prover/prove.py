"""`prover prove`: proves what is open in files, or a statement from the command line.

Proofs go to standard output as they are found, progress and complaints to standard error. With `--out`
the completed file is written whenever there is a new proof, each time in one piece, and beside it the
certificates of its proofs.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lean_env.errors import LeanEnvError, SourceError
from lean_env.limits import Limits
from lean_env.pool import CheckPool
from lean_env.toolchain import Toolchain
from lean_env.values import Verdict
from prover.attempt import Attempt, Settings
from prover.complete import completed, indented
from prover.driver import Driver
from prover.loop import run_loop
from prover.policies import PolicyError, open_policy
from prover.tasks import Task, in_context, of_files, of_statement
from prover.watching import Display

EXIT_PROVED, EXIT_NOT_PROVED, EXIT_UNREADABLE = 0, 1, 2
MAX_NAME = 80
"""Of a theorem's name, so many characters go into the name of its trace."""

Done = Callable[[int, Attempt], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What the user asked for."""

    files: tuple[Path, ...] = ()
    statement: str = ""
    policy: str = "tactics"
    prompt_format: str | None = None
    """Of a language model; None: the one that it asks for."""
    settings: Settings = field(default_factory=Settings)
    limits: Limits = field(default_factory=Limits)
    as_json: bool = False
    out: Path | None = None
    trace: Path | None = None


def run(order: Order, toolchain: Toolchain) -> int:
    """Do what the order says and return the exit code. Raises `LeanEnvError`."""
    tasks, readable = ([of_statement(order.statement)], True) if order.statement else of_files(order.files)
    _check_paths(order, tasks)
    exit_code = EXIT_PROVED if readable else EXIT_UNREADABLE
    if not tasks:
        return exit_code
    display = Display(len(tasks), order.settings.budget, order.as_json)
    attempts: dict[int, Attempt] = {}

    def done(index: int, attempt: Attempt) -> None:
        attempts[index] = attempt
        if attempt.proof is not None and order.out is not None:
            _write(order.out, tasks, attempts)
        display.finished(tasks[index].name, attempt)
        if order.as_json:
            line = json.dumps(_fields(tasks[index], attempt, order, toolchain), ensure_ascii=False)
            display.say(line)

    with display:
        run_loop(_prove(order, toolchain, tasks, done, display))
    display.summary(toolchain.describe())
    if order.out is not None and not any(attempt.proof for attempt in attempts.values()):
        print(f"prover: nothing was proved, so {order.out} is not written", file=sys.stderr)
    for attempt in attempts.values():
        if attempt.proof is None:
            exit_code = max(exit_code, EXIT_UNREADABLE if attempt.error else EXIT_NOT_PROVED)
    return exit_code


async def _prove(
    order: Order, toolchain: Toolchain, tasks: Sequence[Task], done: Done, display: Display
) -> None:
    try:
        async with (
            open_policy(order.policy, order.prompt_format) as policy,
            CheckPool(toolchain, workers=order.settings.workers, limits=order.limits) as pool,
            Driver.open(policy, pool, order.settings, display.changed) as driver,
        ):
            healed = await in_context(tasks, pool, order.settings.workers)
            for index, task in enumerate(healed):
                if task.error:
                    done(index, Attempt(task.theorem, None, None, task.error))
            able = [index for index, task in enumerate(healed) if not task.error]
            await driver.prove_all(
                [healed[index].theorem for index in able],
                [_trace(order.trace, healed[index], len(tasks)) for index in able],
                lambda place, attempt: done(able[place], attempt),
            )
    except PolicyError as error:
        raise LeanEnvError(str(error)) from error


def _trace(trace: Path | None, task: Task, count: int) -> Path | None:
    """The file of one theorem's trace: the one that was named, or one in the folder of that name."""
    if trace is None or (count == 1 and not trace.is_dir()):
        return trace
    safe = "".join(c if (c.isascii() and c.isalnum()) or c in "._-" else "_" for c in task.name)
    return trace / f"{safe[:MAX_NAME]}-{task.theorem.digest[:12]}.jsonl"


def _check_paths(order: Order, tasks: Sequence[Task]) -> None:
    """Raise `SourceError` unless there is a place for everything that is to be written."""
    if order.trace is not None and len(tasks) > 1 and order.trace.exists() and not order.trace.is_dir():
        raise SourceError(f"--trace {order.trace} is a file; {len(tasks)} theorems need a folder")
    if (out := order.out) is None:
        return
    if len(set(order.files)) + bool(order.statement) != 1:
        raise SourceError("--out writes one completed file: name one file, or one --statement")
    if out.suffix != (order.files[0].suffix if order.files else ".lean"):
        raise SourceError(f"--out {out}: a .lean file becomes a .lean file, a .jsonl file a .jsonl file")
    if out.is_dir():
        raise SourceError(f"--out {out} is a directory")
    if not out.parent.is_dir():
        raise SourceError(f"--out {out}: there is no directory {out.parent}")
    if not os.access(out.parent, os.W_OK):
        raise SourceError(f"--out {out}: {out.parent} is not writable")


def _write(out: Path, tasks: Sequence[Task], attempts: Mapping[int, Attempt]) -> None:
    """The completed file, and its certificates beside it; each appears whole or not at all."""
    found = [(tasks[index], attempt.proof) for index, attempt in sorted(attempts.items()) if attempt.proof]
    first, proof = found[0]
    if first.fields is not None:
        records = [{**task.fields, "proof": proof.text} for task, proof in found if task.fields is not None]
        text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    elif first.file is not None:
        text = completed(first.file.text, {task.entry: proof.text for task, proof in found if task.entry})
    else:
        theorem = first.theorem
        text = f"{theorem.header}{theorem.statement}\n{indented(proof.text, 2)}\n{theorem.footer}"
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
        "verdict": Verdict.PROVED if proof else None,
        "reason": attempt.error or ("" if proof or stopped is None else f"stopped: {stopped}"),
        "proof": proof.text if proof else None,
        "axioms": proof.certificate.axioms if proof else None,
        "samples": statistics.samples if statistics else 0,
        "corrections": statistics.corrections if statistics else 0,
        "round": statistics.proof_round if statistics and proof else None,
        "seconds": round(statistics.seconds, 3) if statistics else 0.0,
        "search": order.settings.rule.algorithm,
        "policy": order.policy,
        "toolchain": toolchain.describe(),
        "seed": order.settings.seed,
        "certificate": asdict(proof.certificate) if proof else None,
    }
