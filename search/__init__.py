"""Proof search as pure functions over plain data: no process, socket or file.

A `Search` grows a tree of tactic states by one of four rules: `RMaxTS` (DeepSeek-Prover-V1.5),
`BestFirst` over tactics, `Sampling` of whole proofs, or `SelfCorrection` of them. Its driver asks it where
to expand, lets a policy write and Lean check, and tells it the outcome. All that happens is an event that
can be written to a trace, replayed and merged.
"""

from search.best_first import BestFirst
from search.budget import Budget, Sample, Statistics, Stop
from search.events import Abandonment, Circumstances, Event, Expansion, Observation, Start
from search.rmaxts import RMaxTS
from search.rules import Rule, Sampling, Unit
from search.search import Search
from search.self_correction import SelfCorrection
from search.trace import RULES, TraceError, merge, read, replay, to_line
from search.tree import ROOT, Node, Tree
from search.walk import closing_prefix

__all__ = [
    "ROOT",
    "RULES",
    "Abandonment",
    "BestFirst",
    "Budget",
    "Circumstances",
    "Event",
    "Expansion",
    "Node",
    "Observation",
    "RMaxTS",
    "Rule",
    "Sample",
    "Sampling",
    "Search",
    "SelfCorrection",
    "Start",
    "Statistics",
    "Stop",
    "TraceError",
    "Tree",
    "Unit",
    "closing_prefix",
    "merge",
    "read",
    "replay",
    "to_line",
]
