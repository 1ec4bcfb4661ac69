"""Terms as Lean prints them, read back well enough to plan with.

No elaborator: implicit arguments, types and coercions are not there, and what cannot be read
becomes one opaque atom. The result only steers guesses; Lean judges what comes of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

BINDERS = frozenset({"∀", "∃", "fun"})
OPAQUE = "…"
"""Head of what could not be read."""
HOLE = "_"

INFIX: dict[str, tuple[int, int, int]] = {
    # operator: (precedence, least precedence on its left, on its right), as in Lean's notation files
    "↔": (20, 21, 21),
    "→": (25, 26, 25),
    "∨": (30, 31, 30),
    "||": (30, 30, 31),
    "∧": (35, 36, 35),
    "&&": (35, 35, 36),
    "×": (35, 36, 35),
    "=": (50, 51, 51),
    "≠": (50, 51, 51),
    "==": (50, 51, 51),
    "!=": (50, 51, 51),
    "<": (50, 51, 51),
    "≤": (50, 51, 51),
    ">": (50, 51, 51),
    "≥": (50, 51, 51),
    "∣": (50, 51, 51),
    "∈": (50, 51, 51),
    "∉": (50, 51, 51),
    "+": (65, 65, 66),
    "-": (65, 65, 66),
    "++": (65, 65, 66),
    "::": (67, 68, 67),
    "*": (70, 70, 71),
    "/": (70, 70, 71),
    "%": (70, 70, 71),
    "^": (75, 76, 75),
    "∘": (90, 91, 90),
}
PREFIX: dict[str, tuple[int, int]] = {"¬": (1024, 40), "-": (75, 75), "!": (1024, 40), "↑": (1024, 1024)}
_ASCII = {"->": "→", "<->": "↔", "\\/": "∨", "/\\": "∧", "<=": "≤", ">=": "≥", "λ": "fun", "Not": "¬"}
_FUNCTION_FIRST = frozenset({"map", "filter", "filterMap", "foldl", "foldr", "all", "any"})
"""Functions that take the object of `object.function` after their first argument."""

_PART = r"(?:[^\W\d][\w'!?₀-₉✝¹²³⁰⁴-⁹]*|«[^»]*»)"
_TOKEN = re.compile(
    rf"(?P<name>@?{_PART}(?:\.(?:{_PART}|\d+))*)|(?P<number>\d+)|(?P<string>\"[^\"]*\")"
    r"|(?P<symbol><->|->|=>|:=|::|\+\+|&&|\|\||==|!=|<=|>=|<\||\|>\.?|\\/|/\\|∃!|\.\d+|\.[A-Za-z]\w*|·|[^\s])"
)
_KEYWORDS = frozenset(
    {"then", "else", "with", "from", "in", "do", "by", "at", "match", "let", "have", "show"}
)


@dataclass(frozen=True, slots=True)
class Term:
    """A term: a head and what it is applied to. An operator's head is the operator, a list's are `::`
    and `[]`, a pair's is `(,)`, a projection's begins with a dot. A binder has its type and its body
    as arguments and the bound variable's name in `binder`."""

    head: str
    args: tuple[Term, ...] = ()
    binder: str = ""
    _text: list[str] = field(default_factory=list, compare=False, repr=False)
    _hash: list[int] = field(default_factory=list, compare=False, repr=False)

    def __hash__(self) -> int:
        """Computed once: terms are keys of many caches."""
        if not self._hash:
            self._hash.append(hash((self.head, self.args, self.binder)))
        return self._hash[0]

    @property
    def symbol(self) -> str:
        """The head without namespace: `List.map` and `.map` are `map`."""
        return self.head.rsplit(".", 1)[-1] if len(self.head) > 1 else self.head

    @property
    def is_atom(self) -> bool:
        """Whether it is a bare name or literal."""
        return not self.args

    def __str__(self) -> str:
        if not self._text:
            self._text.append(_show(self, 0))
        return self._text[0]

    def subterms(self) -> Iterator[Term]:
        """Itself and all it consists of, outermost first; what is below a binder too."""
        yield self
        for arg in self.args:
            yield from arg.subterms()

    def atoms(self) -> frozenset[str]:
        """The names that occur as heads, bound ones left out."""
        inner = frozenset[str]().union(*(arg.atoms() for arg in self.args))
        if self.binder:
            return inner - {self.binder}
        return inner | {self.head}

    def substitute(self, values: dict[str, Term]) -> Term:
        """With free names replaced; a replaced head takes the arguments over."""
        if self.binder:
            values = {name: value for name, value in values.items() if name != self.binder}
        args = tuple(arg.substitute(values) for arg in self.args)
        value = values.get(self.head)
        if value is None:
            return Term(self.head, args, self.binder)
        if not args:
            return value
        return apply(value, args)

    def replace(self, old: Term, new: Term) -> Term:
        """With every occurrence of `old` replaced, outermost first."""
        if self == old:
            return new
        return Term(self.head, tuple(arg.replace(old, new) for arg in self.args), self.binder)


def shown(argument: Term) -> str:
    """The text of an argument, in parentheses if it needs them."""
    return _show(argument, 1024)


def apply(function: Term, args: tuple[Term, ...]) -> Term:
    """The application, contracted if the function is a `fun`."""
    while function.head == "fun" and args:
        function, args = function.args[1].substitute({function.binder: args[0]}), args[1:]
    if not args:
        return function
    if function.binder or function.head in INFIX or function.head in PREFIX:
        return Term("@", (function, *args))
    return Term(function.head, (*function.args, *args))


def parse(text: str) -> Term:
    """The term that `text` shows; an opaque atom if it cannot be read."""
    try:
        reader = _Reader(text)
        term = reader.term(0)
        return term if reader.peek() == "" else Term(OPAQUE)
    except (_UnreadableError, RecursionError):
        return Term(OPAQUE)


class _UnreadableError(Exception):
    """Not in the small language that is read here."""


class _Reader:
    """An operator-precedence parser."""

    def __init__(self, text: str) -> None:
        self._tokens = [_ASCII.get(found[0], found[0]) for found in _TOKEN.finditer(text)]
        self._kinds = [found.lastgroup for found in _TOKEN.finditer(text)]
        starts = [(found.start(), found.end()) for found in _TOKEN.finditer(text)]
        self._glued = [index > 0 and starts[index - 1][1] == start for index, (start, _) in enumerate(starts)]
        self._at = 0

    def peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        if not token or (expected and token != expected):
            raise _UnreadableError
        self._at += 1
        return token

    def term(self, level: int) -> Term:
        left = self._prefixed()
        while (known := INFIX.get(self.peek())) and known[0] >= level:
            operator = self.take()
            left = Term(operator, (left, self.term(known[2])))
        return left

    def _prefixed(self) -> Term:
        token = self.peek()
        if token in BINDERS or token == "∃!":
            return self._binder()
        if token in PREFIX:
            self.take()
            return Term(token, (self.term(PREFIX[token][1]),))
        if token == "if":
            self.take()
            if self._tokens[self._at + 1 : self._at + 2] == [":"]:
                raise _UnreadableError
            condition = self.term(0)
            self.take("then")
            yes = self.term(0)
            self.take("else")
            return Term("ite", (condition, yes, self.term(0)))
        return self._application()

    def _application(self) -> Term:
        function = self._atom()
        args = []
        while self._starts_atom():
            if self.peek() == "(" and self._tokens[self._at + 2 : self._at + 3] == [":="]:
                self._skip_named()
                continue
            args.append(self._atom())
        if self.peek() in BINDERS and args:  # `f fun x => …`
            args.append(self._binder())
        if not args:
            return function
        if function.symbol in _FUNCTION_FIRST and function.head.startswith(".") and function.args:
            return Term(function.head[1:], (args[0], *function.args, *args[1:]))
        return apply(function, tuple(args))

    def _starts_atom(self) -> bool:
        token = self.peek()
        if not token or token in _KEYWORDS or token in INFIX:
            return False
        if token[0] == "." and self._glued[self._at]:
            return False
        kind = self._kinds[self._at]
        word = kind in ("name", "number", "string") and token not in BINDERS and token != "if"
        return word or token in "([⟨{"

    def _skip_named(self) -> None:
        depth = 0
        while True:
            token = self.take()
            depth += (token == "(") - (token == ")")
            if depth == 0:
                return

    def _atom(self) -> Term:
        kind = self._kinds[self._at] if self._at < len(self._kinds) else ""
        token = self.take()
        if token in _KEYWORDS:
            raise _UnreadableError
        if kind in ("number", "string"):
            result = Term(token)
        elif kind == "name":
            result = _dotted(token.removeprefix("@"))
        elif token == "(":
            result = self._parenthesised()
        elif token == "[":
            result = _list(self._items("]"))
        elif token == "⟨":
            result = Term("⟨⟩", tuple(self._items("⟩")))
        else:
            raise _UnreadableError
        while self.peek().startswith(".") and len(self.peek()) > 1 and self._glued[self._at]:
            result = Term(self.take(), (result,))
        return result

    def _parenthesised(self) -> Term:
        if self.peek() == ")":
            self.take()
            return Term("()")
        first = self.term(0)
        if self.peek() == ":":  # A type ascription.
            self.take()
            self.term(0)
            self.take(")")
            return first
        parts = [first]
        while self.peek() == ",":
            self.take()
            parts.append(self.term(0))
        self.take(")")
        pair = parts.pop()
        while parts:
            pair = Term("(,)", (parts.pop(), pair))
        return pair

    def _items(self, closing: str) -> list[Term]:
        items: list[Term] = []
        while self.peek() != closing:
            items.append(self.term(0))
            if self.peek() != closing:
                self.take(",")
        self.take(closing)
        return items

    def _binder(self) -> Term:
        keyword = self.take()
        separator = "=>" if keyword == "fun" else ","
        groups: list[tuple[str, Term]] = []
        bounds: list[Term] = []
        while self.peek() != separator:
            token = self.take()
            if token in "([{⦃":
                if token == "[" and self._tokens[self._at + 1 : self._at + 2] != [":"]:
                    groups.append(("inst✝", self.term(0)))
                    self.take("]")
                    continue
                names = []
                while self.peek() != ":":
                    names.append(self.take())
                self.take(":")
                kind = self.term(0)
                self.take()
                groups += [(name, kind) for name in names]
            elif token == ":":
                kind = self.term(0)
                groups = [(name, kind if known.head == HOLE else known) for name, known in groups]
            elif token in INFIX and groups:  # `∀ x < n, …`, `∃ x ∈ l, …`
                bounds.append(Term(token, (Term(groups[-1][0]), self.term(51))))
            elif token == "=>" or token == ",":
                raise _UnreadableError
            else:
                groups.append((token, Term(HOLE)))
        self.take(separator)
        body = self.term(0)
        for bound in bounds:
            body = Term("→" if keyword == "∀" else "∧", (bound, body))
        for name, kind in reversed(groups):
            body = Term(keyword, (kind, body), name)
        return body


def _dotted(token: str) -> Term:
    """A constant, or a variable with projections behind it: `as.reverse.length`."""
    parts = re.findall(r"«[^»]*»|[^.«»]+", token)
    if len(parts) == 1 or not (parts[0][0].islower() or parts[0][0] in "«_"):
        return Term(token)
    result = Term(parts[0])
    for part in parts[1:]:
        result = Term(f".{part}", (result,))
    return result


def _list(items: list[Term]) -> Term:
    result = Term("[]")
    for item in reversed(items):
        result = Term("::", (item, result))
    return result


def _show(term: Term, level: int) -> str:
    """The term's text, in parentheses if it binds more loosely than `level`."""
    head, args = term.head, term.args
    if term.binder:
        kind = "" if args[0].head == HOLE else f" : {args[0]}"
        arrow = " =>" if head == "fun" else ","
        text, own = f"{head} {term.binder}{kind}{arrow} {args[1]}", 0
    elif head in INFIX and len(args) == 2:
        own, left, right = INFIX[head]
        text = f"{_show(args[0], left)} {head} {_show(args[1], right)}"
    elif head in PREFIX and len(args) == 1:
        own, text = 40 if head == "¬" else PREFIX[head][0], f"{head}{_show(args[0], PREFIX[head][1])}"
    elif head == "ite" and len(args) == 3:
        own, text = 0, f"if {args[0]} then {args[1]} else {args[2]}"
    elif head == "(,)":
        own, text = 1024, f"({args[0]}, {args[1]})"
    elif head == "⟨⟩":
        own, text = 1024, f"⟨{', '.join(map(str, args))}⟩"
    elif head == "@":
        own, text = 1023, " ".join(_show(arg, 1024) for arg in args)
    elif head.startswith(".") and len(args) == 1:
        own, text = 1024, f"{_show(args[0], 1024)}{head}"
    elif head.startswith(".") and args:
        own = 1023
        text = f"{_show(args[0], 1024)}{head} " + " ".join(_show(arg, 1024) for arg in args[1:])
    elif args:
        own, text = 1023, f"{head} " + " ".join(_show(arg, 1024) for arg in args)
    else:
        return head
    return f"({text})" if own < level else text
