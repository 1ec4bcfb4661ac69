"""Of which type a difference or quotient is, worked out as Lean does it.

Lean elaborates a whole tree of `+ - * / %`, negation, the base of `^` and one `=`, `<` or the like at once:
it looks at the leaves, takes the largest type among them, and puts coercions at the leaves (`binop%`, Lean
4's `Lean.Elab.Extra`). Exponents, arguments of functions and what has a type written behind it are leaves,
and trees of their own inside. If there are only numerals, the expected type counts, and without one they are
natural numbers. So `((11 : ℝ) ^ (1 / 4))` has the exponent 0.

Where a type is not known from the text, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from data.lint.notation import BIG, RELATIONS
from data.lint.tree import Binder, Node, Tree
from data.lint.values import Finding, Rule

ORDER = ("Nat", "Int", "Rat", "Real", "Complex")
"""Each coerces to those behind it."""
UNKNOWN = "?"
_SPELLINGS = {"ℕ": "Nat", "ℤ": "Int", "ℚ": "Rat", "ℝ": "Real", "ℂ": "Complex"}
_ARITHMETIC = frozenset({"+", "-", "*", "/", "%"})
_JOINING = _ARITHMETIC | RELATIONS | {"∣", "≡"}
_TRANSPARENT = frozenset({"-_", "( )", "^", "[MOD]"})
"""Their first part belongs to the tree around them."""
_NAMESPACES = frozenset({"Nat", "Int", "Real", "Complex"})
_RESULTS = {
    "card": "Nat",
    "natAbs": "Nat",
    "toNat": "Nat",
    "length": "Nat",
    "succ": "Nat",
    "pred": "Nat",
    "floor": "Int",
    "ceil": "Int",
    "re": "Real",
    "im": "Real",
    "den": "Nat",
    "num": "Int",
    "gcd": "Nat",
    "lcm": "Nat",
    "choose": "Nat",
    "digits": UNKNOWN,
}
"""What functions return, whatever they belong to."""

Type = tuple[str, ...]
Types = Mapping[str, Type]
"""A base type, or those of a function's arguments and then of its result; `?` for what is not known."""


def rounding(tree: Tree) -> Iterator[Finding]:
    """Differences of natural numbers, and quotients of natural numbers or integers."""
    types: dict[str, Type] = {}
    found: dict[tuple[int, int], Finding] = {}
    for binder in tree.binders:
        if binder.type is not None:
            _look(binder.type, types, UNKNOWN, tree, found)
        types |= _declared(binder, types)
    _look(tree.claim, types, UNKNOWN, tree, found)
    yield from dict.fromkeys(found.values())


def _look(node: Node, types: Types, expected: str, tree: Tree, found: dict[tuple[int, int], Finding]) -> None:
    """Collect the findings of a term that is wanted at the type `expected`."""
    if (
        node.head in _ARITHMETIC
        or node.head in RELATIONS
        or node.head in ("-_", "^", "( )", "∣", "≡", "[MOD]")
    ):
        wanted = expected if node.head in _ARITHMETIC or node.head in _TRANSPARENT else ""
        type_ = _largest([_leaf_type(leaf, types) for leaf in _leaves(node)], wanted)
        for part in _operations(node):
            _judge(part, type_, tree, found)
        for leaf in _leaves(node):
            _look_inside(leaf, types, type_, tree, found)
        for exponent in _exponents(node):
            _look(exponent, types, "", tree, found)
        return
    _look_inside(node, types, expected, tree, found)


def _look_inside(
    node: Node, types: Types, expected: str, tree: Tree, found: dict[tuple[int, int], Finding]
) -> None:
    """The same for a leaf: look at the trees within it."""
    if node.head == "( : )":
        _look(node.args[0], types, _base(node.args[1]), tree, found)
    elif node.head == "app":
        wanted = _arguments(node.args[0], types)
        for place, argument in enumerate(node.args[1:]):
            _look(argument, types, wanted[place] if place < len(wanted) else UNKNOWN, tree, found)
    elif node.head in BIG or node.binders:
        inner = dict(types)
        for binder in node.binders:
            for part in (binder.type, binder.limit):
                if part is not None:
                    _look(part, inner, _base_of(binder, inner), tree, found)
            inner |= _declared(binder, inner, node)
        for arg in node.args:
            _look(arg, inner, "" if node.head in BIG else UNKNOWN, tree, found)
    else:
        for arg in node.args:
            same = node.head in ("|", "if", "‖") or node.head.startswith("_")
            _look(arg, types, expected if same and expected != UNKNOWN else UNKNOWN, tree, found)


def _judge(node: Node, type_: str, tree: Tree, found: dict[tuple[int, int], Finding]) -> None:
    """Note a difference or quotient, unless its numerals show that nothing is lost."""
    left, right = (_number(arg) for arg in node.args)
    words = " ".join(tree.words(node).split())
    if node.head == "-" and type_ == "Nat" and (left is None or right is None or left < right):
        found[node.start, node.end] = Finding(
            Rule.SUBTRACTION, f"`{words}` is a difference of natural numbers: 0 where it would be negative"
        )
    if node.head == "/" and type_ in ("Nat", "Int"):
        exact = left is not None and right and left % right == 0
        if not exact:
            value = f" (it is {left // right})" if left is not None and right else ""
            kind = "natural numbers" if type_ == "Nat" else "integers"
            found[node.start, node.end] = Finding(
                Rule.DIVISION, f"`{words}` is a quotient of {kind}, which is rounded down{value}"
            )


def _number(node: Node) -> int | None:
    """The value of a numeral, or of a power of numerals that is not too large."""
    while node.head == "( )":
        node = node.args[0]
    if node.head == "^":
        base, exponent = (_number(arg) for arg in node.args)
        return base**exponent if base is not None and exponent is not None and exponent < 1000 else None
    return int(node.text) if node.head == "number" and node.text.isdecimal() else None


def _leaves(node: Node) -> Iterator[Node]:
    """The leaves of the tree that Lean elaborates at once."""
    if node.head in _JOINING:
        for arg in node.args:
            yield from _leaves(arg)
    elif node.head in _TRANSPARENT:
        yield from _leaves(node.args[0])
    else:
        yield node


def _operations(node: Node) -> Iterator[Node]:
    """The differences and quotients of that tree."""
    if node.head in ("-", "/"):
        yield node
    if node.head in _JOINING:
        for arg in node.args:
            yield from _operations(arg)
    elif node.head in _TRANSPARENT:
        yield from _operations(node.args[0])


def _exponents(node: Node) -> Iterator[Node]:
    if node.head == "^":
        yield node.args[1]
    if node.head in _JOINING:
        for arg in node.args:
            yield from _exponents(arg)
    elif node.head in _TRANSPARENT:
        yield from _exponents(node.args[0])


def _largest(types: list[str], expected: str) -> str:
    """The type of a tree with these leaves, of which a numeral's is empty, where a type is expected: none
    (then it is empty, and numerals alone are natural numbers), or one that is not known (`?`)."""
    known = [type_ for type_ in (*types, expected if expected != UNKNOWN else "") if type_]
    if UNKNOWN in known or (expected == UNKNOWN and not any(types)):
        return UNKNOWN
    return max(known, key=ORDER.index) if known else "Nat"


def _leaf_type(node: Node, types: Types) -> str:
    """The type that a leaf has by itself."""
    if node.head == "number":
        return "" if node.text.isdecimal() else UNKNOWN
    if node.head == "name":
        return _result(node.text, types, 0)
    if node.head == "( : )":
        return _base(node.args[1])
    if node.head == "app" and node.args[0].head == "name":
        return _result(node.args[0].text, types, len(node.args) - 1)
    if node.head == "_!":
        return "Nat"
    if node.head in ("⌊", "⌈"):
        return "Int"
    if node.head.startswith(".") and node.head[1:] in _RESULTS:
        return _RESULTS[node.head[1:]]
    if node.head == "|":
        return _largest([_leaf_type(leaf, types) for leaf in _leaves(node.args[0])], UNKNOWN)
    if node.head in BIG:
        inner = dict(types)
        for binder in node.binders:
            inner |= _declared(binder, inner, node)
        return _largest([_leaf_type(leaf, inner) for leaf in _leaves(node.args[0])], "")
    return UNKNOWN


def _result(name: str, types: Types, arguments: int) -> str:
    """The type of a name that is applied to so many arguments."""
    if name in types:
        kind = types[name]
        return kind[arguments] if arguments == len(kind) - 1 else UNKNOWN
    first, *fields = name.split(".")
    if fields and first in types and types[first][0] in ORDER and fields[-1] in _RESULTS:
        return _RESULTS[fields[-1]]
    if fields and fields[-1] in _RESULTS:
        return _RESULTS[fields[-1]]
    if not fields and name in ("gcd", "lcm", "choose") and arguments:
        return "Nat"
    if first in ("Real", "Complex") and fields:
        return "Complex" if name == "Complex.I" else first if first == "Real" else UNKNOWN
    if first == "Nat" and fields and fields[-1] in ("sqrt", "log", "factorial", "fib"):
        return "Nat"
    if name == "π":
        return "Real"
    return UNKNOWN


def _arguments(function: Node, types: Types) -> tuple[str, ...]:
    """The types at which a function wants its arguments."""
    if function.head != "name":
        return ()
    if function.text in types:
        return types[function.text][:-1]
    first, _, rest = function.text.partition(".")
    if rest and first in _NAMESPACES:
        return (UNKNOWN,) * 9 if rest in ("floor", "ceil", "digits", "ofDigits") else (first,) * 9
    return ()


def _declared(binder: Binder, types: Types, around: Node | None = None) -> dict[str, Type]:
    """The types of a binder's variables; where none is written, what they are applied to may tell."""
    if binder.type is not None:
        return dict.fromkeys(binder.names, _type(binder.type))
    if binder.limit is not None and (base := _base_of(binder, types)) != UNKNOWN:
        return dict.fromkeys(binder.names, (base,))
    return {name: (_by_use(name, around, types) if around else UNKNOWN,) for name in binder.names}


def _base_of(binder: Binder, types: Types) -> str:
    """The type of a variable that is limited by `in s` or `< n`."""
    limit = binder.limit
    if binder.type is not None:
        return _base(binder.type)
    if limit is None:
        return UNKNOWN
    if binder.relation not in ("in", "∈"):
        return _largest([_leaf_type(leaf, types) for leaf in _leaves(limit)], UNKNOWN)
    while limit.head == "( )":
        limit = limit.args[0]
    if limit.head == "app":
        name = limit.args[0].text
        if name in ("Finset.range", "Nat.divisors", "Nat.properDivisors", "Nat.primeFactors"):
            return "Nat"
        if name in ("Finset.Icc", "Finset.Ico", "Finset.Ioc", "Finset.Ioo"):
            return _largest(
                [_leaf_type(leaf, types) for bound in limit.args[1:] for leaf in _leaves(bound)], ""
            )
        if name == "Finset.filter":
            return _base_of(Binder(binder.names, None, 0, 0, "", limit.args[-1], "in"), types)
    return UNKNOWN


def _by_use(name: str, around: Node, types: Types) -> str:
    """The type of a variable that a function of known type is applied to."""
    for node in around.walk():
        if node.head == "app":
            wanted = _arguments(node.args[0], types)
            for place, argument in enumerate(node.args[1:]):
                if argument.head == "name" and argument.text == name and place < len(wanted):
                    return wanted[place]
    return UNKNOWN


def _type(node: Node) -> Type:
    if node.head == "→":
        return (_base(node.args[0]), *_type(node.args[1]))
    return (_base(node),)


def _base(node: Node) -> str:
    while node.head == "( )":
        node = node.args[0]
    name = _SPELLINGS.get(node.text, node.text) if node.head == "name" else UNKNOWN
    return name if name in ORDER else UNKNOWN
