"""Worlds to search in without Lean: a checker and a policy as pure functions.

A proof is a list of lines, each a tactic's name; a world says what each tactic does to each state.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lean_env.values import Check, Step, Theorem, Verdict
from search import Expansion, Observation, Sample, Search, Unit

THEOREM = Theorem("toy", "theorem toy : A := by")
INDENT = "  "

Goals = tuple[str, ...]


def lines(*tactics: str) -> str:
    return "\n".join(INDENT + tactic for tactic in tactics)


def tactics_of(proof: str) -> list[str]:
    return [line.strip() for line in proof.split("\n") if line.strip()]


@dataclass(frozen=True)
class World:
    """A state is a word; `apply` gives the next one, "" for the end of the proof, None for an error."""

    start: str
    tactics: tuple[str, ...]
    length: int
    """How many tactics the policy writes, prefix included."""
    apply: Callable[[str, str], str | None]
    show: Callable[[str], Goals] = lambda state: (f"⊢ {state}",)

    def check(self, proof: str) -> Check:
        """What Lean would say."""
        state, steps, offset = self.start, list[Step](), 0
        for line in proof.split("\n"):
            after = self.apply(state, line.strip()) if state else None
            if after is None:
                valid = proof[: steps[-1].end] if steps else ""
                return Check(Verdict.FAILED, proof, "wrong", steps=tuple(steps), valid_prefix=valid)
            start = offset + len(line) - len(line.lstrip())
            offset += len(line) + 1
            steps.append(Step(line.strip(), start, offset - 1, self.show(after) if after else ()))
            state = after
        verdict = Verdict.INCOMPLETE if state else Verdict.PROVED
        return Check(verdict, proof, steps=tuple(steps), valid_prefix=proof)

    def write(self, expansion: Expansion, rng: random.Random) -> tuple[str, Sample]:
        """A proof that goes on from the expansion's prefix, every tactic with the same probability."""
        before = tactics_of(expansion.prefix)
        left = 1 if expansion.unit is Unit.TACTIC else max(1, self.length - len(before))
        after = [rng.choice(self.tactics) for _ in range(left)]
        sample = Sample(tokens=left, logprob=-float(left))
        return lines(*before, *after), sample


def maze(depth: int, width: int, endless: bool = False) -> World:
    """`depth` levels. At each, one of `width` tactics leads on, another into a swamp that is never left,
    and the others are errors. A swamp has two states; if `endless`, one can go to and fro between them."""
    names = tuple(f"t{i}" for i in range(width))

    def apply(state: str, tactic: str) -> str | None:
        level = int(state.split()[-1])
        right = level * 7 % width
        choice = names.index(tactic)
        if state.startswith("swamp"):
            back = endless and choice % 2 == 0
            stays = not endless and choice % 2 == 0
            return state if stays else f"swamp {level}" if back else f"swamp deeper {level}"
        if choice == right:
            return "" if level + 1 == depth else f"level {level + 1}"
        return f"swamp {level}" if choice == (right + 1) % width else None

    return World("level 0", names, depth, apply)


def automaton(seed: int, states: int = 6, tactics: int = 3, length: int = 5) -> World:
    """Random transitions between a few states, some of which show no goals though the proof goes on."""
    names = tuple("abcdefgh"[:tactics])

    def apply(state: str, tactic: str) -> str | None:
        digest = hashlib.blake2b(f"{seed} {state} {tactic}".encode(), digest_size=4).digest()
        number = int.from_bytes(digest, "big") % (states + 2)
        if number < states:
            return f"s{number}"
        return None if number == states or digest[0] % 4 else ""

    def show(state: str) -> Goals:
        return () if state == "s0" else (f"⊢ {state}", "⊢ other") if state == "s1" else (f"⊢ {state}",)

    return World("start", names, length, apply, show)


def rollout(search: Search, world: World, seed: int) -> Observation | None:
    """One rollout from beginning to end; the seed and the rollout's number decide all."""
    expansion = search.propose(random.Random(f"{seed} {search.next_id}"))
    if expansion is None:
        return None
    proof, sample = world.write(expansion, random.Random(f"{seed} policy {expansion.id}"))
    event = search.observe(expansion, world.check(proof), sample)
    assert isinstance(event, Observation)
    return event


def run(search: Search, world: World, seed: int, workers: int = 1) -> None:
    """Run a search to its end with `workers` rollouts under way, which end in random order."""
    order = random.Random(f"{seed} order")
    under_way: list[Expansion] = []
    while True:
        while len(under_way) < workers:
            expansion = search.propose(random.Random(f"{seed} {search.next_id}"))
            if expansion is None:
                break
            under_way.append(expansion)
        if search.finished or not under_way:
            return
        expansion = under_way.pop(order.randrange(len(under_way)))
        proof, sample = world.write(expansion, random.Random(f"{seed} policy {expansion.id}"))
        search.observe(expansion, world.check(proof), sample)


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
