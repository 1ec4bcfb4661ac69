"""Prompts to the letter, and replies of every kind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lean_env.steps import boundaries
from lean_env.values import Theorem
from prover.policies.base import Completion, Finish, Prompt, Sampling, cut_at_stop
from prover.prompts import make_prompt, proof_block
from prover.replies import Reply, Unusable, read_reply

HEADER = "import Mathlib\nimport Aesop\n\nset_option maxHeartbeats 0\n\n"
THEOREM = Theorem(
    "foo", "theorem foo (p q : Prop) : p ∧ q → q ∧ p := by\n", header=HEADER, informal="/-- Swap. -/\n"
)
BARE = Theorem("A.foo", "theorem foo (p q : Prop) : p ∧ q → q ∧ p := by")


def completion(text: str, finish: Finish = Finish.STOP, reason: str = "") -> Completion:
    return Completion(text, finish, "v", 1, reason=reason)


def reading(text: str, prompt: Prompt | None = None, finish: Finish = Finish.STOP) -> str:
    """The proof that a reply means; fails if it means none."""
    reply = read_reply(prompt or make_prompt(BARE), completion(text, finish))
    assert isinstance(reply, Reply), reply
    return reply.proof


def test_the_prompt_of_the_paper() -> None:
    assert make_prompt(THEOREM).text == (
        "Complete the following Lean 4 code:\n\n```lean4\n"
        "import Mathlib\nimport Aesop\n\nset_option maxHeartbeats 0\n\n"
        "/-- Swap. -/\n"
        "theorem foo (p q : Prop) : p ∧ q → q ∧ p := by\n"
    )


def test_the_prompt_with_thoughts_differs_in_its_first_line_only() -> None:
    plain, cot = make_prompt(THEOREM).text, make_prompt(THEOREM, cot=True).text
    assert cot == plain.replace(
        "Lean 4 code:", "Lean 4 code with explanatory comments preceding each line of code:"
    )


def test_the_state_stands_at_the_last_tactics_indentation() -> None:
    prompt = make_prompt(
        BARE, "intro h\nconstructor\n· obtain ⟨a, b⟩ := h\n  skip", ["p q : Prop\n⊢ q", "⊢ p"]
    )
    assert prompt.text.endswith(
        ":= by\n"
        "  intro h\n"
        "  constructor\n"
        "  · obtain ⟨a, b⟩ := h\n"
        "    skip\n"
        "    /- tactic state:\n"
        "      p q : Prop\n"
        "      ⊢ q\n"
        "      \n"
        "      ⊢ p\n"
        "    -/\n"
    )
    assert prompt.prefix == "  intro h\n  constructor\n  · obtain ⟨a, b⟩ := h\n    skip\n"


def test_the_last_tactic_may_have_several_lines() -> None:
    prompt = make_prompt(BARE, "  intro h\n  exact ⟨h.2,\n    h.1⟩", [])
    assert prompt.text.endswith("    h.1⟩\n  /- tactic state:\n    no goals\n  -/\n")


def test_informal_words_become_a_comment() -> None:
    theorem = Theorem("t", "theorem t : True := by", informal="Truth holds.")
    assert "```lean4\n/-- Truth holds. -/\ntheorem t" in make_prompt(theorem).text


@pytest.mark.parametrize(
    ("text", "proof"),
    [
        ("  simp\n", "  simp"),
        ("simp\nomega", "  simp\n  omega"),
        ("  simp\n```\nI hope this helps!", "  simp"),
        ("```lean4\n  simp\n```\nmore", "  simp"),
        ("```\nsimp\n```", "  simp"),
        ("Sure, here it is:\n```lean\n  simp\n```", "  simp"),
        ("```lean4\ntheorem foo (p q : Prop) : p ∧ q → q ∧ p := by\n  tauto\n```", "  tauto"),
        ("theorem foo (p q : Prop) : p ∧ q → q ∧ p := by\n  simp\n  omega", "  simp\n  omega"),
        ("  simp\n\nThis closes the goal.", "  simp"),
        ("simp\n\nThe proof is complete.", "  simp"),
        ("  simp\n\ntheorem bar : False := by\n  simp", "  simp"),
        ("  simp\n#eval 1", "  simp"),
        ("  simp\r\n  omega\r\n", "  simp\n  omega"),
        ("  exact h\ufffd", "  exact h"),
        ("  simp<｜end▁of▁sentence｜>", "  simp"),
        ("  simp</s>", "  simp"),
        ("  /- Here\nThe comment goes on. -/\n  simp", "  /- Here\nThe comment goes on. -/\n  simp"),
        ("-- Intro\nsimp", "  -- Intro\n  simp"),
        ("  constructor\n  · simp\n  · omega", "  constructor\n  · simp\n  · omega"),
        ("\n\n  simp", "  simp"),
    ],
)
def test_what_replies_mean(text: str, proof: str) -> None:
    assert reading(text) == proof


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("  \n \n", "empty"),
        ("```\n", "empty"),
        ("-- nothing\n", "comments only"),
        ("/- tactic state: -/", "comments only"),
        ("  ex\ufffdact h", "not UTF-8"),
        ("  exact \ud800", "not UTF-8"),
        ("  exact \0", "NUL"),
        ("a" * 1_000_001, "longer"),
        ("theorem foo (p q : Prop) : p ∧ q → q ∧ p := by\n", "empty"),
    ],
)
def test_what_cannot_be_used_has_a_reason(text: str, reason: str) -> None:
    reply = read_reply(make_prompt(BARE), completion(text))
    assert isinstance(reply, Unusable)
    assert reason in reply.reason
    assert "\n" not in reply.reason


def test_a_failed_policy_is_a_reason_too_but_its_beginning_counts() -> None:
    prompt = make_prompt(BARE)
    assert read_reply(prompt, completion("", Finish.ERROR, "stream broke")) == Unusable("stream broke")
    assert reading("  intro h\n", finish=Finish.ERROR) == "  intro h"


def test_a_reply_goes_on_where_the_prefix_ends() -> None:
    prompt = make_prompt(BARE, "intro h\nconstructor\n· skip", ["⊢ q"])
    reply = read_reply(prompt, completion("    exact h.2\n  · exact h.1\n"))
    assert reply == Reply(
        "  intro h\n  constructor\n  · skip\n    exact h.2\n  · exact h.1", len(prompt.prefix)
    )


@pytest.mark.parametrize(
    ("prefix", "column"),
    [
        ("intro h", 2),
        ("constructor\n· skip", 4),
        ("constructor\n·", 4),
        ("constructor\n· intro h\n  skip", 4),
        ("cases h with\n| inl a => skip", 13),
        ("cases h with\n| inl a =>", 4),
        ("case a => · skip", 14),
        ("exact ⟨a,\n  b⟩", 2),
        ("have : p := by simp", 2),
    ],
)
def test_a_reply_without_indentation_follows_the_last_tactic(prefix: str, column: int) -> None:
    prompt = make_prompt(BARE, prefix, ["⊢ q"])
    assert reading("exact h.2", prompt) == f"{prompt.prefix}{' ' * column}exact h.2"


def test_a_repeated_statement_makes_the_reply_a_whole_proof() -> None:
    prompt = make_prompt(BARE, "intro h", ["⊢ q"])
    text = "theorem foo (p q : Prop) : p ∧ q → q ∧ p := by\n  rintro ⟨a, b⟩\n  exact ⟨b, a⟩\n"
    assert read_reply(prompt, completion(text)) == Reply("  rintro ⟨a, b⟩\n  exact ⟨b, a⟩", 0)


@given(st.text(alphabet="abh⟨⟩·-/`\n \"'theorm:=fylanI. \ufffd\0", max_size=80))
def test_no_reply_sinks_a_run(text: str) -> None:
    prompt = make_prompt(BARE, "intro h", ["⊢ q"])
    reply = read_reply(prompt, completion(text))
    if isinstance(reply, Reply):
        assert boundaries(reply.proof)
        assert reply.start == 0 or reply.proof.startswith(prompt.prefix)
    else:
        assert reply.reason


@given(st.text(alphabet="ab \n·", max_size=40))
def test_a_block_is_its_own_block(text: str) -> None:
    block = proof_block(text)
    assert proof_block(block) == block


@pytest.mark.parametrize(
    "wrong", [{"temperature": -1.0}, {"top_p": 0.0}, {"top_p": 1.5}, {"max_tokens": 0}, {"stop": ("",)}]
)
def test_sampling_refuses_nonsense(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        Sampling(**wrong)  # type: ignore[arg-type]


def test_the_first_stop_string_counts() -> None:
    assert cut_at_stop("a b c", ("c", "b")) == ("a ", True)
    assert cut_at_stop("a b c", ("d",)) == ("a b c", False)
