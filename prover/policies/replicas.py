"""The servers behind one `openai:` policy: which one answers for a theorem, and which have died."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lean_env.values import Theorem
from prover.policies.affinity import preferred

REST_SECONDS = 60.0
"""How long a server that has died is spared; then it may have been started again."""
RANK_HEADER = "X-data-parallel-rank"
"""With it vLLM's server sends a request to the engine of that number, of those that it runs in parallel."""
_ENGINE = re.compile(r'^vllm:num_requests_running\{[^}]*\bengine="(\d+)"', re.MULTILINE)


@dataclass(eq=False, slots=True)
class Replica:
    """One server."""

    base: str
    """Its URL without `/v1`."""
    is_vllm: bool = False
    """Whether it understands what vLLM adds to the API."""
    context: int = 0
    """Tokens that a prompt and its answer may have together; 0 if it does not tell."""
    ranks: int = 1
    """Engines that it runs in parallel, each with a prefix cache of its own."""
    rests_until: float = 0.0
    """By the event loop's clock; it is asked before that time only if all others have failed."""

    def additions(self, max_tokens: int) -> dict[str, Any]:
        """What to ask of it beyond the API, for an answer of so many tokens."""
        wishes: dict[str, Any] = {"return_token_ids": True} if self.is_vllm else {}
        if 0 < self.context <= max_tokens:
            wishes["max_tokens"] = None  # As many as fit; some versions refuse to cut the number down.
        return wishes

    def headers(self, theorem: Theorem) -> dict[str, str]:
        """What to send along so that the theorem stays with one engine."""
        return {RANK_HEADER: str(preferred(theorem.digest, range(self.ranks)))} if self.ranks > 1 else {}


def in_order(replicas: Sequence[Replica], theorem: Theorem, now: float) -> list[Replica]:
    """Whom to ask about the theorem, and whom next if that one fails; those that rest come last."""
    left = {replica.base: replica for replica in replicas}
    order: list[Replica] = []
    while left:
        order.append(left.pop(preferred(theorem.digest, list(left))))
    return sorted(order, key=lambda replica: replica.rests_until > now)


def engines(metrics: str) -> int:
    """How many engines a vLLM server runs, from its `/metrics`; 1 if that does not say."""
    return max(1, len(set(_ENGINE.findall(metrics))))
