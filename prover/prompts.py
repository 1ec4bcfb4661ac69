"""The prompts of DeepSeek-Prover-V1.5, to the letter, so that its weights work as they are.

A raw completion: the model goes on behind the statement, the proof's beginning and, since no model
knows the state that a beginning leaves, the state as a comment (arXiv 2408.08152, section 3.1,
"truncate-and-resume"; the layout is the one that the published search code prints). What comes back is
the rest of the proof, which `prover.replies` reads.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from lean_env.assemble import INDENT
from lean_env.steps import boundaries
from lean_env.values import Check, Theorem
from prover.formats.feedback import failure_comment, valid_place
from prover.policies.base import Prompt

NON_COT = "Complete the following Lean 4 code:\n\n```lean4\n"
COT = (
    "Complete the following Lean 4 code with explanatory comments preceding each line of code:\n\n```lean4\n"
)
NO_GOALS = "no goals"
_OPENING_BLOCK = re.compile(r" *(?:· *|(?:\||case\b|case'|next\b)(?:(?!=>).)*=> *)*")


def make_prompt(
    theorem: Theorem,
    prefix: str = "",
    goals: Sequence[str] = (),
    *,
    cot: bool = False,
    revises: Check | None = None,
) -> Prompt:
    """The prompt for the rest of the proof that `prefix` begins, and that leaves `goals`.

    `prefix` may be indented in any way; it may be empty, and then no state is shown, as in the paper. Of a
    proof that is to be corrected (`revises`), what stands is the prefix if none is given, and how it went on
    wrongly is told in a comment.
    """
    if revises is not None and not prefix.strip():
        prefix, goals = valid_place(revises)
    block = proof_block(prefix)
    told = failure_comment(revises, next_column(block)) if revises is not None else ""
    return Prompt(
        text=(COT if cot else NON_COT)
        + opening(theorem)
        + block
        + told
        + (state_comment(block, goals) if block else ""),
        theorem=theorem,
        prefix=block,
        goals=tuple(goals),
        revises=revises,
    )


def proof_block(proof: str) -> str:
    """`proof` shifted so that its first line is indented as below a statement, with a line end behind.

    Comments and blank lines at the end are kept, so offsets into the last line stay meaningful.
    """
    lines = proof.rstrip().split("\n")
    first = next((line for line in lines if line.strip()), "")
    if not first:
        return ""
    shift = " " * max(0, INDENT - indentation(first))
    return "".join(f"{shift}{line}\n" if line.strip() else "\n" for line in lines)


def state_comment(block: str, goals: Sequence[str]) -> str:
    """The tactic state as a comment at the indentation of the block's last tactic."""
    margin = " " * last_indentation(block)
    state = "\n\n".join(goals) or NO_GOALS
    body = "".join(f"{margin}  {line}\n" for line in state.split("\n"))
    return f"{margin}/- tactic state:\n{body}{margin}-/\n"


def with_hints(prompt: Prompt, hints: Sequence[str]) -> Prompt:
    """The prompt with tactics that may help, as a comment right before the place where the proof goes on.

    Not of DeepSeek-Prover-V1.5: our own models are trained to read it. Each tactic stands there just as it
    would stand in the proof. What precedes the statement is left out: hints name the lemmas that stand there.
    """
    text = prompt.text.replace(opening(prompt.theorem), f"{prompt.theorem.statement}\n", 1)
    if not hints:
        return replace(prompt, text=text)
    margin = " " * next_column(prompt.prefix)
    lines = "".join(f"{margin}{hint}\n" for hint in hints)
    return replace(prompt, text=f"{text}{margin}/- hints:\n{lines}{margin}-/\n")


def last_indentation(block: str) -> int:
    """The indentation of the line on which the block's last tactic begins; that of a first line, if none."""
    steps = boundaries(block)
    if not steps:
        return INDENT
    start = block.rfind("\n", 0, steps[-1].start) + 1
    return indentation(block[start:])


def next_column(block: str) -> int:
    """The column at which the next tactic belongs, so that it follows the block's last one: further right
    than the line's indentation where the line opens a block, such as `· skip` or `| zero => skip`."""
    steps = boundaries(block)
    if not steps:
        return INDENT
    start = block.rfind("\n", 0, steps[-1].start) + 1
    line = block[start:].partition("\n")[0]
    opened = _OPENING_BLOCK.match(line)
    assert opened is not None, "the pattern matches the empty string"
    return opened.end() if opened.end() < len(line.rstrip()) else indentation(line) + INDENT


def indentation(line: str) -> int:
    """How many blanks `line` begins with."""
    return len(line) - len(line.lstrip(" "))


def opening(theorem: Theorem) -> str:
    """Header, informal statement and statement, each behind a line end."""
    parts = [theorem.header, _informal(theorem.informal), theorem.statement]
    return "".join(part if part.endswith("\n") else f"{part}\n" for part in parts if part)


def _informal(text: str) -> str:
    """The statement in words, as a documentation comment."""
    if not text.strip() or text.lstrip().startswith("/-"):
        return text
    return f"/-- {text.strip()} -/\n"
