"""The audit with a Lake project's toolchain: its imports, and its `leanchecker` instead of our replay."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from lean_env.audit import AuditResult, audit
from lean_env.limits import GIB
from lean_env.toolchain import Toolchain, find_toolchain
from lean_env.values import Theorem, Verdict
from tests.lean_env.project import Project

HELLO = Theorem("again", "theorem again : True := by", header="import Hello\n")


@pytest.fixture
def project(tmp_path: Path, toolchain: Toolchain) -> Toolchain:
    found = Project(tmp_path, toolchain)
    return find_toolchain(found.root, environ=found.environ)


def run(toolchain: Toolchain, proof: str) -> AuditResult:
    return asyncio.run(audit(toolchain, HELLO, proof, seconds=30, memory_bytes=6 * GIB))


def checker(directory: Path, script: str) -> tuple[str, ...]:
    path = directory / "leanchecker"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return (str(path),)


def test_the_projects_own_modules_are_imported(project: Toolchain) -> None:
    result = run(project, "exact hello")
    assert (result.verdict, result.reason) == (Verdict.PROVED, "")
    assert result.certificate is not None
    assert not result.certificate.replayed
    assert "--project" in result.certificate.commands[0]
    assert run(project, "exact goodbye").verdict is Verdict.FAILED


def test_leanchecker_is_asked_about_the_compiled_file(project: Toolchain, tmp_path: Path) -> None:
    sees_it = (
        'test "$1" = Submission && test -f "${LEAN_PATH%%:*}/Submission.olean" || { echo lost >&2; exit 1; }'
    )
    result = run(replace(project, checker=checker(tmp_path, sees_it)), "exact hello")
    assert (result.verdict, result.reason) == (Verdict.PROVED, "")
    assert result.certificate is not None
    assert result.certificate.replayed


def test_what_leanchecker_rejects_is_not_proved(project: Toolchain, tmp_path: Path) -> None:
    rejects = "echo 'uncaught exception: (kernel) declaration type mismatch' >&2; exit 1"
    result = run(replace(project, checker=checker(tmp_path, rejects)), "exact hello")
    assert result.verdict is Verdict.CHEAT
    assert "declaration type mismatch" in result.reason
