"""Variants of a lemma that is kept as text: each change keeps a true statement true."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from data.generate.lemmas import Lemma, mapped, pruned, split_relation, words


def varied(lemma: Lemma, rng: random.Random) -> Lemma:
    """One random change that keeps a lemma true."""
    change = rng.choice((_instance, _instance, _typed, _turned, _direction, _contraposed, _weakened, _witness,
                         _opened, _negation, _identified, _curried, _equated))  # fmt: skip
    return change(lemma, rng)


def joined(first: Lemma, second: Lemma) -> Lemma:
    """Both lemmas in one; variables of the same name and type are shared."""
    clash = {name for name, type_ in second.variables if dict(first.variables).get(name, type_) != type_}
    if clash or first == second or set(first.types) != set(second.types):
        return first
    return Lemma(
        first.domain,
        first.types,
        tuple(dict.fromkeys((*first.variables, *second.variables))),
        tuple(dict.fromkeys((*first.hypotheses, *second.hypotheses))),
        f"({first.conclusion}) ∧ ({second.conclusion})",
        tuple(dict.fromkeys((*first.instances, *second.instances))),
    )


def _instance(lemma: Lemma, rng: random.Random) -> Lemma:
    """A term for a variable."""
    lemma = pruned(lemma)
    if not lemma.variables:
        return lemma
    name, type_ = rng.choice(lemma.variables)
    if any(f"{name} :" in text for text in lemma.texts):
        return lemma
    same = [other for other, other_type in lemma.variables if other_type == type_]
    other = rng.choice(same)
    number = rng.randint(1, 5)
    choices: tuple[str, ...] | None = {
        "Nat": (f"({name} + {number})", f"({name} + {other})", f"({number} * {name})", str(number),
                f"({other} * {name})"),
        "Int": (f"({name} - {other})", f"(-{name})", f"({name} + {number})"),
        "Prop": (f"({name} ∧ {other})", f"(¬{name})", f"({other} ∨ {name})", f"({name} → {other})"),
    }.get(type_)  # fmt: skip
    if choices is None and type_.startswith("List ") and " " not in type_[5:]:
        choices = (
            f"({name} ++ {other})",
            f"({other} ++ {name})",
            f"(List.reverse {name})",
            f"([] : {type_})",
        )
    if choices is None or any(text.startswith(f"∃ {name}") or f"∀ {name}" in text for text in lemma.texts):
        return lemma
    return mapped(lemma, {name: rng.choice(choices)})


def _typed(lemma: Lemma, rng: random.Random) -> Lemma:
    """A concrete type for a type variable."""
    if not lemma.types or lemma.instances:
        return lemma
    chosen = rng.choice(lemma.types)
    type_ = rng.choice(("Nat", "Nat", "Int", "(List Nat)", "(Option Nat)", "(Nat × Nat)"))
    changed = mapped(lemma, {chosen: type_})
    variables = tuple((name, _with(chosen, type_, text)) for name, text in lemma.variables)
    return replace(changed, types=tuple(t for t in lemma.types if t != chosen), variables=variables)


def _with(name: str, value: str, text: str) -> str:
    return value.strip("()") if text == name else re.sub(rf"(?<!\w){name}(?!\w)", value, text)


def _turned(lemma: Lemma, rng: random.Random) -> Lemma:
    """The sides of the conclusion exchanged."""
    found = split_relation(lemma.conclusion)
    if found is None:
        return lemma
    left, relation, right = found
    return replace(lemma, conclusion=f"{right} {relation} {left}")


def _direction(lemma: Lemma, rng: random.Random) -> Lemma:
    """One direction of an equivalence, as an implication."""
    found = split_relation(lemma.conclusion)
    if found is None or found[1] != "↔":
        return lemma
    sides = (found[0], found[2]) if rng.random() < 0.5 else (found[2], found[0])
    return replace(lemma, hypotheses=(*lemma.hypotheses, sides[0]), conclusion=sides[1])


def _contraposed(lemma: Lemma, rng: random.Random) -> Lemma:
    """The conclusion's negation assumed, a hypothesis refuted."""
    if not lemma.hypotheses:
        return lemma
    place = rng.randrange(len(lemma.hypotheses))
    rest = tuple(text for index, text in enumerate(lemma.hypotheses) if index != place)
    negated = f"¬({lemma.conclusion})" if " " in lemma.conclusion else f"¬{lemma.conclusion}"
    return replace(lemma, hypotheses=(*rest, negated), conclusion=f"¬({lemma.hypotheses[place]})")


def _weakened(lemma: Lemma, rng: random.Random) -> Lemma:
    """An alternative, or a conjunct that the conclusion's proof ignores."""
    found = [name for name, type_ in lemma.variables if type_ == "Prop"]
    extra = rng.choice(found) if found else "False"
    if rng.random() < 0.6:
        pair = [f"({lemma.conclusion})", extra]
        rng.shuffle(pair)
        return replace(lemma, conclusion=" ∨ ".join(pair))
    if not lemma.hypotheses:
        return lemma
    joined_ = " ∧ ".join(f"({text})" if "→" in text or "↔" in text or "∀" in text or "∃" in text else text
                         for text in lemma.hypotheses)  # fmt: skip
    return replace(lemma, hypotheses=(joined_,)) if len(lemma.hypotheses) > 1 else lemma


def _witness(lemma: Lemma, rng: random.Random) -> Lemma:
    """`∃` for a variable of the conclusion."""
    used = [(name, type_) for name, type_ in lemma.variables
            if name in words(lemma.conclusion) and not any(name in words(text) for text in lemma.hypotheses)
            and not any(name in words(text) for text in lemma.instances)]  # fmt: skip
    if not used or "∃" in lemma.conclusion or "∀" in lemma.conclusion:
        return lemma
    name, type_ = rng.choice(used)
    empty = type_ in lemma.types and not any(t == type_ for n, t in lemma.variables if n != name)
    if empty or "→" in type_:
        return lemma
    kept = tuple(each for each in lemma.variables if each[0] != name)
    return replace(lemma, variables=kept, conclusion=f"∃ {name} : {type_}, {lemma.conclusion}")


def _opened(lemma: Lemma, rng: random.Random) -> Lemma:
    """A variable that only hypotheses mention, under `∃`."""
    free_ = [(name, type_) for name, type_ in lemma.variables if name not in words(lemma.conclusion)
             and not any(name in words(text) for text in lemma.instances) and "→" not in type_]  # fmt: skip
    if not free_ or any("∃" in text or "∀" in text for text in lemma.hypotheses):
        return lemma
    name, type_ = rng.choice(free_)
    about = [text for text in lemma.hypotheses if name in words(text)]
    if not about:
        return lemma
    rest = tuple(text for text in lemma.hypotheses if text not in about)
    body = " ∧ ".join(f"({text})" if "→" in text or "↔" in text else text for text in about)
    kept = tuple(each for each in lemma.variables if each[0] != name)
    return replace(lemma, variables=kept, hypotheses=(*rest, f"∃ {name} : {type_}, {body}"))


def _negation(lemma: Lemma, rng: random.Random) -> Lemma:
    """The conclusion's negation leads to a contradiction."""
    if not lemma.hypotheses or rng.random() < 0.6:
        return lemma
    return replace(lemma, hypotheses=(*lemma.hypotheses, f"¬({lemma.conclusion})"), conclusion="False")


def _identified(lemma: Lemma, rng: random.Random) -> Lemma:
    """Two variables made one."""
    lemma = pruned(lemma)
    pairs = [(a, b) for a, t in lemma.variables for b, s in lemma.variables if a != b and t == s]
    if not pairs:
        return lemma
    first, second = rng.choice(pairs)
    if any(symbol in text for text in lemma.texts for symbol in ("∀", "∃")):
        return lemma
    return mapped(lemma, {second: first})


def _curried(lemma: Lemma, rng: random.Random) -> Lemma:
    """A hypothesis moved into the conclusion as an implication."""
    if not lemma.hypotheses or "↔" in lemma.conclusion:
        return lemma
    *rest, last = lemma.hypotheses
    premise = f"({last})" if any(s in last for s in ("→", "↔", "∀", "∃", "∧", "∨", "¬")) else last
    return replace(lemma, hypotheses=tuple(rest), conclusion=f"{premise} → {lemma.conclusion}")


def _equated(lemma: Lemma, rng: random.Random) -> Lemma:
    """A new variable that equals one side of an equation."""
    found = split_relation(lemma.conclusion)
    typed = {type_ for _, type_ in lemma.variables}
    if found is None or found[1] != "=" or len(typed) != 1 or lemma.domain not in ("nat", "int"):
        return lemma
    if any(name == "z" for name, _ in lemma.variables):
        return lemma
    left, _, right = found
    return replace(
        lemma,
        variables=(*lemma.variables, ("z", next(iter(typed)))),
        hypotheses=(*lemma.hypotheses, f"z = {left}"),
        conclusion=f"z = {right}",
    )
