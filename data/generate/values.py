"""Values for the variables of a statement in a small model; `signature.py` says how they are represented."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Hashable, Iterable
from typing import Any

from data.generate.terms import Ty, Var

MAX_FUNCTIONS = 27
ELEMENTS = 3
MAX_GRID = 300


class Unbounded(ArithmeticError):  # noqa: N818 (says what the value is)
    """A number grew beyond what a test needs."""


class Table:
    """A function: a random value for each argument, drawn when it is first asked for."""

    __slots__ = ("draw", "values")

    def __init__(self, draw: Callable[[], Any], values: dict[Hashable, Any] | None = None) -> None:
        self.draw = draw
        self.values: dict[Hashable, Any] = {} if values is None else values

    def __call__(self, argument: Hashable) -> Any:
        if argument not in self.values:
            self.values[argument] = self.draw()
        return self.values[argument]


class Space:
    """The finite parts of the types that quantifiers range over, in one world."""

    def __init__(self, rng: random.Random, sizes: dict[str, int]) -> None:
        self.rng = rng
        self.sizes = sizes
        self.domains: dict[Ty, tuple[Any, ...]] = {}

    def domain(self, type_: Ty) -> tuple[Any, ...]:
        """The elements of `type_` that a quantifier tries."""
        if type_ not in self.domains:
            self.domains[type_] = tuple(self._elements(type_))
        return self.domains[type_]

    def _elements(self, type_: Ty) -> Iterable[Any]:
        head, args = type_.head, type_.args
        if head == "Nat":
            return range(13)
        if head == "Int":
            return range(-6, 7)
        if head == "Prop":
            return (False, True)
        if head == "List":
            items = self.domain(args[0])[:ELEMENTS]
            longest = 3 if len(items) <= 2 else 2
            return (c for n in range(longest + 1) for c in itertools.product(items, repeat=n))
        if head == "Option":
            return [(), *((item,) for item in self.domain(args[0])[:6])]
        if head == "Prod":
            return itertools.product(self.domain(args[0])[:6], self.domain(args[1])[:6])
        if head == "Fun":
            inputs, outputs = self.domain(args[0])[:ELEMENTS], self.domain(args[1])[:ELEMENTS]
            tables = itertools.product(outputs, repeat=len(inputs))
            chosen = itertools.islice(tables, MAX_FUNCTIONS)
            return [Table(self._refuse, dict(zip(inputs, values, strict=True))) for values in chosen]
        return range(self.sizes[head])

    def _refuse(self) -> Any:
        raise Unbounded

    def value(self, type_: Ty) -> Any:
        """A random value. Raises `IndexError` for a type without elements."""
        head, args, rng = type_.head, type_.args, self.rng
        if head == "Nat":
            return rng.choice((0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 9, 12))
        if head == "Int":
            return rng.choice((0, 0, 1, -1, 2, -2, 3, -3, 4, -5, 6, -7, 9))
        if head == "Prop":
            return rng.random() < 0.5
        if head == "List":
            if args[0].head in self.sizes and not self.sizes[args[0].head]:
                return ()
            return tuple(self.value(args[0]) for _ in range(rng.choice((0, 0, 1, 1, 2, 2, 3, 4))))
        if head == "Option":
            return () if rng.random() < 0.4 or not self.domain(args[0]) else (self.value(args[0]),)
        if head == "Prod":
            return (self.value(args[0]), self.value(args[1]))
        if head == "Fun":
            if not self.domain(args[1]) and self.domain(args[0]):
                raise IndexError
            return self._function(*args)
        return rng.randrange(self.sizes[head]) if self.sizes[head] else [][0]

    def _function(self, domain: Ty, codomain: Ty) -> Callable[[Any], Any]:
        """A random function; on numbers sometimes a regular one, so that regularity can be assumed."""
        rng = self.rng
        if domain == codomain and rng.random() < 0.2:
            return lambda argument: argument
        if codomain.head == "Prop":
            chance = rng.choice((0.0, 0.3, 0.5, 0.7, 1.0))
            return Table(lambda: rng.random() < chance)
        if domain.head == codomain.head == "Nat" and rng.random() < 0.5:
            slope, start = rng.choice((0, 1, 1, 2)), rng.randrange(3)
            return lambda argument: slope * argument + start
        if domain == codomain and domain.head in self.sizes and rng.random() < 0.4:
            shuffled = rng.sample(range(self.sizes[domain.head]), self.sizes[domain.head])
            return shuffled.__getitem__
        if codomain.head in self.sizes and not self.sizes[codomain.head]:
            return Table(self._refuse)
        return Table(lambda: self.value(codomain))


def needed_types(type_: Ty) -> list[str]:
    """The types that must have an element if `type_` is to have one, to be on the safe side."""
    if type_.head in ("List", "Option"):
        return []
    if type_.head == "Fun":
        return needed_types(type_.args[1])
    return [head for arg in type_.args for head in needed_types(arg)] if type_.args else [type_.head]


def near(value: Any, type_: Ty, rng: random.Random) -> Any:
    """The same value, or one that a simple equation relates to it."""
    if rng.random() < 0.5:
        return value
    if type_.head == "Nat":
        return max(0, value + rng.choice((-2, -1, 1, 1, 2, 3)))
    if type_.head == "Int":
        return rng.choice((-value, value + 1, value - 1))
    if type_.head == "List":
        return rng.choice((value[::-1], value[1:], value[:-1], value + value[:1]))
    return value


def small_numbers(variables: tuple[Var, ...]) -> list[dict[Var, Any]]:
    """All ways to give the numeric variables small values, as long as there are few."""
    numeric = [var for var in variables if var.type.head in ("Nat", "Int", "Prop")]
    ranges = {"Nat": (0, 1, 2, 3), "Int": (0, 1, -1, 2, -2), "Prop": (False, True)}
    grids = [ranges[var.type.head] for var in numeric]
    while math.prod(len(grid) for grid in grids) > MAX_GRID:
        grids = [grid[:-1] if len(grid) > 2 else grid for grid in grids]
    return (
        [dict(zip(numeric, values, strict=True)) for values in itertools.product(*grids)] if numeric else []
    )
