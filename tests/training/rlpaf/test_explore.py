"""Search trees with real Lean and a real model, as rollouts to learn from."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from lean_env.errors import StatementError, UncheckedError
from lean_env.pool import CheckPool
from lean_env.values import Theorem, Verdict
from prover.policies.base import Completion, Finish, PolicyError, Prompt
from tests.training.rlpaf import tiny
from tests.training.rlpaf.policy import logprobs, tokenizer
from tests.training.rlpaf.test_judge import CHEAT, CONFIG
from training.rlpaf.config import SamplingConfig
from training.rlpaf.explore import AT_A_TIME
from training.rlpaf.judge import LeanJudge, Tally
from training.rlpaf.sampler import ModelSampler, Written
from training.rlpaf.values import Group, Source

BOTH = Theorem("b", "theorem b : True ∧ 1 + 1 = 2 := by")


class Steps:
    """A sampler of whole and half proofs, one after another."""

    def __init__(self, *texts: str) -> None:
        self._texts = list(texts)
        self.prompts: list[Prompt] = []
        self.seeds: list[int] = []

    async def write(self, prompts: Sequence[Prompt], n: int, seed: int) -> list[list[Written]]:
        self.seeds.append(seed)
        await asyncio.sleep(0)
        found = []
        for prompt in prompts:
            text = self._texts.pop(0) if len(self._texts) > 1 else self._texts[0]
            self.prompts.append(prompt)
            number = len(self.prompts)
            answer = Completion(text, Finish.STOP, "", 1, (number, 9), (-0.25 * number, -1.0))
            found.append([Written(prompt, answer, 40 + number)])
        return found


def grow(sampler: object, theorem: Theorem, rollouts: int, share: float = 0.0) -> tuple[Group, Tally]:
    async def work() -> tuple[Group, Tally]:
        async with LeanJudge(type(CONFIG)(workers=1, seconds=20.0, audit_share=share), 0) as judge:
            group = await judge.search(theorem, sampler, rollouts, 7)  # type: ignore[arg-type]
            await asyncio.gather(*judge._audits)
            return group, await judge.tally()

    return asyncio.run(work())


def test_a_tree_goes_on_from_where_it_came_and_ends_with_its_proof() -> None:
    sampler = Steps("  constructor\n  trivial\n  exact 3", "  exact 3", "  constructor\n  trivial\n  rfl")
    group, tally = grow(sampler, BOTH, 40, share=1.0)
    assert group.theorem == BOTH
    assert all(rollout.source is Source.SEARCH for rollout in group.rollouts)
    proved = [rollout for rollout in group.rollouts if rollout.verdict is Verdict.PROVED]
    assert 1 <= len(proved) <= AT_A_TIME
    assert sum(group.rewards) == len(proved)
    assert len(group.rollouts) < 40 - AT_A_TIME
    prefixes = {rollout.prefix for rollout in group.rollouts}
    assert "" in prefixes
    known = {written.text: written for written in sampler.prompts}
    for rollout in group.rollouts:
        assert rollout.proof.startswith(rollout.prefix)
        assert rollout.prompt in known
        assert known[rollout.prompt].prefix == rollout.prefix
        assert (rollout.version, rollout.logprobs) == (
            40 + rollout.ids[0],
            (-0.25 * rollout.ids[0], -1.0),
        ), "each has the tokens that it was written with"
    assert len({rollout.ids for rollout in group.rollouts}) == len(group.rollouts)
    assert group.version == min(rollout.version for rollout in group.rollouts)
    assert tally.checks == len(group.rollouts)
    assert (tally.audited, tally.refused) == (1, ()), "proofs of searches are audited too"


def test_cheats_in_a_tree_are_told_and_worth_nothing() -> None:
    group, tally = grow(Steps(CHEAT), BOTH, 6)
    assert set(group.rewards) == {0}
    assert Verdict.CHEAT in {rollout.verdict for rollout in group.rollouts}
    assert tally.cheats
    assert "run_tac" in tally.cheats[0]


def test_a_statement_that_is_none_and_a_sampler_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StatementError, match="does not elaborate"):
        grow(Steps("  rfl"), Theorem("n", "theorem n : Nonsense := by"), 4)

    class Broken(Steps):
        async def write(self, prompts: Sequence[Prompt], n: int, seed: int) -> list[list[Written]]:
            raise PolicyError("no power")

    with pytest.raises(PolicyError, match="no power"):
        grow(Broken("  rfl"), BOTH, 4)

    async def away(self: CheckPool, theorem: Theorem) -> None:
        raise UncheckedError("Lean was away")

    monkeypatch.setattr(CheckPool, "validate", away)
    assert grow(Steps("  rfl"), BOTH, 4)[0].rollouts == (), "a fault of ours is no word about the statement"


def test_many_trees_at_once_keep_apart() -> None:
    theorems = [Theorem(f"m{n}", f"theorem m{n} : {n} + 1 = {n + 1} := by") for n in range(6)]

    async def work() -> list[Group]:
        sampler = Steps("  exact 3", "  exact 4", "  skip", "  rfl")
        async with LeanJudge(CONFIG, 0) as judge:
            return await asyncio.gather(
                *(judge.search(theorem, sampler, 8, place) for place, theorem in enumerate(theorems))
            )

    groups = asyncio.run(work())
    assert [group.theorem for group in groups] == theorems
    for group in groups:
        assert group.rollouts
        assert all(group.theorem.statement in rollout.prompt for rollout in group.rollouts)


def test_a_real_model_in_a_real_tree(tmp_path: Path) -> None:
    """What the learner is told of each token is what its model says of it."""
    start = tiny.checkpoint(tmp_path / "start")

    async def work() -> list[Group]:
        config = SamplingConfig(max_tokens=12)
        async with ModelSampler(start, config, "cpu") as sampler, LeanJudge(CONFIG, 0) as judge:
            await sampler.load(tiny.model().state_dict(), 5)
            return [await judge.search(theorem, sampler, 6, 3) for theorem in tiny.THEOREMS[:3]]

    rollouts = [rollout for group in asyncio.run(work()) for rollout in group.rollouts]
    assert {rollout.verdict for rollout in rollouts} >= {Verdict.PROVED, Verdict.FAILED}
    model = tiny.model()
    for rollout in rollouts:
        assert rollout.version == 5
        text = tokenizer().decode(list(rollout.ids), skip_special_tokens=True).split("\n```")[0]
        if not rollout.prefix:
            assert rollout.proof.split() == text.split()
        expected = torch.tensor(logprobs(model, rollout))
        torch.testing.assert_close(torch.tensor(rollout.logprobs), expected, rtol=1e-3, atol=1e-4)
