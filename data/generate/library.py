"""Statements made from the library's own lemmas.

The lemmas are read from the sources of the embedded library as text. Only those whose every identifier can
be accounted for are kept; auto-bound variables get their types from the file they stand in. A drawn
statement is a lemma under other names and with other binders, or a variant: an instance, a converse
reading, a contraposition, a weakening, or two lemmas at once.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import lean_env
from data.generate.lemmas import Lemma, identifiers, lay_out_lemma, mapped, pruned, shuffled_names, words
from data.generate.variants import joined, varied

CORE = Path(lean_env.__file__).with_name("core") / "Init"
FILES = {
    "Nat/Basic": "nat", "Nat/Order": "nat", "Nat/Sub": "nat", "Nat/Dvd": "nat", "Nat/Gcd": "nat",
    "Int/Ring": "int", "Int/Order": "int", "Int/OrderAdd": "int", "Int/OrderMul": "int", "Int/Dvd": "int",
    "Int/Lemmas": "int", "Int/DivMod": "int", "Int/Abs": "int",
    "List/Lemmas": "list", "List/Filter": "list", "List/TakeDrop": "list", "List/Relations": "list",
    "Option": "misc", "PropLemmas": "prop", "SimpLemmas": "prop", "Logic": "prop", "Quantifiers": "fol",
    "Classical": "prop", "Core": "fol",
}  # fmt: skip
SHARES = {"nat": 4.0, "list": 3.0, "prop": 2.5, "fol": 1.5, "misc": 2.0, "int": 2.0}
"""How often a lemma of each domain is drawn; integers have as many lemmas as all others together."""
KNOWN = frozenset(
    """Nat Int List Option Prop Type True False Nonempty Decidable DecidableEq if then else fun min max id
    some none true false Bool""".split()  # noqa: SIM905
)
TYPE_WORDS = frozenset("Nat Int List Option Prop Bool α β γ δ".split())  # noqa: SIM905
_THEOREM = re.compile(
    r"^(?:@\[[^\]\n]*\] *)?(?:protected +)?theorem +(\S+?)(\s.*?)(?=:=|\n *\||\n\n|\n@\[|\ntheorem)",
    re.M | re.S,
)
_VARIABLE = re.compile(r"^variable (.*)$|^(section|namespace)\b|^(end)\b", re.M)
_BINDER = re.compile(r"\s*([({\[])")
_UNWANTED = ("Sort", "≍", "HEq", "⟨", "@", "Exists", "⦃", "dite", "match", "let ", "show", "▸", "|||", "&&&",
             "bif", "==", "!=", "||", "&&", "decide", "?x", "·", "⟩", "fun ⟨", "Eq.", "cond", "Ne ", "_root_",
             "Iff.", "Classical.", "inst", "Type u", "Type v", "Fin", "↑", ":=", "-[", "(·")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Library:
    """The lemmas that could be read."""

    about: dict[str, tuple[Lemma, ...]]
    """By domain."""

    @staticmethod
    @lru_cache(maxsize=1)
    def read() -> Library:
        """All usable lemmas of the embedded library, in the order of their files."""
        names = _declared()
        found: dict[str, list[Lemma]] = {domain: [] for domain in SHARES}
        for file, domain in FILES.items():
            for lemma in _read_file(CORE / f"{file}.lean", domain, names):
                found[lemma.domain].append(lemma)
        return Library({domain: tuple(lemmas) for domain, lemmas in found.items()})

    def draw(self, rng: random.Random) -> tuple[str, str]:
        """A domain, and a variant of one lemma or two as a statement without name."""
        while True:
            (domain,) = rng.choices(list(SHARES), list(SHARES.values()))
            lemma = rng.choice(self.about[domain])
            if rng.random() < 0.1:
                other = rng.choice(self.about[lemma.domain])
                lemma = joined(lemma, other)
            for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
                lemma = varied(lemma, rng)
            text = lay_out_lemma(shuffled_names(pruned(lemma), rng), rng)
            if len(text) < 300:
                return lemma.domain, text


def _declared() -> frozenset[str]:
    """The full names of all constants that the library declares."""
    found = set()
    for path in sorted(CORE.rglob("*.lean")):
        namespace: list[str] = []
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("namespace "):
                namespace.append(line.split()[1])
            elif line.startswith("end ") and namespace and line.split()[1] == namespace[-1]:
                namespace.pop()
            match = re.match(
                r"(?:@\[[^\]]*\] *)?(?:\w+ +)*?(?:def|abbrev|inductive|structure|theorem) +([^\s:({\[]+)",
                line,
            )
            if match:
                found.add(".".join([*namespace, match[1]]))
    return frozenset(found)


def _read_file(path: Path, domain: str, names: frozenset[str]) -> Iterator[Lemma]:
    text = path.read_text(encoding="utf-8")
    namespace = next(iter(re.findall(r"^namespace (\S+)", text, re.M)), "")
    scopes = _scopes(text)
    for match in _THEOREM.finditer(text):
        body = " ".join(match[2].split())
        if any(part in body for part in _UNWANTED) or "fun" in body.split() or not body:
            continue
        context = next(binders for place, binders in reversed(scopes) if place <= match.start())
        lemma = _parsed(body, domain, context, namespace, names)
        if lemma is not None:
            yield lemma


def _scopes(text: str) -> list[tuple[int, list[tuple[str, str, str]]]]:
    """From which offset on which `variable` binders are in force."""
    stack: list[list[tuple[str, str, str]]] = [[]]
    found: list[tuple[int, list[tuple[str, str, str]]]] = [(0, [])]
    for match in _VARIABLE.finditer(text):
        if match[1]:
            stack[-1] = [*stack[-1], *_binders(match[1])[0]]
        elif match[3]:
            stack = stack[:-1] or [[]]
        else:
            stack.append(stack[-1])
        found.append((match.start(), stack[-1]))
    return found


def _binders(text: str) -> tuple[list[tuple[str, str, str]], str]:
    """The binders at the start of `text`, as bracket, names and type; and the rest."""
    found: list[tuple[str, str, str]] = []
    position = 0
    while match := _BINDER.match(text, position):
        depth, end = 0, match.end() - 1
        while True:
            depth += (text[end] in "({[") - (text[end] in ")}]")
            end += 1
            if depth == 0 or end >= len(text):
                break
        inner = text[match.end() : end - 1]
        left, colon, right = inner.partition(":")
        found.append((match[1], left.strip() if colon else "", (right if colon else inner).strip()))
        position = end
    return found, text[position:].strip()


def _parsed(
    body: str, domain: str, context: list[tuple[str, str, str]], namespace: str, names: frozenset[str]
) -> Lemma | None:
    binders, rest = _binders(body)
    if not rest.startswith(":"):
        return None
    conclusion = rest[1:].strip()
    if conclusion.startswith("∀ {") or "∀ {" in conclusion:
        return None
    types: list[str] = []
    variables: list[tuple[str, str]] = []
    hypotheses: list[str] = []
    instances: list[str] = []
    for bracket, left, right in binders:
        if bracket == "[" or "_" in left.split():
            if right.split()[0] not in ("Decidable", "DecidableEq", "Nonempty", "DecidablePred"):
                return None
            instances.append(right)
        elif right.startswith("Type") or (not right and left):
            types += left.split()
        elif _is_type(right):
            variables += [(name, right) for name in left.split()]
        elif left:
            hypotheses += [right] * len(left.split())
        else:
            return None
    lemma = Lemma(domain, tuple(types), tuple(variables), tuple(hypotheses), conclusion, tuple(instances))
    return _completed(lemma, context, namespace, names)


def _is_type(text: str) -> bool:
    """Whether a binder's type is a type of data, not a proposition."""
    return words(text) <= TYPE_WORDS and not any(symbol in text for symbol in "=≤<≥>≠∧∨¬↔∃∀∣∈∉+⊆")


def _completed(
    lemma: Lemma, context: list[tuple[str, str, str]], namespace: str, names: frozenset[str]
) -> Lemma | None:
    """`lemma` with every identifier bound or qualified; None if one cannot be."""
    bound = {name for name, _ in lemma.variables} | set(lemma.types)
    inner = {
        token
        for text in lemma.texts
        for group in re.findall(r"[∀∃λ] ?([^,:]*?)(?=[,:])", text)
        for token in group.replace("(", " ").replace(")", " ").split()
    }
    given = {name: right for _, left, right in context for name in left.split()}
    types, variables = list(lemma.types), list(lemma.variables)
    mapping: dict[str, str] = {}
    pending = [word for text in (*lemma.texts, *(t for _, t in lemma.variables)) for word in _heads(text)]
    while pending:
        word = pending.pop(0)
        head = word.split(".", 1)[0]
        if head in bound or head in inner or head in KNOWN or head in mapping:
            if head in ("Nat", "Int", "List", "Option") and "." in word and word not in names:
                return None
            continue
        if f"{namespace}.{word}" in names and namespace:
            mapping[head] = f"{namespace}.{head}"
            continue
        type_ = given.get(head) or _conventional(head, lemma.domain)
        if type_ is None or head in names:
            return None
        bound.add(head)
        if type_.startswith(("Type", "Sort")):
            types.append(head)
        else:
            variables.insert(0, (head, type_))
            pending += _heads(type_)
    result = replace(lemma, types=tuple(sorted(dict.fromkeys(types))), variables=tuple(variables))
    result = mapped(result, mapping)
    return result if all(name in "αβγδ" for name in result.types) else None


def _heads(text: str) -> list[str]:
    return [word for word, _ in identifiers(text)]


def _conventional(name: str, domain: str) -> str | None:
    """The type of an auto-bound variable, by the library's habits."""
    if name in ("α", "β", "γ", "δ"):
        return "Type"
    base = name.rstrip("₀₁₂₃₄₅'")
    if domain == "nat" and len(base) == 1 and base.isascii() and base not in "pqPQfg":
        return "Nat"
    if domain == "int" and len(base) == 1 and base.isascii() and base not in "pqPQfg":
        return "Int"
    if domain == "list" and base in ("l", "as", "bs", "cs", "xs", "ys", "zs", "t", "L"):
        return "List α"
    if domain == "list" and base in ("a", "b", "x", "y", "h"):
        return "α"
    if domain == "list" and base in ("n", "m", "i", "k"):
        return "Nat"
    if domain == "prop" and base in ("p", "q", "r", "a", "b", "c", "d"):
        return "Prop"
    return None
