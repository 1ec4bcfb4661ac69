"""The interface that a driver uses: propose, observe, abandon.

    search = Search(theorem, RMaxTS(), Budget(samples=512))
    while not search.finished:
        expansion = search.propose(rng, clock())      # as often as there are idle workers
        …                                             # policy writes, Lean checks
        search.observe(expansion, check, Sample(tokens=…), clock())

Any number of expansions may be under way, and they may end in any order. The search has no clock: it
believes the seconds it is given (of a resumed run: counted on from `statistics.seconds`). It has no
random state either: who wants a run to be reproducible, and to go on after an interruption as if there
had been none, gives each proposal a generator seeded with `search.next_id`.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import asdict, dataclass, field, replace

from lean_env.values import Check, Theorem, Verdict
from search.budget import Budget, Sample, Statistics, Stop
from search.events import CANCELLED, Abandonment, Expansion, Observation, Start
from search.rules import Drafts, Rule, Selector
from search.tree import Tree
from search.walk import walk


@dataclass
class Search:
    """A search for a proof of one theorem. Its methods are all that changes it."""

    theorem: Theorem
    rule: Rule
    budget: Budget = field(default_factory=Budget)
    goals: tuple[str, ...] = ()
    """The goals before the first step, if known."""

    tree: Tree = field(init=False)
    under_way: dict[int, Expansion] = field(init=False, default_factory=dict)
    next_id: int = field(init=False, default=0)
    proof: str | None = field(init=False, default=None)
    """The first proof that was found."""
    _samples: int = field(init=False, default=0)
    _abandoned: int = field(init=False, default=0)
    _faults: int = field(init=False, default=0)
    _rewarded: int = field(init=False, default=0)
    _tokens: int = field(init=False, default=0)
    _seconds: float = field(init=False, default=0.0)
    _lean_seconds: float = field(init=False, default=0.0)
    _policy_seconds: float = field(init=False, default=0.0)
    _verdicts: Counter[Verdict] = field(init=False, default_factory=Counter)
    _corrections: int = field(init=False, default=0)
    _proof_round: int = field(init=False, default=0)
    _selector: Selector = field(init=False, repr=False, compare=False)
    _drafts: Drafts = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.tree = Tree.plant(self.goals)
        self._selector = self.rule.selector(self.tree)
        self._drafts = self.rule.drafts()

    @property
    def start(self) -> Start:
        """The first event of this search's trace."""
        return Start(self.theorem, self.rule.algorithm, asdict(self.rule), self.goals)

    @property
    def stopped(self) -> Stop | None:
        """Why the search has ended, or None."""
        budget = self.budget
        if self.proof is not None:
            return Stop.PROVED
        if budget.samples is not None and self._samples >= budget.samples:
            return Stop.SAMPLES
        if budget.seconds is not None and self._seconds >= budget.seconds:
            return Stop.SECONDS
        if budget.tokens is not None and self._tokens >= budget.tokens:
            return Stop.TOKENS
        if budget.overruns is not None:
            overruns = self._verdicts[Verdict.TIMEOUT] + self._verdicts[Verdict.OUT_OF_MEMORY]
            if overruns >= budget.overruns:
                return Stop.OVERRUNS
        return None

    @property
    def finished(self) -> bool:
        """Whether nothing will be proposed any more. What is under way may be cancelled then."""
        return self.stopped is not None

    @property
    def statistics(self) -> Statistics:
        """The search at a glance."""
        deepest = self.tree.nodes[self.tree.deepest]
        return Statistics(
            samples=self._samples,
            abandoned=self._abandoned,
            under_way=len(self.under_way),
            tokens=self._tokens,
            seconds=self._seconds,
            verdicts={verdict.value: count for verdict, count in sorted(self._verdicts.items())},
            rewarded=self._rewarded,
            nodes=len(self.tree.nodes),
            depth=deepest.depth,
            best_prefix=next(iter(deepest.prefixes)),
            stopped=self.stopped,
            proof=self.proof,
            faults=self._faults,
            lean_seconds=self._lean_seconds,
            policy_seconds=self._policy_seconds,
            corrections=self._corrections,
            proof_round=self._proof_round,
        )

    def propose(self, rng: random.Random, seconds: float = 0.0) -> Expansion | None:
        """Begin a rollout. None if the search has ended, or what is under way may use up the samples.

        `seconds` have passed since the search began; `rng` chooses among the prefixes of the node.
        """
        self._pass(seconds)
        limit = self.budget.samples
        if self.finished or (limit is not None and self._samples + len(self.under_way) >= limit):
            return None
        path = self._selector.select(rng)
        node = self.tree.nodes[path[-1]]
        prefix = node.random_prefix(rng)
        expansion = Expansion(self.next_id, path, prefix, node.goals, self.rule.unit, self._seconds)
        if (draft := self._drafts.take(path, expansion.id)) is not None:
            expansion = replace(expansion, revises=draft.proof, round=draft.round)
        self.next_id += 1
        self.under_way[expansion.id] = expansion
        self.tree.hold(path)
        self._selector.changed(path[-1:])
        return expansion

    def observe(
        self, expansion: Expansion, check: Check, sample: Sample | None = None, seconds: float = 0.0
    ) -> Observation | Abandonment:
        """End a rollout with what Lean said about the whole proof, `expansion.prefix` and all.

        `TIMEOUT` and `OUT_OF_MEMORY` count as visits without reward: they cost a sample, and what leads
        to them should be tried less. `CHEAT` adds the states before the cheat. A `FAULT` says nothing
        about the proof: the rollout is abandoned. Raises `ValueError` if it is not under way.
        """
        if check.verdict is Verdict.FAULT:
            return self.abandon(expansion, check.reason or "fault", seconds)
        self._require(expansion)
        way = walk(check, self.goals, self.rule.max_prefix)
        return self.apply(
            Observation(
                id=expansion.id,
                path=expansion.path,
                verdict=check.verdict,
                reason=check.reason,
                proof=check.proof,
                visits=self.tree.visits(way, self.rule.transpositions),
                sample=sample or Sample(),
                check_seconds=check.seconds,
                worker=check.worker,
                seconds=max(seconds, self._seconds),
                revises=expansion.revises,
                round=expansion.round,
            )
        )

    def abandon(self, expansion: Expansion, reason: str = CANCELLED, seconds: float = 0.0) -> Abandonment:
        """End a rollout as if it had never begun: its virtual loss is taken back, its sample returned.

        Raises `ValueError` if it is not under way.
        """
        self._require(expansion)
        event = Abandonment(expansion.id, reason, max(seconds, self._seconds))
        self.drop(event)
        return event

    def apply(self, event: Observation) -> Observation:
        """Put an observation into the tree, whether it is made now or was written down once.

        Returns it with `added` and `reward` as they are in this tree. Raises `ValueError` if it names
        nodes that are neither here nor described in it; the search is unharmed then.
        """
        unknown = [name for name in event.path if name not in self.tree.nodes]
        unknown += [v.node for v in event.visits if v.goals is None and v.node not in self.tree.nodes]
        if unknown or not event.path:
            raise ValueError(f"rollout {event.id} speaks of unknown nodes: {', '.join(unknown)}")
        self._end(event.id, event.seconds)
        proved = event.verdict is Verdict.PROVED
        added = self.tree.grow(
            event.proof,
            event.visits,
            proved=proved,
            value=event.sample.value,
            logprob=event.sample.logprob,
            path=event.path,
        )
        reward = self.rule.reward(len(added), proved)
        self.tree.backup(event.path, reward, self.rule.gamma)
        self._selector.changed(dict.fromkeys((event.path[-1], *(visit.node for visit in event.visits))))
        self._drafts.observed(event)
        self._samples += 1
        self._corrections += bool(event.revises)
        self._rewarded += reward > 0
        self._tokens += event.sample.tokens
        self._lean_seconds += event.check_seconds
        self._policy_seconds += event.sample.seconds
        self._verdicts[event.verdict] += 1
        if proved and self.proof is None:
            self.proof = event.proof
            self._proof_round = event.round
        return replace(event, added=added, reward=reward)

    def drop(self, event: Abandonment) -> None:
        """Take note of a rollout that counts for nothing."""
        self._end(event.id, event.seconds)
        self._abandoned += 1
        self._faults += event.reason != CANCELLED

    def _end(self, id: int, seconds: float) -> None:  # noqa: A002 - the field's name
        self._pass(seconds)
        self.next_id = max(self.next_id, id + 1)
        ended = self.under_way.pop(id, None)
        if ended is not None:
            self.tree.release(ended.path)
            self._drafts.release(id)
            self._selector.changed(ended.path[-1:])

    def _pass(self, seconds: float) -> None:
        self._seconds = max(self._seconds, seconds)

    def _require(self, expansion: Expansion) -> None:
        if self.under_way.get(expansion.id) != expansion:
            raise ValueError(f"rollout {expansion.id} is not under way in this search")
