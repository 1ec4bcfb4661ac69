"""Variables that are bound elsewhere than a reader thinks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from data.lint.notation import BIG
from data.lint.tree import Binder, Node, Tree, binder_groups
from data.lint.values import Finding, Rule
from lean_env.lexer import words_of

_LETTER = re.compile(r"[a-zα-κμ-ω]['₀-₉0-9]*")
"""What Lean's older rule for auto-bound variables allows: a letter with digits."""
_NOTATION = frozenset({"π", "φ", "ψ", "σ", "ζ", "Γ"})
"""Letters that Mathlib gives a meaning."""


def phantoms_by_goal(statement: str, goal: str) -> Iterator[Finding]:
    """Variables that Lean shows in the goal and that no binder before the colon names.

    `goal` as Lean prints it before the first tactic: hypotheses, one or more a line, and a line with ⊢.
    """
    groups = binder_groups(statement)
    if groups is None or "⊢" not in goal:
        return
    written: set[str] = set()
    for start, end in groups[1]:
        for token in words_of(statement[start:end]):
            if token.text == ":":
                break
            written.add(token.text)
    for name, type_ in context_of(goal):
        if name not in written and "✝" not in name and name != "this":
            yield Finding(
                Rule.PHANTOM, f"Lean bound {name} : {type_} by itself; no binder before the colon names it"
            )


def context_of(goal: str) -> Iterator[tuple[str, str]]:
    """The names in a goal's context with their types as Lean prints them."""
    hypotheses = goal.split("⊢", 1)[0]
    for entry in re.split(r"\n(?=\S)", hypotheses):
        names, colon, type_ = entry.partition(" : ")
        if colon and not entry.startswith("case "):
            for name in names.split():
                yield name, " ".join(type_.split())


def phantoms_by_text(tree: Tree) -> Iterator[Finding]:
    """Variables of which the text shows that nobody bound them where they stand."""
    bound_somewhere = {name for node in _all(tree) for binder in node.binders for name in binder.names}
    told: set[str] = set()
    for node in _free(tree):
        name = node.text
        if name in told:
            continue
        place = tree.text[max(0, node.start - 12) : node.end + 12]
        if name in bound_somewhere:
            told.add(name)
            yield Finding(
                Rule.PHANTOM,
                f"{name} in `{_short(place)}` stands outside of what binds it elsewhere in the statement",
            )
        elif _LETTER.fullmatch(name) and name not in _NOTATION:
            told.add(name)
            yield Finding(Rule.PHANTOM, f"nobody binds {name} in `{_short(place)}`")


def bodies(tree: Tree) -> Iterator[Finding]:
    """Sums and products that end before a `+` or `-`, where what follows may have been meant as a part.

    Not where it is a sum or product itself, or where brackets show what is meant: `(∑ k in s, k) + 1`.
    """
    for node in _all(tree):
        if node.head in ("+", "-") and (big := node.args[0]).head in BIG:
            behind = node.args[1]
            if not any(part.head in BIG for part in behind.walk()):
                yield Finding(
                    Rule.BODY,
                    f"the {BIG[big.head]} `{_short(tree.words(big))}` ends before `{node.head}`: "
                    f"`{_short(tree.words(behind))}` is outside of it",
                )


def lone_variables(tree: Tree) -> Iterator[Finding]:
    """Explicit variables that one hypothesis applies a function to, and nothing else speaks of."""
    functions = {
        name
        for binder in tree.binders
        if binder.type is not None and binder.type.head == "→" and not _is_hypothesis(binder, tree)
        for name in binder.names
    }
    for binder in tree.binders:
        if binder.bracket != "(" or binder.type is None or binder.type.head != "name":
            continue
        for name in binder.names:
            speaking = [
                other for other in tree.binders if other is not binder and _mentions(other.type, name)
            ]
            if len(speaking) != 1 or _mentions(tree.claim, name) or name in functions:
                continue
            for node in speaking[0].type.walk() if speaking[0].type else ():
                if (
                    node.head == "app"
                    and node.args[0].text in functions
                    and any(_mentions(argument, name) for argument in node.args[1:])
                ):
                    yield Finding(
                        Rule.LONE,
                        f"{name} occurs only in {' '.join(speaking[0].names)}, there in "
                        f"`{_short(tree.words(node))}`: is `∀ {name}` missing?",
                    )
                    break


def shadowed(tree: Tree) -> Iterator[Finding]:
    """Names that are bound twice before the colon."""
    seen: set[str] = set()
    for name in tree.variables:
        if name in seen and name != "_":
            yield Finding(Rule.SHADOWED, f"{name} is bound twice; behind the second one the first is hidden")
        seen.add(name)


def unconnected(tree: Tree) -> Iterator[Finding]:
    """Variables that nothing mentions, and hypotheses that share no variable, even through others, with
    the claim. (The latter still matter if they contradict each other.)"""
    mentioned = [_names(binder.type) for binder in tree.binders]
    claim = _names(tree.claim)
    hypotheses = [_is_hypothesis(binder, tree) for binder in tree.binders]
    variables: set[str] = set()
    for index, binder in enumerate(tree.binders):
        if hypotheses[index] or binder.bracket == "[":
            continue
        variables |= set(binder.names)
        others = claim.union(*(names for place, names in enumerate(mentioned) if place != index))
        for name in binder.names:
            if name not in others and not name.startswith("_"):
                yield Finding(Rule.UNUSED, f"nothing mentions the variable {name}")
    reached = claim & variables
    while (grown := reached.union(*(names & variables for names in mentioned if names & reached))) != reached:
        reached = grown
    for binder, names, says in zip(tree.binders, mentioned, hypotheses, strict=True):
        if says and names & variables and not names & reached:
            yield Finding(
                Rule.UNUSED, f"the hypothesis {' '.join(binder.names)} shares no variable with the claim"
            )


def _is_hypothesis(binder: Binder, tree: Tree) -> bool:
    """Whether the binder says something, rather than introducing an object of a type that has a name."""
    kind = binder.type
    while kind is not None and kind.head in ("→", "( )"):
        kind = kind.args[-1]
    if kind is None or binder.bracket == "[":
        return False
    head = kind.args[0] if kind.head == "app" else kind
    if head.head != "name":
        return head.head not in ("×", "{|}")
    if head.text in _TYPES:
        return False
    sort = next((one.type for one in tree.binders if head.text in one.names), None)
    return sort is None or sort.text not in ("Type", "Sort")


_TYPES = frozenset(
    [
        "ℕ",
        "ℤ",
        "ℚ",
        "ℝ",
        "ℂ",
        "ℕ+",
        "Nat",
        "Int",
        "Rat",
        "Real",
        "Complex",
        "NNReal",
        "PNat",
        "Bool",
        "Prop",
        "Type",
        "Sort",
        "Fin",
        "ZMod",
        "Finset",
        "Set",
        "List",
        "Option",
        "String",
        "Char",
        "Polynomial",
        "Matrix",
        "Equiv",
        "Multiset",
        "Array",
    ]
)


def _mentions(node: Node | None, name: str) -> bool:
    return name in _names(node)


def _names(node: Node | None) -> set[str]:
    """First components of the names in a term."""
    if node is None:
        return set()
    return {part.text.split(".")[0] for part in node.walk() if part.head == "name"}


def _all(tree: Tree) -> Iterator[Node]:
    for binder in tree.binders:
        if binder.type is not None:
            yield from binder.type.walk()
    yield from tree.claim.walk()


def _free(tree: Tree) -> Iterator[Node]:
    """Names without dots that no binder around them binds."""
    scope: frozenset[str] = frozenset()
    for binder in tree.binders:
        if binder.type is not None:
            yield from _free_in(binder.type, scope)
        scope |= set(binder.names)
    yield from _free_in(tree.claim, scope)


def _free_in(node: Node, scope: frozenset[str]) -> Iterator[Node]:
    if node.head == "name" and "." not in node.text and node.text not in scope:
        yield node
    for binder in node.binders:
        for part in (binder.type, binder.limit):
            if part is not None:
                yield from _free_in(part, scope)
        scope |= set(binder.names)
    for arg in node.args:
        yield from _free_in(arg, scope)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:59]}…"
