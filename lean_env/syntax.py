"""What a term's text says, before anybody thinks about what it means.

Nothing is resolved: a name may be a variable or a constant, `x.f` a projection or a call. Named arguments
are left out, and the type in `(x : T)` is kept.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Name:
    """A constant, or a variable with projections behind it: `Nat.succ`, `as.reverse.length`."""

    text: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written."""

    text: str


@dataclass(frozen=True, slots=True)
class String:
    """A string with its quotes."""

    text: str


@dataclass(frozen=True, slots=True)
class Infix:
    """`left operator right`."""

    operator: str
    left: Syntax
    right: Syntax


@dataclass(frozen=True, slots=True)
class Prefix:
    """`operator operand`."""

    operator: str
    operand: Syntax


@dataclass(frozen=True, slots=True)
class Application:
    """`function argument …`, with at least one argument."""

    function: Syntax
    arguments: tuple[Syntax, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """`(object).name`, or `.1`; what is dotted onto a name is in the name."""

    object: Syntax
    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """`list[place]`, with `?` or `!` behind it or nothing."""

    list: Syntax
    place: Syntax
    mark: str


@dataclass(frozen=True, slots=True)
class Items:
    """`[a, b]`, `⟨a, b⟩`, `(a, b)` with two items or more, or `()`."""

    bracket: str
    items: tuple[Syntax, ...]


@dataclass(frozen=True, slots=True)
class Parenthesised:
    """`(term)` or `(term : type)`."""

    term: Syntax
    type: Syntax | None


@dataclass(frozen=True, slots=True)
class Conditional:
    """`if condition then yes else no`."""

    condition: Syntax
    yes: Syntax
    no: Syntax


@dataclass(frozen=True, slots=True)
class Bound:
    """What a binder introduces in one place: `x y`, `x y : T`, `(x y : T)`, `[T]`, `x < n`."""

    names: tuple[str, ...]
    """None of them in `[T]`."""
    type: Syntax | None
    bracket: str
    """The opening one, or empty."""
    limit: tuple[str, Syntax] | None = None
    """The relation that each of them has, and to what: in `∀ x < n, …`, `<` and `n`."""


@dataclass(frozen=True, slots=True)
class Binder:
    """`∀`, `∃`, `∃!` or `fun`, and its body."""

    keyword: str
    bounds: tuple[Bound, ...]
    body: Syntax


Syntax = (
    Name
    | Number
    | String
    | Infix
    | Prefix
    | Application
    | Field
    | Index
    | Items
    | Parenthesised
    | Conditional
    | Binder
)
