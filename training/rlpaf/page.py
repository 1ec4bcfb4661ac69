"""A run as one HTML page, from its folder alone: what it was, how it went, and what it proved.

It is written anew at every evaluation and checkpoint, and can be made of any run's folder, at any time
(`prover train page`). What a folder says is written by others, language models among them: all of it
passes through `markup.text`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from prover.evaluation.document import document
from prover.evaluation.markdown import duration
from prover.evaluation.markup import card, folded, notes, table, text
from training.errors import TrainError
from training.files import replace_text
from training.rlpaf.panels import curriculum, judging, learning, queues, timing
from training.rlpaf.progress import held_out
from training.rlpaf.record import Proved, RunRecord, read_record

PAGE = "report.html"
NEWEST, RAREST = 150, 150
"""First proofs that are shown: so many found last, and so many of theorems with the fewest proofs."""
CHEATS = 20
"""Of what was called a cheat, so much is shown, the last first."""
FOOTER = (
    "<footer>Held-out figures are of the fast tier, and say where a run goes; what a model card claims "
    "comes from <code>prover eval</code>. Intervals are 95 %, over theorems: Wilson’s of shares, the "
    "bootstrap’s of differences. pass@k: Chen et al. 2021.</footer>"
)


def write_page(folder: Path) -> Path:
    """Write the page of a run into its folder, in one piece, and return where it is. Raises `TrainError`."""
    page = folder / PAGE
    record = read_record(folder)
    try:
        replace_text(page, render(record))
    except OSError as error:
        raise TrainError(f"{page} cannot be written: {error.strerror}") from error
    return page


def render(record: RunRecord) -> str:
    """The page."""
    body = [
        _about(record),
        held_out(record),
        learning(record),
        judging(record),
        _cheats(record),
        queues(record),
        timing(record),
        curriculum(record),
        _proofs(record.proofs),
        _settings(record),
        FOOTER,
    ]
    return document(record.name, "training", body)


def _about(record: RunRecord) -> str:
    """What the run was, how far it is, and what to beware of."""
    told, result = record.told, record.result
    done = max(record.steps, default=0)
    steps = told.get("run.steps")
    state = f"{done:,} of {steps:,} batches" if isinstance(steps, int) else f"{done:,} batches"
    state += ", finished" if result else ", not finished"
    rows = [("progress", state)]
    if seconds := record.figure("seconds"):
        rows.append(("training time", f"{duration(seconds[-1][1])}, without held-out evaluations"))
    if told:
        about = told.get("algorithm.preset"), told.get("model.checkpoint")
        rows += [
            ("preset", str(about[0])),
            ("model", str(about[1])),
            ("theorems", ", ".join(_sources(record))),
        ]
        group = told.get("curriculum.theorems"), told.get("curriculum.group")
        rows.append(("a batch", f"{group[0]} theorems, {group[1]} proofs of each"))
        rows.append(("seed", str(told.get("seed"))))
    where = [str(result[name]) for name in ("device", "toolchain") if name in result]
    where += [f"torch {result['torch']}"] if "torch" in result else []
    if (processes := result.get("processes", 1)) != 1:
        where.append(f"{processes} processes")
    rows.append(("where", ", ".join(where) or "not known: the run says so when it ends"))
    rows.append(("theorems proved", f"{len(record.proofs):,}"))
    if not told:
        rows.append(("settings", "not known: there is no run.json"))
    lines = "".join(
        f"<tr><td>{text(name)}</td><td class='left'>{text(said)}</td></tr>" for name, said in rows
    )
    return card("", f"<table>{lines}</table>", notes(_warnings(record)), kind="about")


def _sources(record: RunRecord) -> Iterator[str]:
    for name in ("corpus", "files"):
        value = record.told.get(f"theorems.{name}")
        yield from map(str, value if isinstance(value, list) else [])
    if generated := record.told.get("theorems.generated"):
        yield f"{generated} generated"


def _warnings(record: RunRecord) -> Iterator[str]:
    for name, count in record.damaged.items():
        lines = "1 line of it is" if count == 1 else f"{count} lines of it are"
        yield f"{name} is damaged{f': {lines}' if name.endswith('.jsonl') else ' and'} left out."
    if unusable := sum(value for _, value in record.figure("unusable_theorems")):
        said = "Theorems that could not be learnt from, most of which Lean does not understand"
        yield f"{said}: {unusable:.0f}."
    if (held_out := record.figure("held_out_unusable")) and held_out[-1][1]:
        yield f"Held-out theorems that Lean does not understand, in no figure: {held_out[-1][1]:.0f}."
    if refused := sum(value for _, value in record.figure("refused")):
        yield f"Proofs that the fast tier accepted and the strict audit refused: {refused:.0f}."
    if record.cheats:
        yield f"Proofs that were called cheats, or that the strict audit refused: {len(record.cheats):,}."


def _cheats(record: RunRecord) -> str:
    if not record.cheats:
        return ""
    shown = record.cheats[: -CHEATS - 1 : -1]
    pieces = "".join(f"<h3>batch {cheat.batch}</h3><pre>{text(cheat.text)}</pre>" for cheat in shown)
    more = f", the last {len(shown)} here and all in cheats.txt" if len(shown) < len(record.cheats) else ""
    title = f"Cheats and refused proofs <small>{len(record.cheats):,}{more}</small>"
    return card(title, folded("Show", pieces))


def chosen(proofs: Sequence[Proved]) -> list[tuple[Proved, bool]]:
    """The proofs to show, the newest first, and whether each is one of the rarest.

    The rarest are those of theorems with the fewest distinct proofs; of equally many the earliest, which have
    had the longest time to be proved again.
    """
    order = range(len(proofs))
    newest = set(order[-NEWEST:])
    rarest = set(sorted(set(order) - newest, key=lambda index: (proofs[index].proofs, index))[:RAREST])
    return [(proofs[index], index in rarest) for index in sorted(newest | rarest, reverse=True)]


def _proofs(proofs: Sequence[Proved]) -> str:
    """The first proof of each theorem, to read and to search."""
    if not proofs:
        return card("First proofs", "<p>No theorem was proved yet, or there is no proofs.jsonl.</p>")
    shown = chosen(proofs)
    pieces = []
    for one, rare in shown:
        count = f"{one.proofs} distinct proofs" if one.proofs > 1 else "no other proof"
        about = f"batch {one.step:,} · {duration(one.seconds)} · {count}{' · rare' if rare else ''}"
        pieces.append(
            f"<h3>{text(one.name)} <small>{text(about)}</small></h3>"
            f"<pre>{text(one.statement.rstrip())}\n{text(one.proof.rstrip())}</pre>"
        )
    left = len(proofs) - len(shown)
    said = (
        f"The first proof of each of {len(proofs):,} theorems, the newest first; the browser finds any text."
    )
    if left:
        said += (
            f" {len(shown):,} are shown: the {NEWEST} found last, and {len(shown) - NEWEST} of theorems with "
            f"the fewest proofs. {left:,} are not shown; all are in proofs.jsonl."
        )
    return card("First proofs", f'<p class="quiet">{said}</p>', *pieces, kind="proofs")


def _settings(record: RunRecord) -> str:
    if not record.told:
        return ""
    rows = [[text(name), text(_said(value))] for name, value in record.told.items()]
    return card("", folded("All settings", table(["", ""], rows, 2)))


def _said(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
