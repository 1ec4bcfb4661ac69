"""A Lean library of a few lines, which compiles in half a second, and ways to use it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from lean_env.toolchain import Toolchain

LOGIC = """
prelude
set_option autoImplicit false
unsafe axiom lcErased : Type
unsafe axiom lcAny : Type
unsafe axiom lcVoid : Type
inductive True : Prop where
  | intro : True
inductive False : Prop
"""


def write(root: Path, name: str, text: str, mode: int = 0o644) -> Path:
    """Write one file of a tree."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def write_core(root: Path) -> Path:
    """Write the library's three modules."""
    write(root, "Init.lean", "/- A comment -/ prelude -- and more\n\nimport Init.Logic\nimport Init.More\n")
    write(root, "Init/Logic.lean", LOGIC)
    write(root, "Init/More.lean", "prelude\nimport Init.Logic\ntheorem more : True := True.intro\n")
    return root


def run_lean(toolchain: Toolchain, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Let Lean check a file that holds `text`."""
    return subprocess.run(
        (*toolchain.command, "--stdin", *arguments),
        input=text,
        env={**os.environ, **toolchain.environment},
        cwd=toolchain.directory,
        capture_output=True,
        text=True,
    )
