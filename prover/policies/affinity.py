"""Which replica of a model answers for a theorem: always the same one, so that its cache knows the prompts.

All requests of one search tree begin alike, and a replica that has read a beginning need not read it again.
Rendezvous hashing: every replica draws a number for the theorem, and the highest wins. When a replica dies
only its own theorems move, and they spread over all others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

Replica = TypeVar("Replica", int, str)


def preferred(digest: str, replicas: Sequence[Replica]) -> Replica:
    """The replica for the theorem with this digest; there must be one."""
    return max(replicas, key=lambda replica: hashlib.sha256(f"{digest} {replica}".encode()).digest())
