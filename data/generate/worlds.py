"""Small models, and whether a statement holds there.

A statement becomes one Python expression, which is evaluated in many random worlds. A world gives each
type variable a few elements (none at all, sometimes, where nothing forbids it) and each variable a value.
Quantifiers range over a finite part of an infinite type, so the test is neither sound nor complete: it
only makes a statement probable. Lean decides.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from data.generate.terms import TYPE_VARIABLES, Bind, Term, Ty, Var, free
from data.generate.values import Space, Unbounded, near, needed_types, small_numbers

MAX_POWER = 10**40
SIZES = (1, 2, 2, 3, 3, 4, 5) * 3
"""How many elements a type variable has, in worlds taken in turn; for each variable in another order."""
REPEAT = 0.45


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
            needed = {head for var in variables for head in needed_types(var.type)}
            for row in sizes[-3:]:
                row.update((head, rng.choice((0, 0, 1))) for head in TYPE_VARIABLES if head not in needed)
        spaces = [Space(rng, each) for each in sizes]
        fixed: list[dict[Var, Any]] = [{}] * count
        if thorough:
            fixed += small_numbers(self.variables)
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
                values.append(near(values[self.variables.index(twin)], var.type, rng))
            else:
                values.append(space.value(var.type))
        return values

    def results(self, term: Term) -> tuple[Any, ...] | None:
        """The value of `term` in each world; None if some value is out of reach."""
        test = compiled(term, tuple(self.names))
        if test is None:
            return None
        try:
            return tuple(test(*world) for world in self.worlds)
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
