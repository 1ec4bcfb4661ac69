"""A trace as the plain record that the page shows: the tree at the trace's end, and its samples.

A state's text is kept once however many nodes show it, and a prefix is a sample and an offset into its
proof. So a record grows with what was found, not with how often it was seen. Nodes and samples are
numbered in the order in which they were found, the root is node 0, and everything that is known of
nodes (or samples) is a list by their number. The page's script, `model.js`, reads these names.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lean_env.values import Verdict
from prover.trail import TrailError, read_trace
from search import (
    ROOT,
    Abandonment,
    BestFirst,
    Circumstances,
    Event,
    Expansion,
    Observation,
    RMaxTS,
    Search,
    TraceError,
    replay,
)
from search.discounted import Discounted
from search.rmaxts import choices, scores
from search.tree import Node

Record = dict[str, Any]
"""JSON in waiting. It leaves Python at once, and only the page's script reads it."""


def read_record(path: Path) -> Record:
    """The record of a trace file. Raises `TrailError`."""
    try:
        events = read_trace(path)
        if not events:
            raise TraceError("it is empty, or was cut off in its first line")
        record = make_record(events)
        json.dumps(record, allow_nan=False)  # A browser cannot read NaN; Python would write it.
        return record
    except TraceError as error:
        raise TrailError(f"{path} is no trace of a search: {error}") from error
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        # Events are read without a look at the type of every value, and lines may nest without end.
        raise TrailError(f"{path} is no trace of a search: it holds a value that no search writes") from error


def make_record(events: list[Event]) -> Record:
    """The record of a search's events. Raises `TraceError`."""
    search = replay(events)
    observations = [event for event in events if isinstance(event, Observation)]
    texts = _Texts()
    record = {
        **_about(search, len(_never_ended(events))),
        "circumstances": _circumstances(events),
        **_nodes(search, texts),
        **_ways(search, observations),
        "samples": _samples(search, observations, texts),
    }
    return {**record, "texts": list(texts.numbers)}


class _Texts:
    """A pool of texts, each kept once."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        return self.numbers.setdefault(text, len(self.numbers))


def _never_ended(events: list[Event]) -> set[int]:
    """Ids of the rollouts whose end the trace does not tell: the run goes on, or was interrupted."""
    under_way: set[int] = set()
    for event in events:
        if isinstance(event, Expansion):
            under_way.add(event.id)
        elif isinstance(event, Observation | Abandonment):
            under_way.discard(event.id)
    return under_way


def _circumstances(events: list[Event]) -> list[str]:
    """With what the search was made: a line for each time that it began or went on with something else."""
    lines = []
    for event in events:
        if isinstance(event, Circumstances):
            limits = [f"{value} {name}" for name, value in asdict(event.budget).items() if value is not None]
            lines.append(
                f"Policy {event.policy}, version {event.policy_version}; {event.toolchain}; "
                f"seed {event.seed}; {event.workers} workers; budget: {', '.join(limits) or 'no limit'}."
            )
    return list(dict.fromkeys(lines))


def _about(search: Search, lost: int) -> Record:
    """The theorem, how it was searched, and the sums."""
    theorem, start, statistics = search.theorem, search.start, search.statistics
    return {
        "name": theorem.name,
        "statement": theorem.statement,
        "header": theorem.header,
        "informal": theorem.informal,
        "source": theorem.provenance.source,
        "line": theorem.provenance.line,
        "algorithm": start.algorithm,
        "settings": start.settings,
        "verdicts": statistics.verdicts,
        "rewarded": statistics.rewarded,
        "abandoned": statistics.abandoned,
        "lost": lost,
        "tokens": statistics.tokens,
        "seconds": statistics.seconds,
        "depth": statistics.depth,
        "best": statistics.best_prefix,
        "proof": statistics.proof,
    }


def _nodes(search: Search, texts: _Texts) -> Record:
    """What the tree knows of its nodes."""
    nodes = search.tree.nodes
    number = {name: index for index, name in enumerate(nodes)}
    parents = [[number[parent] for parent in node.parents] for node in nodes.values()]
    rule = search.rule
    record = {
        "parent": [found[0] if found else -1 for found in parents],
        "others": {index: found[1:] for index, found in enumerate(parents) if len(found) > 1},
        "goals": [[texts(goal) for goal in node.goals] for node in nodes.values()],
        "proved": [number[node.name] for node in nodes.values() if node.proved],
        "own": [_statistics(node.own) for node in nodes.values()],
        "subtree": [_statistics(node.subtree) for node in nodes.values()],
    }
    if isinstance(rule, RMaxTS):
        own, subtree = _scores(search, rule)
        record |= {"own_score": [own.get(name) for name in nodes]}
        record |= {"subtree_score": [subtree.get(name) for name in nodes]}
    if isinstance(rule, BestFirst):
        record |= {"priority": [_priority(rule, node) for node in nodes.values()]}
    return record


def _statistics(choice: Discounted) -> list[float]:
    return [round(choice.reward, 4), round(choice.visits, 4), choice.count]


def _priority(rule: BestFirst, node: Node) -> float | None:
    return None if node.proved else round(rule.priority(node), 4)


def _scores(search: Search, rule: RMaxTS) -> tuple[dict[str, float | None], dict[str, float | None]]:
    """Upper confidence bounds of ⊘ at each node, and of going to each node from where it was found.

    None is an infinite bound: not tried yet. A complete proof is no choice and has none at all.
    """
    own: dict[str, float | None] = {}
    subtree: dict[str, float | None] = {}
    for name, node in search.tree.nodes.items():
        if node.proved:
            continue
        options = choices(search.tree, name, rule.gamma)
        for option, score in zip(options, scores(options, rule.prior_weight), strict=True):
            rounded = round(score, 4) if math.isfinite(score) else None
            if option.child is None:
                own[name] = rounded
            elif search.tree.nodes[option.child].parents[0] == name:
                subtree[option.child] = rounded
    return own, subtree


def _ways(search: Search, observations: list[Observation]) -> Record:
    """By which proofs the nodes were reached: a sample's number and offsets (characters) into its proof."""
    number = {name: index for index, name in enumerate(search.tree.nodes)}
    step: list[tuple[int, int, int]] = [(-1, 0, 0)] * len(number)
    prefixes: list[list[tuple[int, int]]] = [[] for _ in number]
    seen: list[set[str]] = [set() for _ in number]
    reached = [0] * len(number)
    reached[0] = len(observations)
    win: list[int] = []
    for index, observation in enumerate(observations):
        begin = 0
        for visit in observation.visits:
            node = number[visit.node]
            reached[node] += 1
            prefix = observation.proof[: visit.end]
            if node and not prefixes[node]:
                step[node] = index, begin, visit.end
            if prefix not in seen[node]:
                seen[node].add(prefix)
                prefixes[node].append((index, visit.end))
            begin = visit.end
        if not win and observation.verdict is Verdict.PROVED:
            win = list(dict.fromkeys([0, *(number[visit.node] for visit in observation.visits)]))
    return {"step": step, "prefixes": prefixes, "reached": reached, "win": win}


def _samples(search: Search, observations: list[Observation], texts: _Texts) -> Record:
    """Where each sample began, what came of it, what it cost, and what it corrects."""
    number = {name: index for index, name in enumerate(search.tree.nodes)}
    known = {ROOT}
    added = []
    for observation in observations:
        names = {visit.node for visit in observation.visits} - known
        known |= names
        added.append(len(names))
    return {
        "node": [number[observation.path[-1]] for observation in observations],
        "end": [
            number[(observation.visits[-1].node if observation.visits else observation.path[0])]
            for observation in observations
        ],
        "added": added,
        "verdict": [observation.verdict.value for observation in observations],
        "reason": [texts(observation.reason) for observation in observations],
        "proof": [observation.proof for observation in observations],
        "seconds": [round(observation.seconds, 3) for observation in observations],
        "check": [round(observation.check_seconds, 3) for observation in observations],
        "tokens": [observation.sample.tokens for observation in observations],
        "round": [observation.round for observation in observations],
        "revised": _revised(observations),
    }


def _revised(observations: list[Observation]) -> list[int]:
    """Which sample each one corrects: its number, or -1 if there is none, or none in this trace."""
    latest: dict[str, int] = {}
    found = []
    for index, observation in enumerate(observations):
        found.append(latest.get(observation.revises, -1) if observation.revises else -1)
        latest[observation.proof] = index
    return found
