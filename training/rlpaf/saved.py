"""Theorems as JSON knows them, for checkpoints and for the store of proofs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lean_env.values import Provenance, Theorem

_TEXTS = ("name", "statement", "header", "footer", "informal")


def fields_of(theorem: Theorem) -> dict[str, Any]:
    """All that a theorem says; what is empty is left out."""
    fields: dict[str, Any] = {name: text for name in _TEXTS if (text := getattr(theorem, name))}
    if theorem.provenance != Provenance():
        fields["provenance"] = [theorem.provenance.source, theorem.provenance.line]
    return fields


def theorem_of(fields: Mapping[str, Any]) -> Theorem:
    """The theorem again; other fields are passed over. Raises `ValueError` for what is none."""
    texts = {name: fields[name] for name in _TEXTS if name in fields}
    if not texts.get("name") or not texts.get("statement"):
        raise ValueError("a theorem needs a name and a statement")
    if not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("the parts of a theorem must be texts")
    match fields.get("provenance", ["", 0]):
        case [str(source), int(line)]:
            return Theorem(**texts, provenance=Provenance(source, line))
    raise ValueError("a theorem's provenance must be a text and a line")
