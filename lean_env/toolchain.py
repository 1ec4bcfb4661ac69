"""Which Lean to run, and how: one interface over three sources.

- a user's Lake project, built with `elan`'s Lean (`lake.py`): the real work, with Mathlib;
- the embedded toolchain (`embedded.py`): nothing to install; first runs, tests, the training demo;
- `lean` on the PATH, only when asked for: an old Lean found by chance must not judge proofs.

A `Toolchain` is a value: it can be pickled to a worker and hashed into a certificate. Finding one
starts no process once the embedded library is built, and never touches the network itself.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from lean_env.errors import ToolchainError

VERSION_SECONDS = 120.0
"""How long `lean --version` may take: long, since `elan` may have to unpack a toolchain first."""

Progress = Callable[[int, int, str], None]
"""Called as `(done, total, module)` while the embedded library compiles; `total` is 0 while another
process compiles it and this one waits."""


class Kind(StrEnum):
    """Where a toolchain comes from."""

    EMBEDDED = "embedded"
    PROJECT = "project"
    PATH = "path"


class Variables(Mapping[str, str]):
    """Environment variables as a value: immutable, hashable, and unlike `MappingProxyType` picklable."""

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, str]) -> None:
        self._items = dict(sorted(items.items()))

    def __getitem__(self, name: str) -> str:
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(tuple(self._items.items()))

    def __repr__(self) -> str:
        return f"Variables({self._items!r})"


@dataclass(frozen=True)
class Toolchain:
    """A Lean that can be started, with the library it proves against."""

    kind: Kind
    command: tuple[str, ...]
    """The arguments that start `lean`; Lean's own arguments follow."""
    environment: Variables
    """Variables to add to the inherited environment."""
    directory: Path
    """Working directory for Lean processes."""
    version: str
    """Lean's version, such as `4.35.0` or `4.30.0-rc1`."""
    commit: str
    """Lean's commit, 40 hexadecimal digits; empty if this Lean does not say."""
    library: str
    """One line: what the imports resolve to, with its revision or hash."""
    checker: tuple[str, ...] = ()
    """The arguments that start `leanchecker` (Lean ≥ 4.28); empty if there is none."""
    has_mathlib: bool = False

    @property
    def has_leanchecker(self) -> bool:
        """Whether compiled files can be replayed by an independent kernel run."""
        return bool(self.checker)

    def describe(self) -> str:
        """One line for a report: version, commit and library."""
        commit = f" ({self.commit[:12]})" if self.commit else ""
        return f"Lean {self.version}{commit}, {self.library}"


def find_toolchain(
    project: Path | None = None,
    use_path: bool = False,
    environ: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Toolchain:
    """The toolchain to use: `project`, else `lean` on the PATH if `use_path`, else `PROVER_PROJECT`,
    else the embedded one, which is compiled first where needed (reported to `progress`).

    `environ` stands in for `os.environ`. Raises `ToolchainError`.
    """
    environ = os.environ if environ is None else environ
    if project is not None and use_path:
        raise ToolchainError("a project and the lean on the PATH exclude each other: give one of them")
    if project is None and not use_path and environ.get("PROVER_PROJECT"):
        project = Path(environ["PROVER_PROJECT"])
    if project is not None:
        from lean_env.lake import project_toolchain

        return project_toolchain(project, environ)
    if use_path:
        return path_toolchain(environ)
    from lean_env.embedded import embedded_toolchain

    return embedded_toolchain(environ, progress)


def path_toolchain(environ: Mapping[str, str]) -> Toolchain:
    """The `lean` on the PATH with the library it finds by itself. Raises `ToolchainError`."""
    found = shutil.which("lean", path=environ.get("PATH", ""))
    if found is None:
        raise ToolchainError("no lean on the PATH: install elan, or leave out --lean-on-path")
    directory = Path.cwd()
    version, commit = lean_version((found,), environ, directory)
    prefix = Path(run((found, "--print-prefix"), environ, directory, VERSION_SECONDS).strip())
    library = f"the library of {prefix}"
    searched = [Path(entry) for entry in environ.get("LEAN_PATH", "").split(os.pathsep) if entry]
    if searched:
        library += f" and LEAN_PATH={environ['LEAN_PATH']}"
    return Toolchain(
        kind=Kind.PATH,
        # The program itself, not elan's proxy, which would choose again in another directory.
        command=(str(prefix / "bin" / "lean"),) if (prefix / "bin" / "lean").is_file() else (found,),
        environment=Variables({}),
        directory=directory,
        version=version,
        commit=commit,
        library=library,
        checker=leanchecker_in(prefix),
        has_mathlib=any((entry / "Mathlib.olean").is_file() for entry in searched),
    )


def leanchecker_in(prefix: Path) -> tuple[str, ...]:
    """The command of the `leanchecker` that belongs to the Lean installed at `prefix`, or nothing."""
    checker = prefix / "bin" / "leanchecker"
    return (str(checker),) if checker.is_file() else ()


def lean_version(command: Sequence[str], environ: Mapping[str, str], directory: Path) -> tuple[str, str]:
    """Version and commit of the Lean that `command` starts. Raises `ToolchainError`."""
    text = run((*command, "--version"), environ, directory, VERSION_SECONDS)
    version = re.search(r"version (\d[^\s,)]*)", text)
    commit = re.search(r"commit ([0-9a-f]{40})", text)
    if version is None:
        raise ToolchainError(f"{command[0]} is not Lean 4: it answers --version with {text.strip()[:80]!r}")
    return version[1], commit[1] if commit else ""


def run(command: Sequence[str], environ: Mapping[str, str], directory: Path, seconds: float) -> str:
    """What `command` prints, if it succeeds within `seconds`; its whole process group dies otherwise.

    Raises `ToolchainError` with the last line of its standard error.
    """
    try:
        process = subprocess.Popen(
            command,
            env=dict(environ),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise ToolchainError(f"{command[0]} cannot be started: {error.strerror}") from error
    try:
        output, errors = process.communicate(timeout=seconds)
    except BaseException as error:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise ToolchainError(f"`{' '.join(command)}` did not end within {seconds:.0f} s") from None
        raise
    if process.returncode != 0:
        said = (errors.strip() or output.strip() or f"exit code {process.returncode}").splitlines()[-1]
        raise ToolchainError(f"`{' '.join(command)}` failed: {said}")
    return output
