"""The few pieces of HTML that the page is made of. What others wrote becomes markup through `text` alone."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence


def text(value: object) -> str:
    """Text as markup; in ASCII, so that whatever a folder holds can be encoded."""
    return html.escape(str(value)).encode("ascii", "xmlcharrefreplace").decode()


def card(title: str, *content: str, kind: str = "") -> str:
    """A section; `title` is markup, and may be empty."""
    head = f"<h2>{title}</h2>" if title else ""
    return f'<section class="card {kind}">{head}{"".join(content)}</section>'


def folded(summary: str, content: str) -> str:
    """What is shown on request; both are markup."""
    return f"<details><summary>{summary}</summary>{content}</details>"


def table(heads: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; heads are text, and cells are markup."""
    head = "".join(f"<th>{text(cell)}</th>" for cell in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def legend(entries: Iterable[tuple[str, str]]) -> str:
    """Colours, each a class of the style sheet, and what they mean; both are markup."""
    items = (f'<li><i class="{colour}"></i>{what}</li>' for colour, what in entries)
    return f'<ul class="legend">{"".join(items)}</ul>'
