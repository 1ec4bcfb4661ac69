"""Puts records into the page: one HTML file with its style, its script and its data inside.

What a trace says is written by others, language models among them. None of it becomes markup: records
are compressed and in base64, the script shows them as text only, and the page's own security policy lets
a browser run this script and nothing else, and connect to nothing.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import zlib
from collections.abc import Sequence
from importlib.resources import files

from prover.view.record import Record

SCRIPTS = ("model.js", "map.js", "outline.js", "detail.js", "charts.js", "main.js")
"""In the order in which they are joined to one script."""


def render(records: Sequence[Record], title: str) -> str:
    """The page. `title` names it when it shows several theorems."""
    template, style = _asset("page.html"), _asset("page.css")
    script = "\n".join(map(_asset, SCRIPTS))
    policy = f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)}; base-uri 'none'"
    parts = {
        "@policy@": policy,
        "@title@": _ascii(html.escape(records[0]["name"] if len(records) == 1 else title)),
        "@style@": style,
        "@script@": script,
        "@index@": _data("index", [_entry(record) for record in records]),
        "@records@": "\n".join(_data(f"record-{index}", record) for index, record in enumerate(records)),
    }
    pieces = re.split("(@[a-z]+@)", template)
    return "".join(parts.get(piece, piece) for piece in pieces)


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    """What a content security policy calls an element with exactly this text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _entry(record: Record) -> Record:
    """What the list of theorems says of one."""
    return {
        "name": record["name"],
        "proved": record["proof"] is not None,
        "samples": len(record["samples"]["node"]),
        "seconds": record["seconds"],
    }


def _data(name: str, value: object) -> str:
    """A block of data that a browser neither runs nor shows."""
    packed = base64.b64encode(zlib.compress(json.dumps(value, separators=(",", ":")).encode(), 9)).decode()
    return f'<script type="application/octet-stream" id="{name}">{packed}</script>'


def _ascii(text: str) -> str:
    """`text` with character references, so that whatever a trace holds can be encoded."""
    return text.encode("ascii", "xmlcharrefreplace").decode()
