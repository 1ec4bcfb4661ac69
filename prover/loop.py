"""The event loop that commands run on."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run_loop(main: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run` on libuv's loop where there is one: a message to or from Lean costs a third less."""
    try:
        import uvloop
    except ImportError:  # Not on Windows.
        return asyncio.run(main)
    return uvloop.run(main)
