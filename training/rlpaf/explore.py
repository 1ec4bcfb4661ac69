"""Search trees as a source of rollouts: RMaxTS, as the prover runs it, with each rollout kept.

A tree's rollouts go on from different prefixes, but all ask one question: is this theorem proved? They are
one group, each compared with the others of its tree. The search ends with its first proof, so how many
rollouts there are depends on what they wrote, and their mean is a biased baseline; what that costs is
measured, not argued (`benchmarks/rlpaf_compare.py`). As in every search, a proof that is complete before its
last step counts without what follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from types import TracebackType
from typing import Self

from lean_env.errors import StatementError, UncheckedError
from lean_env.pool import CheckPool
from lean_env.values import Check, Theorem
from prover.attempt import Attempt, Settings
from prover.driver import Driver
from prover.policies.base import Completion, PolicyError, Prompt, Sampling
from search import Budget, Expansion, RMaxTS
from training.rlpaf.sampler import Writing, Written
from training.rlpaf.values import Group, Rollout, Source

AT_A_TIME = 4
"""Rollouts of one tree under way together: more would make it plain sampling."""
BATCH = 512
"""Prompts of all trees that reach the sampler in one call, at most."""
REASON = 200
"""Characters of a reason that are kept."""


@dataclass(frozen=True, slots=True)
class Answer(Completion):
    """A completion that knows how it was written."""

    written: Written | None = None


class SamplerPolicy:
    """A sampler as the prover's driver knows policies, whose completions are `Answer`s."""

    name = "sampler"
    version = ""
    concurrency = 1

    def __init__(self, sampler: Writing) -> None:
        self._sampler = sampler

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The sampler belongs to somebody else."""

    async def generate(self, prompts: Sequence[Prompt], n: int, sampling: Sampling) -> list[list[Completion]]:
        """As the sampler writes, whatever else `sampling` says than the seed."""
        answers = await self._sampler.write(prompts, n, sampling.seed)
        return [[_answer(one) for one in answer] for answer in answers]


class Forest:
    """Search trees over one sampler and one pool. Prompts of all trees reach the sampler together. An
    asynchronous context manager."""

    def __init__(self, pool: CheckPool, sampler: Writing, rollouts: int) -> None:
        """`rollouts`: of each tree, at most."""
        self._policy = SamplerPolicy(sampler)
        settings = Settings(
            rule=RMaxTS(),
            budget=Budget(samples=rollouts),
            workers=AT_A_TIME,
            rollouts_at_a_time=AT_A_TIME,
        )
        self._opening = Driver.open(self._policy, pool, settings, batch=BATCH)
        self._found: dict[str, list[Rollout]] = {}

    async def __aenter__(self) -> Self:
        self._driver = await self._opening.__aenter__()
        self._driver.use_audit(None)
        self._driver.listen(self._hear)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._opening.__aexit__(kind, error, trace)

    async def grow(self, theorem: Theorem, seed: int) -> Group:
        """The rollouts of one tree, none if Lean fails before; of a theorem one tree at a time. Raises
        `StatementError` if the statement does not elaborate, and `PolicyError` if nothing was written."""
        found = self._found[theorem.digest] = []
        attempts: list[Attempt] = []
        try:
            await self._driver.attempt(theorem, None, attempts.append, seed=seed)
        finally:
            del self._found[theorem.digest]
        (attempt,) = attempts
        if isinstance(attempt.cause, StatementError) and not isinstance(attempt.cause, UncheckedError):
            raise attempt.cause
        if attempt.error and attempt.cause is None and not found:
            raise PolicyError(attempt.error)
        return Group(theorem, tuple(found))

    def _hear(self, theorem: Theorem, expansion: Expansion, completion: Completion, check: Check) -> None:
        assert isinstance(completion, Answer), "this driver has one policy"
        assert completion.written is not None
        rollout = rollout_of(completion.written, check, Source.SEARCH, expansion.prefix)
        self._found[theorem.digest].append(rollout)


def _answer(written: Written) -> Answer:
    told = {field.name: getattr(written.completion, field.name) for field in fields(Completion)}
    return Answer(**told, written=written)


def rollout_of(written: Written, check: Check, source: Source = Source.SAMPLING, prefix: str = "") -> Rollout:
    """The rollout that a completion and its check come to."""
    completion = written.completion
    return Rollout(
        prompt=written.prompt.text,
        ids=completion.token_ids,
        logprobs=completion.logprobs,
        version=written.version,
        proof=check.proof,
        prefix=prefix,
        verdict=check.verdict,
        reason=check.reason[:REASON],
        source=source,
    )
