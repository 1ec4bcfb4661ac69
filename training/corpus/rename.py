"""The same theorem under other names: what a statement calls its variables says nothing about its proof.

A corpus of some ten thousand statements uses each name in few roles, and a small model learns names by
heart that it should copy. So each pass over the corpus reads a record with the names that its statement
binds exchanged for others of the same sort, in the statement, the proof and the states alike. The result
is the same proof up to the names of bound variables; a test has Lean check a sample.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from data.records import CorpusRecord
from lean_env.lexer import Kind, Token, words_of

_IDENTIFIER = re.compile(r"(?<![\w.'!?])[^\W\d][\w'!?]*(?![\w'!?✝])")
"""A name where it begins, so of `xs.length` the `xs`; not one that Lean has hidden, such as `n✝`."""
_NAMED_ARGUMENT = re.compile(r"\(\s*([^\W\d][\w'!?]*)\s*:=")
_OPENING, _CLOSING = "({⦃[", ")}⦄]"
_BINDERS = ("∀", "∃", "fun", "λ", "∃!")

_NAMES = {
    "type": "α β γ δ A B C X Y T",
    "proposition": "p q r s a b c d e P Q R S A B C t u",
    "number": "n m k a b c d e x y z i j l p q r s t u",
    "list": "l xs ys zs as bs cs s t u l₁ l₂ l₃ a b c k m xs₁ ys₁",
    "relation": "p q r s P Q R S f",
    "function": "f g h k u v F G",
    "hypothesis": "h h1 h2 h3 h₁ h₂ h₃ hp hq hr ha hb hc hab hbc hx hy hn hm H H1 H₁ H₂ h' hx' w",
    "other": "x y z a b c d u v w s t o p q",
}
"""Names that people give, by sort."""
MARKS, MARKED = ("₁", "₂", "'", "₃", "₀"), 0.2
"""What some names get behind them, and how often."""
_POOLS = {sort: names.split() for sort, names in _NAMES.items()}


def with_other_names(record: CorpusRecord, rng: random.Random) -> CorpusRecord:
    """The record with the names that its statement binds exchanged; the record itself where a name could
    mean something else as well: a case's tag, or an argument given by name."""
    sorts = dict(_bound(words_of(record.statement)))
    texts = [record.statement, record.proof, *(goal for _, goals in record.steps or () for goal in goals)]
    texts += [hint for hints in record.hints for hint in hints]
    tags = {name for text in texts for name in _NAMED_ARGUMENT.findall(text)}
    if not sorts or tags & sorts.keys() or re.search(r"\b(?:case|next)\b", record.proof):
        return record
    taken = {found for text in texts for found in _IDENTIFIER.findall(text)} - sorts.keys()
    names: dict[str, str] = {}
    for name, sort in sorts.items():
        mark = rng.choice(MARKS) if rng.random() < MARKED else ""
        free = [new for plain in _POOLS[sort] if (new := plain + mark) not in taken]
        if not free:
            return record
        names[name] = rng.choice(free)
        taken.add(names[name])

    def exchanged(text: str) -> str:
        return _IDENTIFIER.sub(lambda found: names.get(found[0], found[0]), text)

    return rewritten(record, exchanged)


def rewritten(record: CorpusRecord, change: Callable[[str], str]) -> CorpusRecord:
    """The record with all its texts changed in the same way, and offsets moved along."""
    proof = record.proof
    return replace(
        record,
        statement=change(record.statement),
        proof=change(proof),
        start=len(change(proof[: record.start])),
        steps=record.steps
        and tuple(
            (len(change(proof[:end])), tuple(_goal(goal, change) for goal in goals))
            for end, goals in record.steps
        ),
        hints=tuple(tuple(map(change, hints)) for hints in record.hints),
    )


def _goal(goal: str, change: Callable[[str], str]) -> str:
    """A goal with names exchanged, but not in its tag, which is no variable."""
    first, line_end, rest = goal.partition("\n")
    if first.startswith("case "):
        return f"{first}{line_end}{change(rest)}"
    return change(goal)


def _bound(words: Sequence[Token]) -> Iterator[tuple[str, str]]:
    """The names that a statement binds, each with its sort, which selects the names it may get."""
    place = next((i + 2 for i, word in enumerate(words) if word.text in ("theorem", "lemma")), len(words))
    yield from _telescope(words, place)
    for index in range(place, len(words)):
        if words[index].text in _BINDERS:
            yield from _telescope(words, index + 1)


def _telescope(words: Sequence[Token], place: int) -> Iterator[tuple[str, str]]:
    """The names of the binders that begin at `place`: bare words, and groups in brackets."""
    while place < len(words):
        word = words[place]
        if word.kind is Kind.WORD and "." not in word.text and word.text != "_":
            yield word.text, _sort(word.text, ())
            place += 1
        elif word.text in _OPENING:
            depth, end = 1, place + 1
            while end < len(words) and depth:
                depth += (words[end].text in _OPENING) - (words[end].text in _CLOSING)
                end += 1
            inside = words[place + 1 : end - 1]
            colon = next((i for i, one in enumerate(inside) if one.text == ":"), 0)
            kind = tuple(one.text for one in inside[colon + 1 :])
            for one in inside[:colon]:
                if one.kind is Kind.WORD and one.text != "_":
                    yield one.text, _sort(one.text, kind)
            place = end
        else:
            return


def _sort(name: str, kind: Sequence[str]) -> str:
    """The sort of a name, from its type if that is told, else from the name itself."""
    if kind == ("Prop",):
        return "proposition"
    if kind[:1] in (("Type",), ("Sort",)):
        return "type"
    if kind in (("Nat",), ("Int",), ("ℕ",), ("ℤ",)):
        return "number"
    if kind[:1] == ("List",) and "→" not in kind:
        return "list"
    if "→" in kind and kind[-1] == "Prop":
        return "relation"
    if re.fullmatch(r"[hH]\w*'*", name):
        return "hypothesis"
    if "→" in kind:
        return "function"
    return "list" if re.fullmatch(r"[a-z]s|l[₀-₉]?", name) else "other"
