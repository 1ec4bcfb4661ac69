"""The conversations that reasoning provers were trained on, to the letter.

- **DeepSeek-Prover-V2** (arXiv 2504.21801): the model card of deepseek-ai/DeepSeek-Prover-V2-7B, section
  "Quick Start"; up to 8,192 new tokens. The prompt without a plan is the non-CoT mode of the paper.
- **Goedel-Prover-V2** (arXiv 2508.03613): README of github.com/Goedel-LM/Goedel-Prover-V2, section 6 (the
  fence follows `sorry` at once); up to 32,768 new tokens. Its self-correction prompt is that of
  `generate_correction_prompt` in `src/utils.py`, there.
- **Kimina-Prover** (arXiv 2504.11354): the model cards of AI-MO/Kimina-Prover-…; 8,096 new tokens. The
  statement ends in `:= by`, and the problem in words is part of the prompt.

No correction prompt of the other two is published where we could read it, so they get Goedel's. There the
conversation keeps the model's whole earlier reply; here it keeps the proof only, since a search keeps proofs.
Every correction shows one earlier proof, the latest, which is "Round 0" therefore.

In a search, a proof that has begun stands in the code block, with the state as a comment and `sorry` where
it goes on. Such prompts are ours; no published model was trained on them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lean_env.values import Theorem
from prover.formats.extraction import Refused, extract
from prover.formats.feedback import feedback
from prover.policies.base import Completion, Finish, Prompt, Sampling, Turn
from prover.prompts import next_column, opening, proof_block, state_comment

RETRIES = 2
"""Further requests for a reply that holds no proof at all."""
COMPLETE = "Complete the following Lean 4 code:\n\n```lean4\n{code}\n```"
PLAN = (
    "\n\nBefore producing the Lean 4 code to formally prove the given theorem, provide a detailed proof plan "
    "outlining the main proof steps and strategies.\nThe plan should highlight key ideas, intermediate "
    "lemmas, and proof structures that will guide the construction of the final formal proof."
)
CORRECT = (
    "The proof (Round 0) is not correct. Following is the compilation error message, where we use "
    "<error></error> to signal the position of the error.\n\n{errors}\n\nBefore producing the Lean 4 code to "
    "formally prove the given theorem, provide a detailed analysis of the error message."
)
KIMINA = (
    "Think about and solve the following problem step by step in Lean 4.\n# Problem:{informal}\n"
    "# Formal statement:\n```lean4\n{code}\n```\n"
)
_PLACE = re.compile(r"\{(?:informal|code)\}")


@dataclass(frozen=True, slots=True)
class Chat:
    """A family of models that is asked in a conversation and answers with reasoning and a Lean block."""

    name: str
    user: str
    """The first question, with places for `{code}` and, if it wants it, `{informal}`."""
    max_tokens: int
    """New tokens, as published."""
    system: str = ""
    sorry: bool = True
    """Whether the code ends in `sorry`."""

    retries = RETRIES

    @property
    def version(self) -> str:
        """The format's name."""
        return self.name

    def prepare(self) -> None:
        """Nothing to read."""

    def render(self, prompt: Prompt) -> Prompt:
        """The prompt as a conversation."""
        theorem, revises = prompt.theorem, prompt.revises
        prefix = "" if revises is not None else prompt.prefix
        turns = [Turn("system", self.system)] if self.system else []
        turns.append(Turn("user", self._question(theorem, prefix, prompt)))
        if revises is not None:
            proof = f"```lean4\n{theorem.statement.rstrip()}\n{proof_block(revises.proof)}```"
            told = feedback(theorem.statement, revises)
            turns += [Turn("assistant", proof), Turn("user", CORRECT.replace("{errors}", told))]
        return replace(prompt, turns=tuple(turns))

    def sampling(self, sampling: Sampling) -> Sampling:
        """No stop string: a reply has several blocks."""
        return replace(sampling, stop=(), max_tokens=max(sampling.max_tokens, self.max_tokens))

    def read(self, prompt: Prompt, completion: Completion) -> Completion:
        """The proof as the rest of `prompt`, or behind the statement if it does not go on from its prefix.

        Token ids, log-probs and offsets are those of the whole reply and do not fit the proof: they are
        left out. `tokens` still counts all of them.
        """
        if completion.finish is Finish.ERROR:
            return completion
        found = extract(prompt.theorem, completion.text, cut=completion.finish is Finish.LENGTH)
        bare = replace(completion, text="", token_ids=(), logprobs=(), offsets=())
        if isinstance(found, Refused):
            return replace(bare, reason=found.reason)
        proof = proof_block(found.tactics)
        if proof.startswith(prompt.prefix):
            proof = proof[len(prompt.prefix) :]
            if not proof.strip():
                return replace(bare, reason="the reply adds nothing to the proof's beginning")
        elif found.whole:
            proof = f"{prompt.theorem.statement.rstrip()}\n{proof}"
        return replace(bare, text=proof)

    def _question(self, theorem: Theorem, prefix: str, prompt: Prompt) -> str:
        code = opening(theorem) + prefix + (state_comment(prefix, prompt.goals) if prefix else "")
        code = f"{code}{' ' * next_column(prefix)}sorry" if self.sorry or prefix else code.rstrip()
        parts = {"{informal}": _in_words(theorem.informal), "{code}": code}
        return _PLACE.sub(lambda place: parts[place[0]], self.user)


def _in_words(informal: str) -> str:
    """The problem without the marks of a documentation comment."""
    return informal.strip().removeprefix("/--").removesuffix("-/").strip()


DEEPSEEK_V2 = Chat("deepseek-prover-v2", COMPLETE + PLAN, 8192)
DEEPSEEK_V2_NON_COT = Chat("deepseek-prover-v2-non-cot", COMPLETE, 8192)
GOEDEL_V2 = Chat("goedel-prover-v2", COMPLETE.replace("{code}\n", "{code}") + PLAN, 32_768)
KIMINA_PROVER = Chat(
    "kimina", KIMINA, 8096, system="You are an expert in mathematics and Lean 4.", sorry=False
)
