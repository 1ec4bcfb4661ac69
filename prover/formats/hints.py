"""The prompts of our own models: completion, with library lemmas that may help as a comment.

A checkpoint of ours says in `prover.json` whether it was trained on them (`prover.policies.prompting`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from prover.policies.base import Completion, Prompt, Sampling
from prover.policies.tactics.hints import VERSION, hints
from prover.policies.tactics.lemmas import core_library
from prover.prompts import make_prompt, with_hints


@dataclass(frozen=True, slots=True)
class Hints:
    """The raw completion with hints.

    A proof to correct is gone on with from its longest valid beginning, as in the model's training; how it
    went on wrongly is told only with `errors` (`benchmarks/results/self_correction.md` compares the two).
    """

    cot: bool = False
    """Whether comments before each line are asked for, as in a part of the training."""
    errors: bool = False

    retries = 0

    @property
    def name(self) -> str:
        """`hints` or `hints-cot`."""
        return f"hints{'-cot' if self.cot else ''}"

    @property
    def version(self) -> str:
        """Of the hints, and of what else is different."""
        return f"{VERSION}{'-cot' if self.cot else ''}{'-errors' if self.errors else ''}"

    def prepare(self) -> None:
        """Read the library."""
        core_library()

    def render(self, prompt: Prompt) -> Prompt:
        """The prompt with hints for its first goal."""
        revises = prompt.revises if self.errors else None
        plain = make_prompt(prompt.theorem, prompt.prefix, prompt.goals, cot=self.cot, revises=revises)
        return with_hints(replace(plain, revises=prompt.revises), hints(prompt))

    def sampling(self, sampling: Sampling) -> Sampling:
        """As it is."""
        return sampling

    def read(self, prompt: Prompt, completion: Completion) -> Completion:
        """As it is."""
        return completion
