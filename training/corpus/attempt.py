"""Proofs of one statement: a few whole scripts first, and a tree search for what these do not prove.

The fast tier of the verifier has the word here; `training.corpus.work` has a share of all proofs audited.
The search is the prover's own. Everything that is random depends on the seed and the statement alone, and
rollouts of a tree follow each other, so the outcome does not depend on how many statements are under way.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from data.records import CorpusRecord
from lean_env.errors import LeanEnvError
from lean_env.steps import boundaries
from lean_env.values import Theorem, Verdict
from prover.attempt import Means, Run, opening_goals
from prover.policies import Policy, Sampling
from prover.prompts import make_prompt, proof_block
from prover.replies import Reply, read_reply
from prover.trail import Trail
from search import closing_prefix
from training.corpus.shorten import length, shortened


class Outcome(StrEnum):
    """What became of a statement."""

    SAMPLED = "sampled"
    """One of the first scripts proves it."""
    SEARCHED = "searched"
    """Only the tree search found a proof."""
    UNPROVED = "unproved"
    INVALID = "invalid"
    """Lean does not understand the statement."""
    REFUSED = "refused"
    """A benchmark has it, or a more general one."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is spent on a statement."""

    samples: int = 8
    """Whole scripts that are tried first."""
    rollouts: int = 48
    """Of the tree search, if none of them proves it."""
    proofs: int = 3
    """Different proofs of a statement that are kept, the shortest first."""


@dataclass
class Attempt:
    """The work on one statement."""

    theorem: Theorem
    kind: str
    domain: str
    policy: Policy
    means: Means
    """Of the search; its check pool judges the other proofs too."""
    effort: Effort
    _verdicts: dict[str, bool] = field(init=False, default_factory=dict)

    async def run(self) -> tuple[Outcome, list[CorpusRecord]]:
        """What became of it, and its proofs. Raises `LeanEnvError`, `StatementError` among them."""
        outcome, proofs = Outcome.SAMPLED, await self._sampled()
        if proofs:
            proof = max(proofs, key=length)
            prefix = random.Random(self._seed("detour")).choice(prefixes(proof))
        elif (found := await self._searched()) is not None:
            outcome, (proof, prefix) = Outcome.SEARCHED, found
            proofs = [proof]
        else:
            return Outcome.UNPROVED, []
        records = await self._kept(proofs)
        return outcome, records + await self._detour(proof, prefix, records)

    async def accepts(self, proof: str) -> bool:
        """Whether Lean accepts a proof; asked once each."""
        key = proof_block(proof).rstrip()
        if key not in self._verdicts:
            check = await self.means.pool.check(self.theorem, key)
            self._verdicts[key] = check.verdict is Verdict.PROVED
        return self._verdicts[key]

    async def _sampled(self) -> list[str]:
        """Those of the first scripts that prove the statement, cut behind the last goal."""
        prompt = make_prompt(self.theorem)
        sampling = Sampling(seed=self._seed("scripts"))
        (completions,) = await self.policy.generate([prompt], self.effort.samples, sampling)
        replies = [read_reply(prompt, completion) for completion in completions]
        scripts = dict.fromkeys(reply.proof for reply in replies if isinstance(reply, Reply))
        checks = await self.means.pool.check_many([(self.theorem, script) for script in scripts])
        proofs = [check.proof for check in checks if check.verdict is Verdict.PROVED]
        cut = sorted({shorter for check in checks if (shorter := closing_prefix(check))} - {*proofs})
        verdicts = await asyncio.gather(*map(self.accepts, cut))
        return proofs + [text for text, fine in zip(cut, verdicts, strict=True) if fine]

    async def _searched(self) -> tuple[str, str] | None:
        """A proof that RMaxTS finds, and the prefix at which the rollout that found it began."""
        settings = self.means.settings
        goals = await opening_goals(self.means.pool, self.theorem)
        search, trail = Trail.follow(None, self.theorem, settings.rule, settings.budget, goals)
        run = Run(self.means, search, trail)
        await run.search()
        if run.error:
            raise LeanEnvError(f"{self.theorem.name}: {run.error}")
        return None if search.proof is None else (search.proof, run.beginning)

    async def _kept(self, proofs: list[str]) -> list[CorpusRecord]:
        """Records of a few different proofs, shortened, the shortest first."""
        limit = self.effort.proofs
        proofs = sorted(proofs, key=length)
        chosen: set[str] = set()
        for first in range(0, 2 * limit, limit):
            if len(chosen) < limit:
                chosen |= set(await asyncio.gather(*map(self._shortened, proofs[first : first + limit])))
        texts = sorted(chosen, key=lambda text: (length(text), text))[:limit]
        made = await asyncio.gather(*(self._record(text) for text in texts))
        return [record for record in made if record is not None]

    async def _shortened(self, proof: str) -> str:
        return proof_block(await shortened(proof_block(proof).rstrip(), self.accepts)).rstrip()

    async def _detour(self, proof: str, prefix: str, kept: Sequence[CorpusRecord]) -> list[CorpusRecord]:
        """What an unshortened proof is good for besides: the state behind `prefix`, which holds steps that
        the proof can do without, and the rest from there, shortened."""
        whole = proof_block(proof).rstrip()
        start = len(proof_block(prefix).rstrip())
        if not start or any(record.proof.startswith(whole[:start]) for record in kept):
            return []
        record = await self._record(await shortened(whole, self.accepts, start), start)
        return [] if record is None else [record]

    async def _record(self, proof: str, start: int = 0) -> CorpusRecord | None:
        """The record of a proof with Lean's states; None if Lean does not accept it a second time."""
        steps = boundaries(proof)
        states: tuple[tuple[int, tuple[str, ...]], ...] = ((steps[-1].end, ()),)
        if len(steps) > 1:
            check = await self.means.pool.check(self.theorem, proof, steps=True)
            if check.verdict is not Verdict.PROVED:
                return None
            states = tuple((step.end, step.goals) for step in check.steps)
        theorem = self.theorem
        return CorpusRecord(
            theorem.name,
            theorem.statement,
            proof,
            header=theorem.header,
            kind=self.kind,
            domain=self.domain,
            start=start,
            steps=states,
        )

    def _seed(self, what: str) -> int:
        key = f"{self.means.settings.seed}:{self.theorem.digest}:{what}"
        return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest())


def prefixes(proof: str) -> list[str]:
    """The beginnings of a proof that end with one of its steps, the whole left out; "" among them."""
    return ["", *(proof[: step.end] for step in boundaries(proof)[:-1])]
