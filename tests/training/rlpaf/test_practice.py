"""Where groups come from, with a sampler and a judge that do what a test tells them."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from lean_env.errors import LeanEnvError, ServerError, StatementError
from lean_env.values import Check, Theorem, Verdict
from prover.policies.base import Completion, Finish, PolicyError, Prompt
from tests.training.rlpaf.policy import config
from training.errors import TrainError
from training.rlpaf.config import CurriculumConfig, RlpafConfig
from training.rlpaf.curriculum import PATIENCE, Curriculum
from training.rlpaf.explore import rollout_of
from training.rlpaf.judge import Tally
from training.rlpaf.practice import LEAST_USEFUL, MAX_MISSES, Practice
from training.rlpaf.sampler import Sampler, Written
from training.rlpaf.statements import Statements
from training.rlpaf.store import Store
from training.rlpaf.values import Group

GROUP, COUNT = 4, 3
SECONDS = 20.0
"""After which a test that waits has failed."""

Pause = Callable[[], float]


def no_time() -> float:
    return 0.0


class Scripted:
    """A sampler whose weights are a number."""

    def __init__(self, pause: Pause = no_time, answer: Callable[[Prompt], Any] | None = None) -> None:
        self.version, self.calls = 0, 0
        self._pause, self._answer = pause, answer

    async def write(self, prompts: Sequence[Prompt], n: int, seed: int) -> list[list[Written]]:
        self.calls += 1
        version = self.version
        await asyncio.sleep(self._pause())
        found = []
        for prompt in prompts:
            answer = "rfl" if self._answer is None else self._answer(prompt)
            if isinstance(answer, Exception):
                raise answer
            ids = (7, 8) if answer else ()
            finish = Finish.STOP if answer else Finish.ERROR
            one = Completion(answer, finish, "", len(ids), ids, (-1.0,) * len(ids), reason="no room")
            found.append([Written(prompt, one, version)] * n)
        return found

    async def load(self, state: Mapping[str, Tensor], version: int) -> float:
        raise AssertionError("nobody asks for this here")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Court(Scripted):
    """A judge: `says` is what comes of a theorem, marks as in `policy.group`, or an exception."""

    def __init__(self, says: Callable[[Theorem], Any] = lambda theorem: "+---", pause: Pause = no_time):
        super().__init__(pause)
        self._says = says
        self.under_way = self.most = self.cancelled = 0

    async def judge(self, theorem: Theorem, written: Sequence[Written]) -> Group:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await asyncio.sleep(self._pause())
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.under_way -= 1
        said = self._says(theorem)
        if isinstance(said, Exception):
            raise said
        named = {"+": Verdict.PROVED, "-": Verdict.FAILED, "?": Verdict.FAULT}
        checks = (Check(named[mark], f"p{place}", "Lean is away") for place, mark in enumerate(said))
        return Group(theorem, tuple(map(rollout_of, written, checks)))

    async def search(self, theorem: Theorem, sampler: Sampler, rollouts: int, seed: int) -> Group:
        (written,) = await sampler.write([Prompt("p", theorem)], rollouts, seed)
        return await self.judge(theorem, written)

    async def tally(self) -> Tally:
        raise AssertionError("nobody asks for this here")


def told(staleness: int = 1, search: float = 0.0, **algorithm: Any) -> RlpafConfig:
    base = config(**algorithm)
    return replace(
        base,
        curriculum=CurriculumConfig(theorems=COUNT, group=GROUP, retire_after=99),
        run=replace(base.run, staleness=staleness),
        sampling=replace(base.sampling, search_share=search),
        theorems=replace(base.theorems, generated=20),
    )


def practice_of(settings_: RlpafConfig, sampler: Scripted, court: Court, folder: Path) -> Practice:
    curriculum = Curriculum(settings_.curriculum, 0)
    statements = Statements(settings_.theorems)
    curriculum.add(statements.beginning())
    return Practice(settings_, sampler, court, curriculum, statements, Store(folder / "proofs.jsonl"), 0, 0)


def play(work: Callable[[], Any]) -> Any:
    async def timed() -> Any:
        async with asyncio.timeout(SECONDS):
            return await work()

    return asyncio.run(timed())


@settings(max_examples=15, deadline=None)
@given(
    staleness=st.integers(0, 3),
    seed=st.integers(0, 1000),
    paces=st.tuples(*[st.sampled_from([0.0, 0.001, 0.01])] * 3),
    jump=st.sampled_from([1, 1, 2]),
    search=st.sampled_from([0.0, 0.5]),
    useful=st.sampled_from([1.0, 0.3]),
)
def test_no_group_is_older_than_allowed_and_none_wait_forever(
    tmp_path_factory: pytest.TempPathFactory,
    staleness: int,
    seed: int,
    paces: tuple[float, float, float],
    jump: int,
    search: float,
    useful: float,
) -> None:
    """Whoever is slow: the sampler, Lean or the learner, whose version may rise by two at once."""
    rng = random.Random(seed)
    pause_of = [lambda pace=pace: rng.random() * pace for pace in paces]
    sampler = Scripted(pause_of[0])
    court = Court(lambda theorem: "+---" if rng.random() < useful else "----", pause_of[1])
    most = COUNT * max(1, staleness)
    bound = most / LEAST_USEFUL + COUNT

    async def learn() -> None:
        folder = tmp_path_factory.mktemp("play")
        async with practice_of(told(staleness, search), sampler, court, folder) as practice:
            version = 0
            for _ in range(12):
                batch, tried = await practice.take()
                assert len(batch) == COUNT
                assert all(group.informative for group in batch)
                assert all(version - staleness <= group.version <= version for group in batch)
                assert tried.groups >= tried.uninformative
                await asyncio.sleep(pause_of[2]())
                depths = practice.depths
                assert depths["groups_under_way"] <= bound
                assert depths["groups_ready"] <= most + bound
                version += jump
                sampler.version = version
                await practice.learned(version)

    play(learn)
    assert court.most <= bound


def test_with_staleness_0_nothing_is_written_while_the_learner_moves(tmp_path: Path) -> None:
    sampler = Scripted()

    async def learn() -> None:
        async with practice_of(told(0), sampler, Court(), tmp_path) as practice:
            for version in range(3):
                await practice.take()
                before = sampler.calls
                await asyncio.sleep(0.05)
                assert sampler.calls == before
                sampler.version = version + 1
                await practice.learned(version + 1)

    play(learn)


def test_a_slow_judge_does_not_let_the_sampler_run_away(tmp_path: Path) -> None:
    """Even where no group was ever useful."""
    sampler, court = Scripted(), Court(lambda theorem: "----", lambda: 0.002)

    async def wait() -> None:
        async with practice_of(told(), sampler, court, tmp_path) as practice:
            with pytest.raises(TrainError, match=f"the last {PATIENCE} batches had no theorem that was"):
                await practice.take()

    play(wait)
    assert COUNT < court.most <= COUNT / LEAST_USEFUL + COUNT


def test_a_stalled_judge_bounds_what_waits(tmp_path: Path) -> None:
    sampler, court = Scripted(), Court(pause=lambda: 1e6)

    async def wait() -> None:
        async with practice_of(told(staleness=2), sampler, court, tmp_path) as practice:
            await asyncio.sleep(0.1)
            assert practice.depths["groups_under_way"] == court.under_way
        assert court.under_way == 0

    play(wait)
    assert COUNT <= court.most <= 2 * COUNT / LEAST_USEFUL + COUNT
    assert court.cancelled == court.most


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ServerError("Lean is gone"), "Lean failed: Lean is gone; earlier checkpoints are intact"),
        (PolicyError("no power"), "the sampler failed: no power; earlier checkpoints are intact"),
        (TrainError("as it is"), "as it is"),
    ],
)
@pytest.mark.parametrize("search", [0.0, 1.0])
def test_what_cannot_go_on_ends_the_run_in_one_line(
    tmp_path: Path, error: LeanEnvError | PolicyError, said: str, search: float
) -> None:
    async def wait() -> None:
        async with practice_of(told(search=search), Scripted(), Court(lambda _: error), tmp_path) as practice:
            with pytest.raises(TrainError) as caught:
                await practice.take()
            assert str(caught.value) == said

    play(wait)


def test_a_sampler_that_fails_ends_the_run(tmp_path: Path) -> None:
    async def wait() -> None:
        sampler = Scripted(answer=lambda prompt: PolicyError("no power"))
        async with practice_of(told(), sampler, Court(), tmp_path) as practice:
            with pytest.raises(TrainError, match=r"^the sampler failed: no power"):
                await practice.take()

    play(wait)


def test_an_error_of_this_program_is_not_hidden(tmp_path: Path) -> None:
    async def wait() -> None:
        async with practice_of(told(), Scripted(), Court(lambda _: KeyError("x")), tmp_path) as practice:
            with pytest.raises(KeyError):
                await practice.take()

    play(wait)


def test_statements_that_are_none_or_leave_no_room_are_dropped(tmp_path: Path) -> None:
    bad = {"t_0": "", "t_1": "rfl"}

    async def learn() -> int:
        sampler = Scripted(answer=lambda prompt: bad.get(prompt.theorem.name, "rfl"))
        court = Court(lambda theorem: StatementError("none") if theorem.name == "t_1" else "+---")
        async with practice_of(told(), sampler, court, tmp_path) as practice:
            unusable = 0
            for version in range(1, 30):
                batch, tried = await practice.take()
                assert not {group.theorem.name for group in batch} & bad.keys()
                unusable += tried.unusable
                sampler.version = version
                await practice.learned(version)
            names = {fields[0]["name"] for fields in (await practice.state())["curriculum"]["entries"]}
            assert not names & bad.keys()
            return unusable

    assert play(learn) == 2


def test_faults_say_nothing_but_too_many_end_the_run(tmp_path: Path) -> None:
    turn = iter(range(1000))

    async def learn() -> None:
        def says(theorem: Theorem) -> str:
            return "????" if next(turn) % 2 else "+-?-"

        async with practice_of(told(), Scripted(), Court(says), tmp_path / "some") as practice:
            batch, tried = await practice.take()
            assert [len(group.judged) for group in batch] == [3] * COUNT
            assert tried.verdicts[Verdict.FAULT] > COUNT
            entries = (await practice.state())["curriculum"]["entries"]
            assert all(entry[2] % 3 == 0 for entry in entries), "only what was judged is a try"
        court = Court(lambda _: "????")
        async with practice_of(told(), Scripted(), court, tmp_path / "all") as practice:
            with pytest.raises(
                TrainError, match=r"^nothing came to a verdict for \d+ .* in a row: Lean is away; "
            ):
                await practice.take()
        assert court.most <= MAX_MISSES * COUNT + COUNT / LEAST_USEFUL

    play(learn)


def test_the_paper_learns_from_groups_without_variance_too(tmp_path: Path) -> None:
    async def learn() -> None:
        court = Court(lambda _: "----")
        paper = told(preset="paper", drop_uninformative=False)
        async with practice_of(paper, Scripted(), court, tmp_path) as practice:
            batch, tried = await practice.take()
            assert [group.rewards for group in batch] == [(0.0,) * GROUP] * COUNT
            assert tried.uninformative == tried.groups

    play(learn)


def test_a_checkpoint_waits_for_statements_that_are_being_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise they would be taken as given out, and be in no curriculum."""
    begun, go = threading.Event(), threading.Event()
    more = Statements.more

    def slowly(self: Statements, count: int, solved: Sequence[Theorem] = ()) -> list[Theorem]:
        found = more(self, count, solved)
        begun.set()
        assert go.wait(SECONDS)
        return found

    monkeypatch.setattr(Statements, "more", slowly)

    async def learn() -> None:
        few = told()
        few = replace(few, theorems=replace(few.theorems, generated=1, mutated_share=0.0))
        async with practice_of(few, Scripted(), Court(), tmp_path) as practice:
            await asyncio.to_thread(begun.wait, SECONDS)
            asking = asyncio.create_task(practice.state())
            await asyncio.sleep(0.05)
            assert not asking.done()
            go.set()
            state = await asking
            assert len(state["curriculum"]["entries"]) == state["statements"]["named"] > 1

    play(learn)


def test_waits_without_spinning_while_every_theorem_is_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    def none(self: Statements, count: int, solved: Sequence[Theorem] = ()) -> list[Theorem]:
        nonlocal calls
        calls += 1
        return []

    monkeypatch.setattr(Statements, "more", none)

    async def learn() -> None:
        few = told()
        few = replace(few, theorems=replace(few.theorems, generated=COUNT))
        async with practice_of(few, Scripted(), Court(pause=lambda: 0.1), tmp_path) as practice:
            batch, _ = await practice.take()
            assert {group.theorem.name for group in batch} == {"t_0", "t_1", "t_2"}

    play(learn)
    assert calls < 10


def test_first_proofs_are_counted_once_and_kept(tmp_path: Path) -> None:
    async def learn() -> list[int]:
        sampler = Scripted()
        async with practice_of(told(), sampler, Court(), tmp_path) as practice:
            first = []
            for version in range(1, 9):
                _, tried = await practice.take()
                first.append(tried.first_proofs)
                sampler.version = version
                await practice.learned(version)
            return first

    first = play(learn)
    with Store(tmp_path / "proofs.jsonl") as store:
        assert sum(first) <= len(store) <= sum(first) + 4 * COUNT
        steps = [found.step for found in store.first_proofs()]
        assert steps == sorted(steps)
        assert 0 < max(steps) <= 8, "theorems are proved in later batches too"
