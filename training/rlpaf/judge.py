"""The role that judges: a pool of Lean processes behind the fast tier, and the strict audit of a sample.

The reward is the fast tier's word, since it is given thousands of times a minute; `soundness.md` has the
reasons for a second one. A share of what it calls proved is therefore judged again by the strict audit: how
often the two disagree is a figure of the run, and more than a few times ends it. A proof that the audit has
refused is worth nothing from then on.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from lean_env.audit import audit
from lean_env.errors import LeanEnvError, StatementError, UncheckedError
from lean_env.limits import Limits
from lean_env.pool import CheckPool
from lean_env.toolchain import find_toolchain
from lean_env.values import Check, Theorem, Verdict
from prover.replies import Unusable, read_reply
from training.errors import TrainError
from training.rlpaf.config import LeanConfig
from training.rlpaf.explore import Forest, rollout_of
from training.rlpaf.known import UNTOLD, Known
from training.rlpaf.sampler import Writing, Written
from training.rlpaf.values import Group, RefusedProof, Rollout

REFUSED = "the strict audit refuses it"
WAITING_AUDITS = 64
"""Audits under way and waiting, at most; what is chosen beyond them is not audited."""
KEPT_CHEATS = 100
"""Texts of cheats between two tallies, at most."""


class Tally(NamedTuple):
    """What a judge has done since it was asked last."""

    checks: int
    """Proofs that Lean was asked about."""
    known: int
    """Verdicts that were known already."""
    seconds: float
    """That Lean worked, added up over its processes, without audits."""
    audited: int
    """Proofs that the strict audit has judged."""
    refused: tuple[RefusedProof, ...]
    """Those of them that are none."""
    cheats: tuple[str, ...]
    """What was called a cheat, and why: theorem, proof and reason; not more than anybody would read."""


class Judge(Protocol):
    """Judges completions. An asynchronous context manager."""

    async def judge(self, theorem: Theorem, written: Sequence[Written]) -> Group:
        """The verdicts on completions of one theorem. Raises `StatementError` if it is none."""
        ...

    async def search(self, theorem: Theorem, sampler: Writing, rollouts: int, seed: int) -> Group:
        """The rollouts of one search tree, for which `sampler` writes. Raises `StatementError` if it is no
        theorem, and `PolicyError`."""
        ...

    async def forbid(self, proofs: Collection[RefusedProof]) -> None:
        """These are worth nothing from now on."""
        ...

    async def tally(self) -> Tally:
        """What was done since this was asked last."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class LeanJudge:
    """The judge over a pool of Lean processes of this machine."""

    def __init__(self, config: LeanConfig, seed: int) -> None:
        self._config = config
        self._workers = config.workers or os.cpu_count() or 1
        self._rng = random.Random(f"audit {seed}")
        self._known = Known()
        self._audits: set[asyncio.Task[None]] = set()
        self._auditing = asyncio.Semaphore(max(1, self._workers // 4))
        self._forest: Forest | None = None
        self._planting = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._counts: Counter[str] = Counter()
        self._told_seconds = 0.0
        self._cheats: list[str] = []
        self._refused: list[RefusedProof] = []

    async def __aenter__(self) -> Self:
        """Start Lean. Raises `TrainError` if there is none."""
        try:
            toolchain = find_toolchain()
        except LeanEnvError as error:
            raise TrainError(f"proofs cannot be judged here: {error}") from error
        limits = Limits(seconds=self._config.seconds, heartbeats=self._config.heartbeats)
        pool = CheckPool(toolchain, workers=self._workers, limits=limits)
        self.pool = await self._stack.enter_async_context(pool)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        audits = list(self._audits)
        for task in audits:
            task.cancel()
        await asyncio.gather(*audits, return_exceptions=True)
        await self._stack.aclose()

    async def judge(self, theorem: Theorem, written: Sequence[Written]) -> Group:
        """The verdicts on completions of one theorem; equal proofs are checked once. Raises `StatementError`
        if it does not elaborate."""
        replies = [read_reply(one.prompt, one.completion) for one in written]
        proofs = dict.fromkeys(reply.proof for reply in replies if not isinstance(reply, Unusable))
        judged = await asyncio.gather(*(self._check(theorem, proof) for proof in proofs))
        checks = dict(zip(proofs, judged, strict=True))
        rollouts = []
        for one, reply in zip(written, replies, strict=True):
            if isinstance(reply, Unusable):
                check = Check(Verdict.FAILED, "", reply.reason)
            else:
                check = checks[reply.proof]
            rollouts.append(rollout_of(one, check))
        for proof, check in checks.items():
            self._maybe_audit(theorem, proof, check.verdict)
        return Group(theorem, tuple(rollouts))

    async def search(self, theorem: Theorem, sampler: Writing, rollouts: int, seed: int) -> Group:
        """The rollouts of one RMaxTS tree, all trees with the same sampler and as many. Raises
        `StatementError` if the statement does not elaborate, and `PolicyError`."""
        async with self._planting:
            if self._forest is None:
                self._forest = await self._stack.enter_async_context(Forest(self.pool, sampler, rollouts))
        group = await self._forest.grow(theorem, seed)
        self._counts["checks"] += len(group.rollouts)
        found = tuple(self._as_audited(theorem, rollout) for rollout in group.rollouts)
        for rollout in {rollout.proof: rollout for rollout in found}.values():
            if rollout.verdict is Verdict.CHEAT:
                self._keep_cheat(theorem, rollout.proof, rollout.reason)
            self._maybe_audit(theorem, rollout.proof, rollout.verdict)
        return replace(group, rollouts=found)

    async def tally(self) -> Tally:
        """What was done since this was asked last."""
        counts, refused, cheats = self._counts, tuple(self._refused), tuple(self._cheats)
        seconds, self._told_seconds = self.pool.busy_seconds - self._told_seconds, self.pool.busy_seconds
        self._counts, self._cheats, self._refused = Counter(), [], []
        return Tally(counts["checks"], counts["known"], seconds, counts["audited"], refused, cheats)

    async def forbid(self, proofs: Collection[RefusedProof]) -> None:
        """These are worth nothing from now on."""
        self._known.forbid(proofs, REFUSED)

    async def _check(self, theorem: Theorem, proof: str) -> Check:
        if (known := self._known.get(theorem, proof)) is not None:
            self._counts["known"] += 1
            return known
        try:
            check = await self.pool.check(theorem, proof)
        except LeanEnvError as error:
            if isinstance(error, StatementError) and not isinstance(error, UncheckedError):
                raise
            check = Check(Verdict.FAULT, proof, str(error))
        self._counts["checks"] += 1
        if check.verdict is Verdict.CHEAT:
            self._keep_cheat(theorem, proof, check.reason)
        self._known.note(theorem, proof, check)
        return check

    def _as_audited(self, theorem: Theorem, rollout: Rollout) -> Rollout:
        """What a search believes, unless the audit has refused it."""
        known = self._known.get(theorem, rollout.proof)
        if rollout.verdict is Verdict.PROVED and known is not None and known.verdict is Verdict.CHEAT:
            return replace(rollout, verdict=known.verdict, reason=known.reason)
        return rollout

    def _keep_cheat(self, theorem: Theorem, proof: str, reason: str) -> None:
        if len(self._cheats) < KEPT_CHEATS:
            self._cheats.append(f"{theorem.statement}\n{proof}\n-- {reason}")

    def _maybe_audit(self, theorem: Theorem, proof: str, verdict: Verdict) -> None:
        """Begin an audit of a share of what was proved."""
        if verdict is not Verdict.PROVED or self._rng.random() >= self._config.audit_share:
            return
        if len(self._audits) < WAITING_AUDITS and self._known.is_new_to_audits(theorem, proof):
            task = asyncio.create_task(self._audit(theorem, proof))
            self._audits.add(task)
            task.add_done_callback(self._audits.discard)

    async def _audit(self, theorem: Theorem, proof: str) -> None:
        """Let the strict tier judge what the fast one believed; its own troubles count for nothing."""
        limits = self.pool.limits
        async with self._auditing:
            try:
                result = await audit(
                    self.pool.toolchain,
                    theorem,
                    proof,
                    seconds=limits.seconds,
                    memory_bytes=limits.memory_bytes,
                )
            except (LeanEnvError, OSError):
                return
        if result.verdict in UNTOLD:
            return
        self._counts["audited"] += 1
        if result.verdict is not Verdict.PROVED:
            self._cheats.append(f"{theorem.statement}\n{proof}\n-- {REFUSED}: {result.reason}")
            self._refused.append((theorem.digest, proof))
            self._known.forbid(self._refused[-1:], REFUSED)
