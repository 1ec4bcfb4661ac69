"""Whether a proof names the library's lemma that its statement restates.

A statement taken from a library is proved by the library. Such proofs are right, but they measure a
memory; so there are two figures, one of any proof and one of proofs whose text does not name the lemma.
"""

from __future__ import annotations

import re

from lean_env.lexer import Kind, words_of

_IN_FILE = re.compile(r"(?:^|\s)\S+\.lean\s+(?:\S+\.)?(?P<last>[^\s.@]+)\s*$")


def lemma_of(source: str) -> str:
    """The last component of the lemma's name: the last word behind a Lean file's; empty without one."""
    found = _IN_FILE.search(source)
    return found["last"] if found else ""


def names(proof: str, lemma: str) -> bool:
    """Whether a proof's text names a lemma with this last component, in whatever namespace.

    A name that merely ends in a projection, such as `h.le_one.trans`, names it too; comments do not.
    """
    return any(
        lemma in token.text.replace("`", "").split(".")
        for token in words_of(proof)
        if token.kind in (Kind.WORD, Kind.NAME)
    )
