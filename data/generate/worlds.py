"""Small models: what the variables of a statement may stand for, and whether it holds there.

A statement becomes one Python expression, which is evaluated in many random worlds. A world gives each
type variable a few elements (none at all, sometimes, where nothing forbids it) and each variable a value.
Quantifiers range over a finite part of an infinite type, so the test is neither sound nor complete: it
only makes a statement probable. Lean decides.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from data.generate.terms import TYPE_VARIABLES, Bind, Term, Ty, Var, free

MAX_POWER = 10**40
MAX_FUNCTIONS = 27
ELEMENTS = 3
SIZES = (1, 2, 2, 3, 3, 4, 5)
"""How many elements a type variable has, in worlds taken in turn."""
REPEAT = 0.45
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


def _power(base: int, exponent: int) -> int:
    if exponent > 130 or base**exponent > MAX_POWER:
        raise Unbounded
    return int(base**exponent)


def _repeated(count: int, item: Any) -> tuple[Any, ...]:
    if count > 100:
        raise Unbounded
    return (item,) * count


def _divides(left: int, right: int) -> bool:
    return right % left == 0 if left else right == 0


def _compose(outer: Callable[[Any], Any], inner: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda argument: outer(inner(argument))


def _bind(option: tuple[Any, ...], function: Callable[[Any], tuple[Any, ...]]) -> tuple[Any, ...]:
    return function(option[0]) if option else ()


ENVIRONMENT: dict[str, Any] = {
    "power": _power,
    "repeated": _repeated,
    "divides": _divides,
    "gcd": math.gcd,
    "compose": _compose,
    "bind": _bind,
    "zipped": lambda left, right: tuple(zip(left, right, strict=False)),
}


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


World = tuple[Any, ...]
Test = Callable[..., Any]


class Frame:
    """A fixed list of variables and many worlds that give them values."""

    def __init__(
        self,
        rng: random.Random,
        variables: Sequence[Var],
        *,
        inhabited: bool = False,
        count: int,
        thorough: bool = False,
    ) -> None:
        """`count` random worlds, and with `thorough` all those where numbers are small as well."""
        self.variables = tuple(variables)
        self.inhabited = inhabited
        self.names = [var.name for var in variables]
        columns = [rng.sample(SIZES, len(SIZES)) for _ in TYPE_VARIABLES]
        sizes = [dict(zip(TYPE_VARIABLES, row, strict=True)) for row in zip(*columns, strict=True)]
        if not inhabited:
            sizes[-1] = dict.fromkeys(TYPE_VARIABLES, 0)
            sizes[-2] = {head: rng.choice((0, 0, 1, 2)) for head in TYPE_VARIABLES}
        spaces = [Space(rng, each) for each in sizes]
        fixed: list[dict[Var, Any]] = [{}] * count
        if thorough:
            fixed += _small_numbers(self.variables)
        self.worlds: list[World] = []
        for place, given in enumerate(fixed):
            space = spaces[place % len(spaces)]
            try:
                values = self._values(space, given, rng)
            except IndexError:
                space = spaces[0]
                values = self._values(space, given, rng)
            self.worlds.append((space, *values))

    def _values(self, space: Space, given: dict[Var, Any], rng: random.Random) -> list[Any]:
        values: list[Any] = []
        for var in self.variables:
            # Related values make equations hold often enough to be worth assuming.
            twin = rng.choice(self.variables[: len(values)]) if values and rng.random() < REPEAT else var
            if var in given:
                values.append(given[var])
            elif twin is not var and twin.type == var.type:
                values.append(_near(values[self.variables.index(twin)], var.type, rng))
            else:
                values.append(space.value(var.type))
        return values

    def results(self, term: Term, count: int | None = None) -> tuple[Any, ...] | None:
        """The value of `term` in each world; None if some value is out of reach."""
        test = compiled(term, tuple(self.names))
        if test is None:
            return None
        try:
            return tuple(test(*world) for world in self.worlds[:count])
        except (Unbounded, OverflowError, IndexError, TypeError):
            return None

    def holds(self, term: Term) -> int | None:
        """The worlds in which a proposition holds, as the bits of a number."""
        found = self.results(term)
        return None if found is None else sum(1 << place for place, value in enumerate(found) if value)

    @property
    def everywhere(self) -> int:
        """The bits of a proposition that holds in every world."""
        return (1 << len(self.worlds)) - 1


def _near(value: Any, type_: Ty, rng: random.Random) -> Any:
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


def _small_numbers(variables: tuple[Var, ...]) -> list[dict[Var, Any]]:
    """All ways to give the numeric variables small values, as long as there are few."""
    numeric = [var for var in variables if var.type.head in ("Nat", "Int", "Prop")]
    ranges = {"Nat": (0, 1, 2, 3), "Int": (0, 1, -1, 2, -2), "Prop": (False, True)}
    grids = [ranges[var.type.head] for var in numeric]
    while math.prod(len(grid) for grid in grids) > MAX_GRID:
        grids = [grid[:-1] if len(grid) > 2 else grid for grid in grids]
    return (
        [dict(zip(numeric, values, strict=True)) for values in itertools.product(*grids)] if numeric else []
    )


def _same(left: Any, right: Any) -> bool:
    if callable(left) and callable(right):
        if left is right:
            return True
        raise TypeError("functions are compared where their domain is known")
    return bool(left == right)


ENVIRONMENT["same"] = _same


@lru_cache(maxsize=4096)
def compiled(term: Term, names: tuple[str, ...]) -> Test | None:
    """`term` as a Python function of the space and the named variables; None if it cannot be expressed."""
    types: dict[str, Ty] = {}
    body = _source(term, types)
    if any(var.name not in names for var in free(term)):
        return None
    code = f"lambda space, {', '.join(names)}: {body}"
    found: Test = eval(code, {**ENVIRONMENT, **types})  # our own text, from our own operators
    return found


def _source(term: Term, types: dict[str, Ty]) -> str:
    if isinstance(term, Var):
        return term.name
    if isinstance(term, Bind):
        body = _source(term.body, types)
        if term.binder == "fun":
            return f"(lambda {term.var.name}: {body})"
        every = "all" if term.binder == "∀" else "any"
        return f"{every}({body} for {term.var.name} in {_domain(term.var.type, types)})"
    args = [_source(arg, types) for arg in term.args]
    if term.op.name in ("eq", "ne") and term.args[0].type.head == "Fun":
        equal = _extensional(args[0], args[1], term.args[0].type, types, 0)
        return equal if term.op.name == "eq" else f"(not {equal})"
    return term.op.python.format(*args)


def _domain(type_: Ty, types: dict[str, Ty]) -> str:
    name = f"T{len(types)}"
    types[name] = type_
    return f"space.domain({name})"


def _extensional(left: str, right: str, type_: Ty, types: dict[str, Ty], depth: int) -> str:
    """Equality of functions, argument by argument."""
    if type_.head != "Fun":
        return f"same({left}, {right})"
    name = f"e{depth}"
    inner = _extensional(f"{left}({name})", f"{right}({name})", type_.args[1], types, depth + 1)
    return f"all({inner} for {name} in {_domain(type_.args[0], types)})"
