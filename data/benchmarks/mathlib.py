"""Which statements of a benchmark for Mathlib can be stated without it, and how, without changing them.

Nothing in a statement is touched. Its header gets, in place of `import Mathlib`, the notation ℕ and ℤ for
core's own types, and empty namespaces for those that it opens and that core may lack: opening them then
brings nothing, as it should. Auto-bound variables are turned off, since to Lean `ℝ` is a name like any other:
without Mathlib `(x : ℝ)` would bind a type that nobody wrote, and the statement would mean something else.

Whether what results elaborates, only Lean can tell: see `prover.statements.usable`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from data.benchmarks.values import Problem
from lean_env.commands import command_spans
from lean_env.lexer import Kind, Token, words_of

PRELUDE = """\
set_option autoImplicit false
local notation "ℕ" => Nat
local notation "ℤ" => Int
"""
"""Stands in place of the imports. Core's operations on these types are those of Mathlib, which makes its
instances of them."""
LIBRARIES = frozenset({"Mathlib", "Aesop", "Batteries"})
"""Modules that are left out; a statement that needs what they define does not elaborate then."""
SYMBOLS = {
    "ℚ": "the rational numbers",
    "ℝ": "the real numbers",
    "ℂ": "the complex numbers",
    "∑": "finite sums",
    "∏": "finite products",
    "√": "square roots",
    "⌊": "floors",
    "⌈": "ceilings",
    "‖": "norms",
}
"""What no statement over core can be about."""
_MODES = frozenset({"scoped", "in", "hiding", "renaming"})


@dataclass(frozen=True, slots=True)
class Unusable:
    """Why a problem cannot be attempted with the Lean at hand."""

    reason: str
    """One line."""


def mathlib_free(problem: Problem) -> Problem | Unusable:
    """The problem with a header for a Lean without Mathlib, as far as its text can tell.

    A problem whose header imports nothing is returned as it is.
    """
    header = problem.theorem.header
    modules = [words[-1].text for words in _commands(header) if words[0].text == "import"]
    if not modules:
        return problem
    if foreign := [module for module in modules if module.split(".")[0] not in LIBRARIES]:
        return Unusable(f"its header imports {foreign[0]}, which is not there")
    for token in words_of(problem.theorem.statement):
        for symbol, meaning in SYMBOLS.items():
            if token.text.startswith(symbol):
                return Unusable(f"needs Mathlib: speaks of {meaning} ({symbol})")
    return replace(problem, theorem=replace(problem.theorem, header=core_header(header)))


def core_header(header: str) -> str:
    """The header without imports, and with what `PRELUDE` and empty namespaces supply instead."""
    imports = [
        (start, end) for start, end in command_spans(header) if header[start:end].split()[0] == "import"
    ]
    kept, position = [], 0
    for start, end in imports:
        kept.append(header[position:start])
        position = end
    rest = "".join([*kept, header[position:]]).strip()
    opened = dict.fromkeys(name for words in _commands(header) for name in _opened(words))
    namespaces = "".join(f"namespace {name} end {name}\n" for name in opened)
    return f"{PRELUDE}{namespaces}{rest}\n\n" if rest else f"{PRELUDE}{namespaces}\n"


def _commands(text: str) -> Iterator[Sequence[Token]]:
    for start, end in command_spans(text):
        yield words_of(text[start:end])


def _opened(words: Sequence[Token]) -> Iterator[str]:
    """The namespaces that an `open` command names."""
    if words[0].text != "open":
        return
    for token in words[1:]:
        if token.text in ("in", "hiding", "renaming") or token.kind is not Kind.WORD:
            return
        if token.text not in _MODES:
            yield token.text
