"""Fixtures shared by all tests: real Lean, compiled once."""

from __future__ import annotations

import os
import signal

import pytest

from lean_env.toolchain import Toolchain, find_toolchain

# What a shell starts in the background ignores Ctrl-C, and so do its children: tests of Ctrl-C would fail.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def toolchain() -> Toolchain:
    """The embedded toolchain, whatever Lake project the environment names."""
    environ = {name: value for name, value in os.environ.items() if name != "PROVER_PROJECT"}
    return find_toolchain(environ=environ)
