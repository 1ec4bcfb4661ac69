"""Hints: which lemmas they name, where they stand, and which models get them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from lean_env.values import Theorem
from prover.formats.hints import Hints
from prover.formats.policy import FormattedPolicy
from prover.policies import Completion, PolicyError, Sampling, open_policy
from prover.policies.prompting import FILE, wants_hints, write_prompting
from prover.policies.tactics.hints import MAX_LENGTH, VERSION, hints
from prover.prompts import make_prompt, with_hints
from tests.prover.scripted import Scripted, completion
from tests.training.model.tiny import tiny_checkpoint

PRODUCTS = Theorem("t", "theorem t (a b c d : Nat) (h : a ≤ b) (h' : c ≤ d) : a * c ≤ b * d := by")
COMMUTES = Theorem("t", "theorem t (x y : Nat) : x + y = y + x := by")


def test_the_lemma_that_proves_the_goal_comes_first() -> None:
    assert hints(make_prompt(PRODUCTS))[0] == "apply Nat.mul_le_mul <;> assumption"
    assert "exact Nat.add_comm .." in hints(make_prompt(COMMUTES))[:2]


def test_hints_follow_the_first_goal_shown() -> None:
    prompt = make_prompt(COMMUTES, "skip", ["a b : Nat\nh : a ∣ b\nhb : 0 < b\n⊢ a ≤ b", "⊢ 1 = 2"])
    assert "apply Nat.le_of_dvd <;> assumption" in hints(prompt)
    assert hints(make_prompt(COMMUTES, "skip", [])) == ()


def test_a_lemma_of_the_file_is_a_hint() -> None:
    header = "theorem mine (n : Nat) : n * n * n ≤ n * n * n * n + 7 := by sorry\n\n"
    theorem = Theorem("t", "theorem t (k : Nat) : k * k * k ≤ k * k * k * k + 7 := by", header)
    assert "exact mine .." in hints(make_prompt(theorem))


def test_hints_are_short_and_none_comes_twice() -> None:
    found = hints(make_prompt(PRODUCTS))
    assert len(set(found)) == len(found) <= 13
    assert all(len(hint) <= MAX_LENGTH and "\n" not in hint for hint in found)


def test_they_stand_where_the_proof_goes_on_as_they_would_there() -> None:
    prompt = with_hints(make_prompt(COMMUTES), ["exact foo ..", "rw [bar]"])
    assert prompt.text.endswith(":= by\n  /- hints:\n  exact foo ..\n  rw [bar]\n  -/\n")
    inner = with_hints(make_prompt(COMMUTES, "cases x\n· skip", ["⊢ True"]), ["simp"])
    assert inner.text.endswith("  -/\n    /- hints:\n    simp\n    -/\n")
    assert with_hints(make_prompt(COMMUTES), ()) == make_prompt(COMMUTES)


def test_what_precedes_the_statement_is_left_out() -> None:
    theorem = Theorem("t", COMMUTES.statement, "theorem mine : 1 = 1 := rfl\n\n", informal="Sums commute.")
    for hints_ in (["simp"], []):
        bare = with_hints(make_prompt(COMMUTES, "skip", ["⊢ True"]), hints_)
        assert with_hints(make_prompt(theorem, "skip", ["⊢ True"]), hints_).text == bare.text


def asked(policy: Scripted) -> list[str]:
    async def ask() -> list[list[Completion]]:
        async with FormattedPolicy(policy, Hints()) as hinted:
            assert (hinted.name, hinted.concurrency) == (policy.name, policy.concurrency)
            assert hinted.version == f"{policy.version}+{VERSION}"
            return await hinted.generate([make_prompt(PRODUCTS)], 1, Sampling())

    ((one,),) = asyncio.run(ask())
    return one.text.split("\n")


def test_the_policy_behind_sees_them() -> None:
    lines = asked(Scripted(lambda prompt: completion(prompt.text)))
    assert "  apply Nat.mul_le_mul <;> assumption" in lines


def test_a_model_gets_the_prompts_it_was_trained_on(tmp_path: Path) -> None:
    assert not wants_hints(tmp_path, "m")
    write_prompting(tmp_path, hints=False)
    assert not wants_hints(tmp_path, "m")
    write_prompting(tmp_path, hints=True)
    assert wants_hints(tmp_path, "m")


@pytest.mark.parametrize("text", ["{", "[]", '{"hints": "hints-0"}', '{"hints": true}', "\udcff"])
def test_other_hints_than_this_version_gives_are_refused_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(PolicyError) as caught:
        wants_hints(tmp_path, "moe:m")
    assert FILE in str(caught.value)
    assert "\n" not in str(caught.value)


def format_of(spec: str, form: str | None = None) -> str:
    policy = open_policy(spec, form)
    assert isinstance(policy, FormattedPolicy)
    assert policy.form is not None
    return policy.form.name


def test_a_checkpoint_of_ours_says_so_itself_unless_it_is_said_by_hand(tmp_path: Path) -> None:
    path = tiny_checkpoint(tmp_path / "model")
    assert format_of(f"moe:{path}") == "completion"
    write_prompting(path, hints=True)
    assert format_of(f"moe:{path}") == format_of(f"hf:{path}") == "hints"
    assert format_of(f"moe:{path}", "completion") == "completion"
