"""A goal as a Lean statement: names, binders, and what stands before the colon.

Benchmarks write one and the same theorem in many ways: hypotheses named before the colon or as
implications after it, variables bound before it or by `∀`, types explicit or implicit. All of them occur
here, at random, because a prover must cope with all of them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from data.generate.render import Style, text, type_text
from data.generate.terms import (
    PROP,
    TYPE_VARIABLES,
    App,
    Bind,
    Goal,
    Term,
    Ty,
    Var,
    free,
    type_heads,
    types_of,
)

POOLS: dict[str, tuple[str, ...]] = {
    "Nat": ("n m k l i j", "a b c d e f", "x y z w u v", "m n k i j l", "n k m i j l", "i j k m n l"),
    "Int": ("a b c d e f", "x y z w u v", "i j k m n l", "m n k i j l"),
    "Prop": ("p q r s t u", "a b c d e f", "P Q R S T U", "A B C D E F"),
    "List": ("xs ys zs ws us vs", "l l' l'' m m' m''", "as bs cs ds es fs", "l₁ l₂ l₃ l₄ l₅ l₆",
             "s t u v w z"),
    "Option": ("o o' o'' r s t", "x y z u v w", "o₁ o₂ o₃ o₄ o₅ o₆", "a b c d e f"),
    "Prod": ("p q r s t u", "x y z u v w", "p₁ p₂ p₃ p₄ p₅ p₆"),
    "Pred": ("p q r s t u", "P Q R S T U", "p p' q q' r r'", "A B C D E F"),
    "Rel": ("r s t R S T", "R S T r s t", "p q r s t u"),
    "Fun": ("f g h k F G", "f g h f' g' h'", "g f h u v w"),
    "Element": ("x y z w u v", "a b c d e f", "a a' b b' c c'", "y z x u v w", "u v w x y z"),
}  # fmt: skip
SPARE = tuple(f"{letter}{digit}" for digit in "₁₂₃₄" for letter in "abcxyz")
HYPOTHESES = ("h h₁ h₂ h₃ h₄ h₅ h₆ h₇", "h1 h2 h3 h4 h5 h6 h7 h8", "h₁ h₂ h₃ h₄ h₅ h₆ h₇ h₈",
              "h h' h'' h1 h2 h3 h4 h5", "hp hq hr hs ht hu hv hw", "hab hbc hcd hde hef hfg hgh hhi",
              "H H₁ H₂ H₃ H₄ H₅ H₆ H₇", "hx hy hz hw hu hv ha hb")  # fmt: skip


def lay_out(goal: Goal, rng: random.Random) -> str:
    """The statement between its name and `:= by`, beginning with a binder or the colon."""
    terms = [*goal.hypotheses, goal.conclusion]
    variables: dict[Var, None] = {}
    for term in terms:
        variables.update(free(term))
    names = _names(list(variables), terms, rng)
    style = Style(
        names,
        dotted=rng.random() < 0.7,
        typed_binders=rng.random() < 0.2,
        merged_binders=rng.random() < 0.9,
    )
    instances = _instances(goal, terms, names)
    heads = dict.fromkeys(
        head
        for type_ in [
            *(var.type for var in variables),
            *(type_ for term in terms for type_ in types_of(term)),
        ]
        for head in type_heads(type_)
        if head in TYPE_VARIABLES
    )
    type_names = sorted(heads | dict.fromkeys(_instance_types(goal)), key=TYPE_VARIABLES.index)
    before = _type_binders(type_names, rng)
    ordered = sorted(variables, key=_rank)  # Functions and predicates first, as people write them.
    moved = 0 if rng.random() < 0.85 or instances else rng.randint(1, len(ordered)) if ordered else 0
    kept, quantified = ordered[: len(ordered) - moved], ordered[len(ordered) - moved :]
    before += _variable_binders(kept, names, rng.random() < 0.9)
    before += instances
    named = len(goal.hypotheses) if rng.random() < 0.65 else rng.randint(0, len(goal.hypotheses))
    if quantified:
        named = 0
    used = set(names.values())
    labels = [label for label in rng.choice(HYPOTHESES).split() if label not in used]
    if named == 1 and rng.random() < 0.7 and "h" not in used:
        labels = ["h"]
    labels += [f"h{index}'" for index in range(9)]
    before += [
        f"({label} : {text(term, style)})"
        for label, term in zip(labels, goal.hypotheses[:named], strict=False)
    ]
    body = _implications(goal.hypotheses[named:], goal.conclusion, style, rng)
    if quantified:
        body = f"∀ {' '.join(_variable_binders(quantified, names, True))}, {body}"
    return " ".join([*before, ":", body])


def _implications(assumed: Sequence[Term], conclusion: Term, style: Style, rng: random.Random) -> str:
    parts = [text(term, style, 26, last=False) for term in assumed]
    shown = text(conclusion, style, 25 if assumed else 0)
    if len(parts) > 1 and rng.random() < 0.15:
        parts = [" ∧ ".join(text(term, style, 36, last=False) for term in assumed)]
    return " → ".join([*parts, shown])


def _type_binders(type_names: Sequence[str], rng: random.Random) -> list[str]:
    if not type_names:
        return []
    left, right = "()" if rng.random() < 0.85 else "{}"
    if rng.random() < 0.9:
        return [f"{left}{' '.join(type_names)} : Type{right}"]
    return [f"{left}{name} : Type{right}" for name in type_names]


def _variable_binders(variables: Sequence[Var], names: dict[str, str], grouped: bool) -> list[str]:
    """`(x y : α) (xs : List α)`: neighbours of one type share their parentheses."""
    groups: list[tuple[Ty, list[str]]] = []
    for var in variables:
        if grouped and groups and groups[-1][0] == var.type:
            groups[-1][1].append(names[var.name])
        else:
            groups.append((var.type, [names[var.name]]))
    return [f"({' '.join(group)} : {type_text(type_)})" for type_, group in groups]


def _rank(var: Var) -> tuple[int, str]:
    order = {"Prop": 0, "Fun": 1}
    return order.get(var.type.head, 2), type_text(var.type) if var.type.head == "Fun" else ""


def _pool(type_: Ty) -> str:
    if type_.head == "Fun":
        result = type_.args[1]
        if result == PROP:
            return "Pred"
        return "Rel" if result.head == "Fun" and result.args[1] == PROP else "Fun"
    return type_.head if type_.head in POOLS else "Element"


def _names(variables: Sequence[Var], terms: Sequence[Term], rng: random.Random) -> dict[str, str]:
    """A text for each variable, free or bound; bound ones may not hide others that are in use."""
    chosen: dict[str, list[str]] = {}
    taken: set[str] = set()
    names: dict[str, str] = {}
    for var in [*variables, *(bound for term in terms for bound in _bound(term))]:
        if var.name in names:
            continue
        pool = _pool(var.type)
        if pool not in chosen:
            chosen[pool] = rng.choice(POOLS[pool]).split()
        free_names = [name for name in (*chosen[pool], *" ".join(POOLS[pool]).split(), *SPARE)
                      if name not in taken]  # fmt: skip
        names[var.name] = free_names[0]
        taken.add(free_names[0])
    return names


def _bound(term: Term) -> list[Var]:
    if isinstance(term, Var):
        return []
    if isinstance(term, Bind):
        return [term.var, *_bound(term.body)]
    return [var for arg in term.args for var in _bound(arg)]


def _instance_types(goal: Goal) -> list[str]:
    return [value.head for _, value in goal.instances if isinstance(value, Ty)]


def _instances(goal: Goal, terms: Sequence[Term], names: dict[str, str]) -> list[str]:
    """The goal's own instances, and those that its conditions need."""
    found: dict[str, None] = {}
    for name, value in goal.instances:
        shown = type_text(value, 1025) if isinstance(value, Ty) else text(value, Style(names), 1025)
        found[f"[{name} {shown}]"] = None
    for term in terms:
        for condition in _conditions(term):
            for instance in _decidable(condition, names):
                found[instance] = None
    return list(found)


def _conditions(term: Term) -> list[Term]:
    if isinstance(term, Var):
        return []
    if isinstance(term, Bind):
        return _conditions(term.body)
    inner = [condition for arg in term.args for condition in _conditions(arg)]
    return [term.args[0], *inner] if term.op.name == "ite" else inner


def _decidable(condition: Term, names: dict[str, str]) -> list[str]:
    """The instances that deciding `condition` needs; connectives and arithmetic bring their own."""
    if isinstance(condition, Var):
        return [f"[Decidable {names[condition.name]}]"]
    if isinstance(condition, App):
        if condition.op.name in ("eq", "ne", "mem", "not_mem"):
            base = [head for head in type_heads(condition.args[0].type) if head in TYPE_VARIABLES]
            return [f"[DecidableEq {head}]" for head in base]
        if condition.op.form == "apply" and isinstance(condition.args[0], Var):
            return [f"[DecidablePred {names[condition.args[0].name]}]"]
        if condition.op.name in ("not", "and", "or", "imp", "iff"):
            return [instance for arg in condition.args for instance in _decidable(arg, names)]
    return []
