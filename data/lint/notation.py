"""The notation that benchmarks use: operators and their precedence, brackets, symbols of two characters."""

from __future__ import annotations

from collections.abc import Sequence

from lean_env.lexer import Kind, Token

BIG = {"∑": "sum", "∏": "product"}
BIG_BODY = 67
"""The precedence of a sum's body: it ends before `+`, and goes on over `*`."""
INFIX: dict[str, tuple[int, int, int]] = {
    # operator: (precedence, least precedence on its left, on its right)
    "<|": (10, 11, 10),
    "↔": (20, 21, 21),
    "→": (25, 26, 25),
    "∨": (30, 31, 30),
    "∧": (35, 36, 35),
    "×": (35, 36, 35),
    **dict.fromkeys(["=", "≠", "==", "<", "≤", ">", "≥", "∣", "∈", "∉", "⊆", "⊂", "≡", "≈"], (50, 51, 51)),
    **dict.fromkeys(["+", "-", "∪", "++"], (65, 65, 66)),
    **dict.fromkeys(["*", "/", "%", "∩", "•", "/."], (70, 70, 71)),
    "\\": (70, 70, 71),
    "::": (67, 68, 67),
    "&&": (35, 35, 36),
    "||": (30, 30, 31),
    "^": (75, 76, 75),
    "∘": (90, 91, 90),
    "''": (80, 80, 81),
    "⁻¹'": (80, 80, 81),  # a preimage
}
RELATIONS = frozenset(["=", "≠", "==", "<", "≤", ">", "≥"])
SPELLINGS = {"->": "→", "<->": "↔", "\\/": "∨", "/\\": "∧", "<=": "≤", ">=": "≥", "!=": "≠", "λ": "fun"}
PREFIX = {"¬": 40, "-": 75, "↑": 1024, "√": 100}
QUANTIFIERS = frozenset({"∀", "∃", "∃!", "fun"})
CLOSING = {"(": ")", "{": "}", "[": "]", "⦃": "⦄", "⟨": "⟩", "⌊": "⌋", "⌈": "⌉", "‖": "‖", "|": "|"}
_JOINED = frozenset({*(s for s in (*INFIX, *SPELLINGS) if len(s) > 1), "⁻¹", "∃!", ":="})
STOPS = frozenset({"in", "then", "else", "with", "from", "at", "do", "by"})


def joined(words: Sequence[Token]) -> list[Token]:
    """The tokens with symbols of two characters in one piece, in one spelling."""
    tokens: list[Token] = []
    for token in words:
        before = tokens[-1] if tokens else None
        if before is not None and before.end == token.start and before.text + token.text in _JOINED:
            tokens[-1] = Token(Kind.SYMBOL, before.text + token.text, before.start)
        else:
            tokens.append(token)
    return [
        Token(token.kind, SPELLINGS[token.text], token.start) if token.text in SPELLINGS else token
        for token in tokens
    ]
