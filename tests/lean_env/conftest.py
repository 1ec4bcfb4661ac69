"""Fixtures around a library small enough to be compiled by every test that wants its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lean_env.embedded import embedded_toolchain
from lean_env.toolchain import Toolchain
from tests.lean_env.mini import write_core


@pytest.fixture
def core(tmp_path: Path) -> Path:
    """The sources of the small library."""
    return write_core(tmp_path / "core")


@pytest.fixture(scope="session")
def mini_toolchain(tmp_path_factory: pytest.TempPathFactory) -> Toolchain:
    """Real Lean with the small library."""
    root = tmp_path_factory.mktemp("mini")
    return embedded_toolchain(
        {**os.environ, "PROVER_CACHE": str(root / "cache")}, core=write_core(root / "core")
    )
