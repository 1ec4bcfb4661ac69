"""A Lake project for tests: real Lean behind a `lake` that prints what Lake prints."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from lean_env.errors import ToolchainError
from lean_env.toolchain import Toolchain, find_toolchain
from tests.lean_env.mini import write

COMMIT = "0123456789abcdef0123456789abcdef01234567"

LAKE = """#!/bin/sh
# `lake env` without a command prints the variables; with one, it becomes the command.
[ "$1" = env ] || { echo "error: unknown command '$1'" >&2; exit 1; }
shift
export LAKE="$0" LEAN_CC= LEAN_SYSROOT=@SYSROOT@ LEAN=@SYSROOT@/bin/lean LEAN_GITHASH=@COMMIT@
export LEAN_PATH="@LEAN_PATH@" PATH="./.lake/build/bin:$PATH"
[ $# -eq 0 ] || exec "$@"
for name in LAKE LEAN LEAN_CC LEAN_GITHASH LEAN_SYSROOT LEAN_PATH PATH; do
  eval "echo $name=\\"\\$$name\\""
done
"""


class Project:
    """A Lake project with real Lean, and the environment in which its `lake` is found."""

    def __init__(self, root: Path, toolchain: Toolchain) -> None:
        self.root = root / "my project"
        self.sysroot = root / "sysroot"
        self.olean = self.root / ".lake/build/lib/lean/Hello.olean"
        lean = f'#!/bin/sh\nexec {shlex.quote(toolchain.command[0])} "$@"\n'
        write(self.sysroot, "bin/lean", lean, 0o755)
        self.libraries = f"./.lake/build/lib/lean:{toolchain.environment['LEAN_PATH']}"
        self.lake()
        write(self.root, "lakefile.toml", 'name = "hello"\n\n[[lean_lib]]\nname = "Hello"\n')
        write(self.root, "lean-toolchain", f"leanprover/lean4:v{toolchain.version}\n")
        source = write(self.root, "Hello.lean", "theorem hello : True := True.intro\n")
        self.olean.parent.mkdir(parents=True)
        environment = {**os.environ, **toolchain.environment}
        command = (*toolchain.command, "-o", str(self.olean), str(source))
        subprocess.run(command, env=environment, cwd=self.root, check=True)
        self.environ = {**os.environ, "PATH": f"{self.sysroot / 'bin'}:{os.environ['PATH']}"}

    def lake(self, script: str = LAKE) -> None:
        """Replace the project's `lake`."""
        values = {"SYSROOT": str(self.sysroot), "COMMIT": COMMIT, "LEAN_PATH": self.libraries}
        for name, value in values.items():
            script = script.replace(f"@{name}@", value)
        write(self.sysroot, "bin/lake", script, 0o755)

    def lean_says(self, version: str) -> None:
        """Replace the project's `lean` by one that only knows its version."""
        text = f"Lean (version {version}, x86_64-unknown-linux-gnu, commit {COMMIT}, Release)"
        write(self.sysroot, "bin/lean", f'#!/bin/sh\necho "{text}"\n', 0o755)

    def find(self) -> Toolchain:
        return find_toolchain(self.root, environ=self.environ)

    def refusal(self) -> str:
        """The one line with which the project is refused."""
        with pytest.raises(ToolchainError) as caught:
            self.find()
        assert "\n" not in str(caught.value)
        return str(caught.value)
