"""The page's table of problems: what became of each in every run, its proofs, and its search trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prover.evaluation.markup import card, folded, text
from prover.evaluation.report import Row, RunReport

OUTCOMES = ("PROVED", "FAILED", "FAULT", "UNFINISHED", "SKIPPED", "ABSENT")
Links = Mapping[tuple[str, str], str]
"""Addresses of the pages of search trees, by the run's name and the trace."""


def problems_table(runs: Sequence[RunReport], links: Links) -> str:
    """One line a problem, by name; the page's script finds, filters and sorts them."""
    rows: dict[str, list[Row | None]] = {}
    for index, run in enumerate(runs):
        for row in run.rows:
            rows.setdefault(row.name, [None] * len(runs))[index] = row
    kinds = [kind for kind in ("split", "domain", "tier") if any(_first(r, kind) for r in rows.values())]
    heads = [_head("problem"), *map(_head, kinds)]
    for run in runs:
        title = f"{run.name}: " if len(runs) > 1 else ""
        heads += [
            _head(f"{title}outcome"),
            _head(f"{title}samples", "number"),
            _head(f"{title}time", "number"),
        ]
    body = "".join(_line(name, found, kinds, runs, links) for name, found in rows.items())
    choices = [("", "every outcome"), *((outcome, outcome.lower()) for outcome in OUTCOMES)]
    choices += [("DIFFERENT", "where the runs differ")] if len(runs) > 1 else []
    choices += [("CHEAT", "with cheats"), ("NAMED", "lemma named"), ("DEFECT", "defective")]
    options = "".join(f'<option value="{value}">{what}</option>' for value, what in choices)
    return card(
        'Problems <small id="count"></small>',
        '<div class="bar"><input id="find" type="search" placeholder="Find in names and proofs" ',
        f'aria-label="Find a problem"><select id="outcome" aria-label="Outcome">{options}</select></div>',
        f'<div class="scroll"><table id="problems"><thead><tr>{"".join(heads)}</tr></thead>',
        f"<tbody>{body}</tbody></table></div>",
        kind="problems",
    )


def _line(
    name: str, found: Sequence[Row | None], kinds: Sequence[str], runs: Sequence[RunReport], links: Links
) -> str:
    outcomes = [row.outcome if row else "ABSENT" for row in found]
    rows = [row for row in found if row]
    tags = {*outcomes}
    tags |= {"DIFFERENT"} if len(set(outcomes)) > 1 else set()
    tags |= {"CHEAT"} if any(row.cheats for row in rows) else set()
    tags |= {"NAMED"} if any(row.names_lemma for row in rows) else set()
    tags |= {"DEFECT"} if any(row.defect for row in rows) else set()
    defects = dict.fromkeys(row.defect for row in rows if row.defect)
    flags = "".join(
        f' <span class="badge flag">defective</span><br><small>{text(one)}</small>' for one in defects
    )
    cells = [_cell(f"{text(name)}{flags}{_proofs(found, runs, links)}", name)]
    for kind in kinds:
        value = _first(found, kind)
        cells.append(_cell(text(value), value))
    for row, outcome in zip(found, outcomes, strict=True):
        cells += _outcome(row, outcome)
    said = "\n".join([name, *(f"{row.proof}\n{row.note}" for row in rows)]).lower()
    return f'<tr data-tags="{" ".join(sorted(tags))}" data-text="{text(said)}">{"".join(cells)}</tr>'


def _outcome(row: Row | None, outcome: str) -> list[str]:
    """A run's outcome, samples and seconds for one problem."""
    badge = f'<span class="badge {outcome}">{outcome.lower()}</span>'
    if row is None or outcome == "SKIPPED":
        return [_cell(badge, outcome), _cell("", ""), _cell("", "")]
    more = [f"{row.proved} of {row.ended}"] if row.ended > 1 else []
    more += [f"{row.cheats} cheats"] if row.cheats else []
    more += [f"{row.faults} faults"] if row.faults else []
    more += ["names the lemma"] if row.names_lemma else []
    badge += "".join(f'<br><span class="quiet">{one}</span>' for one in more)
    seconds = f"{row.seconds:.1f} s"
    return [_cell(badge, outcome), _cell(f"{row.samples:,}", row.samples), _cell(seconds, row.seconds)]


def _proofs(found: Sequence[Row | None], runs: Sequence[RunReport], links: Links) -> str:
    """The proofs and search trees, folded up."""
    parts = []
    for run, row in zip(runs, found, strict=True):
        if row is None or not (row.proof or row.traces or row.note):
            continue
        title = f"<h3>{text(run.name)}</h3>" if len(runs) > 1 else ""
        note = f"<p>{text(row.note)}</p>" if row.note else ""
        proof = f"<pre>{text(row.proof)}</pre>" if row.proof else ""
        trees = " · ".join(
            f'<a href="{text(links[run.name, trace])}">search tree {index}</a>'
            if (run.name, trace) in links
            else f'<span class="quiet">{text(trace)}</span>'
            for index, trace in enumerate(row.traces)
        )
        parts.append(f"{title}{note}{proof}{f'<p>{trees}</p>' if trees else ''}")
    said = "proof" if any(row and row.proof for row in found) else "details"
    return folded(said, "".join(parts)) if parts else ""


def _first(found: Sequence[Row | None], kind: str) -> str:
    return next((str(getattr(row, kind)) for row in found if row), "")


def _head(title: str, kind: str = "text") -> str:
    return f'<th data-kind="{kind}"><button type="button">{text(title)}</button></th>'


def _cell(markup: str, key: object) -> str:
    return f'<td data-key="{text(key)}">{markup}</td>'
