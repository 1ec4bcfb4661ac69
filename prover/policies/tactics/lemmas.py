"""The lemmas that a tactic may name, found by what they conclude.

The index is read from the statements in the embedded library's sources, whose lemmas have the
names that Lean's own library gives them, and from the theorems that a file states before the one
that is to be proved. No proof is looked at.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from heapq import nsmallest
from math import fsum, log

from lean_env.embedded import CORE
from lean_env.outline import Entry, outline
from prover.policies.tactics.goals import read_signature
from prover.policies.tactics.matching import normal, symbols
from prover.policies.tactics.terms import OPAQUE, Term

_SKIPPED = (
    "Omega",
    "Syntax",
    "Prelude/Macro",
    "Prelude/Monad",
    "Coe",
    "AC",
    "WF",
    "Meta",
    "Fin",
    "Bitwise",
    "Ext",
)
"""Files about Lean's own machinery."""
SORTS = frozenset({"Nat", "Int", "List", "Option", "Bool", "Prod", "Sum", "Subtype", "String", "Char"})
_VARIABLE = re.compile(r"[^\W\d_][₀-₉'\d]*|_\w*|[a-z][a-z]?s[₀-₉']?|h\w{0,3}|ih?")
"""What is a variable where nothing binds it: `autoImplicit` takes any short name."""


@dataclass(frozen=True, slots=True)
class Lemma:
    """A theorem of the library, its parts normalised."""

    name: str
    variables: frozenset[str]
    explicit: tuple[str, ...]
    """The names of the leading explicit arguments that are no proofs."""
    hypotheses: tuple[Term, ...]
    """What `apply` asks for, in order."""
    conclusion: Term
    symbols: frozenset[str]
    """What the conclusion speaks of."""

    @property
    def sort(self) -> str:
        """The type that the lemma is about, if its namespace says so; else empty."""
        namespace = self.name.partition(".")[0]
        return namespace if namespace in SORTS else ""

    @property
    def sides(self) -> tuple[Term, Term] | None:
        """The two sides of an equation or equivalence."""
        if self.conclusion.head in ("=", "↔") and len(self.conclusion.args) == 2:
            return self.conclusion.args[0], self.conclusion.args[1]
        return None


class Library:
    """Lemmas by the head of their conclusion, and by the head of each side that can be rewritten."""

    def __init__(self, lemmas: Iterable[Lemma]) -> None:
        self.lemmas = tuple(lemmas)
        self._concluding: Mapping[str, list[Lemma]] = defaultdict(list)
        self._rewriting: Mapping[str, list[tuple[Lemma, bool]]] = defaultdict(list)
        self._mentioning: Mapping[str, list[Lemma]] = defaultdict(list)
        counts: Counter[str] = Counter()
        for lemma in self.lemmas:
            self._concluding[lemma.conclusion.head].append(lemma)
            if lemma.conclusion.head == "↔" and lemma.sides:
                for side in lemma.sides:
                    self._concluding[side.head].append(lemma)
            if lemma.sides:
                for reverse, side in enumerate(lemma.sides):
                    if side.head not in lemma.variables:
                        self._rewriting[side.head].append((lemma, bool(reverse)))
            counts.update(lemma.symbols)
            for symbol in lemma.symbols:
                self._mentioning[symbol].append(lemma)
        total = len(self.lemmas) + 1
        self._rarity = {symbol: log(total / count) for symbol, count in counts.items()}
        self._weights = {lemma.name: self._total(lemma.symbols) for lemma in self.lemmas}

    def concluding(self, head: str) -> list[Lemma]:
        """The lemmas whose conclusion, or a side of whose equivalence, has this head."""
        return self._concluding.get(head, [])

    def rewriting(self, head: str) -> list[tuple[Lemma, bool]]:
        """The lemmas that rewrite terms of this head; true: from right to left."""
        return self._rewriting.get(head, [])

    def relevance(self, lemma: Lemma, wanted: frozenset[str]) -> float:
        """How much of what a goal speaks of the lemma speaks of, in [0, 1]; rare symbols count more."""
        return self._share(lemma, wanted, self._total(wanted))

    def _total(self, wanted: Iterable[str]) -> float:
        return fsum(self._rarity.get(symbol, 1.0) for symbol in wanted)  # In any order the same.

    def _share(self, lemma: Lemma, wanted: frozenset[str], total: float) -> float:
        both = fsum(self._rarity[symbol] for symbol in lemma.symbols if symbol in wanted)
        either = total + self._weights[lemma.name] - both
        return both / either if either > 0 else 0.0

    @lru_cache(maxsize=1024)  # noqa: B019 (a process has a handful of libraries)
    def relevant(
        self, wanted: frozenset[str], sorts: frozenset[str], limit: int
    ) -> list[tuple[Lemma, float]]:
        """The `limit` most relevant lemmas for a goal that speaks of `wanted`, about types in `sorts`."""
        found: dict[str, Lemma] = {}
        for symbol in sorted(wanted):
            mentioning = self._mentioning.get(symbol, [])
            found.update((lemma.name, lemma) for lemma in mentioning if lemma.sort in sorts)
        total = self._total(wanted)
        rated = [(-self._share(lemma, wanted, total), name) for name, lemma in found.items()]
        return [(found[name], -negative) for negative, name in nsmallest(limit, rated)]


@lru_cache(maxsize=1)
def core_library() -> Library:
    """The lemmas of the embedded library; read once, in about a second."""
    lemmas: list[Lemma] = []
    for path in sorted(CORE.rglob("*.lean")):
        place = (
            path.relative_to(CORE / "Init").with_suffix("").as_posix() if "Init" in path.parts else path.stem
        )
        if not place.startswith(_SKIPPED):
            lemmas += read_lemmas(path.read_text(encoding="utf-8"))
    return Library({lemma.name: lemma for lemma in lemmas}.values())


@lru_cache(maxsize=8)
def library_for(header: str) -> Library:
    """The library together with what a file's header states."""
    core = core_library()
    own = read_lemmas(header) if "theorem" in header or "lemma" in header else []
    return Library([*core.lemmas, *own]) if own else core


def read_lemmas(text: str) -> list[Lemma]:
    """The theorems that a Lean text states, `private` ones left out."""
    return [lemma for entry in outline(text) if not entry.is_private for lemma in _lemma(entry)]


def _lemma(entry: Entry) -> Iterator[Lemma]:
    if entry.is_example or "✝" in entry.name or "«" in entry.name:
        return
    statement = re.sub(r"\s*(:=(\s*by)?|where)\s*$", "", entry.statement)
    keyword = re.search(r"\b(?:theorem|lemma)\s+(?P<name>\S+)", statement)
    if keyword is None:
        return
    binders, target = read_signature(statement[keyword.end() :])
    variables = {name for name, _, _ in binders}
    explicit: list[str] = []
    for name, kind, given in binders:
        if given and _proves(name, kind):
            break
        explicit += [name] if given else []
    hypotheses = [kind for name, kind, explicit in binders if explicit and _proves(name, kind)]
    while True:
        if target.head == "∀" and target.binder:
            variables.add(target.binder)
            if _proves(target.binder, target.args[0]):
                hypotheses.append(target.args[0])
            target = target.args[1]
        elif target.head == "→":
            hypotheses.append(target.args[0])
            target = target.args[1]
        else:
            break
    if target.head == OPAQUE or any(hypothesis.head == OPAQUE for hypothesis in hypotheses):
        return
    conclusion = normal(target)
    names = {part.head for term in (conclusion, *hypotheses) for part in term.subterms()}
    variables |= {name for name in names if _VARIABLE.fullmatch(name)}
    if conclusion.head in variables and not conclusion.args:
        return  # It proves anything at all, such as `False.elim`.
    frozen = frozenset(variables)
    yield Lemma(
        name=entry.name,
        variables=frozen,
        explicit=tuple(explicit),
        hypotheses=tuple(normal(hypothesis) for hypothesis in hypotheses),
        conclusion=conclusion,
        symbols=symbols(conclusion, frozen.__contains__),
    )


def _proves(name: str, kind: Term) -> bool:
    """Whether a binder asks for a proof: its type is a proposition, or its name says so."""
    operators = ("=", "≠", "<", "≤", ">", "≥", "∣", "∈", "∉", "∧", "∨", "↔", "¬", "∃")
    return kind.head in operators or (
        name.startswith(("h", "H")) and kind.head not in ("Nat", "List", "Type")
    )
