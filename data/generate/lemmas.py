"""Statements as pieces of text, and what can be made of them without knowing what they mean.

Library lemmas and hand-written schemas are not worth parsing into terms: to rename a variable, put a term
for it, turn an equation round or move a hypothesis, tokens suffice.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace

from data.generate.layout import HYPOTHESES, POOLS
from lean_env.lexer import Kind, tokenize

QUANTIFYING = frozenset(("∀", "∃", "fun", "λ", "if", "¬", ",", "match", "let", "Σ", "show"))


@dataclass(frozen=True, slots=True)
class Lemma:
    """A statement in pieces."""

    domain: str
    types: tuple[str, ...]
    """Type variables, such as `α`."""
    variables: tuple[tuple[str, str], ...]
    """Names and types."""
    hypotheses: tuple[str, ...]
    conclusion: str
    instances: tuple[str, ...] = ()
    """Instance binders without their brackets."""

    @property
    def texts(self) -> tuple[str, ...]:
        """All that speaks of the variables."""
        return (*self.instances, *self.hypotheses, self.conclusion)


def words(text: str) -> set[str]:
    """The identifiers in `text`; of `xs.length` only `xs`."""
    return {word.split(".", 1)[0] for word, _ in identifiers(text)}


def identifiers(text: str) -> list[tuple[str, int]]:
    """The dotted names in `text` with their offsets; not what follows a dot behind a parenthesis."""
    return [
        (token.text, token.start)
        for token in tokenize(text)
        if token.kind is Kind.WORD and text[token.start - 1 : token.start] != "."
    ]


def renamed(text: str, mapping: Mapping[str, str]) -> str:
    """`text` with identifiers replaced; what follows a dot stays."""
    pieces, last = [], 0
    for word, start in identifiers(text):
        head = word.split(".", 1)[0]
        if head in mapping:
            pieces += [text[last:start], mapping[head]]
            last = start + len(head)
    return "".join([*pieces, text[last:]])


def mapped(lemma: Lemma, mapping: Mapping[str, str]) -> Lemma:
    """`lemma` with identifiers replaced in its instances, hypotheses and conclusion, not in its binders."""
    return replace(
        lemma,
        instances=tuple(renamed(text, mapping) for text in lemma.instances),
        hypotheses=tuple(renamed(text, mapping) for text in lemma.hypotheses),
        conclusion=renamed(lemma.conclusion, mapping),
    )


def pruned(lemma: Lemma) -> Lemma:
    """`lemma` without the variables and types that nothing mentions."""
    used = set().union(*(words(text) for text in lemma.texts))
    variables = tuple((name, type_) for name, type_ in lemma.variables if name in used)
    used = used.union(*(words(type_) for _, type_ in variables))
    return replace(lemma, variables=variables, types=tuple(name for name in lemma.types if name in used))


def split_relation(text: str) -> tuple[str, str, str] | None:
    """Left side, `=` or `↔`, and right side of a statement that is one such relation."""
    depth, places = 0, []
    tokens = [token for token in tokenize(text) if token.kind is not Kind.COMMENT]
    for place, token in enumerate(tokens):
        depth += (token.text in ("(", "[", "{", "⟨")) - (token.text in (")", "]", "}", "⟩"))
        if depth == 0:
            if token.text in QUANTIFYING or (token.text in ("∨", "∧", "→", ":=", "|")):
                places.append((place, "other"))
            elif token.text == "↔" or (token.text == "=" and tokens[place - 1].text not in "=!<>:"):
                places.append((place, token.text))
    chosen = [place for place, kind in places if kind == "↔"]
    if len(chosen) != 1 or any(tokens[p].text in ("∀", "∃", "fun") and p < chosen[0] for p, _ in places):
        if any(kind in ("other", "↔") for _, kind in places):
            return None
        chosen = [place for place, _ in places]
    if len(chosen) != 1:
        return None
    token = tokens[chosen[0]]
    return text[: token.start].strip(), token.text, text[token.end :].strip()


def shuffled_names(lemma: Lemma, rng: random.Random) -> Lemma:
    """`lemma` with new names for its variables."""
    taken = set(lemma.types).union(
        *(words(text) for text in (*lemma.texts, *(t for _, t in lemma.variables)))
    )
    taken -= {name for name, _ in lemma.variables}
    chosen: dict[str, list[str]] = {}
    mapping: dict[str, str] = {}
    for name, type_ in lemma.variables:
        pool = pool_of(type_)
        if pool not in chosen:
            chosen[pool] = rng.choice(POOLS[pool]).split() + " ".join(POOLS[pool]).split()
        new = next((item for item in chosen[pool] if item not in taken), None)
        if new is None:
            return lemma
        mapping[name] = new
        taken.add(new)
    return replace(
        mapped(lemma, mapping), variables=tuple((mapping[name], type_) for name, type_ in lemma.variables)
    )


def pool_of(type_: str) -> str:
    """The pool of names for a type given as text."""
    if "→" in type_:
        arrows = type_.count("→")
        return "Fun" if not type_.endswith("Prop") else "Pred" if arrows == 1 else "Rel"
    if "×" in type_:
        return "Prod"
    head = type_.strip("() ").split(" ", 1)[0]
    return head if head in POOLS else "Element"


def lay_out_lemma(lemma: Lemma, rng: random.Random) -> str:
    """The statement between its name and `:= by`."""
    lemma = pruned(lemma)
    before = []
    if lemma.types:
        left, right = "()" if rng.random() < 0.85 else "{}"
        before.append(f"{left}{' '.join(lemma.types)} : Type{right}")
    groups: list[tuple[str, list[str]]] = []
    for name, type_ in lemma.variables:
        if groups and groups[-1][0] == type_ and rng.random() < 0.95:
            groups[-1][1].append(name)
        else:
            groups.append((type_, [name]))
    moved = 0 if lemma.instances or rng.random() < 0.85 or not groups else rng.randint(1, len(groups))
    shown = [f"({' '.join(names)} : {type_})" for type_, names in groups]
    kept, quantified = shown[: len(shown) - moved], shown[len(shown) - moved :]
    before += [*kept, *(f"[{instance}]" for instance in lemma.instances)]
    count = len(lemma.hypotheses)
    named = 0 if quantified else count if rng.random() < 0.65 else rng.randint(0, count)
    used = {name for name, _ in lemma.variables}.union(*(words(text) for text in lemma.texts))
    labels = [label for label in rng.choice(HYPOTHESES).split() if label not in used]
    if named == 1 and rng.random() < 0.7 and "h" not in used:
        labels = ["h"]
    labels += [f"H{index}'" for index in range(9)]
    before += [f"({label} : {text})" for label, text in zip(labels, lemma.hypotheses[:named], strict=False)]
    body = " → ".join([*(f"({text})" if _is_compound(text) else text for text in lemma.hypotheses[named:]),
                       lemma.conclusion if named == count or not _binds_weakly(lemma.conclusion)
                       else f"({lemma.conclusion})"])  # fmt: skip
    if quantified:
        body = f"∀ {' '.join(quantified)}, {body}"
    return " ".join([*before, ":", body])


def _is_compound(text: str) -> bool:
    """Whether `text` needs parentheses on the left of an arrow."""
    return any(symbol in text for symbol in ("→", "↔", "∀", "∃", "fun", "if ", "¬", "∧", "∨"))


def _binds_weakly(text: str) -> bool:
    """Whether `text` needs parentheses on the right of an arrow."""
    return "↔" in text
