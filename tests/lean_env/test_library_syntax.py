"""The generated part of the embedded library is what the tool generates."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "bind_syntax.py"
SYNTAX = ROOT / "lean_env" / "core" / "Init" / "Syntax"


def check(tool: Path) -> subprocess.CompletedProcess[str]:
    """`bind_syntax.py --check`, which writes nothing."""
    return subprocess.run(
        [sys.executable, str(tool), "--check"], capture_output=True, text=True, timeout=120, check=False
    )


def test_the_generated_files_are_current() -> None:
    finished = check(TOOL)
    assert finished.returncode == 0, finished.stderr


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    """On a copy, in which one declaration is missing."""
    tool, copy = tmp_path / "tools" / TOOL.name, tmp_path / SYNTAX.relative_to(ROOT)
    shutil.copytree(TOOL.parent, tool.parent)
    shutil.copytree(SYNTAX, copy)
    changed = copy / "Tactics.lean"
    changed.write_text(changed.read_text(encoding="utf-8").replace("applyRfl", "applyRfI"), encoding="utf-8")
    finished = check(tool)
    assert finished.returncode == 1
    assert "Tactics.lean" in finished.stderr


def test_no_binding_is_declared_twice() -> None:
    declared = [
        name
        for path in sorted(SYNTAX.glob("*.lean"))
        for name in re.findall(
            r"^@\[.*\] opaque (.+) : Lean\.", path.read_text(encoding="utf-8"), re.MULTILINE
        )
    ]
    assert len(declared) == len(set(declared)) > 600
