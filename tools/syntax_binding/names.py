"""Names of Lean: as symbols of its shared library, and as source text."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Words that must be quoted when they are part of a name.
KEYWORDS = """
    open match show have let from at in by do if then else with where fun set_option instance theorem
    def example structure inductive class end namespace section universe variable import export
    mutual private protected macro syntax notation infix infixl infixr prefix postfix local scoped
    attribute deriving extends opaque axiom abbrev noncomputable unsafe partial nonrec suffices calc
    generalizing omit include nomatch nofun return unless for try catch finally mut break continue
    assert dbg_trace this
"""


def demangle(symbol: str) -> tuple[str, ...]:
    """The components of the Lean name that a symbol stands for (without its `l_`)."""
    components: list[str] = []
    current = ""
    i = 0
    while i < len(symbol):
        if symbol[i] != "_":
            current += symbol[i]
            i += 1
        elif symbol.startswith("___aux__", i) and current:
            # a component that itself begins with an underscore: the first one separates
            components.append(current)
            current = "_"
            i += 3
        elif symbol.startswith("__", i):
            current += "_"
            i += 2
        elif escape := re.match(r"_(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))", symbol[i:]):
            current += chr(int(escape[1] or escape[2] or escape[3], 16))
            i += escape.end()
        else:
            components.append(current)
            current = ""
            i += 1
    return (*components, current)


def mangle(components: Iterable[str]) -> str:
    """The symbol of a Lean name: the inverse of `demangle`, with the `l_`."""

    def character(c: str) -> str:
        if c == "_":
            return "__"
        if c.isascii() and c.isalnum():
            return c
        code = ord(c)
        return f"_x{code:02x}" if code < 0x100 else f"_u{code:04x}" if code < 0x10000 else f"_U{code:08x}"

    return "l_" + "_".join("".join(map(character, part)) for part in components)


def quoted(components: Iterable[str]) -> str:
    """The name as Lean source text."""

    def plain(part: str) -> bool:
        return re.fullmatch(r"[A-Za-z][A-Za-z0-9_!?']*", part) is not None and part not in KEYWORDS.split()

    return ".".join(part if plain(part) else f"«{part}»" for part in components)
