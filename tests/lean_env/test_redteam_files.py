"""Lean files that look proved: every theorem gets the verdict it deserves, whatever the others do."""

from __future__ import annotations

import asyncio
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from lean_env.compile import compile_text
from lean_env.limits import GIB
from lean_env.source import read_lean
from lean_env.toolchain import Toolchain
from lean_env.values import Verdict
from lean_env.wholefile import FileReport, check_file

SECONDS = 2.0
MEMORY = 4 * GIB


@dataclass(frozen=True)
class FileCase:
    name: str
    text: str
    verdicts: dict[str, Verdict]
    naive: bool


def read_cases() -> list[FileCase]:
    path = Path(__file__).with_name("redteam") / "files.toml"
    given = tomllib.loads(path.read_text(encoding="utf-8"))["file"]
    return [
        FileCase(
            case["name"], case["text"], {n: Verdict(v) for n, v in case["verdicts"].items()}, case["naive"]
        )
        for case in given
    ]


def check(toolchain: Toolchain, path: Path, strict: bool = True) -> FileReport:
    return asyncio.run(
        check_file(toolchain, read_lean(path), seconds=SECONDS, memory_bytes=MEMORY, workers=2, strict=strict)
    )


@pytest.mark.parametrize("case", read_cases(), ids=lambda case: case.name)
def test_file(case: FileCase, toolchain: Toolchain, tmp_path: Path) -> None:
    path = tmp_path / "File.lean"
    path.write_text(case.text, encoding="utf-8")
    for strict in (False, True):
        report = check(toolchain, path, strict)
        assert {found.entry.name: found.verdict for found in report.verdicts} == case.verdicts
        for found in report.verdicts:
            assert (found.certificate is not None) == (strict and found.verdict is Verdict.PROVED)
    compiled = asyncio.run(
        compile_text(toolchain, case.text, tmp_path / "naive", seconds=SECONDS, memory_bytes=MEMORY)
    )
    assert (compiled.finished.trouble is None and not compiled.errors) == case.naive
