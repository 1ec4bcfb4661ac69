"""Random terms and propositions over the operators of one theory."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from data.generate.signature import OPS, call, exists, forall, lam, literal, make
from data.generate.terms import (
    PROP,
    App,
    Op,
    Term,
    Ty,
    Var,
    free,
    instantiate,
    is_closed,
    match_type,
    type_heads,
)


@dataclass(frozen=True, slots=True)
class Theory:
    """What statements of one kind are made of."""

    kind: str
    domain: str
    variables: tuple[tuple[Ty, int, int], ...]
    """For each type, the least and the largest number of free variables."""
    operators: Mapping[str, float]
    """Weights of the operators to draw from."""
    equations: tuple[Ty, ...] = ()
    """Types whose terms are compared."""
    quantified: tuple[Ty, ...] = ()
    literals: tuple[int, ...] = ()
    atoms: tuple[str, ...] = ("eq",)
    """Relations that propositions are made of."""
    connectives: float = 0.3
    """How often a proposition is compound."""
    instances: tuple[tuple[str, Ty], ...] = ()
    """Type-class assumptions of every statement, such as `Nonempty α`."""
    depth: int = 2
    lambdas: float = 0.0
    weight: float = 1.0


class Grower:
    """Draws random terms over given variables."""

    def __init__(self, theory: Theory, variables: Sequence[Var], rng: random.Random) -> None:
        self.theory = theory
        self.rng = rng
        self.scope = list(variables)
        self.elements = list(dict.fromkeys(base for type_, *_ in theory.variables for base in _bases(type_)))
        self.types = [type_ for type_ in dict.fromkeys(var.type for var in variables) if type_.head != "Fun"]
        self.operators = [(OPS[name], weight) for name, weight in theory.operators.items()]
        self._bound = 0

    def term(self, type_: Ty, depth: int) -> Term | None:
        """A random term of the type; None if the draw came to nothing."""
        leaves: list[Term] = [var for var in self.scope if var.type == type_]
        if type_.head in ("Nat", "Int") and self.rng.random() < 0.25:
            leaves += [literal(value, type_) for value in self.theory.literals]
        if depth <= 0 or (leaves and self.rng.random() < (0.25 if depth > 1 else 0.45)):
            return self.rng.choice(leaves) if leaves else self._constant(type_)
        if type_.head == "Fun":
            return self._function(type_, leaves, depth)
        for _ in range(4):
            found = self._grown(type_, depth)
            if found is not None:
                return found
        return self.rng.choice(leaves) if leaves else self._constant(type_)

    def _constant(self, type_: Ty) -> Term | None:
        if type_.head == "List" and "nil" in self.theory.operators:
            return make("nil", type_=type_)
        if type_.head == "Option" and "none" in self.theory.operators:
            return make("none", type_=type_)
        if type_.head in ("Nat", "Int") and self.theory.literals:
            return literal(self.rng.choice(self.theory.literals), type_)
        return None

    def _function(self, type_: Ty, leaves: list[Term], depth: int) -> Term | None:
        chance = self.rng.random()
        if chance < self.theory.lambdas or not leaves:
            var = self._open(type_.args[0])
            inner = self.term(type_.args[1], depth - 1)
            self._close()
            return lam(var, inner) if inner is not None and var in free(inner) else None
        if "comp" in self.theory.operators and chance < self.theory.lambdas + 0.25:
            middles = [var for var in leaves if isinstance(var, Var)]
            if middles and type_.args[0] == type_.args[1]:
                return make("comp", self.rng.choice(middles), self.rng.choice(middles))
        return self.rng.choice(leaves)

    def _grown(self, type_: Ty, depth: int) -> Term | None:
        choices: list[tuple[Op | Var, float]] = [
            (op, weight) for op, weight in self.operators if match_type(op.output, type_, {})
        ]
        choices += [(var, 1.5) for var in self.scope if _result(var.type) == type_ and var.type.head == "Fun"]
        if not choices:
            return None
        chosen = self.rng.choices([choice for choice, _ in choices], [weight for _, weight in choices])[0]
        if isinstance(chosen, Var):
            return self._called(chosen, depth)
        mapping: dict[str, Ty] = {}
        match_type(chosen.output, type_, mapping)
        args = []
        for expected in chosen.inputs:
            wanted = self._closed(expected, mapping)
            arg = self.term(wanted, depth - 1) if wanted != PROP else self.proposition(depth - 2, depth - 2)
            if arg is None:
                return None
            args.append(arg)
        if len(args) > 1 and self._is_dull(args[-2:]):
            return None
        return App(chosen, tuple(args), type_)

    def _is_dull(self, args: Sequence[Term]) -> bool:
        """Whether arguments are all closed, or all the same: a few such terms are enough."""
        if any(_is_nested(arg.type) for arg in args) or all(is_closed(arg) for arg in args):
            return self.rng.random() < 0.95
        return len(set(args)) == 1 and self.rng.random() < 0.6

    def _closed(self, expected: Ty, mapping: dict[str, Ty]) -> Ty:
        """`expected` with every open name bound, at random where nothing binds it yet."""
        for name in _open_names(expected):
            if name not in mapping:
                mapping[name] = self.rng.choice(self.elements if self.rng.random() < 0.95 else self.types)
        return instantiate(expected, mapping)

    def _called(self, function: Var, depth: int) -> Term | None:
        type_, args = function.type, []
        while type_.head == "Fun":
            arg = self.term(type_.args[0], min(depth - 1, 1))
            if arg is None:
                return None
            args.append(arg)
            type_ = type_.args[1]
        return call(function, *args)

    def _open(self, type_: Ty) -> Var:
        """Bring a bound variable into scope, named by depth and type: then equal up to names is equal."""
        self._bound += 1
        name = "".join(f"{head}{len(type_.args)}" for head in type_heads(type_))
        self.scope.append(Var(f"b{self._bound}{name}", type_))
        return self.scope[-1]

    def _close(self) -> None:
        self._bound -= 1
        self.scope.pop()

    def proposition(self, depth: int, inside: int) -> Term | None:
        """A random proposition: an atom, or a connective or quantifier over smaller ones.

        `depth` bounds the connectives, `inside` the terms in the atoms.
        """
        chance = self.rng.random()
        if depth <= 0 or chance > self.theory.connectives:
            return self.atom(inside)
        if self.theory.quantified and chance < 0.5 * self.theory.connectives:
            var = self._open(self.rng.choice(self.theory.quantified))
            body = self.proposition(depth - 1, inside)
            self._close()
            # A vacuous quantifier teaches something, but seldom.
            if body is None or (var not in free(body) and self.rng.random() < 0.9):
                return None
            if self.rng.random() < 0.5:
                return forall(var, body)
            return exists(var, body)
        if self.rng.random() < 0.2:
            body = self.proposition(depth - 1, inside)
            return make("not", body) if body is not None else None
        left, right = self.proposition(depth - 1, inside), self.proposition(depth - 1, inside)
        if left is None or right is None or (left == right and self.rng.random() < 0.9):
            return None
        return make(self.rng.choices(("and", "or", "imp", "iff"), (4, 4, 3, 1))[0], left, right)

    def atom(self, inside: int) -> Term | None:
        """A relation between terms, a predicate of terms, or a propositional variable."""
        name = self.rng.choice(self.theory.atoms)
        if name == "predicate":
            found = [var for var in self.scope if _result(var.type) == PROP]
            chosen = self.rng.choice(found) if found else None
            if chosen is None or chosen.type == PROP:
                return chosen
            return self._called(chosen, 1 if inside < 1 or self.rng.random() < 0.7 else 2)
        op = OPS[name]
        if name in ("eq", "ne"):
            mapping = {"a": self.rng.choice(self.theory.equations or tuple(self.types))}
        else:
            mapping = {"a": PROP} if name == "ite" else {}
        args = [self.term(self._closed(expected, mapping), inside) for expected in op.inputs]
        whole = [arg for arg in args if arg is not None]
        if len(whole) < len(args) or self._is_dull(whole):
            return None
        if len(set(whole)) < len(whole) and name != "ite" and self.rng.random() < 0.9:
            return None
        return App(op, tuple(whole), PROP)


def _is_nested(type_: Ty) -> bool:
    """Whether the type is a list of lists, an option of options or the like."""
    return any(arg.head in ("List", "Option", "Prop") for arg in type_.args)


def _bases(type_: Ty) -> list[Ty]:
    """The element types inside a type; propositions are no elements."""
    if type_.args:
        return [base for arg in type_.args for base in _bases(arg)]
    return [] if type_ == PROP else [type_]


def _result(type_: Ty) -> Ty:
    while type_.head == "Fun":
        type_ = type_.args[1]
    return type_


def _open_names(type_: Ty) -> Iterator[str]:
    if not type_.args and type_.head.islower() and type_.head.isascii():
        yield type_.head
    for arg in type_.args:
        yield from _open_names(arg)
