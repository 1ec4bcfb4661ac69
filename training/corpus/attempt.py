"""Proofs of one statement: a few whole scripts first, and a tree search for what these do not prove.

The fast tier of the verifier has the word here; `training.corpus.work` has a share of all proofs audited.
Everything that is random depends on the seed and the statement alone, and rollouts of a tree follow each
other, so the outcome does not depend on how many statements are under way.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from data.records import CorpusRecord
from lean_env.pool import CheckPool
from lean_env.steps import boundaries
from lean_env.values import Check, Theorem, Verdict
from prover.policies import Policy, Prompt, Sampling
from prover.prompts import make_prompt, proof_block
from prover.replies import Reply, read_reply
from search import Budget, RMaxTS, Search, closing_prefix
from training.corpus.shorten import length, shortened

MAX_SLOW = 3
"""So many rollouts that run into a limit end a search: each costs as much as a hundred others."""


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
    pool: CheckPool
    policy: Policy
    seed: int
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
            check = await self.pool.check(self.theorem, key)
            self._verdicts[key] = check.verdict is Verdict.PROVED
        return self._verdicts[key]

    async def _sampled(self) -> list[str]:
        """Those of the first scripts that prove the statement, cut behind the last goal."""
        prompt = make_prompt(self.theorem)
        sampling = Sampling(seed=self._seed("scripts"))
        (completions,) = await self.policy.generate([prompt], self.effort.samples, sampling)
        replies = [read_reply(prompt, completion) for completion in completions]
        scripts = dict.fromkeys(reply.proof for reply in replies if isinstance(reply, Reply))
        checks = await self.pool.check_many([(self.theorem, script) for script in scripts])
        proofs = [check.proof for check in checks if check.verdict is Verdict.PROVED]
        longer = [check for check in checks if "no goals" in check.reason.lower()]
        cut = sorted({check.valid_prefix for check in longer} - {*proofs, ""})
        verdicts = await asyncio.gather(*map(self.accepts, cut))
        return proofs + [text for text, fine in zip(cut, verdicts, strict=True) if fine]

    async def _searched(self) -> tuple[str, str] | None:
        """A proof that RMaxTS finds, and the prefix at which the rollout that found it began."""
        first = await self.pool.check(self.theorem, "skip", steps=True)
        goals = first.steps[0].goals if first.steps else ()
        search = Search(self.theorem, RMaxTS(), Budget(samples=self.effort.rollouts), goals)
        known: dict[str, Check] = {}
        slow = 0
        while slow < MAX_SLOW:
            rng = random.Random(self._seed(f"select {search.next_id}"))
            expansion = search.propose(rng)
            if expansion is None:
                return None
            prompt = make_prompt(self.theorem, expansion.prefix, expansion.goals)
            check = await self._rollout(prompt, expansion.id, known)
            search.observe(expansion, check)
            slow += check.verdict in (Verdict.TIMEOUT, Verdict.OUT_OF_MEMORY)
            if search.proof is not None:
                return search.proof, expansion.prefix
        return None

    async def _rollout(self, prompt: Prompt, number: int, known: dict[str, Check]) -> Check:
        """What Lean says about a script that begins with the prompt's prefix."""
        sampling = Sampling(seed=self._seed(f"rollout {number}"))
        ((completion,),) = await self.policy.generate([prompt], 1, sampling)
        reply = read_reply(prompt, completion)
        if not isinstance(reply, Reply):
            return Check(Verdict.FAILED, prompt.prefix, reply.reason)
        check = known.get(reply.proof)
        if check is None:
            check = await self.pool.check(self.theorem, reply.proof, steps=True)
            if (shorter := closing_prefix(check)) is not None and await self.accepts(shorter):
                check = replace(
                    check,
                    verdict=Verdict.PROVED,
                    proof=shorter,
                    steps=tuple(step for step in check.steps if step.end <= len(shorter)),
                )
            known[reply.proof] = check
        return check

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
            check = await self.pool.check(self.theorem, proof, steps=True)
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
        key = f"{self.seed}:{self.theorem.digest}:{what}"
        return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest())


def prefixes(proof: str) -> list[str]:
    """The beginnings of a proof that end with one of its steps, the whole left out; "" among them."""
    return ["", *(proof[: step.end] for step in boundaries(proof)[:-1])]
