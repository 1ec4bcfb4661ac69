"""Verdicts that are remembered: a policy that has learnt repeats itself, and Lean need not."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from typing import TypeVar

from lean_env.values import Check, Theorem, Verdict
from training.rlpaf.values import RefusedProof

T = TypeVar("T")
Key = tuple[str, str]
"""A theorem's digest and a proof."""

KNOWN_CHECKS = 65_536
"""How many are remembered; those that were asked for least recently are forgotten first."""
UNTOLD = frozenset({Verdict.TIMEOUT, Verdict.OUT_OF_MEMORY, Verdict.FAULT})
"""Verdicts that say nothing of a proof: under less load it may have another."""


class Known:
    """What Lean has said of proofs.

    What says nothing of a proof is asked again; but a proof for which Lean has twice had too little time is
    slow, and keeping Lean busy with it a third time would cost more than it tells.
    """

    def __init__(self) -> None:
        self._checks: OrderedDict[Key, Check] = OrderedDict()
        self._slow: OrderedDict[Key, None] = OrderedDict()
        self._audited: OrderedDict[Key, None] = OrderedDict()

    def get(self, theorem: Theorem, proof: str) -> Check | None:
        """What was said; None if Lean is to be asked."""
        key = theorem.digest, proof
        check = self._checks.get(key)
        if check is not None:
            self._checks.move_to_end(key)
        return check

    def is_new_to_audits(self, theorem: Theorem, proof: str) -> bool:
        """Whether this was not asked before: an audit says the same a second time."""
        key = theorem.digest, proof
        new = key not in self._audited
        _put(self._audited, key, None)
        return new

    def forbid(self, proofs: Collection[RefusedProof], reason: str) -> None:
        """An audit has refused these, whatever was said of them before."""
        for digest, proof in proofs:
            _put(self._checks, (digest, proof), Check(Verdict.CHEAT, proof, reason))

    def note(self, theorem: Theorem, proof: str, check: Check) -> None:
        """Lean has said this."""
        key = theorem.digest, proof
        if check.verdict is Verdict.TIMEOUT and key not in self._slow:
            _put(self._slow, key, None)
        elif check.verdict is Verdict.TIMEOUT or check.verdict not in UNTOLD:
            _put(self._checks, key, check)


def _put(entries: OrderedDict[Key, T], key: Key, value: T) -> None:
    entries[key] = value
    if len(entries) > KNOWN_CHECKS:
        entries.popitem(last=False)
