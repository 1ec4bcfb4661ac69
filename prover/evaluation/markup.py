"""The few pieces of HTML that the page is made of. What others wrote becomes markup through `text` alone."""

from __future__ import annotations

import html
import itertools
from collections.abc import Iterable, Sequence


def text(value: object) -> str:
    """Text as markup; in ASCII, so that whatever a folder holds can be encoded."""
    return html.escape(str(value)).encode("ascii", "xmlcharrefreplace").decode()


def card(title: str, *content: str, kind: str = "") -> str:
    """A section; `title` is markup, and may be empty."""
    head = f"<h2>{title}</h2>" if title else ""
    return f'<section class="card {kind}">{head}{"".join(content)}</section>'


def notes(said: Iterable[str]) -> str:
    """What to beware of, as a list; each is text. Empty if there is nothing."""
    items = "".join(f"<li>{text(note)}</li>" for note in said)
    return f'<ul class="notes">{items}</ul>' if items else ""


def folded(summary: str, content: str) -> str:
    """What is shown on request; both are markup."""
    return f"<details><summary>{summary}</summary>{content}</details>"


def table(heads: Iterable[str], rows: Iterable[Sequence[str]], texts: int = 1) -> str:
    """A table; heads are text, cells are markup. The first `texts` columns hold text, the others numbers."""

    def line(tag: str, cells: Iterable[str]) -> str:
        kinds = itertools.chain([' class="left"'] * texts, itertools.repeat(""))
        return "".join(f"<{tag}{kind}>{cell}</{tag}>" for kind, cell in zip(kinds, cells, strict=False))

    body = "".join(f"<tr>{line('td', row)}</tr>" for row in rows)
    head = line("th", map(text, heads))
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def legend(entries: Iterable[tuple[str, str]]) -> str:
    """Colours, each a class of the style sheet, and what they mean; both are markup."""
    items = (f'<li><i class="{colour}"></i>{what}</li>' for colour, what in entries)
    return f'<ul class="legend">{"".join(items)}</ul>'
