"""Traces: a search written down line by line, read back, resumed by replay, and merged.

A trace is a `Start` and the events that followed. It is append-only: a run that was interrupted leaves
a trace whose last line may be cut off and some of whose expansions never ended. Replay leaves those out;
their rollouts are lost, nothing else is.

**Merging.** `merge(first, second)` is the trace of a run that observed all that `first` observed and
then all that `second` observed, each in its order. Rewards are worked out afresh, so a state that both
found is rewarded once. It follows that merging is associative, that merging the two parts of a run cut
anywhere gives the run, and that for γ < 1 the second weighs more, as the more recent. The statistics of
a choice in the merged tree are `first.then(second, γ)` when both are parts of one run. Times are those
of the parts, taken to run on one clock.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from lean_env.values import Provenance, Theorem, Verdict
from search.best_first import BestFirst
from search.budget import Budget, Sample
from search.events import VERSION, Abandonment, Circumstances, Event, Expansion, Observation, Start
from search.rmaxts import RMaxTS
from search.rules import Rule, Sampling, Unit
from search.search import Search
from search.self_correction import SelfCorrection
from search.tree import Visit

RULES: Mapping[str, type[RMaxTS | BestFirst | Sampling | SelfCorrection]] = {
    rule.algorithm: rule for rule in (RMaxTS, BestFirst, Sampling, SelfCorrection)
}
"""The algorithms by name."""


class TraceError(ValueError):
    """A trace that cannot be read, or that belongs to another search."""


def encode(event: Event) -> dict[str, Any]:
    """A plain dict for `json.dumps`."""
    kind = type(event).__name__.lower()
    version = {"version": VERSION} if isinstance(event, Start) else {}
    fields = asdict(event)
    if isinstance(event, Expansion | Observation) and not event.revises:
        del fields["revises"], fields["round"]  # As in traces that were written before there were any.
    return {"event": kind, **version, **fields}


def decode(record: Mapping[str, Any]) -> Event:
    """The event that was encoded. Raises `TraceError`."""
    fields = dict(record)
    try:
        match fields.pop("event"):
            case "start":
                return _start(fields)
            case "circumstances":
                return Circumstances(**{**fields, "budget": Budget(**fields["budget"])})
            case "expansion":
                return Expansion(
                    **{
                        **fields,
                        "path": _names(fields["path"]),
                        "goals": _names(fields["goals"]),
                        "unit": Unit(fields["unit"]),
                    }
                )
            case "observation":
                return Observation(
                    **{
                        **fields,
                        "path": _names(fields["path"]),
                        "added": _names(fields["added"]),
                        "verdict": Verdict(fields["verdict"]),
                        "visits": tuple(_visit(**visit) for visit in fields["visits"]),
                        "sample": Sample(**fields["sample"]),
                    }
                )
            case "abandonment":
                return Abandonment(**fields)
            case other:
                raise TraceError(f"unknown event {other!r}")
    except TraceError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise TraceError(f"not an event: {error}") from error


def to_line(event: Event) -> str:
    """One line of JSON in ASCII, its line break included."""
    return json.dumps(encode(event), separators=(",", ":")) + "\n"


def read(lines: Iterable[str]) -> Iterator[Event]:
    """The events of a trace. A last line without a line break was cut off, and is left out.

    Raises `TraceError`, with the line's number, for anything else that is no event.
    """
    for number, line in enumerate(lines, 1):
        if not line.endswith("\n"):
            return
        try:
            record = json.loads(line)
            if not isinstance(record, dict):
                raise TraceError("not an object")
            yield decode(record)
        except ValueError as error:
            raise TraceError(f"line {number}: {error}") from error


def replay(
    events: Iterable[Event],
    budget: Budget | None = None,
    theorem: Theorem | None = None,
    rule: Rule | None = None,
) -> Search:
    """The search that a trace is about, ready to go on; expansions that never ended are left out.

    `theorem` and `rule`, if given, are what the trace is expected to be about. Raises `TraceError`.
    """
    rest = iter(events)
    start = next(rest, None)
    if not isinstance(start, Start):
        raise TraceError("a trace begins with a start event")
    search = Search(start.theorem, _rule(start), budget or Budget(), start.goals)
    if theorem is not None and theorem.digest != start.theorem.digest:
        raise TraceError(f"the trace is about {start.theorem.name}, not about {theorem.name} as it is now")
    if rule is not None and rule != search.rule:
        raise TraceError(f"the trace was made with {search.rule}, not with {rule}")
    for event in rest:
        try:
            match event:
                case Start():
                    raise TraceError("a trace has one start event")
                case Circumstances() | Expansion():
                    pass  # What came of an expansion follows, or was lost.
                case Observation():
                    search.apply(event)
                case Abandonment():
                    search.drop(event)
        except TraceError:
            raise
        except ValueError as error:
            raise TraceError(str(error)) from error
    return search


def merge(first: Sequence[Event], second: Sequence[Event]) -> list[Event]:
    """The trace of all that both traces observed, `first` first; the module says what that means.

    `second` may lack its start: the rest of a trace that was cut in two. Rollouts are numbered anew;
    expansions and circumstances are left out. Raises `TraceError` if the traces are not about the same
    search.
    """
    start, rest = first[0] if first else None, list(second)
    if not isinstance(start, Start):
        raise TraceError("a trace begins with a start event")
    other = rest[0] if rest else None
    if isinstance(other, Start):
        del rest[0]
        if replace(other, theorem=start.theorem) != start or other.theorem.digest != start.theorem.digest:
            raise TraceError("the traces differ in their theorem, goals, algorithm or settings")
    search = replay([start])
    merged: list[Event] = [start]
    for event in [*first[1:], *rest]:
        if isinstance(event, Observation):
            merged.append(search.apply(replace(event, id=len(merged) - 1)))
        elif isinstance(event, Abandonment):
            dropped = replace(event, id=len(merged) - 1)
            search.drop(dropped)
            merged.append(dropped)
        elif isinstance(event, Start):
            raise TraceError("a trace has one start event")
    return merged


def _rule(start: Start) -> Rule:
    try:
        return RULES[start.algorithm](**start.settings)
    except KeyError:
        raise TraceError(f"unknown algorithm {start.algorithm!r}") from None
    except (TypeError, ValueError) as error:
        raise TraceError(f"settings of {start.algorithm}: {error}") from error


def _start(fields: dict[str, Any]) -> Start:
    version = fields.pop("version")
    if version != VERSION:
        raise TraceError(f"version {version} of the format; this program reads version {VERSION}")
    theorem = fields["theorem"]
    provenance = Provenance(**theorem["provenance"])
    whole = Theorem(**{**theorem, "provenance": provenance})
    return Start(**{**fields, "theorem": whole, "goals": _names(fields["goals"])})


def _visit(node: str, end: int, goals: list[str] | None) -> Visit:
    return Visit(node, end, None if goals is None else _names(goals))


def _names(values: list[str]) -> tuple[str, ...]:
    if not isinstance(values, (list, tuple)) or not all(isinstance(value, str) for value in values):
        raise TypeError(f"expected a list of texts, not {values!r}")
    return tuple(values)
