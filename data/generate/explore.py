"""Theory exploration: statements found by evaluating random terms, as QuickSpec and Hipster do.

For one theory and a few variables, many small terms and propositions are drawn and evaluated in the same
random worlds. Terms with the same values become equations; propositions with the same truth values become
equivalences; one whose worlds lie inside another's an implication; and pairs of hypotheses that together
force what neither forces alone become theorems with two hypotheses. What survives a second set of worlds is
probably true.

QuickSpec: Claessen, Smallbone, Hughes, "QuickSpec: guessing formal specifications using testing" (2010).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from data.generate.signature import OPS, call, exists, forall, is_literal, lam, literal, make
from data.generate.terms import (
    PROP,
    App,
    Bind,
    Goal,
    Op,
    Term,
    Ty,
    Var,
    free,
    instantiate,
    match_type,
    size,
    type_heads,
)
from data.generate.worlds import Frame

SCREEN_WORLDS = 48
CONFIRM_WORLDS = 250
SYMMETRIC = ("eq", "ne", "and", "or", "iff")
MIRRORED = {"nat_ge": "nat_le", "nat_gt": "nat_lt", "int_ge": "int_le", "int_gt": "int_lt"}
MINIMUM_WITNESSES = 3
"""A hypothesis must hold in this many screening worlds, lest a theorem be vacuous."""


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
        if any(_is_nested(arg.type) for arg in args) or not any(free(arg) for arg in args):
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
            mapping = {}
        args = [self.term(self._closed(expected, mapping), inside) for expected in op.inputs]
        whole = [arg for arg in args if arg is not None]
        if len(whole) < len(args) or self._is_dull(whole):
            return None
        if len(set(whole)) < len(whole) and self.rng.random() < 0.9:
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


def explore(theory: Theory, rng: random.Random, wanted: int = 12) -> Iterator[Goal]:
    """Probably true goals over one random choice of variables, at most `wanted`."""
    variables = []
    for type_, least, most in theory.variables:
        variables += [Var(f"v{len(variables) + k}", type_) for k in range(rng.randint(least, most))]
    if not variables:
        return
    inhabited = any(name == "Nonempty" for name, _ in theory.instances)
    screen = Frame(rng, variables, inhabited, SCREEN_WORLDS)
    confirm = Frame(rng, variables, inhabited, CONFIRM_WORLDS)
    grower = Grower(theory, variables, rng)
    found: list[Goal] = []
    if theory.equations:
        found += _equations(theory, grower, screen)
    found += _laws(grower, screen, rng)
    rng.shuffle(found)
    given = 0
    for goal in found:
        if given == wanted:
            return
        if _confirmed(goal, confirm):
            given += 1
            yield Goal(goal.conclusion, goal.hypotheses, theory.instances)


def _confirmed(goal: Goal, frame: Frame) -> bool:
    whole = goal.conclusion
    for hypothesis in reversed(goal.hypotheses):
        whole = make("imp", hypothesis, whole)
    return frame.holds(whole) == frame.everywhere


def _equations(theory: Theory, grower: Grower, screen: Frame) -> list[Goal]:
    """Terms of one type with the same values everywhere."""
    rng, found = grower.rng, []
    for type_ in theory.equations:
        buckets: dict[tuple[object, ...], list[Term]] = {}
        for _ in range(60):
            term = grower.term(type_, rng.choice((1, 2, 2, 3)) if theory.depth > 1 else 1)
            if term is None or type_.head == "Fun" or size(term) > 12:
                continue
            values = screen.results(term)
            if values is None or any(callable(value) for value in values):
                continue
            bucket = buckets.setdefault(values, [])
            if term not in bucket:
                bucket.append(term)
        for bucket in buckets.values():
            rng.shuffle(bucket)
            for left, right in zip(bucket[::2], bucket[1::2], strict=False):
                if not (is_literal(left) and is_literal(right)) and _differ(left, right, rng):
                    found.append(Goal(make("eq", left, right)))
    return found


def _laws(grower: Grower, screen: Frame, rng: random.Random) -> list[Goal]:
    """Valid propositions, equivalences, and conclusions from one or two hypotheses."""
    pool: dict[Term, int] = {}
    for _ in range(110):
        term = grower.proposition(rng.choice((0, 0, 1, 1, 2)), grower.theory.depth - 1)
        if term is None or term in pool or size(term) > 16:
            continue
        mask = screen.holds(term)
        if mask is not None:
            pool[term] = mask
    full = screen.everywhere
    found = [Goal(term) for term, mask in pool.items() if mask == full and not _is_atomic_triviality(term)]
    found += [Goal(make("not", term)) for term, mask in pool.items() if mask == 0 and rng.random() < 0.3]
    open_ = [(term, mask) for term, mask in pool.items() if 0 < mask < full]
    rng.shuffle(open_)
    by_mask: dict[int, list[Term]] = {}
    for term, mask in open_:
        by_mask.setdefault(mask, []).append(term)
    for group in by_mask.values():
        for left, right in zip(group[::2], group[1::2], strict=False):
            if _differ(left, right, rng):
                found.append(Goal(make("iff", left, right)))
    found += _consequences(open_, full, rng)
    return found


def _differ(left: Term, right: Term, rng: random.Random) -> bool:
    """Whether two terms are more than each other's mirror image; a few mirror images pass."""
    return _sorted(left) != _sorted(right) or rng.random() < 0.1


def _sorted(term: Term) -> str:
    """`term` with the arguments of symmetric relations in a fixed order."""
    if isinstance(term, Var):
        return term.name
    if isinstance(term, Bind):
        return f"{term.binder}{term.var.name}.{_sorted(term.body)}"
    args = [_sorted(arg) for arg in term.args]
    if term.op.name in SYMMETRIC:
        args.sort()
    name = MIRRORED.get(term.op.name)
    return f"{name or term.op.name}({','.join(args[::-1] if name else args)})"


def mask_count(mask: int) -> int:
    """In how many worlds."""
    return mask.bit_count()


def _is_atomic_triviality(term: Term) -> bool:
    return isinstance(term, App) and term.op.name in ("true", "imp") and term.args[:1] == term.args[1:]


def _consequences(open_: list[tuple[Term, int]], full: int, rng: random.Random) -> list[Goal]:
    """Theorems with hypotheses: those that one premise yields, and those that need two."""
    singles: list[Goal] = []
    pairs: list[Goal] = []
    premises = [(t, m) for t, m in open_ if mask_count(m) >= MINIMUM_WITNESSES][:40]
    for conclusion, goal_mask in open_[:40]:
        outside = full & ~goal_mask
        missing = [(t, m) for t, m in premises if t != conclusion and _related(t, conclusion)]
        for premise, mask in missing:
            if not mask & outside and mask != goal_mask:
                singles.append(Goal(conclusion, (premise,)))
        rest = [(t, m) for t, m in missing if m & outside]
        rng.shuffle(rest)
        for index, (first, one) in enumerate(rest[:16]):
            for second, two in rest[index + 1 : 16]:
                both = one & two
                if not both & outside and mask_count(both) >= MINIMUM_WITNESSES:
                    pairs.append(Goal(conclusion, (first, second)))
    rng.shuffle(singles)
    rng.shuffle(pairs)
    return singles[:10] + pairs[:8]


def _related(first: Term, second: Term) -> bool:
    return any(var in free(second) for var in free(first))
