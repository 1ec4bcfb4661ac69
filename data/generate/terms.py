"""Typed terms: what the generators build, test and print.

A statement is generated as a tree and becomes text last, so that it can be evaluated on small models,
transformed and compared without parsing Lean. Three kinds of nodes suffice: variables, operators of the
signature (`signature.py`) applied to arguments, and binders.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Ty:
    """A type: a base type such as `Nat`, a variable such as `α`, or a constructor with arguments.

    Constructors are `List`, `Option`, `Prod` and `Fun` (two arguments: domain, codomain). Inside the
    signature a lower-case Latin name stands for any type.
    """

    head: str
    args: tuple[Ty, ...] = ()


NAT, INT, PROP = Ty("Nat"), Ty("Int"), Ty("Prop")
ALPHA, BETA, GAMMA = Ty("α"), Ty("β"), Ty("γ")
TYPE_VARIABLES = ("α", "β", "γ", "δ")


def list_of(item: Ty) -> Ty:
    """`List item`."""
    return Ty("List", (item,))


def option_of(item: Ty) -> Ty:
    """`Option item`."""
    return Ty("Option", (item,))


def prod(first: Ty, second: Ty) -> Ty:
    """`first × second`."""
    return Ty("Prod", (first, second))


def fun(*types: Ty) -> Ty:
    """`a → b → …`, nested to the right."""
    result = types[-1]
    for domain in reversed(types[:-1]):
        result = Ty("Fun", (domain, result))
    return result


@dataclass(frozen=True, slots=True)
class Op:
    """An operator of the signature."""

    name: str
    inputs: tuple[Ty, ...]
    output: Ty
    form: str
    """How Lean writes it: `infix`, `infixl`, `infixr`, `prefix`, `call`, `atom`, `list`, `pair`, `field`,
    `apply` or `if`."""
    text: str
    """The symbol, or the name that is called."""
    level: int
    """Lean's precedence of an infix operator, or the position of a call's receiver in dot notation (-1:
    never written so)."""
    python: str
    """The same in Python, with `{0}`, `{1}` for the arguments."""


@dataclass(frozen=True, slots=True)
class Var:
    """A variable, free or bound."""

    name: str
    type: Ty


@dataclass(frozen=True, slots=True)
class App:
    """An operator applied to all its arguments."""

    op: Op
    args: tuple[Term, ...]
    type: Ty


@dataclass(frozen=True, slots=True)
class Bind:
    """`∀ var, body`, `∃ var, body` or `fun var => body`."""

    binder: str
    var: Var
    body: Term
    type: Ty


Term = Var | App | Bind


@dataclass(frozen=True, slots=True)
class Goal:
    """A statement before it has a name: what is assumed, and what is to be shown."""

    conclusion: Term
    hypotheses: tuple[Term, ...] = ()
    instances: tuple[tuple[str, Term | Ty], ...] = field(default=())
    """Type-class assumptions: `Decidable` of a proposition, `Nonempty` or `DecidableEq` of a type."""


def size(term: Term) -> int:
    """The number of nodes."""
    if isinstance(term, Var):
        return 1
    if isinstance(term, Bind):
        return 1 + size(term.body)
    return 1 + sum(size(arg) for arg in term.args)


def goal_size(goal: Goal) -> int:
    """The number of nodes of all that the goal says."""
    return sum(size(term) for term in (*goal.hypotheses, goal.conclusion))


def free(term: Term) -> dict[Var, None]:
    """The free variables in order of occurrence (a dictionary serves as an ordered set)."""
    if isinstance(term, Var):
        return {term: None}
    if isinstance(term, Bind):
        inner = free(term.body)
        inner.pop(term.var, None)
        return inner
    found: dict[Var, None] = {}
    for arg in term.args:
        found.update(free(arg))
    return found


def has_binder(term: Term) -> bool:
    """Whether a quantifier or function occurs."""
    return isinstance(term, Bind) or (isinstance(term, App) and any(has_binder(arg) for arg in term.args))


def is_closed(term: Term) -> bool:
    """Whether no variable occurs, not even a bound one: binders count as open."""
    return isinstance(term, App) and all(is_closed(arg) for arg in term.args)


def subterms(term: Term) -> Iterator[Term]:
    """All subterms outside binders, the term itself first: those that may be replaced freely."""
    yield term
    if isinstance(term, App):
        for arg in term.args:
            yield from subterms(arg)


def substitute(term: Term, mapping: Mapping[Term, Term]) -> Term:
    """`term` with whole subterms replaced; replacements must not mention variables bound in `term`."""
    found = mapping.get(term)
    if found is not None:
        return found
    if isinstance(term, Var):
        return term
    if isinstance(term, Bind):
        return replace(term, body=substitute(term.body, mapping))
    return replace(term, args=tuple(substitute(arg, mapping) for arg in term.args))


def replace_type(term: Term, mapping: Mapping[str, Ty]) -> Term:
    """`term` with type variables replaced."""
    if isinstance(term, Var):
        return Var(term.name, instantiate(term.type, mapping))
    if isinstance(term, Bind):
        var = Var(term.var.name, instantiate(term.var.type, mapping))
        return Bind(term.binder, var, replace_type(term.body, mapping), instantiate(term.type, mapping))
    args = tuple(replace_type(arg, mapping) for arg in term.args)
    return App(term.op, args, instantiate(term.type, mapping))


def instantiate(type_: Ty, mapping: Mapping[str, Ty]) -> Ty:
    """`type_` with the named types replaced."""
    if not type_.args:
        return mapping.get(type_.head, type_)
    return Ty(type_.head, tuple(instantiate(arg, mapping) for arg in type_.args))


def match_type(pattern: Ty, type_: Ty, mapping: dict[str, Ty]) -> bool:
    """Whether `pattern` (lower-case Latin names are open) matches; extends `mapping`."""
    if not pattern.args and pattern.head.islower() and pattern.head.isascii():
        return mapping.setdefault(pattern.head, type_) == type_
    return (
        pattern.head == type_.head
        and len(pattern.args) == len(type_.args)
        and all(
            match_type(left, right, mapping) for left, right in zip(pattern.args, type_.args, strict=True)
        )
    )


def type_heads(type_: Ty) -> Iterator[str]:
    """The names that a type mentions."""
    yield type_.head
    for arg in type_.args:
        yield from type_heads(arg)


def types_of(term: Term) -> Iterator[Ty]:
    """The types of all variables and binders in a term."""
    if isinstance(term, Var):
        yield term.type
    elif isinstance(term, Bind):
        yield term.var.type
        yield from types_of(term.body)
    else:
        yield term.type
        for arg in term.args:
            yield from types_of(arg)
