"""The symbolic baseline: proof scripts drawn at random from what goals and library suggest.

A script is written without asking Lean: each move says what it is guessed to leave, and the next one
is drawn for that. A wrong guess costs the rest of the script, no more, since search cuts a proof at
its first error and asks again there. Scripts are flat, goals one after the other without bullets, so
that the state at every step shows everything that is left to do.

It knows no statement in advance and learns nothing: the moves are the rules of logic, Lean's
automation, and lemmas looked up by their conclusion.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import random
from bisect import bisect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from types import TracebackType
from typing import Self

from lean_env.assemble import INDENT
from prover.policies.base import Completion, Finish, Prompt, Sampling, cut_at_stop
from prover.policies.tactics.cases import naming, on_conditions, on_variables
from prover.policies.tactics.closing import closers, combinations, simp_sets
from prover.policies.tactics.elimination import on_hypotheses
from prover.policies.tactics.goals import Goal, first_goal, read_goal
from prover.policies.tactics.introduction import on_target
from prover.policies.tactics.lemmas import Library, core_library, library_for
from prover.policies.tactics.moves import Move, distribution, heated
from prover.policies.tactics.retrieval import applications, arithmetic, forward, rewrites
from prover.prompts import next_column

MAX_STEPS = 24
PENDING = ("simp_all", "omega", "simp", "assumption", "rfl", "decide", "contradiction", "simp_all <;> omega")
CLOSING_DEPTH = 3
"""After so many steps of a script, the moves that close a goal are twice as likely as at its start."""


class TacticPolicy:
    """The policy `tactics`; needs no weights and holds no resources."""

    name = "tactics"
    version = "tactics-1"
    concurrency = 1

    async def __aenter__(self) -> Self:
        """Read the library, which takes about a second."""
        await asyncio.to_thread(core_library)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def generate(self, prompts: Sequence[Prompt], n: int, sampling: Sampling) -> list[list[Completion]]:
        """`n` scripts a prompt. `sampling.top_p` is ignored: a nucleus would cut the lemmas off."""
        found: list[list[Completion]] = []
        for index, prompt in enumerate(prompts):
            row: list[Completion] = []
            for sample in range(n):
                row.append(self._complete(prompt, sampling, (index, sample)))
                await asyncio.sleep(0)  # A script takes milliseconds; others may run, or cancel this.
            found.append(row)
        return found

    def _complete(self, prompt: Prompt, sampling: Sampling, place: tuple[int, int]) -> Completion:
        seed = f"{sampling.seed} {place} {prompt.theorem.digest} {prompt.prefix}"
        dice = random.Random(hashlib.sha256(seed.encode()).digest())
        goals = start_goals(prompt)
        margin = " " * next_column(prompt.prefix)
        if not goals:
            return self._pending(sampling, dice)
        texts: list[str] = []
        offsets: list[int] = []
        logprobs: list[float] = []
        length = 0
        limit = min(MAX_STEPS, sampling.max_tokens)
        while goals and len(texts) < limit:
            move, probability = draw(goals[0], prompt.theorem.header, len(texts), sampling.temperature, dice)
            text = "".join(f"{margin}{line}\n" for line in move.text.split("\n"))
            texts.append(text)
            offsets.append(length)
            logprobs.append(math.log(probability))
            length += len(text)
            goals = [*move.goals, *goals[1:]]
        text, stopped = cut_at_stop("".join(texts), sampling.stop)
        kept = sum(offset < len(text) for offset in offsets)
        return Completion(
            text=text,
            finish=Finish.STOP if stopped or not goals else Finish.LENGTH,
            version=self.version,
            tokens=kept,
            logprobs=tuple(logprobs[:kept]),
            offsets=tuple(offsets[:kept]),
        )

    def _pending(self, sampling: Sampling, dice: random.Random) -> Completion:
        """For a prefix that ends in a closed block: try to close what is pending, which nobody showed."""
        tactic = PENDING[0] if sampling.temperature == 0 else dice.choice(PENDING)
        text, _ = cut_at_stop(f"{' ' * INDENT}all_goals {tactic}\n", sampling.stop)
        logprob = 0.0 if sampling.temperature == 0 else -math.log(len(PENDING))
        return Completion(text, Finish.STOP, self.version, 1, (), (logprob,), (0,))


def start_goals(prompt: Prompt) -> list[Goal]:
    """The goals that the prompt shows; at the root, where nobody may have asked, the statement's."""
    if not prompt.goals and not prompt.prefix.strip():
        return [first_goal(prompt.theorem)]
    return [read_goal(text) for text in prompt.goals]


@dataclass(frozen=True, slots=True)
class Kind:
    """Moves of one kind share a part of the probability, whatever their number is."""

    share: float
    closing: bool
    """Whether they are meant to end the goal."""
    moves: Callable[[Goal, Library], Iterable[Move]]


KINDS = (
    Kind(1.0, True, lambda goal, _: closers(goal)),
    Kind(0.7, True, lambda goal, _: combinations(goal)),
    Kind(0.7, True, simp_sets),
    Kind(1.2, False, lambda goal, _: on_target(goal)),
    Kind(1.2, False, lambda goal, _: on_hypotheses(goal)),
    Kind(0.6, False, lambda goal, _: on_variables(goal)),
    Kind(0.3, False, lambda goal, _: on_conditions(goal)),
    Kind(0.8, False, applications),
    Kind(0.6, False, rewrites),
    Kind(0.2, False, forward),
    Kind(0.2, False, lambda goal, _: arithmetic(goal)),
)
"""The first is never empty; it stands in for the others where they are."""


def draw(goal: Goal, header: str, depth: int, temperature: float, dice: random.Random) -> tuple[Move, float]:
    """A move for the goal, and the probability with which it was drawn: of its kind times its own."""
    name = naming(goal)
    if name is not None:
        return name, 1.0
    shares = [kind.share * (1 + depth / CLOSING_DEPTH if kind.closing else 1) for kind in KINDS]
    probabilities = heated(shares, temperature)
    index = _pick(list(accumulate(probabilities)), dice)
    moves, cumulative = _table(goal, header, index, temperature)
    if not moves:
        moves, cumulative = _table(goal, header, 0, temperature)
    move, own = moves[_pick(cumulative, dice)]
    return move, probabilities[index] * own


def _pick(cumulative: Sequence[float], dice: random.Random) -> int:
    return min(bisect(cumulative, dice.random() * cumulative[-1]), len(cumulative) - 1)


@lru_cache(maxsize=16_384)
def _table(
    goal: Goal, header: str, index: int, temperature: float
) -> tuple[list[tuple[Move, float]], list[float]]:
    """The moves of one kind with their probabilities, and the running sums of these."""
    moves = distribution(KINDS[index].moves(goal, library_for(header)), temperature)
    return moves, list(accumulate(probability for _, probability in moves))
