"""The operators of the embedded library that statements are built from, in Lean and in Python.

The Python side gives each operator its meaning on small values, so that a statement can be tested before
Lean sees it. Values: `Nat` and `Int` are Python integers, elements of a type variable small integers,
lists tuples, `none` the empty tuple and `some x` the tuple `(x,)`, pairs tuples of two, propositions
Booleans, functions Python callables of one argument.
"""

from __future__ import annotations

from data.generate.terms import (
    INT,
    NAT,
    PROP,
    App,
    Bind,
    Op,
    Term,
    Ty,
    Var,
    fun,
    instantiate,
    list_of,
    match_type,
    option_of,
    prod,
)

A, B, C = Ty("a"), Ty("b"), Ty("c")
LIST_A, LIST_B, OPTION_A, OPTION_B = list_of(A), list_of(B), option_of(A), option_of(B)


def _op(
    name: str, types: tuple[Ty, ...], form: str, text: str, python: str, level: int = -1
) -> tuple[str, Op]:
    return name, Op(name, types[:-1], types[-1], form, text, level, python)


OPS: dict[str, Op] = dict(
    [
        # Logic.
        _op("true", (PROP,), "atom", "True", "True"),
        _op("false", (PROP,), "atom", "False", "False"),
        _op("not", (PROP, PROP), "prefix", "¬", "(not {0})", 40),
        _op("and", (PROP, PROP, PROP), "infixr", "∧", "({0} and {1})", 35),
        _op("or", (PROP, PROP, PROP), "infixr", "∨", "({0} or {1})", 30),
        _op("imp", (PROP, PROP, PROP), "infixr", "→", "((not {0}) or {1})", 25),
        _op("iff", (PROP, PROP, PROP), "infix", "↔", "({0} == {1})", 20),
        _op("eq", (A, A, PROP), "infix", "=", "same({0}, {1})", 50),
        _op("ne", (A, A, PROP), "infix", "≠", "(not same({0}, {1}))", 50),
        _op("ite", (PROP, A, A, A), "if", "", "({1} if {0} else {2})"),
        # Functions.
        _op("apply", (fun(A, B), A, B), "apply", "", "{0}({1})"),
        _op("comp", (fun(B, C), fun(A, B), fun(A, C)), "infixr", "∘", "compose({0}, {1})", 90),
        _op("id", (A, A), "call", "id", "{0}"),
        # Nat.
        _op("nat_add", (NAT, NAT, NAT), "infixl", "+", "({0} + {1})", 65),
        _op("nat_mul", (NAT, NAT, NAT), "infixl", "*", "({0} * {1})", 70),
        _op("nat_sub", (NAT, NAT, NAT), "infixl", "-", "max({0} - {1}, 0)", 65),
        _op("nat_pow", (NAT, NAT, NAT), "infixr", "^", "power({0}, {1})", 75),
        _op("nat_div", (NAT, NAT, NAT), "infixl", "/", "({0} // {1} if {1} else 0)", 70),
        _op("nat_mod", (NAT, NAT, NAT), "infixl", "%", "({0} % {1} if {1} else {0})", 70),
        _op("nat_succ", (NAT, NAT), "call", "Nat.succ", "({0} + 1)"),
        _op("nat_pred", (NAT, NAT), "call", "Nat.pred", "max({0} - 1, 0)", 0),
        _op("nat_min", (NAT, NAT, NAT), "call", "min", "min({0}, {1})"),
        _op("nat_max", (NAT, NAT, NAT), "call", "max", "max({0}, {1})"),
        _op("nat_gcd", (NAT, NAT, NAT), "call", "Nat.gcd", "gcd({0}, {1})"),
        _op("nat_le", (NAT, NAT, PROP), "infix", "≤", "({0} <= {1})", 50),
        _op("nat_lt", (NAT, NAT, PROP), "infix", "<", "({0} < {1})", 50),
        _op("nat_ge", (NAT, NAT, PROP), "infix", "≥", "({0} >= {1})", 50),
        _op("nat_gt", (NAT, NAT, PROP), "infix", ">", "({0} > {1})", 50),
        _op("nat_dvd", (NAT, NAT, PROP), "infix", "∣", "divides({0}, {1})", 50),
        # Int; division and remainder round as Lean's `Int.ediv` only for positive divisors, so no division.
        _op("int_add", (INT, INT, INT), "infixl", "+", "({0} + {1})", 65),
        _op("int_mul", (INT, INT, INT), "infixl", "*", "({0} * {1})", 70),
        _op("int_sub", (INT, INT, INT), "infixl", "-", "({0} - {1})", 65),
        _op("int_neg", (INT, INT), "prefix", "-", "(- {0})", 75),
        _op("int_min", (INT, INT, INT), "call", "min", "min({0}, {1})"),
        _op("int_max", (INT, INT, INT), "call", "max", "max({0}, {1})"),
        _op("int_abs", (INT, NAT), "call", "Int.natAbs", "abs({0})", 0),
        _op("int_to_nat", (INT, NAT), "call", "Int.toNat", "max({0}, 0)", 0),
        _op("int_le", (INT, INT, PROP), "infix", "≤", "({0} <= {1})", 50),
        _op("int_lt", (INT, INT, PROP), "infix", "<", "({0} < {1})", 50),
        _op("int_ge", (INT, INT, PROP), "infix", "≥", "({0} >= {1})", 50),
        _op("int_gt", (INT, INT, PROP), "infix", ">", "({0} > {1})", 50),
        _op("int_dvd", (INT, INT, PROP), "infix", "∣", "divides({0}, {1})", 50),
        # Lists.
        _op("nil", (LIST_A,), "atom", "[]", "()"),
        _op("cons", (A, LIST_A, LIST_A), "infixr", "::", "(({0},) + {1})", 67),
        _op("single", (A, LIST_A), "list", "", "({0},)"),
        _op("couple", (A, A, LIST_A), "list", "", "({0}, {1})"),
        _op("append", (LIST_A, LIST_A, LIST_A), "infixl", "++", "({0} + {1})", 65),
        _op("length", (LIST_A, NAT), "call", "List.length", "len({0})", 0),
        _op("reverse", (LIST_A, LIST_A), "call", "List.reverse", "{0}[::-1]", 0),
        _op("map", (fun(A, B), LIST_A, LIST_B), "call", "List.map", "tuple(map({0}, {1}))", 1),
        _op("mem", (A, LIST_A, PROP), "infix", "∈", "({0} in {1})", 50),
        _op("not_mem", (A, LIST_A, PROP), "infix", "∉", "({0} not in {1})", 50),
        _op("take", (NAT, LIST_A, LIST_A), "call", "List.take", "{1}[:{0}]", 1),
        _op("drop", (NAT, LIST_A, LIST_A), "call", "List.drop", "{1}[{0}:]", 1),
        _op("replicate", (NAT, A, LIST_A), "call", "List.replicate", "repeated({0}, {1})"),
        _op("tail", (LIST_A, LIST_A), "call", "List.tail", "{0}[1:]", 0),
        _op("head?", (LIST_A, OPTION_A), "call", "List.head?", "{0}[:1]", 0),
        _op("getLast?", (LIST_A, OPTION_A), "call", "List.getLast?", "{0}[-1:]", 0),
        _op("zip", (LIST_A, LIST_B, list_of(prod(A, B))), "call", "List.zip", "zipped({0}, {1})", 0),
        _op("sum", (list_of(NAT), NAT), "call", "List.sum", "sum({0})", 0),
        _op("subset", (LIST_A, LIST_A, PROP), "infix", "⊆", "(set({0}) <= set({1}))", 50),
        # Options.
        _op("none", (OPTION_A,), "atom", "none", "()"),
        _op("some", (A, OPTION_A), "call", "some", "({0},)"),
        _op("option_map", (fun(A, B), OPTION_A, OPTION_B), "call", "Option.map", "tuple(map({0}, {1}))", 1),
        _op("bind", (OPTION_A, fun(A, OPTION_B), OPTION_B), "call", "Option.bind", "bind({0}, {1})", 0),
        _op("getD", (OPTION_A, A, A), "call", "Option.getD", "({0}[0] if {0} else {1})", 0),
        _op("option_or", (OPTION_A, OPTION_A, OPTION_A), "call", "Option.or", "({0} or {1})", 0),
        # Pairs.
        _op("pair", (A, B, prod(A, B)), "pair", "", "({0}, {1})"),
        _op("fst", (prod(A, B), A), "field", ".1", "{0}[0]"),
        _op("snd", (prod(A, B), B), "field", ".2", "{0}[1]"),
    ]
)
_LITERALS: dict[tuple[int, Ty], Op] = {}


def literal(value: int, type_: Ty = NAT) -> App:
    """A numeral."""
    key = (value, type_)
    if key not in _LITERALS:
        _LITERALS[key] = Op(f"literal{value}", (), type_, "atom", str(value), -1, f"({value})")
    return App(_LITERALS[key], (), type_)


def is_literal(term: Term) -> bool:
    """Whether `term` is a numeral."""
    return isinstance(term, App) and term.op.name.startswith("literal")


def make(name: str, *args: Term, type_: Ty | None = None) -> App:
    """An operator applied to arguments; `type_` is needed where the arguments do not fix it (`[]`)."""
    op = OPS[name]
    mapping: dict[str, Ty] = {}
    matches = [match_type(expected, arg.type, mapping) for expected, arg in zip(op.inputs, args, strict=True)]
    assert all(matches), f"{name} does not take {[arg.type for arg in args]}"
    return App(op, args, type_ or instantiate(op.output, mapping))


def call(function: Term, *args: Term) -> Term:
    """A function variable applied to arguments, one after the other."""
    for arg in args:
        function = make("apply", function, arg)
    return function


def forall(var: Var, body: Term) -> Bind:
    """`∀ var, body`."""
    return Bind("∀", var, body, PROP)


def exists(var: Var, body: Term) -> Bind:
    """`∃ var, body`."""
    return Bind("∃", var, body, PROP)


def lam(var: Var, body: Term) -> Bind:
    """`fun var => body`."""
    return Bind("fun", var, body, fun(var.type, body.type))
