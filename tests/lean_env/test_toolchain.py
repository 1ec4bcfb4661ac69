"""Choosing a toolchain, and Lake projects: real Lean behind a `lake` that prints what Lake prints."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from lean_env import lake
from lean_env.errors import ToolchainError
from lean_env.toolchain import Kind, Toolchain, find_toolchain, run
from tests.lean_env.mini import run_lean, write
from tests.lean_env.project import COMMIT, Project


@pytest.fixture
def project(tmp_path: Path, mini_toolchain: Toolchain) -> Project:
    return Project(tmp_path, mini_toolchain)


def test_lean_proves_with_a_project_s_own_library(project: Project, mini_toolchain: Toolchain) -> None:
    toolchain = project.find()
    assert toolchain.kind is Kind.PROJECT
    assert toolchain.directory == project.root
    assert (toolchain.version, toolchain.commit) == (mini_toolchain.version, mini_toolchain.commit)
    assert toolchain.library == "Lake project my project"
    assert not toolchain.has_mathlib
    assert not toolchain.has_leanchecker
    right = run_lean(toolchain, "import Hello\ntheorem t : True := hello\n")
    assert (right.returncode, right.stdout, right.stderr) == (0, "", "")
    assert run_lean(toolchain, "import Hello\ntheorem t : False := hello\n").returncode == 1
    elsewhere = subprocess.run(
        (*toolchain.command, "--stdin"),
        input=b"import Hello\ntheorem t : True := hello\n",
        env={**os.environ, **toolchain.environment},
        cwd="/",
    )
    assert elsewhere.returncode == 0  # Relative search paths were made absolute.


def test_empty_variables_of_lake_are_not_set(project: Project) -> None:
    assert "LEAN_CC" not in project.find().environment


def test_mathlib_and_leanchecker_are_seen(project: Project) -> None:
    write(project.root, ".lake/packages/mathlib/.lake/build/lib/lean/Mathlib.olean", "")
    project.libraries = f"./.lake/packages/mathlib/.lake/build/lib/lean:{project.libraries}"
    project.lake()
    packages = [{"name": "batteries", "rev": "1" * 40}, {"name": "mathlib", "rev": "abcdef" * 7}]
    write(project.root, "lake-manifest.json", json.dumps({"packages": packages}))
    write(project.sysroot, "bin/leanchecker", "#!/bin/sh\n", 0o755)
    toolchain = project.find()
    assert toolchain.has_mathlib
    assert toolchain.library == "Lake project my project, Mathlib abcdefabcdef"
    assert toolchain.checker == (str(project.sysroot / "bin/leanchecker"),)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"packages": [{}]}', '{"packages": 1}', "\0"])
def test_a_manifest_that_says_nothing(project: Project, text: str) -> None:
    write(project.root, "lake-manifest.json", text)
    assert project.find().library == "Lake project my project"


def test_a_project_from_the_environment_and_a_flag_over_it(project: Project, tmp_path: Path) -> None:
    environ = {**project.environ, "PROVER_PROJECT": str(project.root)}
    assert find_toolchain(environ=environ).directory == project.root
    environ["PROVER_PROJECT"] = str(tmp_path / "other")
    assert find_toolchain(project.root, environ=environ).directory == project.root
    with pytest.raises(ToolchainError, match="other does not exist"):
        find_toolchain(environ=environ)


def test_a_project_and_the_path_exclude_each_other(project: Project) -> None:
    with pytest.raises(ToolchainError, match="exclude each other"):
        find_toolchain(project.root, use_path=True, environ=project.environ)


def test_no_lakefile(project: Project) -> None:
    (project.root / "lakefile.toml").unlink()
    assert "has neither lakefile.lean nor lakefile.toml" in project.refusal()
    write(project.root, "lakefile.lean", "import Lake\n")
    assert project.find().kind is Kind.PROJECT


def test_no_readable_lean_toolchain(project: Project) -> None:
    (project.root / "lean-toolchain").write_bytes(b"\xff\xfe")
    assert "has no readable lean-toolchain" in project.refusal()
    (project.root / "lean-toolchain").unlink()
    assert "has no readable lean-toolchain" in project.refusal()


def test_a_project_that_was_never_built(project: Project) -> None:
    project.olean.unlink()
    project.libraries = "./.lake/build/lib/lean"
    project.lake()
    assert "is not built: run `lake build` there" in project.refusal()
    (project.root / ".lake").rename(project.root / "lake")
    assert "is not built: run `lake build` there" in project.refusal()


def test_no_lake(project: Project) -> None:
    (project.sysroot / "bin/lake").unlink()
    assert "no lake on the PATH" in project.refusal()
    assert "install elan" in project.refusal()


def test_a_lake_that_fails(project: Project) -> None:
    project.lake('#!/bin/sh\necho output\necho first >&2\necho "error: no such package" >&2\nexit 3\n')
    assert "lake env` failed: error: no such package (in " in project.refusal()
    project.lake("#!/bin/sh\nexit 3\n")
    assert "failed: exit code 3" in project.refusal()
    project.lake("#!/no/such/interpreter\n")
    assert "cannot be started: No such file or directory" in project.refusal()


def test_a_lake_that_prints_something_else(project: Project) -> None:
    project.lake("#!/bin/sh\necho LEAN_SYSROOT=/\necho 'build with: a=b'\n")
    assert "names no LEAN_PATH" in project.refusal()


def test_a_lake_that_hangs(project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(lake, "LAKE_SECONDS", 0.5)
    project.lake(f"#!/bin/sh\necho $$ > {shlex.quote(str(tmp_path / 'pid'))}\nsleep 1000 & sleep 1000\n")
    assert "did not end within 0 s" in project.refusal()
    group = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 10
    while alive := living(group):
        assert time.monotonic() < deadline, alive


def living(group: int) -> list[int]:
    """The processes of a process group that have not ended."""
    found = []
    for process in psutil.process_iter(["status"]):
        with contextlib.suppress(ProcessLookupError):
            if process.info["status"] != psutil.STATUS_ZOMBIE and os.getpgid(process.pid) == group:
                found.append(process.pid)
    return found


@pytest.mark.parametrize(
    ("wanted", "found", "agree"),
    [
        ("leanprover/lean4:v4.30.0", "4.30.0", True),
        ("leanprover/lean4:4.30.0", "4.30.0", True),
        ("v4.30.0-rc1", "4.30.0-rc1", True),
        ("leanprover/lean4:v4.30.0", "4.30.0-rc1", False),
        ("leanprover/lean4:v4.30.0", "4.30.1", False),
        ("leanprover/lean4:nightly-2026-01-01", "4.30.0", True),
        ("my-own-build", "4.30.0", True),
    ],
)
def test_the_version_that_the_project_wants(project: Project, wanted: str, found: str, agree: bool) -> None:
    write(project.root, "lean-toolchain", wanted + "\n")
    project.lean_says(found)
    if agree:
        assert (project.find().version, project.find().commit) == (found, COMMIT)
    else:
        assert f"but its lake runs Lean {found}: run `elan toolchain install {wanted}`" in project.refusal()


def test_a_lean_that_is_something_else(project: Project) -> None:
    write(project.sysroot, "bin/lean", "#!/bin/sh\necho Lean 3, long ago\n", 0o755)
    assert "is not Lean 4: it answers --version with 'Lean 3, long ago'" in project.refusal()


def test_lean_on_the_path_only_when_asked_for(project: Project, mini_toolchain: Toolchain) -> None:
    environ = {**project.environ, "LEAN_PATH": mini_toolchain.environment["LEAN_PATH"]}
    toolchain = find_toolchain(use_path=True, environ=environ)
    assert toolchain.kind is Kind.PATH
    assert toolchain.version == mini_toolchain.version
    assert environ["LEAN_PATH"] in toolchain.library
    assert toolchain.command == (str(project.sysroot / "bin/lean"),)


def test_lean_on_the_path_through_a_proxy(project: Project, tmp_path: Path) -> None:
    real = write(
        tmp_path / "real",
        "bin/lean",
        f'#!/bin/sh\n[ $1 = --version ] && echo "Lean (version 4.30.0)" || echo {tmp_path}/real\n',
        0o755,
    )
    write(tmp_path / "real", "bin/leanchecker", "#!/bin/sh\n", 0o755)
    write(tmp_path / "proxy", "lean", f'#!/bin/sh\nexec {real} "$@"\n', 0o755)
    toolchain = find_toolchain(use_path=True, environ={"PATH": str(tmp_path / "proxy")})
    assert toolchain.command == (str(real),)
    assert toolchain.has_leanchecker
    assert toolchain.commit == ""
    assert toolchain.describe() == f"Lean 4.30.0, the library of {tmp_path}/real"


def test_no_lean_on_the_path(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="no lean on the PATH: install elan"):
        find_toolchain(use_path=True, environ={"PATH": str(tmp_path)})


def test_running_a_program_that_is_killed(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="exit code -9"):
        run(("sh", "-c", "kill -9 $$"), os.environ, tmp_path, 10)
