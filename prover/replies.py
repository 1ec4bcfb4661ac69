"""From what a policy wrote to a proof that may be checked.

Models write more than they are asked for: fences, the statement once more, remarks behind the proof,
another theorem. They also stop in the middle of a character. Each such reply is either read as what
it evidently means, or refused with a reason; none is an error of the run. Whether the proof is
right, and whether it is honest, is for Lean and for `lean_env.cheats` to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lean_env.cheats import MAX_CHARACTERS
from lean_env.lexer import Kind, tokenize, words_of
from lean_env.outline import outline
from lean_env.steps import boundaries
from lean_env.values import Theorem
from prover.policies.base import Completion, Finish, Prompt
from prover.prompts import indentation, next_column, proof_block

_FENCE = re.compile(r"^[ \t]*```[ \t]*(?P<language>[A-Za-z0-9+_-]*)[^\n]*$", re.MULTILINE)
_SPECIAL = re.compile(r"<[|｜][^<>\n]{1,40}[|｜]>|</s>")
_COMMAND = re.compile(
    r"(?:theorem|lemma|example|def|abbrev|end|namespace|section|open|import|#\w+|@\[)(?![\w.'])"
)
_PROSE = re.compile(r"(?:[A-Z][a-z']*|I)[ ,:]+\S|\*\*|#+ |- [A-Z]|\d+\. ")
_REPLACEMENT = "\ufffd"


@dataclass(frozen=True, slots=True)
class Reply:
    """A proof to check."""

    proof: str
    """The whole proof: the prompt's prefix and what the policy added."""
    start: int
    """Offset at which the policy's own text begins."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """A reply that is no proof, and why: one line."""

    reason: str


def read_reply(prompt: Prompt, completion: Completion) -> Reply | Unusable:
    """The proof that `completion` means as an answer to `prompt`; never raises."""
    if completion.finish is Finish.ERROR and not completion.text.strip():
        return Unusable(completion.reason or "the policy failed")
    if completion.reason and not completion.text.strip():
        return Unusable(completion.reason)
    text = completion.text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > MAX_CHARACTERS:
        return Unusable(f"the reply is longer than {MAX_CHARACTERS:,} characters")
    text = text.rstrip(_REPLACEMENT)  # The token limit may fall inside of a character.
    if _REPLACEMENT in text or any("\ud800" <= character <= "\udfff" for character in text):
        return Unusable("the reply is not UTF-8")
    if "\0" in text:
        return Unusable("the reply holds a NUL character")
    if special := _SPECIAL.search(text):
        text = text[: special.start()]
    text = _unfenced(text)
    whole = _restated(prompt.theorem, text)
    text = _trimmed(text if whole is None else whole)
    if not words_of(text):
        return Unusable("the reply is empty" if not text.strip() else "the reply holds comments only")
    if whole is not None:
        return Reply(proof_block(text).rstrip(), 0)
    return Reply(prompt.prefix + _aligned(prompt.prefix, text), len(prompt.prefix))


def first_tactic(reply: Reply) -> tuple[Reply, int]:
    """The reply cut behind its first step, and how many characters of the policy's text that leaves."""
    ends = [step.end for step in boundaries(reply.proof) if step.end > reply.start]
    end = ends[0] if ends else len(reply.proof)
    return Reply(reply.proof[:end], reply.start), end - reply.start


def _unfenced(text: str) -> str:
    """What stands in the first opened fence, or else before the first closing one.

    The prompt has opened a fence, so a bare one closes it, unless nothing stands before it.
    """
    fence = _FENCE.search(text)
    if fence is None:
        return text.partition("```")[0]
    before = text[: fence.start()]
    if not fence["language"] and before.strip():
        return before.partition("```")[0]
    return text[fence.end() :].removeprefix("\n").partition("```")[0]


def _restated(theorem: Theorem, text: str) -> str | None:
    """The proof behind a repetition of the statement, which is a proof from the start; None without one."""
    own = theorem.name.rsplit(".", 1)[-1]
    if own not in text:
        return None
    for entry in outline(text):
        if entry.name.rsplit(".", 1)[-1] == own:
            return entry.proof
    return None


def _trimmed(text: str) -> str:
    """`text` without what follows the proof: another command, or a remark to the reader."""
    comments = [
        (token.start, token.end)
        for token in tokenize(text)
        if token.kind in (Kind.COMMENT, Kind.DOC, Kind.STRING)
    ]
    first = next((line for line in text.split("\n") if line.strip()), "")
    indented = indentation(first) > 0
    offset = 0
    for line in text.split("\n"):
        inside = any(start < offset < end for start, end in comments)
        foreign = _COMMAND.match(line) or _PROSE.match(line)
        if indented:  # Any tactic is indented then; a comment may stand where it likes.
            foreign = foreign or re.match(r"[^\s/\-|·}\])⟩]", line)
        if foreign and not inside and words_of(text[:offset]):
            return text[:offset].rstrip()
        offset += len(line) + 1
    return text.rstrip()


def _aligned(prefix: str, text: str) -> str:
    """The rest of a proof as it fits below `prefix`: what is not indented at all is moved to the last
    tactic's indentation, everything else is the policy's own choice."""
    lines = text.lstrip("\n").split("\n")
    first = next((line for line in lines if line.strip()), "")
    if indentation(first):
        return "\n".join(lines)
    shift = " " * (next_column(prefix))
    return "\n".join(shift + line if line.strip() else line for line in lines)
