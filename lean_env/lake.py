"""A user's Lake project as a toolchain: its own Lean, its own libraries, Mathlib among them.

`lake env` is asked once for the environment in which the project's Lean runs; later processes start
that Lean directly, without Lake's half second. Nothing is built or downloaded here: a project that is
not ready is refused with the command that makes it so.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from lean_env.errors import ToolchainError
from lean_env.toolchain import Kind, Toolchain, Variables, lean_version, leanchecker_in, run

LAKE_SECONDS = 120.0
"""How long `lake env` may take; it elaborates a changed lakefile of Mathlib's size in 10 s."""

RELEASE = re.compile(r"(?:.*:)?v?(\d+\.\d+\.\d+(?:-rc\d+)?)$")
"""A `lean-toolchain` that names a release, as opposed to a nightly build or a local directory."""

PATHS = {"LEAN_PATH", "LEAN_SRC_PATH", "LD_LIBRARY_PATH", "PATH"}


def project_toolchain(project: Path, environ: Mapping[str, str]) -> Toolchain:
    """The toolchain of the built Lake project in the directory `project`. Raises `ToolchainError`."""
    project = Path(os.path.expanduser(project)).absolute()
    wanted = _require_project(project)
    lake = shutil.which("lake", path=environ.get("PATH", ""))
    if lake is None:
        raise ToolchainError(
            f"no lake on the PATH to open the project {project}: install elan "
            "(https://lean-lang.org/install), or leave out --project"
        )
    variables = _lake_env(lake, project, environ)
    prefix = Path(variables["LEAN_SYSROOT"])
    lean = variables.get("LEAN") or str(prefix / "bin" / "lean")
    inherited = {**environ, **variables}
    version, commit = lean_version((lean,), inherited, project)
    if (release := RELEASE.match(wanted)) and release[1] != version:
        raise ToolchainError(
            f"{project} wants Lean {release[1]} (lean-toolchain) but its lake runs Lean {version}: "
            f"run `elan toolchain install {wanted}`, and put elan's bin directory first on the PATH"
        )
    path = [Path(entry) for entry in variables["LEAN_PATH"].split(os.pathsep)]
    own = [entry for entry in path if not entry.is_relative_to(prefix)]
    if not any(next(entry.rglob("*.olean"), None) for entry in own if entry.is_dir()):
        raise _not_built(project)
    return Toolchain(
        kind=Kind.PROJECT,
        command=(lean,),
        environment=Variables(variables),
        directory=project,
        version=version,
        commit=commit,
        library=_describe(project),
        checker=leanchecker_in(prefix),
        has_mathlib=any((entry / "Mathlib.olean").is_file() for entry in own),
    )


def _require_project(project: Path) -> str:
    """What the project's `lean-toolchain` says. Raises `ToolchainError` if this is no built project."""
    if not project.is_dir():
        raise ToolchainError(f"the project directory {project} does not exist")
    if not any((project / name).is_file() for name in ("lakefile.lean", "lakefile.toml")):
        raise ToolchainError(f"{project} is no Lake project: it has neither lakefile.lean nor lakefile.toml")
    try:
        wanted = (project / "lean-toolchain").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ToolchainError(
            f"{project} has no readable lean-toolchain file: write the Lean it wants into it, "
            "such as `leanprover/lean4:v4.34.0`"
        ) from error
    if not (project / ".lake").is_dir():
        raise _not_built(project)
    return wanted


def _not_built(project: Path) -> ToolchainError:
    return ToolchainError(
        f"the Lake project {project} is not built: run `lake build` there "
        "(with Mathlib, `lake exe cache get` first)"
    )


def _lake_env(lake: str, project: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that `lake env` would set, without those it leaves empty."""
    try:
        output = run((lake, "env"), environ, project, LAKE_SECONDS)
    except ToolchainError as error:
        raise ToolchainError(f"{error} (in {project})") from error
    lines = (line.partition("=") for line in output.splitlines())
    variables = {name: value for name, _, value in lines if value and re.fullmatch(r"\w+", name)}
    if missing := {"LEAN_PATH", "LEAN_SYSROOT"} - variables.keys():
        raise ToolchainError(f"`{lake} env` in {project} names no {min(missing)}: is this Lean 4's lake?")
    for name in PATHS & variables.keys():  # Some versions name the project's directories relatively.
        entries = variables[name].split(os.pathsep)
        variables[name] = os.pathsep.join(str(project / entry) for entry in entries if entry)
    return variables


def _describe(project: Path) -> str:
    """The project's name and, if it has one, its Mathlib's revision."""
    text = f"Lake project {project.name}"
    try:
        packages = json.loads((project / "lake-manifest.json").read_bytes())["packages"]
        revisions = [package["rev"] for package in packages if package["name"] == "mathlib"]
    except (OSError, ValueError, KeyError, TypeError):
        return text
    return f"{text}, Mathlib {revisions[0][:12]}" if revisions and revisions[0] else text
