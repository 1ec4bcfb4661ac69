"""Terms, as far as planning a script needs them, and how Lean would write them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lean_env import notation
from lean_env.notation import PREFIX

BINDERS = frozenset({"∀", "∃", "fun"})
OPAQUE = "…"
"""Head of what could not be read."""
HOLE = "_"

_PLANNED = "↔ → ∨ || ∧ && × = ≠ == != < ≤ > ≥ ∣ ∈ ∉ + - ++ :: * / % ^ ∘"
INFIX = {operator: notation.INFIX[operator] for operator in _PLANNED.split()}
"""The operators that plans are made with; a term that has another one is opaque."""


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
