"""The frame of every page that shows figures: one HTML file with its style, in light and in dark.

The page's own security policy lets a browser use this style and this script, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from importlib.resources import files

from prover.evaluation.markup import text


def document(title: str, kind: str, body: Iterable[str], script: str = "") -> str:
    """The page: `title` and `kind` are text, what is empty of `body`, which is markup, is left out."""
    style = asset("page.css")
    scripts = _source(script) if script else "'none'"
    parts = {
        "@policy@": f"default-src 'none'; style-src {_source(style)}; script-src {scripts}; base-uri 'none'",
        "@title@": text(title),
        "@kind@": text(kind),
        "@style@": style,
        "@script@": f"<script>{script}</script>\n" if script else "",
        "@body@": "\n".join(filter(None, body)),
    }
    return "".join(parts.get(piece, piece) for piece in re.split("(@[a-z]+@)", asset("page.html")))


def asset(name: str) -> str:
    """A file of this package."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _source(part: str) -> str:
    """What a content security policy calls an element with exactly this text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()}'"
