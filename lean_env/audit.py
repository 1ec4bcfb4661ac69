"""The strict tier: establishes from a compiled file what was proved, and from what.

1. The candidate (header, statement, proof, footer) is compiled in a fresh process.
2. The statement alone, with `sorry` as its proof, is compiled in another one: the reference.
3. A third process, which imports neither, reads both files as data (`inspector.py`): the theorem must
   have the reference's type, down to every definition that the type rests on, and its axioms must lie
   in `ALLOWED`. Names of bad axioms change between versions of Lean; those of the good ones do not.
4. Lean's kernel checks all constants of the candidate once more: the embedded Lean's by `replay.py`, a
   project's by its `leanchecker` where it has one (Lean ≥ 4.28).

Nothing that the candidate wrote runs in the third process, and nothing that Lean prints decides.
What remains trusted: Lean's kernel, the compiled library, and that the first process, in which the
candidate's tactics did run, did not write to our files (`lean_env.cheats` keeps out what could).
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lean_env.assemble import assemble, is_tactic_statement
from lean_env.cheats import inspect
from lean_env.compile import MODULE, Compilation, compile_text
from lean_env.errors import AuditError, LimitError, StatementError
from lean_env.process import run_limited
from lean_env.toolchain import Kind, Toolchain
from lean_env.values import Certificate, Theorem, Verdict

ALLOWED = frozenset({"propext", "Quot.sound", "Classical.choice"})
INSPECTION_SECONDS = 600.0
"""For the third process, which reads the whole library that a file imports."""
INSPECTOR = Path(__file__).with_name("inspector.py")


@dataclass(frozen=True, slots=True)
class AuditResult:
    """The strict tier's answer."""

    verdict: Verdict
    reason: str
    certificate: Certificate | None = None
    """There exactly if the verdict is `PROVED`."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the inspector found out about one theorem of a compiled file."""

    found: bool
    """Whether the file has a theorem of that name."""
    difference: str
    """How it differs from the reference; empty if it does not, or if there is no reference."""
    axioms: tuple[str, ...]
    own_axioms: tuple[str, ...]
    """Those of the axioms that the file itself declares."""
    rejected: str
    """Why the kernel rejects the theorem; empty if it does not, or was not asked."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the inspector found out about a compiled file."""

    theorems: dict[str, Facts]
    replayed: bool
    """Whether the kernel was asked once more."""


async def audit(
    toolchain: Toolchain,
    theorem: Theorem,
    proof: str,
    *,
    seconds: float,
    memory_bytes: int,
    trust_text: bool = False,
) -> AuditResult:
    """Audit one proof. `seconds` and `memory_bytes` are for each of the processes in which Lean elaborates.

    `trust_text` is for a theorem in its author's own file, where the proof may say more than tactics.
    Raises `StatementError` if the statement does not elaborate, `LimitError` for limits that make no
    sense, and `AuditError` if the audit could not be carried out.
    """
    if not (0 < seconds < float("inf") and memory_bytes > 0):
        raise LimitError("an audit needs a positive number of seconds and of bytes")
    if not trust_text and (refused := inspect(proof)) is not None:
        return AuditResult(refused.verdict, refused.reason)
    text = assemble([(theorem, proof)], "").text
    if unprintable(text):
        return AuditResult(Verdict.FAILED, "the text has characters that no file can hold")
    with tempfile.TemporaryDirectory(prefix="prover-audit-", ignore_cleanup_errors=True) as name:
        root = Path(name)
        compile_in = partial(compile_text, toolchain, seconds=seconds, memory_bytes=memory_bytes)
        candidate = await compile_in(text, root / "candidate")
        if (trouble := candidate.finished.trouble) is not None:
            return AuditResult(*trouble)
        reference = await compile_in(_stated(theorem), root / "reference")
        if not reference.succeeded:
            raise StatementError(f"{theorem.name}: the statement does not elaborate: {_why(reference)}")
        if not candidate.succeeded:
            unsolved = candidate.errors and all(m.text.startswith("unsolved goals") for m in candidate.errors)
            return AuditResult(Verdict.INCOMPLETE if unsolved else Verdict.FAILED, _why(candidate))
        inspection = await inspect_file(
            toolchain, candidate, reference, [theorem.name], memory_bytes=memory_bytes, replay=True
        )
        verdict, reason = judge(inspection, theorem.name)
        if verdict is not Verdict.PROVED:
            return AuditResult(verdict, reason)
        facts = inspection.theorems[theorem.name]
        certificate = certify(toolchain, theorem, proof, candidate, facts, inspection.replayed)
        return AuditResult(verdict, reason, certificate)


def judge(inspection: Inspection, name: str) -> tuple[Verdict, str]:
    """The verdict on one theorem of a compiled file, and its reason."""
    facts = inspection.theorems[name]
    if not facts.found:
        return Verdict.CHEAT, f"the compiled file has no theorem {name}"
    if facts.difference:
        return Verdict.CHEAT, facts.difference
    if facts.rejected:
        return Verdict.CHEAT, f"compiled without the kernel's check: {facts.rejected}"
    if facts.own_axioms:
        return Verdict.CHEAT, f"rests on the axiom {facts.own_axioms[0]}, which the text itself declares"
    strange = [axiom for axiom in facts.axioms if axiom not in ALLOWED]
    if "sorryAx" in strange:
        return Verdict.INCOMPLETE, "the proof says `sorry`"
    if strange:
        return Verdict.CHEAT, f"rests on the axiom {strange[0]}"
    return Verdict.PROVED, ""


async def inspect_file(
    toolchain: Toolchain,
    candidate: Compilation,
    reference: Compilation | None,
    names: Sequence[str],
    *,
    memory_bytes: int,
    replay: bool,
) -> Inspection:
    """Inspect a compiled file in a process of its own. Raises `AuditError` if that does not work."""
    kernel = _kernel(toolchain) if replay else None
    request = {
        "candidate": str(candidate.olean),
        "reference": str(reference.olean) if reference else "",
        "names": list(names),
        "module": MODULE,
        "libraries": [str(path) for path in await _libraries(toolchain)],
        "kernel": str(kernel or ""),
    }
    finished = await run_limited(
        (sys.executable, "-IS", str(INSPECTOR)),
        directory=candidate.olean.parent,
        environment={},
        seconds=INSPECTION_SECONDS,
        memory_bytes=memory_bytes,
        text=json.dumps(request).encode(),
    )
    if finished.trouble is not None:
        raise AuditError(f"the inspection of the compiled file ended early: {finished.trouble[1]}")
    if finished.status != 0:
        last = finished.errors.decode("utf-8", "replace").strip().rsplit("\n", 1)[-1]
        raise AuditError(f"the inspection of the compiled file failed: {last}")
    answer = json.loads(finished.output)
    if "error" in answer:
        raise AuditError(f"the compiled file cannot be inspected: {answer['error']}")
    checked = replay and not kernel and bool(toolchain.checker)
    objection = await _leanchecker(toolchain, candidate, memory_bytes) if checked else ""
    theorems = {
        name: Facts(
            found=facts["found"],
            difference=facts.get("difference", ""),
            axioms=tuple(facts.get("axioms", ())),
            own_axioms=tuple(facts.get("own_axioms", ())),
            rejected=facts.get("rejected") or objection,
        )
        for name, facts in answer["theorems"].items()
    }
    return Inspection(theorems, answer["replayed"] or checked)


def certify(
    toolchain: Toolchain,
    theorem: Theorem,
    proof: str,
    compiled: Compilation,
    facts: Facts,
    replayed: bool,
) -> Certificate:
    """What to keep of a successful audit."""
    source = compiled.source.read_bytes()
    commit = f" (commit {toolchain.commit})" if toolchain.commit else ""
    return Certificate(
        theorem=theorem.name,
        statement=theorem.statement,
        proof=proof,
        axioms=facts.axioms,
        toolchain=f"Lean {toolchain.version}{commit}",
        library=toolchain.library,
        source_sha256=hashlib.sha256(source).hexdigest(),
        olean_sha256=hashlib.sha256(compiled.olean.read_bytes()).hexdigest(),
        replayed=replayed,
        commands=_commands(toolchain, theorem.name),
    )


def unprintable(text: str) -> bool:
    """Whether the text has half a surrogate pair or a NUL, which no Lean file can hold."""
    return any("\ud800" <= character <= "\udfff" or character == "\0" for character in text)


def _stated(theorem: Theorem) -> str:
    """The statement with `sorry` as its proof."""
    return assemble(
        [(theorem, "sorry" if is_tactic_statement(theorem.statement) else _sorry(theorem))], ""
    ).text


def _sorry(theorem: Theorem) -> str:
    return " sorry" if theorem.statement.rstrip().endswith(":=") else " := sorry"


def _why(compilation: Compilation) -> str:
    """Why a compilation failed, in one line."""
    if compilation.errors:
        return compilation.errors[0].summary
    if compilation.finished.trouble is not None:
        return compilation.finished.trouble[1]
    said = compilation.finished.errors.decode("utf-8", "replace").strip()
    return said.split("\n", 1)[0] or f"Lean ended with status {compilation.finished.status}"


def _kernel(toolchain: Toolchain) -> Path | None:
    """The shared library whose kernel can replay this toolchain's files."""
    from lean_env.replay import VERSION

    if toolchain.kind is not Kind.EMBEDDED or toolchain.version != VERSION:
        return None
    from lean_env.embedded import find_shared_library

    return find_shared_library()


async def _leanchecker(toolchain: Toolchain, candidate: Compilation, memory_bytes: int) -> str:
    """What the project's `leanchecker` has against the compiled file; empty if nothing."""
    variables = {**os.environ, **toolchain.environment}
    path = [str(candidate.olean.parent), *filter(None, [variables.get("LEAN_PATH")])]
    finished = await run_limited(
        (*toolchain.checker, MODULE),
        directory=toolchain.directory,
        environment={**toolchain.environment, "LEAN_PATH": os.pathsep.join(path)},
        seconds=INSPECTION_SECONDS,
        memory_bytes=memory_bytes,
    )
    if finished.status == 0 and finished.trouble is None:
        return ""
    said = (finished.errors + finished.output).decode("utf-8", "replace").strip()
    return f"leanchecker rejects the file: {said.rsplit(chr(10), 1)[-1] or finished.status}"


async def _libraries(toolchain: Toolchain) -> list[Path]:
    """Where this toolchain's imports are looked for, in order."""
    variables = {**os.environ, **toolchain.environment}
    named = [Path(entry) for entry in variables.get("LEAN_PATH", "").split(os.pathsep) if entry]
    finished = await run_limited(
        (*toolchain.command, "--print-libdir"),
        directory=toolchain.directory,
        environment=toolchain.environment,
        seconds=60.0,
        memory_bytes=2**40,
    )
    own = finished.output.decode("utf-8", "replace").strip()
    return [*named, Path(own)] if own else named


def _commands(toolchain: Toolchain, name: str) -> tuple[str, ...]:
    """Shell commands that repeat the audit on the source file."""
    where = f" --project {shlex.quote(str(toolchain.directory))}" if toolchain.kind is Kind.PROJECT else ""
    lean = {
        Kind.EMBEDDED: "prover lean",
        Kind.PROJECT: f"lake --dir={shlex.quote(str(toolchain.directory))} env lean",
        Kind.PATH: "lean",
    }[toolchain.kind]
    shown = shlex.quote(f"#print axioms {name}")
    return (
        f"prover verify --strict{where} {MODULE}.lean",
        f"(cat {MODULE}.lean; echo; echo {shown}) | {lean} --stdin",
    )
