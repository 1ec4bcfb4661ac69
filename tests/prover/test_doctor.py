"""`prover doctor`: what it reports, and that its self test can fail."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from lean_env.toolchain import Toolchain
from prover.doctor import is_sound
from tests.lean_env.mini import write
from tests.lean_env.project import Project
from tests.prover.command import environment, prover


@pytest.fixture
def project(tmp_path: Path, toolchain: Toolchain) -> Project:
    """A Lake project whose Lean is the embedded one with its whole library."""
    return Project(tmp_path, toolchain)


def test_a_machine_where_proving_works(toolchain: Toolchain) -> None:
    result = prover("doctor", "--json")
    assert (result.returncode, result.stderr) == (0, "")
    report = json.loads(result.stdout)
    assert report["proves"] is True
    assert report["problems"] == []
    assert report["toolchain"]["version"] == toolchain.version
    assert report["toolchain"]["commit"] == toolchain.commit
    assert report["toolchain"]["library"] == toolchain.library
    assert report["toolchain"]["sound"] is True
    assert report["toolchain"]["kind"] == "embedded"
    assert report["cache"]["bytes"] > 1_000_000
    assert report["cache"]["libraries"] >= 1
    assert set(report["packages"]) == {"torch", "transformers", "vllm", "ray", "lean-dojo"}


def test_the_report_for_people(toolchain: Toolchain) -> None:
    result = prover("doctor")
    assert result.returncode == 0
    assert f"Lean         {toolchain.version} ({toolchain.commit}), embedded\n" in result.stdout
    assert "without Mathlib" in result.stdout
    assert result.stdout.splitlines()[-1].startswith("proving      works: ")


def test_a_project_with_a_lean_older_than_the_kernel_fixes(project: Project, toolchain: Toolchain) -> None:
    write(project.root, "lean-toolchain", "leanprover/lean4:v4.33.0\n")
    real = shlex.quote(toolchain.command[0])
    script = f'#!/bin/sh\n[ $1 = --version ] && echo "Lean (version 4.33.0)" || exec {real} "$@"\n'
    write(project.sysroot, "bin/lean", script, 0o755)
    result = prover(
        "doctor", "--json", "--project", project.root, env=environment(PATH=project.environ["PATH"])
    )
    report = json.loads(result.stdout)
    assert result.returncode == 0  # It works, and the report says what it is worth.
    assert report["toolchain"]["sound"] is False
    assert "older than 4.34.0" in report["problems"][0]


@pytest.mark.parametrize(
    ("version", "sound"),
    [
        ("4.9.1", False),
        ("4.32.2", False),
        ("4.34.0-rc2", False),
        ("4.34.0", True),
        ("4.35.0-rc1", True),
        ("4.100.0", True),
        ("5.0.0", True),
    ],
)
def test_which_versions_have_the_kernel_fixes(version: str, sound: bool) -> None:
    assert is_sound(version) is sound


@pytest.mark.parametrize(
    ("lean", "problem"),
    [
        ("exit 0", "does not refuse a wrong proof"),
        ("echo 'broken pipe dream'; exit 1", "refuses a proof that is right; it says: broken pipe dream"),
        ("exit 1", "refuses a proof that is right; it says: nothing"),
    ],
)
def test_a_lean_that_does_not_prove(project: Project, toolchain: Toolchain, lean: str, problem: str) -> None:
    version = f"Lean (version {toolchain.version}, Release)"
    script = f'#!/bin/sh\n[ $1 = --version ] && {{ echo "{version}"; exit; }}\n{lean}\n'
    write(project.sysroot, "bin/lean", script, 0o755)
    result = prover("doctor", "--project", project.root, env=environment(PATH=project.environ["PATH"]))
    assert result.returncode == 2
    assert problem in result.stdout
    assert result.stdout.splitlines()[-1] == "proving      does not work here"


def test_a_missing_toolchain_is_a_finding(tmp_path: Path) -> None:
    result = prover("doctor", "--json", "--project", tmp_path / "nowhere")
    assert (result.returncode, result.stderr) == (2, "")
    report = json.loads(result.stdout)
    assert report["proves"] is False
    assert report["toolchain"] is None
    assert "does not exist" in report["problems"][0]


def test_a_cache_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = prover("doctor", "--json", env=environment(PROVER_CACHE=str(tmp_path / "file")))
    assert (result.returncode, result.stderr) == (2, "")
    report = json.loads(result.stdout)
    assert report["problems"] == [
        f"cannot use the cache directory {tmp_path}/file: Not a directory; name another one in PROVER_CACHE"
    ]
