"""What Lean said about a refused proof, as a model is told it.

The layout for conversations is that of Goedel-Prover-V2's published code (`get_error_str` in
`src/utils.py` of github.com/Goedel-LM/Goedel-Prover-V2): each error with the lines around it, the place
marked by <error></error>, and Lean's message. Lean's positions here are those where an error begins, so it
is marked up to the end of its line, as that code does too where it knows no end. One thing is added: the
tactic state in which the first error happened. Models that complete text get the same as a comment.

Everything is cut to a length that a context can hold, and nothing of it tells where Lean runs: paths in
its messages are left out.
"""

from __future__ import annotations

import re
from itertools import takewhile

from lean_env.values import Check, Message, Severity
from search.walk import walk

MAX_ERRORS = 8
"""As Goedel-Prover-V2 shows; how many more there are is said."""
LINES_BEFORE, LINES_BEHIND = 4, 1
MAX_MESSAGE = 1200
"""Characters of one message; Lean may print terms of any size."""
MAX_LINE = 400
"""Characters of a shown line of the proof."""
MAX_STATE = 2400
MAX_COMMENT = 400
"""Characters of the message in a comment, where it stands among code."""
_PATH = re.compile(r"(?:file://|(?<![\w)\]}⟩.…/]))/(?:[\w.+~@%-]+/)+[\w.+~@%-]*")
_CUT = "…"


def valid_place(check: Check) -> tuple[str, tuple[str, ...]]:
    """The longest beginning of a refused proof that changed the state and stands, and the goals that it
    leaves; both empty if no step does."""
    way = walk(check)
    return (check.proof[: way[-1].end], way[-1].goals) if way else ("", ())


def feedback(statement: str, check: Check) -> str:
    """Lean's errors in order, for a conversation; `statement` is what stands before the proof."""
    head = statement.rstrip().split("\n")
    lines = [*head, *check.proof.rstrip().split("\n")]
    errors = _errors(check)
    if not errors:
        return f"Error Message: {_shortened(check.reason or 'The proof was not accepted.', MAX_MESSAGE)}"
    told = []
    for number, error in enumerate(errors[:MAX_ERRORS], 1):
        at = len(head) + error.line - 1 if error.line > 0 else len(head) - 1
        told.append(
            f"Error {number}:\n\nCorresponding Code:\n```lean4\n{_marked(lines, at, error.column)}\n```\n\n"
            f"Error Message: {_shortened(error.text, MAX_MESSAGE)}"
        )
        if number == 1 and (state := _state_before(check)):
            told.append(f"Tactic state before the error:\n```\n{state}\n```")
    if len(errors) > MAX_ERRORS:
        told.append(f"... [Omitted {len(errors) - MAX_ERRORS} more errors] ...")
    return "\n\n".join(told)


def failure_comment(check: Check, margin: int) -> str:
    """How a proof went on wrongly, as a comment of `margin` blanks before each line, for a model that
    completes text; the line that Lean objects to, and its words."""
    errors = _errors(check)
    said = errors[0].text if errors else check.reason or "not accepted"
    lines = check.proof.split("\n")
    wrong = ""
    if errors and 0 < errors[0].line <= len(lines):
        wrong = lines[errors[0].line - 1].strip()
    told = [f"  {_shortened(wrong, MAX_LINE)}"] if wrong else []
    told += [f"  error: {_shortened(' '.join(said.split()), MAX_COMMENT)}"]
    inside = "\n".join(told).replace("/-", "/ -").replace("-/", "- /")
    body = "".join(f"{' ' * margin}{line}\n" for line in inside.split("\n"))
    return f"{' ' * margin}/- not like this:\n{body}{' ' * margin}-/\n"


def without_paths(text: str) -> str:
    """`text` without the paths of files: a model has no use for them, and they say where Lean runs."""
    return _PATH.sub(_CUT, text)


def _errors(check: Check) -> list[Message]:
    """Lean's errors from the first on."""
    errors = [message for message in check.messages if message.severity is Severity.ERROR]
    return sorted(errors, key=lambda error: (error.offset, error.line, error.column))


def _marked(lines: list[str], at: int, column: int) -> str:
    """The lines around the line `at`, in which the error's place is marked."""
    at = min(max(at, 0), len(lines) - 1)
    line = lines[at]
    column = min(max(column, 0), len(line))
    shown = [_cut(one) for one in lines[max(0, at - LINES_BEFORE) : at]]
    shown.append(f"{line[:column][-MAX_LINE:]}<error>{_cut(line[column:])}</error>")
    shown += [_cut(one) for one in lines[at + 1 : at + 1 + LINES_BEHIND]]
    return "\n".join(shown)


def _state_before(check: Check) -> str:
    """The goals behind the last step that stands."""
    valid = takewhile(lambda step: step.end <= len(check.valid_prefix), check.steps)
    goals = [step.goals for step in valid]
    return _shortened("\n\n".join(goals[-1]), MAX_STATE) if goals else ""


def _cut(line: str) -> str:
    return line if len(line) <= MAX_LINE else f"{line[:MAX_LINE]}{_CUT}"


def _shortened(text: str, limit: int) -> str:
    """`text` without paths and fences, of at most so many characters."""
    text = without_paths(text.strip()).replace("```", "` ` `")
    return text if len(text) <= limit else f"{text[:limit].rstrip()}{_CUT}"
