"""Compiles one text to an `.olean` in a fresh process, and says what Lean thought of it.

The text is module `MODULE`, whatever file it came from: names that carry their module's name, such as
those of private declarations, are then the same in two compilations of one text.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from lean_env.process import Finished, run_limited
from lean_env.toolchain import Toolchain
from lean_env.values import Severity, one_line

MODULE = "Submission"
STACK_KIB = 128 * 1024
"""Stack of each of Lean's threads. Lean itself would reserve 1 GiB of address space for each, and seven
threads then reach a limit of 6 GiB before they have done anything."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A message of Lean's, placed in the compiled text: lines from 1, columns in characters from 0."""

    severity: Severity
    text: str
    line: int
    column: int

    @property
    def summary(self) -> str:
        """The message on one line."""
        return one_line(self.text)


@dataclass(frozen=True, slots=True)
class Compilation:
    """What came of compiling one text."""

    finished: Finished
    messages: tuple[Spoken, ...]
    source: Path
    olean: Path
    """Exists only if there was no error."""

    @property
    def errors(self) -> tuple[Spoken, ...]:
        """The messages that are errors, in the order of the text."""
        found = (message for message in self.messages if message.severity is Severity.ERROR)
        return tuple(sorted(found, key=lambda message: (message.line, message.column)))

    @property
    def succeeded(self) -> bool:
        """Whether Lean wrote a compiled file and found nothing wrong."""
        return self.finished.status == 0 and not self.errors and self.olean.is_file()


async def compile_text(
    toolchain: Toolchain, text: str, directory: Path, *, seconds: float, memory_bytes: int
) -> Compilation:
    """Compile `text` in `directory`, which must be new. Raises `AuditError` if Lean cannot be started."""
    source, olean = _write(directory, text)
    command = (
        *toolchain.command,
        "--json",
        *_options(toolchain),
        f"-R{directory}",
        f"-o{olean}",
        str(source),
    )
    finished = await run_limited(
        command,
        directory=toolchain.directory,
        environment=toolchain.environment,
        seconds=seconds,
        memory_bytes=memory_bytes,
    )
    return Compilation(finished, parse_messages(finished.output), source, olean)


def _write(directory: Path, text: str) -> tuple[Path, Path]:
    """The source file, written, and where its compiled file will be."""
    directory.mkdir()
    source = directory / f"{MODULE}.lean"
    source.write_bytes(text.encode())
    return source, source.with_suffix(".olean")


def parse_messages(output: bytes) -> tuple[Spoken, ...]:
    """The messages in the output of `lean --json`; lines that are none are left out."""
    messages = []
    for line in output.split(b"\n"):
        try:
            given = json.loads(line)
            message = Spoken(
                Severity(given["severity"]), given["data"], given["pos"]["line"], given["pos"]["column"]
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        messages.append(message)
    return tuple(messages)


def _options(toolchain: Toolchain) -> tuple[str, ...]:
    """What Lean is told besides the file."""
    options = [f"--tstack={STACK_KIB}"]
    numbers = tuple(int(part) for part in re.findall(r"\d+", toolchain.version)[:2])
    if numbers >= (4, 24):  # Lean stops after 100 errors since then, and what it has not read looks right.
        options.append("-DmaxErrors=1000000")
    return tuple(options)
