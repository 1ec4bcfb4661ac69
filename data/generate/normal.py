"""When two generated statements count as the same: equal up to the names of variables and hypotheses.

Only meant to keep the stream from repeating itself; `data.hygiene` has the strict comparison.
"""

from __future__ import annotations

from lean_env.lexer import Kind, tokenize

CONSTANTS = frozenset(
    """Nat Int List Option Prod Prop Type Bool True False Nonempty Decidable DecidableEq DecidablePred
    Function Classical And Or Not Iff Eq Ne Exists if then else fun min max id some none true false let
    have show by theorem Sum Fin Subsingleton Inhabited""".split()  # noqa: SIM905
)


def normal_form(statement: str) -> str:
    """The statement's tokens with variables numbered; what follows the colon counts first.

    `statement` is `theorem NAME BINDERS : TYPE := by`.
    """
    words = [(token.kind, token.text) for token in tokenize(statement)][2:]
    depth, colon = 0, 0
    for place, (_, text) in enumerate(words):
        depth += (text in ("(", "{", "[")) - (text in (")", "}", "]"))
        if text == ":" and depth == 0:
            colon = place
            break
    numbers: dict[str, str] = {}
    for kind, text in words[colon:] + words[:colon]:
        if kind is Kind.WORD:
            head = text.split(".", 1)[0]
            if head not in CONSTANTS:
                numbers.setdefault(head, f"v{len(numbers)}")
    shown = []
    for kind, text in words:
        head, dot, rest = text.partition(".")
        shown.append(f"{numbers[head]}{dot}{rest}" if kind is Kind.WORD and head in numbers else text)
    return " ".join(shown)
