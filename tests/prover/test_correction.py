"""Self-correction and formats over real Lean: what goes back to the policy, and what nobody gets through."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lean_env.toolchain import Toolchain
from lean_env.values import Verdict
from prover.formats.chat import DEEPSEEK_V2, GOEDEL_V2
from prover.formats.policy import FormattedPolicy
from prover.policies import Prompt, open_policy
from search import Budget, RMaxTS, SelfCorrection
from tests.prover.command import environment, prover, refusal
from tests.prover.scripted import Scripted, completion
from tests.prover.test_driver import FALSE, SWAP, ZERO, events, prove

WRONG = "intro p q h\nexact ⟨h.1, h.2⟩"


def prompts_of(policy: Scripted) -> list[Prompt]:
    return [prompt for call in policy.calls for prompt in call]


def test_lean_s_words_go_back_and_the_proof_is_corrected(toolchain: Toolchain) -> None:
    def answer(prompt: Prompt) -> Any:
        return completion("exact ⟨h.2, h.1⟩" if prompt.revises else WRONG, tokens=5)

    policy = Scripted(answer)
    attempt = prove(toolchain, policy, [SWAP], rule=SelfCorrection(2), workers=1)["swap"]
    assert attempt.proof is not None
    assert attempt.statistics is not None
    found = attempt.statistics
    assert (found.samples, found.corrections, found.proof_round, found.tokens) == (2, 1, 1, 10)
    _, second = prompts_of(policy)
    assert second.revises is not None
    assert second.revises.verdict is Verdict.FAILED
    assert second.prefix == "  intro p q h\n"
    assert second.goals == ("p q : Prop\nh : p ∧ q\n⊢ q ∧ p",)
    assert "  /- not like this:\n    exact ⟨h.1, h.2⟩\n    error: " in second.text


def test_a_conversation_holds_the_proof_and_the_marked_error(toolchain: Toolchain) -> None:
    def answer(prompt: Prompt) -> str:
        roles = [turn.role for turn in prompt.turns]
        tactics = WRONG if roles == ["user"] else "exact fun p q h => ⟨h.2, h.1⟩"
        body = "\n".join(f"  {line}" for line in tactics.split("\n"))
        return f"### Plan\nSwap.\n```lean4\n{SWAP.statement}\n{body}\n```"

    policy = Scripted(answer)
    formatted = FormattedPolicy(policy, GOEDEL_V2)
    attempt = prove(toolchain, formatted, [SWAP], rule=SelfCorrection(), workers=1)["swap"]
    assert attempt.proof is not None
    assert attempt.statistics is not None
    assert attempt.statistics.proof_round == 1
    asked, proof, told = prompts_of(policy)[1].turns
    assert asked == prompts_of(policy)[0].turns[0]
    assert proof.content == f"```lean4\n{SWAP.statement}\n  intro p q h\n  exact ⟨h.1, h.2⟩\n```"
    assert "<error>" in told.content
    assert "⊢ q ∧ p" in told.content


def test_the_correction_of_an_interrupted_search_is_that_of_one_that_was_not(
    toolchain: Toolchain, tmp_path: Path
) -> None:
    """What Lean said is not in the trace: it is asked again, and says the same."""

    def search(trace: Path, samples: int) -> None:
        settings = {"rule": SelfCorrection(2), "workers": 1, "budget": Budget(samples=samples)}
        prove(toolchain, open_policy("tactics"), [FALSE], [trace], **settings)

    search(tmp_path / "whole", 12)
    for samples in (1, 2, 6, 12):
        search(tmp_path / "parts", samples)
    whole = events(tmp_path / "whole")
    assert events(tmp_path / "parts") == whole
    assert {event.get("round", 0) for event in whole if event["event"] == "observation"} == {0, 1, 2}


def test_several_at_a_time_correct_each_proof_once(toolchain: Toolchain, tmp_path: Path) -> None:
    settings = {"rule": SelfCorrection(2), "workers": 2, "budget": Budget(samples=24)}
    prove(toolchain, open_policy("tactics"), [FALSE], [tmp_path / "trace"], **settings)
    seen = [event for event in events(tmp_path / "trace") if event["event"] == "observation"]
    chains = [(event["revises"], event["round"]) for event in seen if event.get("revises")]
    due = [(event["proof"], event.get("round", 0) + 1) for event in seen if event.get("round", 0) < 2]
    for one in set(chains):
        assert chains.count(one) <= due.count(one)
    assert len(chains) >= 12


def test_a_proof_that_the_trace_calls_wrong_is_not_believed_without_an_audit(
    toolchain: Toolchain, tmp_path: Path
) -> None:
    """Lean now accepts what it refused: there is nothing to correct, and the proof must be found again."""
    trace = tmp_path / "trace"
    rule = SelfCorrection(1)
    prove(
        toolchain, Scripted(lambda _: WRONG), [SWAP], [trace], rule=rule, workers=1, budget=Budget(samples=1)
    )
    text = trace.read_text()
    assert "⟨h.1, h.2⟩".encode("ascii", "backslashreplace").decode() in text
    forged = [json.loads(line) for line in text.splitlines()]
    forged[-1]["proof"] = right = "  intro p q h\n  exact ⟨h.2, h.1⟩"
    trace.write_text("".join(json.dumps(one, separators=(",", ":")) + "\n" for one in forged))
    policy = Scripted(lambda _: "intro p q h\nexact ⟨h.2, h.1⟩")
    attempt = prove(toolchain, policy, [SWAP], [trace], rule=rule, workers=1)["swap"]
    assert prompts_of(policy)[0].revises is None
    assert attempt.proof is not None
    assert attempt.proof.certificate.proof.split() == right.split()


def test_a_tree_with_feedback_tells_what_failed_in_the_same_state(toolchain: Toolchain) -> None:
    for feedback in (True, False):
        policy = Scripted(lambda prompt: "intro n\nomega" if not prompt.prefix else "simp")
        prove(
            toolchain,
            policy,
            [FALSE],
            rule=RMaxTS(feedback=feedback),
            workers=1,
            budget=Budget(samples=12),
        )
        told = [prompt for prompt in prompts_of(policy) if prompt.revises is not None]
        assert bool(told) == feedback
        for prompt in told:
            assert prompt.revises is not None
            assert prompt.revises.valid_prefix.strip() == prompt.prefix.strip()


STATEMENTS = [
    "theorem wrong : True := by trivial",
    "theorem wrong : ∀ n : Nat, n = n := by intro n; rfl",
    "theorem wrong (h : False) : ∀ n : Nat, n = n + 1 := by exact h.elim",
    "theorem wrong : ∀ n : Nat, n = n + 1 → True := by intros; trivial",
    "theorem wrong : ∀ n : Nat, n = n + 1 := by sorry",
    "axiom oops : False\n\ntheorem wrong : ∀ n : Nat, n = n + 1 := by exact oops.elim",
    "theorem oops : 0 = 1 := by sorry\n\ntheorem wrong : ∀ n : Nat, n = n + 1 := by simp [oops] at *",
    "theorem wrong : ∀ n : Nat, n = n + 1 := by exact wrong",
    'macro "omega" : tactic => `(tactic| sorry)\ntheorem wrong : ∀ n : Nat, n = n + 1 := by omega',
    'notation:50 a " = " b => True\ntheorem wrong : ∀ n : Nat, n = n + 1 := by intros; trivial',
    "theorem wrong : ∀ n : Nat, n = n + 1 := by\n  intro n\n  -- ```\n  exact trivial",
]


@pytest.mark.parametrize("prefix", ["", "intro n"])
def test_no_reply_makes_a_wrong_theorem_proved(toolchain: Toolchain, prefix: str) -> None:
    """Whatever a block states, it is the theorem as it was given that Lean is asked about."""
    replies = [f"Plan.\n```lean4\n{code}\n```" for code in STATEMENTS] + STATEMENTS
    rest = iter(replies)
    policy = FormattedPolicy(Scripted(lambda _: next(rest, "none")), DEEPSEEK_V2)
    rule = RMaxTS() if prefix else SelfCorrection()
    budget = Budget(samples=len(replies))
    attempt = prove(toolchain, policy, [FALSE], rule=rule, workers=1, budget=budget)["wrong"]
    assert (attempt.proof, attempt.error) == (None, "")
    assert attempt.statistics is not None
    assert set(attempt.statistics.verdicts) <= {"FAILED", "INCOMPLETE", "CHEAT"}


def test_the_proof_of_another_statement_is_no_sample_of_this_one(toolchain: Toolchain) -> None:
    """Though its tactics would prove the theorem as it was given: what was changed is not mended."""
    reply = "```lean4\ntheorem zero : ∀ n : Nat, n + 0 = n := by\n  intro n\n  simp\n```"
    policy = FormattedPolicy(Scripted(lambda _: reply), DEEPSEEK_V2)
    attempt = prove(toolchain, policy, [ZERO], rule=SelfCorrection(), budget=Budget(samples=4))["zero"]
    assert attempt.proof is None
    assert attempt.statistics is not None
    assert attempt.statistics.verdicts == {"FAILED": 4}


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--rounds", "2"), "--rounds belongs to --search self-correction, not to rmaxts"),
        (("--search", "sampling", "--rounds", "1"), "--rounds belongs to --search self-correction"),
        (("--search", "self-correction", "--rounds", "0"), "rounds must be positive"),
        (("--search", "sampling", "--feedback"), "--feedback belongs to --search rmaxts, not to sampling"),
        (("--search", "guess"), "--search must be one of rmaxts, best-first, sampling, self-correction"),
        (
            ("--policy", "default", "--format", "gpt"),
            "format must be one of completion, completion-cot, hints",
        ),
        (("--policy", "tactics", "--format", "hints"), "`tactics` reads no prompts"),
        (("--search", "self-correction"), "`tactics` reads nothing: take a language model with --policy"),
        (("--feedback",), "--feedback shows the policy what Lean said of its proofs, and `tactics` reads"),
    ],
)
@pytest.mark.parametrize("command", ["prove", "eval"])
def test_flags_that_do_not_fit_are_refused_in_one_line(
    toolchain: Toolchain, command: str, flags: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    (tmp_path / "b.jsonl").write_text('{"name": "t", "statement": "theorem t : True := by"}\n')
    what = ("--statement", "True") if command == "prove" else ("b.jsonl",)
    assert said in refusal(prover(command, *what, *flags, cwd=tmp_path))


def test_a_format_in_the_settings_that_tactics_cannot_read_is_said(toolchain: Toolchain) -> None:
    flags = ("--statement", "(p : Prop) : p → p", "--policy", "tactics", "--workers", "1", "--json")
    result = prover("prove", *flags, env=environment(PROVER_FORMAT="hints"))
    assert result.returncode == 0
    assert result.stderr.count("the setting format (hints) is for language models; `tactics` reads no") == 1


def test_a_report_of_rounds_in_json(toolchain: Toolchain) -> None:
    flags = (
        "--policy",
        "default",
        "--search",
        "self-correction",
        "--rounds",
        "1",
        "--samples",
        "64",
        "--json",
    )
    result = prover("prove", "--statement", "(p q : Prop) : p ∨ q → q ∨ p", *flags, "--workers", "1")
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert (told["search"], told["verdict"]) == ("self-correction", "PROVED")
    assert told["round"] in (0, 1)
    assert 0 <= told["corrections"] <= told["samples"] // 2 + 1
