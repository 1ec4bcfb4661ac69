"""What a prompt format is, and the formats in which a model completes text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from prover.policies.base import Completion, Prompt, Sampling
from prover.prompts import make_prompt


class Format(Protocol):
    """The way in which a family of models is asked and answers."""

    @property
    def name(self) -> str:
        """What the user calls it."""
        ...

    @property
    def version(self) -> str:
        """What a policy's version says of it, since other prompts are another policy; may be empty."""
        ...

    @property
    def retries(self) -> int:
        """How often a model is asked again whose reply holds no proof."""
        ...

    def prepare(self) -> None:
        """Read what `render` needs; called in a thread before anything else, and may take a second."""
        ...

    def render(self, prompt: Prompt) -> Prompt:
        """The prompt in this format, made anew from what it is about: theorem, prefix, goals, `revises`."""
        ...

    def sampling(self, sampling: Sampling) -> Sampling:
        """With the format's own stop strings, and as many tokens as its replies need."""
        ...

    def read(self, prompt: Prompt, completion: Completion) -> Completion:
        """The completion as an answer to `prompt` as it was before `render`, for `prover.replies`. If it
        holds no proof it has no text, and a reason."""
        ...


@dataclass(frozen=True, slots=True)
class Plain:
    """The raw completion of DeepSeek-Prover-V1.5 (`prover.prompts`), which is what every prompt is before a
    format changes it. A proof to correct is gone on with from its longest valid beginning, and a comment
    says how it went on wrongly; no published model was trained on that comment."""

    cot: bool = False
    """Whether comments before each line are asked for (chain of thought)."""

    retries = 0

    @property
    def name(self) -> str:
        """`completion` or `completion-cot`."""
        return "completion-cot" if self.cot else "completion"

    @property
    def version(self) -> str:
        """Empty for the plain one: it changes nothing."""
        return "completion-cot" if self.cot else ""

    def prepare(self) -> None:
        """Nothing to read."""

    def render(self, prompt: Prompt) -> Prompt:
        """The prompt as it is, or with the request for comments."""
        if not self.cot:
            return prompt
        cot = make_prompt(prompt.theorem, prompt.prefix, prompt.goals, cot=True, revises=prompt.revises)
        return replace(prompt, text=cot.text)

    def sampling(self, sampling: Sampling) -> Sampling:
        """As it is: the usual stop string closes the block that the prompt has opened."""
        return sampling

    def read(self, prompt: Prompt, completion: Completion) -> Completion:
        """As it is."""
        return completion
