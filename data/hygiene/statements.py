"""One form for a statement, whatever its author wrote before or behind the colon.

`theorem t (p q : Prop) (h : p) : q → p`, `… : ∀ p q : Prop, p → q → p` and `… {a b} (ha : a) (hb : b) : a`
are the same statement: some variables, some premises, one conclusion that is neither `∀` nor `→`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from data.hygiene.reader import Variable, read_claim
from data.hygiene.terms import BINDERS, HOLE, Term, closed, heads, normal, opened, substituted
from lean_env.lexer import Kind, words_of
from lean_env.notation import UnreadableError

PROP = Term("Prop")
_RELATIONS = frozenset({"=", "≤", "∣", "∈", "⊆", "⊂", "≈", "~", "==", "True", "False", "Nonempty", "∃", "∃!"})
_CONNECTIVES = frozenset({"∧", "∨", "↔"})
_SAME_TYPE = frozenset({"+", "-", "*", "/", "%", "^", "neg", "++", "::", "reverse", "∪", "∩"})
_RESULTS = {"length": Term("Nat"), "true": Term("Bool"), "false": Term("Bool"), "Prop": Term("Type")}


@dataclass(frozen=True)
class Statement:
    """A statement in normal form; names of variables are unique to it."""

    variables: Mapping[str, Term]
    """With their types, in the order in which they are bound."""
    premises: tuple[Term, ...]
    conclusion: Term

    @cached_property
    def pattern(self) -> Statement:
        """The same with names for the variables that no statement has, so that it can be matched with one."""
        names = {name: Term(f"?{name}") for name in self.variables}
        return Statement(
            {f"?{name}": substituted(kind, names) for name, kind in self.variables.items()},
            tuple(substituted(premise, names) for premise in self.premises),
            substituted(self.conclusion, names),
        )

    @cached_property
    def symbols(self) -> frozenset[str]:
        """The heads of premises and conclusion."""
        return frozenset(heads(self.conclusion).union(*map(heads, self.premises)))


@dataclass(frozen=True)
class Text:
    """A statement that could not be read: its tokens, bound or not, without its name."""

    tokens: tuple[str, ...]


def read_statement(text: str) -> Statement | Text:
    """The normal form of a statement given from `theorem` to `:= by`; its tokens if it cannot be read."""
    try:
        binders, claim = read_claim(text)
        return _telescope(binders, claim)
    except (UnreadableError, RecursionError):
        tokens = [token.text for token in words_of(text)]
        name = next((place for place, token in enumerate(tokens) if token in ("theorem", "lemma")), -1) + 1
        return Text(_renamed(text, tokens[name + 1 :]))


def _telescope(binders: list[Variable], claim: Term) -> Statement:
    variables: dict[str, Term] = {}
    premises: list[Term] = []
    for name, kind, found in binders:
        if found:
            continue  # `[Decidable p]` says nothing to a classical reader, `[Nonempty α]` next to nothing.
        kind = tidy(kind, variables)
        if is_proposition(kind, variables):
            premises.append(kind)
        else:
            variables[name] = kind
    claim = tidy(claim, variables)
    while claim.head in ("→", "∀"):
        kind, body = claim.args
        if claim.head == "∀":
            name = f"%{len(variables)}"
            body = opened(body, Term(name))
            variables[name] = kind
        else:
            premises.append(kind)
        claim = tidy(body, variables)
    return Statement(variables, tuple(premises), claim)


def tidy(term: Term, types: Mapping[str, Term], depth: int = 0) -> Term:
    """The term with `→` for a `∀` over proofs, and `↔` for `=` between propositions."""
    head, args = term
    if head in BINDERS and len(args) == 2:
        kind = tidy(args[0], types, depth)
        if head == "∀" and is_proposition(kind, types):
            return Term("→", (kind, tidy(opened(args[1], Term("proof")), types, depth)))
        name = f"§{depth}"
        body = tidy(opened(args[1], Term(name)), {**types, name: kind}, depth + 1)
        return normal(Term(head, (kind, closed(body, name))))
    args = tuple([tidy(arg, types, depth) for arg in args])
    if head == "=" and len(args) == 2 and any(is_proposition(arg, types) for arg in args):
        return Term("↔", args)
    return Term(head, args)


def is_proposition(term: Term, types: Mapping[str, Term]) -> bool:
    """Whether the term is something to prove, as far as can be seen."""
    head, args = term
    if head in _RELATIONS:
        return True
    if head in _CONNECTIVES:
        return len(args) == 2
    if head == "→":  # `α → β` is a type of functions.
        return is_proposition(args[1], types)
    if head == "∀":
        return is_proposition(opened(args[1], Term("§")), {**types, "§": args[0]})
    kind = type_of(term, types)
    return kind is not None and kind.head == "Prop"


def type_of(term: Term, types: Mapping[str, Term]) -> Term | None:
    """The type of a term, `_` where part of it is not known; None if nothing is."""
    head, args = term
    kind = types.get(head)
    if kind is not None:
        for arg in args:
            if kind.head == "→":
                kind = kind.args[1]
            elif kind.head == "∀":
                kind = opened(kind.args[1], arg)
            else:
                return None
        return None if kind.head == HOLE else kind
    if head in _RELATIONS or head in _CONNECTIVES or head == "∀":
        return PROP
    if head == "→":
        return PROP if is_proposition(term, types) else Term("Type")
    if head in _RESULTS:
        return _RESULTS[head]
    if head in ("[]", "::", "++") and len(args) != 2:
        return Term("List", (Term(HOLE),))
    if head in _SAME_TYPE and args:
        known = [kind for arg in args if (kind := type_of(arg, types)) is not None and kind.head == "List"]
        if head == "::":
            item = type_of(args[0], types)
            return Term("List", (item or Term(HOLE),))
        return known[0] if known else type_of(args[0], types) or type_of(args[-1], types)
    if head in ("some", "none"):
        item = type_of(args[0], types) if args else None
        return Term("Option", (item or Term(HOLE),))
    if head == "(,)":
        items = [type_of(arg, types) or Term(HOLE) for arg in args]
        return Term("×", tuple(items))
    if head == "ite" and len(args) == 3:
        return type_of(args[1], types) or type_of(args[2], types)
    return None


def _renamed(text: str, tokens: list[str]) -> tuple[str, ...]:
    """The tokens with what is bound somewhere numbered in order of appearance."""
    words = [token for token in words_of(text) if token.kind is Kind.WORD]
    short = {word.text for word in words if len(word.text) <= 3 and word.text[0].islower()}
    numbers: dict[str, str] = {}
    return tuple(
        numbers.setdefault(token, f"%{len(numbers)}") if token in short else token for token in tokens
    )
