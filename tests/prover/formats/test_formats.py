"""Prompts to the letter, the format that a model wants, and policies that are asked in one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lean_env.values import Check, Message, Severity, Theorem, Verdict
from prover.formats.base import Format
from prover.formats.chat import CORRECT, DEEPSEEK_V2, DEEPSEEK_V2_NON_COT, GOEDEL_V2, KIMINA_PROVER, RETRIES
from prover.formats.policy import FormattedPolicy
from prover.formats.registry import FORMATS, choose_format, format_named
from prover.policies import Completion, Finish, PolicyError, Prompt, Sampling, Turn, open_policy
from prover.policies.prompting import FILE, write_prompting
from prover.prompts import make_prompt
from tests.prover.scripted import Scripted, completion

STATEMENT = "theorem swap (p q : Prop) : p ∧ q → q ∧ p := by"
THEOREM = Theorem("swap", STATEMENT, header="import Mathlib\n\n", informal="Swap $p$ and {code}.")
CODE = f"import Mathlib\n\n/-- Swap $p$ and {{code}}. -/\n{STATEMENT}\n"
PLAN = (
    "\n\nBefore producing the Lean 4 code to formally prove the given theorem, provide a detailed proof plan"
    " outlining the main proof steps and strategies.\nThe plan should highlight key ideas, intermediate"
    " lemmas, and proof structures that will guide the construction of the final formal proof."
)
ASKED = f"Complete the following Lean 4 code:\n\n```lean4\n{CODE}  sorry"
WHOLE = f"Plan.\n```lean4\n{STATEMENT}\n  tauto\n```\n"
CHECK = Check(
    Verdict.FAILED, "  tauto", "no", (Message(Severity.ERROR, "tauto failed", 1, 2, 2),), valid_prefix=""
)


@pytest.mark.parametrize(
    ("form", "turns"),
    [
        (DEEPSEEK_V2, [Turn("user", f"{ASKED}\n```{PLAN}")]),
        (DEEPSEEK_V2_NON_COT, [Turn("user", f"{ASKED}\n```")]),
        (GOEDEL_V2, [Turn("user", f"{ASKED}```{PLAN}")]),
        (
            KIMINA_PROVER,
            [
                Turn("system", "You are an expert in mathematics and Lean 4."),
                Turn(
                    "user",
                    "Think about and solve the following problem step by step in Lean 4.\n"
                    "# Problem:Swap $p$ and {code}.\n"
                    f"# Formal statement:\n```lean4\n{CODE}```\n",
                ),
            ],
        ),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_published_prompts_to_the_letter(form: Format, turns: list[Turn]) -> None:
    assert list(form.render(make_prompt(THEOREM)).turns) == turns
    assert form.sampling(Sampling()).stop == ()
    assert form.sampling(Sampling()).max_tokens >= 8096


@pytest.mark.parametrize("form", [DEEPSEEK_V2, GOEDEL_V2, KIMINA_PROVER], ids=lambda form: str(form.name))
def test_a_correction_goes_on_behind_the_first_question_and_the_proof(form: Format) -> None:
    first = form.render(make_prompt(THEOREM)).turns
    turns = form.render(make_prompt(THEOREM, revises=CHECK)).turns
    assert turns[: len(first)] == first
    proof, told = turns[len(first) :]
    assert proof == Turn("assistant", f"```lean4\n{STATEMENT}\n  tauto\n```")
    before, behind = CORRECT.split("{errors}")
    assert told.role == "user"
    assert told.content.startswith(before)
    assert told.content.endswith(behind)
    assert "<error>tauto</error>" in told.content
    assert told.content.startswith("The proof (Round 0) is not correct. Following is the compilation error")


def test_a_proof_that_has_begun_stands_in_the_block_with_its_state() -> None:
    for form in (DEEPSEEK_V2, KIMINA_PROVER):
        asked = form.render(make_prompt(THEOREM, "intro h", ["h : p ∧ q\n⊢ q ∧ p"])).turns[-1].content
        state = "  /- tactic state:\n    h : p ∧ q\n    ⊢ q ∧ p\n  -/\n"
        assert f"{STATEMENT}\n  intro h\n{state}  sorry\n```" in asked


def test_completions_are_asked_as_they_always_were() -> None:
    prompt = make_prompt(THEOREM, "intro h", ["⊢ q"])
    assert FORMATS["completion"].render(prompt) is prompt
    assert (
        FORMATS["completion-cot"].render(prompt).text
        == make_prompt(THEOREM, "intro h", ["⊢ q"], cot=True).text
    )
    assert "/- hints:" in FORMATS["hints"].render(make_prompt(THEOREM)).text


@pytest.mark.parametrize("name", ["hints", "hints-cot"])
def test_our_own_models_are_not_told_the_error_which_they_never_saw(name: str) -> None:
    prompt = make_prompt(THEOREM, revises=CHECK)
    assert "not like this" in prompt.text
    assert FORMATS[name].render(prompt).text == FORMATS[name].render(make_prompt(THEOREM)).text


MODELS = {
    "deepseek-ai/DeepSeek-Prover-V2-671B": "deepseek-prover-v2",
    "DeepSeek-Prover-V2-7B-Q4_K_M.gguf": "deepseek-prover-v2",
    "deepseek-ai/DeepSeek-Prover-V1.5-RL": "completion",
    "deepseek-ai/DeepSeek-Prover-V20": "completion",
    "Goedel-LM/Goedel-Prover-V2-32B": "goedel-prover-v2",
    "Goedel-LM/Goedel-Prover-SFT": "completion",
    "AI-MO/Kimina-Prover-Preview-Distill-7B": "kimina",
    "kimina_prover_72b": "kimina",
    "default": "hints",
    "core-7m": "hints",
    "meta-llama/Llama-3": "completion",
    "": "completion",
    "x" * 5000: "completion",
    "\0": "completion",
    "~no-such-user/model": "completion",
}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: str(model)[:40])
def test_the_format_follows_from_the_models_name(model: str) -> None:
    assert choose_format(model).name == MODELS[model]


def test_or_from_what_its_checkpoint_says(tmp_path: Path) -> None:
    def checkpoint(name: str, config: str) -> str:
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(config)
        return str(tmp_path / name)

    assert choose_format(checkpoint("Kimina-Prover-8B", "{}")).name == "kimina"
    told = json.dumps({"_name_or_path": "Goedel-LM/Goedel-Prover-V2-8B"})
    assert choose_format(checkpoint("mine", told)).name == "goedel-prover-v2"
    for number, text in enumerate(("[]", "{", '{"_name_or_path": 3}')):
        assert choose_format(checkpoint(f"broken{number}", text)).name == "completion"
    ours = checkpoint("tuned-deepseek-prover-v2", "{}")
    write_prompting(Path(ours), hints=True)
    assert choose_format(ours).name == "hints"
    (Path(ours) / FILE).write_text("{")
    with pytest.raises(PolicyError, match=FILE):
        choose_format(ours)


def test_what_is_asked_for_by_hand_wins_or_is_refused() -> None:
    server = open_policy("openai:http://localhost:1#Goedel-Prover-V2-8B", "kimina")
    assert isinstance(server, FormattedPolicy)
    assert server.form is KIMINA_PROVER
    with pytest.raises(PolicyError, match="no format 'gpt'; known are completion, completion-cot, hints"):
        open_policy("default", "gpt")
    with pytest.raises(PolicyError, match="reads no prompts"):
        open_policy("tactics", "completion")
    assert format_named("hints").version == "hints-1"


class Recorder(Scripted):
    """Keeps the sampling of each call too."""

    def __init__(self, answer: Callable[[Prompt], object]) -> None:
        super().__init__(answer)
        self.drawn: list[Sampling] = []

    async def generate(self, prompts, n, sampling):  # type: ignore[no-untyped-def]
        self.drawn.append(sampling)
        return await super().generate(prompts, n, sampling)


def asked(
    answers: list[object], prompts: int = 1, sampling: Sampling | None = None, form: Format = DEEPSEEK_V2
) -> tuple[list[Completion], Recorder]:
    """What comes of a policy that gives these answers one after the other."""
    rest = iter(answers)
    policy = Recorder(lambda prompt: next(rest))

    async def work() -> list[Completion]:
        async with FormattedPolicy(policy, form) as formatted:
            assert formatted.version == f"scripted-1+{form.version}"
            found = await formatted.generate(
                [make_prompt(THEOREM)] * prompts, 1, sampling or Sampling(seed=3)
            )
            return [one for (one,) in found]

    return asyncio.run(work()), policy


def test_a_reply_without_a_proof_is_asked_for_again_and_all_tokens_count() -> None:
    (found,), policy = asked([completion("Sorry.", 5), completion("No block.", 7), completion(WHOLE, 11)])
    assert (found.text.strip(), found.tokens) == ("tauto", 23)
    assert len({one.seed for one in policy.drawn}) == 3
    assert {one.max_tokens for one in policy.drawn} == {8192}


def test_but_not_for_ever() -> None:
    (found,), policy = asked([completion(f"No {number}.", 2) for number in range(9)])
    assert (found.text, found.tokens, len(policy.calls)) == ("", 2 * (1 + RETRIES), 1 + RETRIES)
    assert found.reason == "the reply holds no Lean block"
    assert found.finish is Finish.STOP  # It is the model's failure, not a fault of ours.


def test_only_those_without_a_proof_are_asked_again() -> None:
    found, policy = asked([completion(WHOLE, 2), completion("?", 3), completion(WHOLE, 4)], prompts=2)
    assert [one.tokens for one in found] == [2, 7]
    assert [len(call) for call in policy.calls] == [2, 1]


def test_a_policy_that_breaks_at_the_second_try_costs_the_first_only() -> None:
    broken = completion("", 0, Finish.ERROR, "gone")
    (found,), _ = asked([completion("?", 3), broken, broken])
    assert (found.finish, found.reason, found.tokens) == (Finish.STOP, "the reply holds no Lean block", 3)
    (found,), policy = asked([broken])
    assert (found, len(policy.calls)) == (broken, 1)


def test_without_chance_nobody_asks_again() -> None:
    (found,), policy = asked([completion("?", 3)], sampling=Sampling(temperature=0))
    assert (found.tokens, len(policy.calls)) == (3, 1)


def test_completions_are_not_asked_for_again() -> None:
    (found,), policy = asked([completion("", 3)], form=FORMATS["completion-cot"])
    assert (found.text, len(policy.calls), policy.drawn[0].stop) == ("", 1, ("```",))


def test_a_format_that_depends_on_the_server_is_chosen_on_entering() -> None:
    policy = Scripted(lambda prompt: completion(WHOLE))
    policy.version = "Kimina-Prover-72B"

    async def work() -> str:
        async with FormattedPolicy(policy) as formatted:
            return formatted.version

    assert asyncio.run(work()) == "Kimina-Prover-72B+kimina"


def test_a_prompt_keeps_what_it_is_about() -> None:
    prompt = make_prompt(THEOREM, "intro h", ["⊢ q"], revises=CHECK)
    for form in FORMATS.values():
        shown = form.render(prompt)
        assert replace(shown, text="", turns=()) == replace(prompt, text="", turns=()), form.name
