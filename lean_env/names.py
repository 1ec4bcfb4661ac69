"""Lean's hierarchical names, as text and as values."""

from __future__ import annotations

import re

Name = tuple[str | int, ...]
"""A `Lean.Name` by its components."""

_PLAIN = re.compile(r"[^\W\d][\w'!?₀-₉ₐ-ₜᵢ-ᵪ]*")


def components(text: str) -> list[str]:
    """The components of a dotted name as written, `«a.b».c` being two."""
    parts: list[str] = []
    inside = False
    for piece in text.split("."):
        if inside:
            parts[-1] += f".{piece}"
        elif piece:
            parts.append(piece)
        if piece.count("«") != piece.count("»"):
            inside = not inside
    return parts


def parse(text: str) -> Name:
    """The name that a text in a source file stands for."""
    return tuple(part.strip("«»") for part in components(text))


def show(name: Name) -> str:
    """A name as Lean prints it."""
    return ".".join(
        str(part) if isinstance(part, int) or _PLAIN.fullmatch(part) else f"«{part}»" for part in name
    )
