"""Fixtures shared by all tests: real Lean, compiled once."""

from __future__ import annotations

import os

import pytest

from lean_env.toolchain import Toolchain, find_toolchain


@pytest.fixture(scope="session")
def toolchain() -> Toolchain:
    """The embedded toolchain, whatever Lake project the environment names."""
    environ = {name: value for name, value in os.environ.items() if name != "PROVER_PROJECT"}
    return find_toolchain(environ=environ)
