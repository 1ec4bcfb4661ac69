"""`tactics`: what it draws is what it says it draws, and real Lean accepts some of it."""

from __future__ import annotations

import asyncio
import itertools
import math
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lean_env.pool import CheckPool
from lean_env.toolchain import Toolchain
from lean_env.values import Theorem, Verdict
from prover.policies import Completion, Finish, Sampling
from prover.policies.tactics import TacticPolicy
from prover.policies.tactics.goals import first_goal, read_goal
from prover.policies.tactics.lemmas import library_for
from prover.policies.tactics.moves import Move, distribution
from prover.policies.tactics.policy import KINDS, draw
from prover.prompts import make_prompt
from prover.replies import Reply, read_reply

OWN = {
    "swap": "theorem swap (a b c : Prop) : (a ∨ b) ∧ c → (c ∧ b) ∨ (c ∧ a) := by",
    "contrapose": "theorem contrapose (a b c : Prop) (f : a → b) (g : b → c) : ¬c → ¬a := by",
    "witness": "theorem witness (α : Type) (p q : α → Prop) (x : α) : p x → q x → ∃ y, q y ∧ p y := by",
    "linear": "theorem linear (a b : Nat) (h : 2 * a + 1 < 2 * b) : a < b := by",
    "pair": "theorem pair (α β : Type) (x : α × β) (h : x.1 = x.1) : ∃ a b, x = (a, b) := by",
    "doubled": "theorem doubled (α : Type) (l : List α) : (l ++ l).length = 2 * l.length := by",
    "minus": "theorem minus (a b : Nat) (h : a ≤ b) : b - a + a = b := by",
    "choose": "theorem choose (α : Type) (o : Option α) : o = none ∨ (o ≠ none ∧ ∃ x, o = some x) := by",
    "branch": "theorem branch (p : Prop) [Decidable p] (m n : Nat) : m = n → (if p then m else n) = n := by",
    "times": "theorem times (k m n : Nat) (h : m = n) : k * (m + 1) = n * k + k := by",
}
"""Statements of our own, from no benchmark."""


def theorem(name: str) -> Theorem:
    return Theorem(name, OWN[name])


def complete(prompt: Any, n: int, sampling: Sampling | None = None) -> list[Completion]:
    async def work() -> list[list[Completion]]:
        async with TacticPolicy() as policy:
            return await policy.generate([prompt], n, sampling or Sampling())

    return asyncio.run(work())[0]


def test_the_same_seed_writes_the_same_scripts() -> None:
    prompt = make_prompt(theorem("swap"))
    assert complete(prompt, 20) == complete(prompt, 20)
    assert complete(prompt, 20, Sampling(seed=1)) != complete(prompt, 20)
    assert complete(prompt, 5) == complete(prompt, 20)[:5]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_log_probs_are_those_it_draws_with(temperature: float) -> None:
    goal = first_goal(theorem("linear"))
    dice = random.Random(0)
    total = 20_000
    drawn = Counter(draw(goal, "", 0, temperature, dice) for _ in range(total))
    for (move, probability), count in drawn.most_common(12):
        error = math.sqrt(probability * (1 - probability) / total)
        assert abs(count / total - probability) < 5 * error, move.text


def test_the_log_probs_of_a_script_lie_on_its_steps() -> None:
    for name in OWN:
        for completion in complete(make_prompt(theorem(name)), 8):
            assert completion.tokens == len(completion.logprobs) == len(completion.offsets) > 0
            starts = completion.offsets
            assert all(at == 0 or completion.text[at - 1] == "\n" for at in starts)
            assert all(logprob <= 0 for logprob in completion.logprobs)
            assert completion.finish in (Finish.STOP, Finish.LENGTH)


def test_a_stop_string_leaves_one_step_with_its_price() -> None:
    prompt = make_prompt(theorem("swap"))
    for whole, step in zip(complete(prompt, 20), complete(prompt, 20, Sampling(stop=("\n",))), strict=True):
        assert step.text == whole.text.split("\n")[0]
        assert step.logprobs == whole.logprobs[:1]


def test_max_tokens_counts_steps() -> None:
    for completion in complete(make_prompt(theorem("swap")), 20, Sampling(max_tokens=1)):
        assert completion.tokens == 1


def test_no_temperature_means_the_most_likely_script() -> None:
    found = complete(make_prompt(theorem("swap")), 5, Sampling(temperature=0))
    assert len({completion.text for completion in found}) == 1
    assert found[0].logprobs[0] == 0


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0, 10)), max_size=12),
    st.sampled_from([0.0, 0.3, 1.0, 3.0]),
)
def test_distributions_are_distributions(moves: list[tuple[str, float]], temperature: float) -> None:
    found = distribution([Move(text, weight) for text, weight in moves], temperature)
    assert len({move.text for move, _ in found}) == len(found)
    if any(weight > 0 for _, weight in moves):
        assert sum(probability for _, probability in found) == pytest.approx(1)
    else:
        assert not found


_ATOMS = st.sampled_from(
    ["p", "q", "a = b", "n ≤ m + 1", "x ∈ l", "f n = 0", "True", "d ∣ n * m", "l = []", "∃ k, n = k"]
)
_FORMULAS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("∧∨→↔"), inner).map(lambda part: f"({part[0]} {part[1]} {part[2]})"),
        inner.map(lambda part: f"¬({part})"),
        inner.map(lambda part: f"(∀ y : Nat, {part})"),
        st.tuples(inner, inner, inner).map(lambda p: f"(if {p[0]} then {p[1]} else {p[2]})"),
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(
    _FORMULAS, st.lists(_FORMULAS, max_size=3), st.sampled_from(["", "n✝ : Nat\n", "inst✝ : Decidable p\n"])
)
def test_any_goal_has_moves(target: str, known: list[str], hidden: str) -> None:
    names = "α : Type\np q : Prop\na b : α\nn m d : Nat\nf : Nat → Nat\nx : Nat\nl : List Nat\n"
    facts = "".join(f"h{index} : {fact}\n" for index, fact in enumerate(known, 1))
    goal = read_goal(f"{names}{hidden}{facts}⊢ {target}")
    library = library_for("")
    for kind in KINDS:
        for move in itertools.islice(kind.moves(goal, library), 60):
            assert move.text
            assert move.weight >= 0
            assert "✝" not in move.text
    assert distribution(KINDS[0].moves(goal, library), 1.0)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_goals_that_are_no_goals_still_get_a_script(text: str) -> None:
    prompt = make_prompt(theorem("swap"), "skip", [text])
    assert complete(prompt, 1)[0].text


def test_scripts_go_on_below_a_prefix() -> None:
    state = "case succ\nn✝ : Nat\na✝ : n✝ + 0 = n✝\n⊢ n✝ + 1 + 0 = n✝ + 1"
    prompt = make_prompt(theorem("minus"), "induction a\n· skip", [state])
    for completion in complete(prompt, 10):
        assert completion.text.startswith("    rename_i n ih\n    ")


def test_a_closed_block_is_left_and_what_is_pending_tried() -> None:
    prompt = make_prompt(theorem("swap"), "constructor\n· skip", [])
    assert all(completion.text.startswith("  all_goals ") for completion in complete(prompt, 5))


def test_cancelling_ends_a_long_call_at_once() -> None:
    async def work() -> None:
        async with TacticPolicy() as policy:
            task = asyncio.create_task(policy.generate([make_prompt(theorem("swap"))], 10**9, Sampling()))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(asyncio.wait_for(work(), 60))


def test_lemmas_of_the_file_are_offered() -> None:
    header = "theorem strange (a b : Nat) : a * b + 7 = 7 + b * a := by omega\n"
    goal = first_goal(Theorem("t", "theorem t (x y : Nat) : x * y + 7 = 7 + y * x := by"))
    texts = {move.text for kind in KINDS for move in kind.moves(goal, library_for(header))}
    assert "exact strange .." in texts
    assert not any("strange" in move.text for kind in KINDS for move in kind.moves(goal, library_for("")))


async def _check(toolchain: Toolchain, items: list[tuple[Theorem, str]]) -> list[Any]:
    async with CheckPool(toolchain, workers=1) as pool:
        return await pool.check_many(items, steps=True)


async def _proved(pool: CheckPool, name: str) -> bool:
    """Whether one of 128 scripts proves the statement; none may look like a cheat or break anything."""
    prompt = make_prompt(theorem(name))
    async with TacticPolicy() as policy:
        for seed in range(16):
            (completions,) = await policy.generate([prompt], 8, Sampling(seed=seed))
            replies = [read_reply(prompt, completion) for completion in completions]
            proofs = {reply.proof for reply in replies if isinstance(reply, Reply)}
            checks = await pool.check_many([(theorem(name), proof) for proof in sorted(proofs)])
            assert not [check for check in checks if check.verdict in (Verdict.FAULT, Verdict.CHEAT)]
            if any(check.verdict is Verdict.PROVED for check in checks):
                return True
    return False


def test_own_statements_are_proved(toolchain: Toolchain) -> None:
    async def work() -> list[str]:
        async with CheckPool(toolchain, workers=1) as pool:
            return [name for name in OWN if not await _proved(pool, name)]

    assert asyncio.run(work()) == []


def test_the_statements_own_goal_is_leans(toolchain: Toolchain) -> None:
    names = list(OWN)
    checks = asyncio.run(_check(toolchain, [(theorem(name), "skip") for name in names]))
    for name, check in zip(names, checks, strict=True):
        (shown,) = check.steps[-1].goals
        mine, leans = first_goal(theorem(name)), read_goal(shown)
        assert [h.name for h in mine.hypotheses] == [h.name for h in leans.hypotheses], name
        assert mine.target.head == leans.target.head


GUESSES = [
    ("theorem t (p q : Prop) (h : p ∨ q) : q ∨ p := by", "rcases h with h | h"),
    ("theorem t (p q r : Prop) (h : p ∧ q ∧ r) : r := by", "obtain ⟨h, h1, h2⟩ := h"),
    ("theorem t (p q : Prop) : p ↔ q := by", "constructor"),
    ("theorem t (l : List Nat) (h : l ≠ []) : l = l ++ [] := by", "rcases l with _ | ⟨n, l⟩"),
    ("theorem t (n m : Nat) (h : n ≤ m) : n + m = m + n := by", "induction n"),
    ("theorem t (n m : Nat) (h : n ≤ m) : n + m = m + n := by", "induction n generalizing m"),
    ("theorem t (a b : Nat) (h : a ∣ b) : b = 0 := by", "obtain ⟨c, rfl⟩ := h"),
    ("theorem t (p : Prop) [Decidable p] (a b : Nat) : (if p then a else b) = a := by", "split"),
    ("theorem t (α : Type) (p : α → Prop) (h : ∀ x, ¬p x) : ¬∃ x, p x := by", "rintro ⟨x, h1⟩"),
    ("theorem t (f g : Nat → Nat) : f = g := by", "funext x"),
    ("theorem t (a b c : Nat) (h : a = b) : a + c = b + c := by", "rw [h]"),
    ("theorem t (a b : Nat) (h : a = b) : b = a := by", "subst h"),
]


def test_guesses_of_what_a_move_leaves_are_leans(toolchain: Toolchain) -> None:
    theorems = [Theorem("t", statement) for statement, _ in GUESSES]
    checks = asyncio.run(
        _check(toolchain, [(t, text) for t, (_, text) in zip(theorems, GUESSES, strict=True)])
    )
    for t, (_, text), check in zip(theorems, GUESSES, checks, strict=True):
        moves = {move.text: move for kind in KINDS for move in kind.moves(first_goal(t), library_for(""))}
        guessed = [goal.target for goal in moves[text].goals]
        leans = [read_goal(shown).target for shown in check.steps[-1].goals]
        assert [_plain(str(goal)) for goal in guessed] == [_plain(str(goal)) for goal in leans], text


def _plain(text: str) -> str:
    """Without what Lean and we may name differently."""
    return text.replace("ih✝", "a✝").replace("head✝", "").replace(" : Nat", "")
