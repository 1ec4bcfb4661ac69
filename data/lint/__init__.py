"""Audits statements by their text: what their authors probably did not mean. Pure: asks no Lean."""

from __future__ import annotations

from collections.abc import Iterator

from data.lint.numbers import rounding
from data.lint.parser import read_tree
from data.lint.scopes import (
    bodies,
    lone_variables,
    phantoms_by_goal,
    phantoms_by_text,
    shadowed,
    unconnected,
)
from data.lint.tree import Tree, UnreadableError
from data.lint.values import DESCRIPTIONS, Finding, Rule

__all__ = ["DESCRIPTIONS", "Finding", "Rule", "Tree", "UnreadableError", "by_goal", "by_text", "read_tree"]


def by_text(tree: Tree) -> Iterator[Finding]:
    """All that the text alone tells."""
    for look in (phantoms_by_text, bodies, rounding, shadowed, lone_variables, unconnected):
        yield from look(tree)


def by_goal(statement: str, goal: str) -> Iterator[Finding]:
    """What a goal tells that Lean printed before the first tactic."""
    yield from phantoms_by_goal(statement, goal)
